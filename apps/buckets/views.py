"""Pages of buckets: the list, the objects of one, upload, one object.

A view loads, calls one operation through request.aws, and renders. pages.py has permissions and events.
"""

import mimetypes

from django.contrib import messages
from django.db.models import Count, Sum
from django.http import Http404, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from apps.buckets.models import Bucket
from playground.wire.errors import ServiceError

REGIONS = (
    "us-east-1", "us-west-1", "us-west-2", "eu-west-1", "eu-west-2", "eu-central-1", "ap-northeast-1",
    "ap-southeast-1", "ap-southeast-2", "ap-south-1", "sa-east-1", "af-south-1",
)  # fmt: skip
SHOWN_INLINE = ("image/jpeg", "image/png", "image/gif", "image/webp", "image/avif")
SHOWN_AS_TEXT = ("text/", "application/json", "application/javascript", "application/xml")
TEXT_BYTES = 64 * 1024
TABS = (("objects", "Objects"), ("permissions", "Permissions"), ("events", "Events"), ("properties", "Properties"))


def own_bucket(request, name):
    """Return a bucket of this lab. Errors: 404 for any other, as if it did not exist."""
    bucket = Bucket.objects.select_related("account").filter(account=request.lab, name=name).first()
    if bucket is None:
        raise Http404
    return bucket


def frame(request, **more):
    """Return what every page of buckets shows: the list at the left."""
    buckets = Bucket.objects.filter(account=request.lab).order_by("name") if request.lab else []
    text = request.GET.get("find", "")
    return {"buckets": [b for b in buckets if text in b.name], "find": text, "regions": REGIONS, **more}


@require_GET
def index(request):
    """List the lab's buckets."""
    return render(
        request, "buckets/index.html", frame(request, name=request.GET.get("name", ""), opened="new" in request.GET)
    )


@require_http_methods(["GET", "POST"])
def new(request):
    """Create a bucket; a refusal stands at its field."""
    if request.method == "GET":
        return redirect(f"{reverse('buckets:index')}?new=1&name={request.GET.get('name', '')}")
    name, region = request.POST.get("name", "").strip(), request.POST.get("region") or "us-east-1"
    params = {"Bucket": name}
    if region != "us-east-1":
        params["CreateBucketConfiguration"] = {"LocationConstraint": region}
    try:
        request.aws("s3", "CreateBucket", params, region=region)
    except ServiceError as err:
        told = frame(request, name=name, region=region, problem=_name_problem(err), opened=True)
        return render(request, "buckets/index.html", told, status=422)
    messages.success(request, f"The bucket {name} is ready in {region}.")
    return redirect("buckets:show", name)


def _name_problem(err):
    rules = "Use 3 to 63 small letters, digits, dots and hyphens, beginning and ending with a letter or digit."
    return f"{err.message} {rules}" if err.code == "InvalidBucketName" else err.message


def _crumbs(prefix):
    """Return [(name, prefix up to it)] of a folder's path."""
    parts = prefix.rstrip("/").split("/") if prefix else []
    return [(part, "/".join(parts[: i + 1]) + "/") for i, part in enumerate(parts)]


@require_GET
def show(request, name):
    """Show one bucket, at a tab of the URL."""
    bucket = own_bucket(request, name)
    tab = request.GET.get("tab", "objects")
    if tab not in dict(TABS):
        raise Http404
    told = frame(request, bucket=bucket, tab=tab, tabs=TABS)
    if tab == "objects":
        told.update(_objects(request, bucket))
    elif tab == "events":
        told.update(
            configurations=bucket.notification.get("LambdaFunctionConfigurations", []), values=request.GET.dict()
        )
    elif tab == "properties":
        told.update(_properties(bucket))
    elif tab == "permissions":
        told.update(switches=_switches(bucket), examples=_examples(bucket))
    return render(request, "buckets/show.html", told)


def _objects(request, bucket):
    prefix, token = request.GET.get("prefix", ""), request.GET.get("after")
    asked = {"Bucket": bucket.name, "Prefix": prefix, "Delimiter": "/", "MaxKeys": 200}
    if token:
        asked["ContinuationToken"] = token
    page = request.aws("s3", "ListObjectsV2", asked)
    return {
        "prefix": prefix,
        "crumbs": _crumbs(prefix),
        "folders": [{"name": p["Prefix"][len(prefix) :], "prefix": p["Prefix"]} for p in page["CommonPrefixes"]],
        "objects": [{**o, "name": o["Key"][len(prefix) :]} for o in page["Contents"]],
        "next_token": page.get("NextContinuationToken"),
        "list_params": {k: v for k, v in asked.items() if v and k != "MaxKeys"},
    }


def _properties(bucket):
    found = bucket.stored.aggregate(count=Count("id"), total=Sum("size_bytes"))
    return {"object_count": found["count"], "stored_bytes": found["total"] or 0}


def _switches(bucket):
    meanings = {
        "BlockPublicAcls": "Refuse new public ACLs",
        "IgnorePublicAcls": "Ignore public ACLs",
        "BlockPublicPolicy": "Refuse a bucket policy that is public",
        "RestrictPublicBuckets": "Let a public policy count for nothing outside this account",
    }
    return [{"name": name, "meaning": text, "on": bucket.blocks(name)} for name, text in meanings.items()]


def _examples(bucket):
    public = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "PublicRead",
                "Effect": "Allow",
                "Principal": "*",
                "Action": "s3:GetObject",
                "Resource": f"{bucket.arn}/*",
            }
        ],
    }
    deny = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "NobodyDeletes",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:DeleteObject",
                "Resource": f"{bucket.arn}/*",
            }
        ],
    }
    edge = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "LetDistributionRead",
                "Effect": "Allow",
                "Principal": {"Service": "cloudfront.amazonaws.com"},
                "Action": "s3:GetObject",
                "Resource": f"{bucket.arn}/*",
                "Condition": {
                    "StringEquals": {
                        "AWS:SourceArn": f"arn:aws:cloudfront::{bucket.account.account_id}:distribution/ID"
                    }
                },
            }
        ],
    }
    return [("A distribution may read", edge), ("Everyone may read", public), ("Nobody may delete", deny)]


@require_http_methods(["PUT", "POST"])
def upload(request, name):
    """Store files. PUT streams one file of any size from the page's script; POST is the plain form."""
    bucket = own_bucket(request, name)
    if request.method == "PUT":
        return _upload_one(request, bucket)
    prefix = request.POST.get("prefix", "")
    files = request.FILES.getlist("files")
    for file in files:
        params = {"Bucket": bucket.name, "Key": prefix + file.name, "Body": file, "ContentType": _type(file.name)}
        request.aws("s3", "PutObject", params)
    if not files:
        messages.error(request, "Choose one or more files first.")
    else:
        messages.success(request, f"Stored {len(files)} file{'s' if len(files) != 1 else ''}.")
    return redirect(f"{reverse('buckets:show', args=[bucket.name])}?prefix={prefix}")


def _type(name):
    return mimetypes.guess_type(name)[0] or "binary/octet-stream"


class _Stream:
    """The request's body, a declared number of bytes; fewer than declared is no upload."""

    def __init__(self, request):
        self.source, self.left = request, int(request.META.get("CONTENT_LENGTH") or 0)

    def read(self, size=-1):
        data = self.source.read(min(size, self.left) if size >= 0 else self.left) if self.left else b""
        if self.left and not data:
            raise OSError("the upload was cancelled")
        self.left -= len(data)
        return data


def _upload_one(request, bucket):
    key = request.GET.get("key", "")
    if not key:
        return JsonResponse({"message": "The file has no name."}, status=400)
    params = {"Bucket": bucket.name, "Key": key, "Body": _Stream(request), "ContentType": _type(key)}
    try:
        answer = request.aws("s3", "PutObject", params)
    except ServiceError as err:
        return JsonResponse({"code": err.code, "message": err.message}, status=err.status)
    except OSError as err:
        return JsonResponse({"message": str(err)}, status=400)
    return JsonResponse({"etag": answer["ETag"]})


@require_GET
def item(request, name):
    """Show one object: what it is, a preview, who may read it."""
    bucket = own_bucket(request, name)
    key = request.GET.get("key", "")
    found = request.aws("s3", "HeadObject", {"Bucket": bucket.name, "Key": key, "ChecksumMode": "ENABLED"})
    kind = found["ContentType"].partition(";")[0]
    told = {
        "key": key,
        "head": found,
        "checksums": [
            (n.removeprefix("Checksum"), v)
            for n, v in found.items()
            if n.startswith("Checksum") and n != "ChecksumType"
        ],
        "is_image": kind in SHOWN_INLINE,
        "text": _text(request, bucket, key) if kind.startswith(SHOWN_AS_TEXT) else None,
        "crumbs": _crumbs(key.rpartition("/")[0] + "/" if "/" in key else ""),
        "params": {"Bucket": bucket.name, "Key": key},
    }
    return render(request, "buckets/object.html", frame(request, bucket=bucket, **told))


def _text(request, bucket, key):
    try:
        body = request.aws(
            "s3", "GetObject", {"Bucket": bucket.name, "Key": key, "Range": f"bytes=0-{TEXT_BYTES - 1}"}
        )["Body"]
    except ServiceError:
        return ""  # empty objects have no range
    return b"".join(body.pieces).decode("utf-8", "replace")


@require_safe
def raw(request, name):
    """Send an object's bytes: images to look at, everything else to save; never as a page of the console."""
    bucket = own_bucket(request, name)
    key = request.GET.get("key", "")
    found = request.aws("s3", "GetObject", {"Bucket": bucket.name, "Key": key})
    body, kind = found["Body"], found["ContentType"].partition(";")[0]
    inline = kind in SHOWN_INLINE and "save" not in request.GET
    answer = StreamingHttpResponse(body.pieces, content_type=kind if inline else "application/octet-stream")
    answer["Content-Length"] = str(body.length)
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    if not inline:
        saved = key.rpartition("/")[2].replace('"', "").encode("ascii", "replace").decode()
        answer["Content-Disposition"] = f'attachment; filename="{saved}"'
    return answer


@require_POST
def delete_objects(request, name):
    """Delete the chosen keys."""
    bucket = own_bucket(request, name)
    keys = request.POST.getlist("key")
    back = f"{reverse('buckets:show', args=[bucket.name])}?prefix={request.POST.get('prefix', '')}"
    if not keys:
        messages.error(request, "Choose one or more objects first.")
        return redirect(back)
    params = {"Bucket": bucket.name, "Delete": {"Objects": [{"Key": key} for key in keys]}}
    answer = request.aws("s3", "DeleteObjects", params)
    for refused in answer["Errors"]:
        messages.error(request, f"{refused['Key']}: {refused['Code']}, {refused['Message']}")
    if answer["Deleted"]:
        messages.success(request, f"Deleted {len(answer['Deleted'])}.")
    return redirect(back)


@require_POST
def delete_bucket(request, name):
    """Delete an empty bucket."""
    bucket = own_bucket(request, name)
    try:
        request.aws("s3", "DeleteBucket", {"Bucket": bucket.name})
    except ServiceError as err:
        messages.error(
            request, f"{err.message}. Delete its objects first." if err.code == "BucketNotEmpty" else err.message
        )
        return redirect(f"{reverse('buckets:show', args=[bucket.name])}?tab=properties")
    messages.success(request, f"The bucket {name} is gone.")
    return redirect("buckets:index")
