"""Uploads in parts, as the page's script makes them: begin, each part, what is there, complete; and giving up.

A part goes from the socket into the store, never whole in memory. What was begun and not completed is listed at a
tab of its own, since its parts are stored and billed until somebody completes or aborts it.
"""

import json

from django.db.models import Count, Sum
from django.http import JsonResponse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.buckets import lifecycle_rules
from apps.buckets.frames import back, own_bucket, s3, tell
from apps.buckets.views_objects import Sent, answered, content_type
from playground.wire.errors import ServiceError


def shown(request, bucket):
    """Return the variables of the tab of unfinished uploads."""
    answer = s3(request, bucket, "ListMultipartUploads")
    rows = bucket.uploads.annotate(part_count=Count("parts"), stored_bytes=Sum("parts__size_bytes"))
    found = {row.upload_id: row for row in rows}
    uploads = []
    for one in answer["Uploads"]:
        row = found[one["UploadId"]]
        due = lifecycle_rules.abort_rule(bucket, row)
        uploads.append({**one, "parts": row.part_count, "bytes": row.stored_bytes or 0, "given_up": due and due[0]})
    return {
        "uploads": uploads,
        "all_bytes": sum(one["bytes"] for one in uploads),
        "acts": _shown_acts(bucket, answer["Uploads"]),
    }


def _shown_acts(bucket, uploads):
    """Return what the tab asks: the list, and what Abort does to its first upload."""
    listed = [("ListMultipartUploads", {"Bucket": bucket.name})]
    named = [{"Bucket": bucket.name, "Key": one["Key"], "UploadId": one["UploadId"]} for one in uploads[:1]]
    return listed + [("AbortMultipartUpload", params) for params in named]


def _json(request):
    """Return the JSON object of a body, {} for anything else."""
    try:
        found = json.loads(request.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


@require_POST
def begin(request, name):
    """Begin an upload. Body: {"key"}. Answers {"upload": its id}."""
    bucket = own_bucket(request, name)
    key = str(_json(request).get("key") or "")
    if not key:
        return JsonResponse({"message": "The file has no name."}, status=400)

    def create():
        return {
            "upload": s3(request, bucket, "CreateMultipartUpload", Key=key, ContentType=content_type(key))["UploadId"]
        }

    return answered(create)


def _named(request):
    return {"Key": request.GET.get("key", ""), "UploadId": request.GET.get("upload", "")}


@require_http_methods(["PUT"])
def part(request, name):
    """Store the body as a part. Query: key, upload, number. Answers {"etag"}."""
    bucket = own_bucket(request, name)
    number = request.GET.get("number", "")
    number = int(number) if number.isascii() and number.isdigit() else 0  # the operation says what is allowed

    def put():
        told = s3(request, bucket, "UploadPart", **_named(request), PartNumber=number, Body=Sent(request))
        return {"etag": told["ETag"]}

    return answered(put)


@require_GET
def parts(request, name):
    """Return which parts of an upload are stored: {"parts": [{"number", "size", "etag"}]}."""
    bucket = own_bucket(request, name)

    def listed():
        found, after = [], 0
        while after is not None:
            page = s3(request, bucket, "ListParts", **_named(request), PartNumberMarker=after)
            found += page["Parts"]
            after = page["NextPartNumberMarker"] if page["IsTruncated"] else None
        return {"parts": [{"number": p["PartNumber"], "size": p["Size"], "etag": p["ETag"]} for p in found]}

    return answered(listed)


@require_POST
def complete(request, name):
    """Make the parts an object. Body: {"key", "upload", "parts": [{"number", "etag"}]}. Answers {"etag"}."""
    bucket = own_bucket(request, name)
    told = _json(request)
    listed = [one for one in told.get("parts") or [] if isinstance(one, dict)]
    chosen = {"Parts": [{"PartNumber": one.get("number"), "ETag": one.get("etag")} for one in listed]}
    named = {"Key": str(told.get("key") or ""), "UploadId": str(told.get("upload") or "")}
    return answered(
        lambda: {"etag": s3(request, bucket, "CompleteMultipartUpload", **named, MultipartUpload=chosen)["ETag"]}
    )


@require_POST
def abort(request, name):
    """Give an upload up: its parts are freed. A plain form, and what Cancel does."""
    bucket = own_bucket(request, name)
    named = {"Key": request.POST.get("key", ""), "UploadId": request.POST.get("upload", "")}
    try:
        s3(request, bucket, "AbortMultipartUpload", **named)
    except ServiceError as err:
        if request.htmx:
            return JsonResponse({"code": err.code, "message": err.message}, status=err.status)
        tell(request, "", [err.message])
        return back(bucket, tab="uploads")
    if request.htmx:
        return JsonResponse({})
    tell(request, f"The upload of {named['Key']} is given up, and its parts are gone.")
    return back(bucket, tab="uploads")
