"""Pages of one object."""

from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.buckets.frames import crumbs, folder_of, frame, own_bucket, s3
from apps.buckets.views_objects import SHOWN_INLINE
from playground.wire.errors import ServiceError

SHOWN_AS_TEXT = ("text/", "application/json", "application/javascript", "application/xml")
TEXT_BYTES = 64 * 1024


@require_GET
def item(request, name):
    """Show one object: what it is, a preview, who may read it."""
    bucket = own_bucket(request, name)
    key = request.GET.get("key", "")
    found = s3(request, bucket, "HeadObject", Key=key, ChecksumMode="ENABLED")
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
        "crumbs": crumbs(folder_of(key)),
        "params": {"Bucket": bucket.name, "Key": key},
    }
    return render(request, "buckets/object.html", frame(request, bucket=bucket, **told))


def _text(request, bucket, key):
    try:
        body = s3(request, bucket, "GetObject", Key=key, Range=f"bytes=0-{TEXT_BYTES - 1}")["Body"]
    except ServiceError:
        return ""  # empty objects have no range
    return b"".join(body.pieces).decode("utf-8", "replace")
