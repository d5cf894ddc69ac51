"""Pages of distributions: the list, creation over a bucket, behaviors, invalidations, on, off and gone.

A view loads, calls operations through request.aws, and renders. map_views.py has the map, story.py the
first page; creation.py and grants.py know what a private bucket needs.
"""

import uuid

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.buckets.models import Bucket
from apps.cdn import creation, geo, grants, policies, readable
from apps.cdn.map_views import own
from apps.cdn.models import Distribution, Invalidation
from playground.wire.errors import ServiceError

TABS = (("overview", "Overview"), ("invalidations", "Invalidations"), ("configuration", "Configuration"))
FIELDS = ("comment", "root", "policy", "price_class")
STALE = "Somebody changed this distribution after you opened the page (its ETag is another). Look again, then repeat."


def frame(request, **more):
    """Return what every page of distributions shows: the list at the left, the number of edges."""
    found = Distribution.objects.of(request.lab) if request.lab else []
    return {"distributions": found, "edge_count": len(geo.edges()), **more}


def choices():
    """Return what a form offers: cache policies, the usual one first, and price classes."""
    rows = [(policy.id, policy.name) for policy in policies.managed().values()]
    usual_first = sorted(rows, key=lambda row: row[0] != creation.DEFAULT_POLICY)
    return {"cache_policies": usual_first, "price_classes": creation.PRICE_CLASSES}


def problem(err):
    """Return a refusal as {field: sentence}; "form" where no field is to blame."""
    words = {"rootobject": "root", "root object": "root", "cache policy": "policy", "price class": "price_class"}
    words |= {"comment": "comment", "origin": "bucket"}
    blamed = (field for word, field in words.items() if word in err.message.lower())
    return {next(blamed, "form"): err.message}


def at_tab(distribution, tab):
    """Return to a distribution's page, at a tab."""
    return redirect(f"{reverse('cdn:show', args=[distribution.distribution_id])}?tab={tab}")


@require_GET
def index(request):
    """List the lab's distributions."""
    return render(request, "cdn/index.html", frame(request))


# -- creation -------------------------------------------------------------------------------------


def _form(request, given):
    """Return the form's values and what follows from them: the calls it will make, the policy in words."""
    values = {"bucket": "", "comment": "", "root": "index.html", "policy": creation.DEFAULT_POLICY}
    values["price_class"] = "PriceClass_All"
    values |= {name: given[name].strip() for name in values if name in given}
    mine = Bucket.objects.filter(account=request.lab).order_by("name")
    bucket = mine.filter(name=values["bucket"]).first()
    shown = bucket or Bucket(name="BUCKET", region="us-east-1")
    policy = policies.managed().get(values["policy"])
    told = {"values": values, "buckets": mine, "bucket": bucket, "calls": creation.calls(shown, values, request.lab)}
    if policy:
        told |= {"policy": policy, "lifetime": readable.lifetime(policy), "key": readable.key(policy)}
    return told


@require_http_methods(["GET", "POST"])
def new(request):
    """Create a distribution over a bucket: access control, distribution, and the bucket policy that lets it read."""
    if request.lab is None:
        raise Http404
    told = frame(request, **choices(), **_form(request, request.POST if request.method == "POST" else request.GET))
    if request.method == "GET":
        return render(request, "cdn/_calls.html" if request.htmx else "cdn/new.html", told)
    if told["bucket"] is None:
        told["problem"] = {"bucket": "Choose one of this lab's buckets."}
        return render(request, "cdn/new.html", told, status=422)
    try:
        made = _create(request, told["bucket"], told["values"])
    except ServiceError as err:
        told["problem"] = problem(err)
        return render(request, "cdn/new.html", told, status=422)
    _grant(request, told["bucket"], made["ARN"])
    messages.success(request, f"The distribution {made['Id']} is on its way to every edge.")
    return redirect("cdn:show", made["Id"])


def _create(request, bucket, values):
    """Create access control and distribution; return the Distribution. A refusal leaves nothing behind."""
    word = uuid.uuid4().hex[:8]
    control = request.aws("cloudfront", "CreateOriginAccessControl", creation.access_control(bucket, word))
    control_id = control["OriginAccessControl"]["Id"]
    try:
        params = creation.distribution(bucket, control_id, values, word)
        return request.aws("cloudfront", "CreateDistribution", params)["Distribution"]
    except ServiceError:
        request.aws("cloudfront", "DeleteOriginAccessControl", {"Id": control_id, "IfMatch": control["ETag"]})
        raise


def _grant(request, bucket, distribution_arn):
    """Let a distribution read a bucket; a refusal is said, and the page offers it again."""
    try:
        request.aws("s3", "PutBucketPolicy", creation.bucket_policy(bucket, distribution_arn))
    except ServiceError as err:
        messages.error(request, f"The bucket's policy was not changed: {err.message}")


# -- one distribution -----------------------------------------------------------------------------


def _page(request, distribution, tab, **more):
    told = frame(request, distribution=distribution, tab=tab, tabs=TABS, **more)
    if tab == "invalidations":
        told["invalidations"] = distribution.invalidations.all()[:50]
        told["waiting"] = any(one.status == Invalidation.Status.IN_PROGRESS for one in told["invalidations"])
        paths = {"Quantity": 1, "Items": ["/photo.jpg"]}
        batch = {"Paths": paths, "CallerReference": "1"}
        told["params"] = {"DistributionId": distribution.distribution_id, "InvalidationBatch": batch}
    elif tab == "overview":
        told["readings"] = grants.readings(distribution)
        told["behaviors"] = readable.behaviors(distribution.config)
        told["visits"] = distribution.visits.count()
        told["params"] = {"Id": distribution.distribution_id}
    else:
        told |= choices()
        config = distribution.config
        now = {"comment": config.get("Comment", ""), "root": config.get("DefaultRootObject", "")}
        now["policy"] = config["DefaultCacheBehavior"].get("CachePolicyId", "")
        now["price_class"] = config.get("PriceClass", "PriceClass_All")
        told.setdefault("values", now)
    return told


@require_GET
def show(request, distribution_id):
    """Show one distribution, at a tab of the URL; its status and its invalidations alone to htmx."""
    distribution = own(request, distribution_id)
    if request.htmx and request.GET.get("part") == "status":
        return render(request, "cdn/_status.html", {"distribution": distribution})
    tab = request.GET.get("tab", "overview")
    told = _page(request, distribution, tab if tab in dict(TABS) else "overview")
    if request.htmx and tab == "invalidations":
        return render(request, "cdn/_invalidations.html", told)
    return render(request, "cdn/show.html", told)


@require_POST
def grant(request, distribution_id):
    """Add the statement that lets a distribution read to the policy of each of its buckets that lacks it."""
    distribution = own(request, distribution_id)
    for reading in grants.readings(distribution):
        if reading.bucket and reading.signed and not reading.decision.allowed:
            _grant(request, reading.bucket, distribution.arn)
    return at_tab(distribution, "overview")


@require_POST
def invalidate(request, distribution_id):
    """Drop paths from every edge."""
    distribution = own(request, distribution_id)
    text = request.POST.get("paths", "")
    paths = [line.strip() for line in text.splitlines() if line.strip()]
    batch = {"Paths": {"Quantity": len(paths), "Items": paths}, "CallerReference": uuid.uuid4().hex}
    refusal = "" if paths else "Write at least one path, such as /photo.jpg or /*."
    try:
        if paths:
            params = {"DistributionId": distribution.distribution_id, "InvalidationBatch": batch}
            request.aws("cloudfront", "CreateInvalidation", params)
    except ServiceError as err:
        refusal = err.message
    if refusal:
        told = _page(request, distribution, "invalidations", paths=text, problem={"paths": refusal})
        return render(request, "cdn/show.html", told, status=422)
    return at_tab(distribution, "invalidations")


def _update(request, distribution, change):
    """Change a distribution's configuration through the ETag that the page had, as every client must.

    change: called with the DistributionConfig; alters it. Errors: ServiceError.
    """
    now = request.aws("cloudfront", "GetDistributionConfig", {"Id": distribution.distribution_id})
    change(now["DistributionConfig"])
    params = {"Id": distribution.distribution_id, "IfMatch": request.POST.get("etag", "")}
    request.aws("cloudfront", "UpdateDistribution", {**params, "DistributionConfig": now["DistributionConfig"]})


@require_POST
def update(request, distribution_id):
    """Change comment, default root object, cache policy and price class."""
    distribution = own(request, distribution_id)
    values = {name: request.POST.get(name, "").strip() for name in FIELDS}

    def change(config):
        config |= {"Comment": values["comment"], "DefaultRootObject": values["root"]}
        config["PriceClass"] = values["price_class"]
        if values["policy"]:
            config["DefaultCacheBehavior"] = _following(config["DefaultCacheBehavior"], values["policy"])

    try:
        _update(request, distribution, change)
    except ServiceError as err:
        told = {"form": STALE} if err.code == "PreconditionFailed" else problem(err)
        page = _page(request, distribution, "configuration", values=values, problem=told)
        return render(request, "cdn/show.html", page, status=422)
    messages.success(request, "Saved; the edges take it on now.")
    return at_tab(distribution, "overview")


def _following(behavior, policy_id):
    """Return a behavior that follows a cache policy, without the older form of the same thing."""
    older = ("ForwardedValues", "MinTTL", "DefaultTTL", "MaxTTL")
    return {**{name: value for name, value in behavior.items() if name not in older}, "CachePolicyId": policy_id}


@require_POST
def set_enabled(request, distribution_id):
    """Turn a distribution on or off."""
    distribution = own(request, distribution_id)
    enabled = request.POST.get("enabled") == "1"
    try:
        _update(request, distribution, lambda config: config.update(Enabled=enabled))
    except ServiceError as err:
        messages.error(request, STALE if err.code == "PreconditionFailed" else err.message)
        return at_tab(distribution, "configuration")
    said = "The distribution is on." if enabled else "The distribution is off: its edges answer 403."
    messages.success(request, said)
    return at_tab(distribution, "configuration")


@require_POST
def delete(request, distribution_id):
    """Delete a distribution that is off."""
    distribution = own(request, distribution_id)
    params = {"Id": distribution.distribution_id, "IfMatch": request.POST.get("etag", "")}
    try:
        request.aws("cloudfront", "DeleteDistribution", params)
    except ServiceError as err:
        messages.error(request, STALE if err.code == "PreconditionFailed" else err.message)
        return at_tab(distribution, "configuration")
    messages.success(
        request, f"The distribution {distribution.distribution_id} is gone. Its buckets kept their policies."
    )
    return redirect("cdn:index")
