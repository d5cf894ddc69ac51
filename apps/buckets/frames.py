"""What every page of buckets shares: whose bucket, the frame around it, S3 asked in its region, a refusal at its field.

Words: an *act* is what a form asks of S3, a list of (operation, request); acts.py makes them of a form's values,
`run` does them, and the page shows the same ones as CLI, boto3 and HTTP. A *problem* is a refusal with the field
where it stands.
"""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect
from django.urls import reverse

from apps.buckets.models import Bucket
from playground.wire.errors import ServiceError

REGIONS = (
    "us-east-1", "us-west-1", "us-west-2", "eu-west-1", "eu-west-2", "eu-central-1", "ap-northeast-1",
    "ap-southeast-1", "ap-southeast-2", "ap-south-1", "sa-east-1", "af-south-1",
)  # fmt: skip
TABS = (
    ("objects", "Objects"), ("uploads", "Unfinished uploads"), ("properties", "Properties"), ("permissions", "Permissions"), ("events", "Events"),
)  # fmt: skip


def own_bucket(request, name):
    """Return a bucket of this lab. Errors: 404 for any other, as if it did not exist."""
    bucket = Bucket.objects.select_related("account").filter(account=request.lab, name=name).first()
    if bucket is None:
        raise Http404
    return bucket


def frame(request, **more):
    """Return what every page of buckets shows: the list at the left, and whether this person may change anything."""
    buckets = Bucket.objects.filter(account=request.lab).order_by("name") if request.lab else []
    text = request.GET.get("find", "")
    mine = bool(request.lab and request.lab.owner_id == request.user.pk)
    return {"buckets": [b for b in buckets if text in b.name], "find": text, "regions": REGIONS, "mine": mine, **more}


def tab_frame(request, bucket, tab, **more):
    """Return the frame of one tab of a bucket."""
    return frame(request, bucket=bucket, tab=tab, tabs=TABS, **more)


def crumbs(prefix):
    """Return [(name, prefix up to it)] of a folder's path.

    >>> crumbs("photos/2026/")
    [('photos', 'photos/'), ('2026', 'photos/2026/')]
    """
    parts = prefix.rstrip("/").split("/") if prefix else []
    return [(part, "/".join(parts[: i + 1]) + "/") for i, part in enumerate(parts)]


def folder_of(key):
    """Return the folder a key lies in: its prefix up to the last slash but an ending one.

    >>> folder_of("a/b.txt"), folder_of("a/b/"), folder_of("c")
    ('a/', 'a/', '')
    """
    return key.rstrip("/").rpartition("/")[0] + "/" if "/" in key.rstrip("/") else ""


def address(bucket, page="show", **query):
    """Return the address of a page of a bucket; empty parameters are left out."""
    kept = {name: value for name, value in query.items() if value not in (None, "", False)}
    path = reverse(f"buckets:{page}", args=[bucket.name])
    return f"{path}?{urlencode(kept)}" if kept else path


def back(bucket, page="show", **query):
    """Return the way back to a page of a bucket."""
    return redirect(address(bucket, page, **query))


def s3(request, bucket, operation, **params):
    """Run an S3 operation on a bucket, in its region, as the lab. Errors: ServiceError."""
    return request.aws("s3", operation, {"Bucket": bucket.name, **params}, region=bucket.region)


def run(request, bucket, act):
    """Do an act, one operation after the other. Returns the last answer. Errors: ServiceError."""
    answer = None
    for operation, params in act:
        answer = request.aws("s3", operation, params, region=bucket.region)
    return answer


def maybe(request, bucket, operation, *missing, **params):
    """Return what a Get operation says, None when S3 answers that there is none (an error code of `missing`)."""
    try:
        return s3(request, bucket, operation, **params)
    except ServiceError as err:
        if err.code in missing:
            return None
        raise


def tell(request, text, problems=()):
    """Say what was done, and each thing that was not."""
    for problem in problems:
        messages.error(request, problem)
    if text:
        messages.success(request, text)


def counted(number, noun):
    """Return "1 object", "2 objects".

    >>> counted(1, "object"), counted(2, "object")
    ('1 object', '2 objects')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
