"""Pages of distributions: the list, creation over a bucket, behavior, invalidations.

A view loads, calls operations through request.aws, and renders. map_views.py has the map, story.py the first page.
"""

import copy
import json
import uuid

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.buckets.models import Bucket
from apps.cdn import policies
from apps.cdn.map_views import own
from apps.cdn.models import Distribution
from playground.wire.errors import ServiceError

TABS = (("overview", "Overview"), ("invalidations", "Invalidations"), ("configuration", "Configuration"))
PRICE_CLASSES = (
    ("PriceClass_All", "All edges: best performance"),
    ("PriceClass_200", "North America, Europe, Asia, Middle East, Africa"),
    ("PriceClass_100", "North America, Europe and Israel: the cheapest"),
)


def frame(request, **more):
    """Return what every page of distributions shows: the list at the left."""
    found = Distribution.objects.filter(account=request.lab).order_by("pk") if request.lab else []
    return {"distributions": found, **more}


def cache_policies():
    """Return [(id, name, comment)] of the managed cache policies, the usual one first."""
    rows = [(p.id, p.name, p.comment) for p in policies.managed().values()]
    return sorted(rows, key=lambda row: row[1] != "Managed-CachingOptimized")


@require_GET
def index(request):
    """List the lab's distributions."""
    return render(request, "cdn/index.html", frame(request))


@require_http_methods(["GET", "POST"])
def new(request):
    """Create a distribution over a bucket: access control, distribution, and the bucket policy that lets it read."""
    values = {
        "bucket": request.GET.get("bucket", ""),
        "root": "index.html",
        "policy": "658327ea-f89d-4fab-a63d-7e88639e58f6",
        "price_class": "PriceClass_All",
    }
    told = frame(request, values=values, buckets=Bucket.objects.filter(account=request.lab).order_by("name"))
    told.update(cache_policies=cache_policies(), price_classes=PRICE_CLASSES)
    if request.method == "GET":
        return render(request, "cdn/new.html", told)
    values.update({name: request.POST.get(name, "").strip() for name in values})
    bucket = Bucket.objects.filter(account=request.lab, name=values["bucket"]).first()
    if bucket is None:
        told.update(problem="Choose one of this lab's buckets.", problem_field="bucket")
        return render(request, "cdn/new.html", told, status=422)
    try:
        made = _create(request, bucket, values)
    except ServiceError as err:
        told.update(problem=err.message, problem_field="root" if "root" in err.message.lower() else "bucket")
        return render(request, "cdn/new.html", told, status=422)
    messages.success(request, f"The distribution {made['Id']} is on its way to every edge.")
    return redirect("cdn:show", made["Id"])


def _create(request, bucket, values):
    """Run the three operations that AWS documents for a private bucket; return the Distribution."""
    word = uuid.uuid4().hex[:8]
    control = request.aws(
        "cloudfront",
        "CreateOriginAccessControl",
        {
            "OriginAccessControlConfig": {
                "Name": f"{bucket.name[:50]}-{word}",
                "SigningProtocol": "sigv4",
                "SigningBehavior": "always",
                "OriginAccessControlOriginType": "s3",
            }
        },
    )["OriginAccessControl"]["Id"]
    made = request.aws(
        "cloudfront", "CreateDistribution", {"DistributionConfig": configuration(bucket, control, values, word)}
    )
    policy = copy.deepcopy(bucket.policy) or {"Version": "2012-10-17", "Statement": []}
    policy["Statement"] = [*_listed(policy["Statement"]), _statement(bucket, made["Distribution"]["ARN"])]
    request.aws("s3", "PutBucketPolicy", {"Bucket": bucket.name, "Policy": json.dumps(policy, indent=2)})
    return made["Distribution"]


def _listed(value):
    return value if isinstance(value, list) else [value]


def _statement(bucket, arn):
    return {
        "Sid": f"LetDistributionRead{arn.rpartition('/')[2]}",
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "s3:GetObject",
        "Resource": f"{bucket.arn}/*",
        "Condition": {"StringEquals": {"AWS:SourceArn": arn}},
    }


def configuration(bucket, control, values, reference):
    """Return the DistributionConfig of a distribution over a private bucket."""
    return {
        "CallerReference": reference,
        "Comment": bucket.name,
        "Enabled": True,
        "DefaultRootObject": values["root"],
        "PriceClass": values["price_class"],
        "Origins": {
            "Quantity": 1,
            "Items": [
                {
                    "Id": "bucket",
                    "DomainName": f"{bucket.name}.s3.{bucket.region}.amazonaws.com",
                    "OriginAccessControlId": control,
                    "S3OriginConfig": {"OriginAccessIdentity": ""},
                }
            ],
        },
        "DefaultCacheBehavior": {
            "TargetOriginId": "bucket",
            "ViewerProtocolPolicy": "allow-all",
            "CachePolicyId": values["policy"],
            "Compress": True,
        },
    }


@require_GET
def show(request, distribution_id):
    """Show one distribution, at a tab of the URL."""
    distribution = own(request, distribution_id)
    tab = request.GET.get("tab", "overview")
    told = frame(request, distribution=distribution, tab=tab, tabs=TABS)
    if tab == "invalidations":
        told.update(invalidations=distribution.invalidations.all()[:50])
        if request.htmx:
            return render(request, "cdn/_invalidations.html", told)
    elif tab == "overview":
        behavior = distribution.config["DefaultCacheBehavior"]
        names = {pk: name for pk, name, _comment in cache_policies()}
        told.update(policy_name=names.get(behavior.get("CachePolicyId"), "legacy cache settings"))
        told.update(origins=distribution.config["Origins"]["Items"], visits=distribution.visits.count())
        if request.htmx:
            return render(request, "cdn/_status.html", told)
    told["get_params"] = {"Id": distribution.distribution_id}
    return render(request, "cdn/show.html", told)


@require_POST
def invalidate(request, distribution_id):
    """Drop paths from every edge."""
    distribution = own(request, distribution_id)
    paths = [line.strip() for line in request.POST.get("paths", "").splitlines() if line.strip()]
    params = {
        "DistributionId": distribution.distribution_id,
        "InvalidationBatch": {"Paths": {"Quantity": len(paths), "Items": paths}, "CallerReference": uuid.uuid4().hex},
    }
    try:
        if not paths:
            raise ValueError("Write at least one path, such as /photo.jpg or /*.")
        request.aws("cloudfront", "CreateInvalidation", params)
    except (ServiceError, ValueError) as err:
        told = frame(
            request, distribution=distribution, tab="invalidations", tabs=TABS, paths=request.POST.get("paths", "")
        )
        told.update(problem=getattr(err, "message", str(err)), invalidations=distribution.invalidations.all()[:50])
        return render(request, "cdn/show.html", told, status=422)
    return redirect(f"{reverse('cdn:show', args=[distribution.distribution_id])}?tab=invalidations")


@require_POST
def set_enabled(request, distribution_id):
    """Turn a distribution on or off, through its ETag as every client must."""
    distribution = own(request, distribution_id)
    enabled = request.POST.get("enabled") == "1"
    now = request.aws("cloudfront", "GetDistributionConfig", {"Id": distribution.distribution_id})
    changed = {**now["DistributionConfig"], "Enabled": enabled}
    request.aws(
        "cloudfront",
        "UpdateDistribution",
        {"Id": distribution.distribution_id, "IfMatch": now["ETag"], "DistributionConfig": changed},
    )
    messages.success(
        request, "The distribution is on." if enabled else "The distribution is off: its edges answer 403."
    )
    return redirect("cdn:show", distribution.distribution_id)


@require_POST
def delete(request, distribution_id):
    """Delete a distribution that is off."""
    distribution = own(request, distribution_id)
    now = request.aws("cloudfront", "GetDistributionConfig", {"Id": distribution.distribution_id})
    try:
        request.aws("cloudfront", "DeleteDistribution", {"Id": distribution.distribution_id, "IfMatch": now["ETag"]})
    except ServiceError as err:
        messages.error(request, err.message)
        return redirect(f"{reverse('cdn:show', args=[distribution.distribution_id])}?tab=configuration")
    messages.success(request, f"The distribution {distribution.distribution_id} is gone.")
    return redirect("cdn:index")
