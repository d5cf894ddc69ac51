"""List keys, in UTF-8 order, folded at a delimiter.

A page walks the index: where a delimiter folds many keys into one common prefix, the walk jumps behind all
of them, so a folder of a million keys costs one step. Tokens name a position among keys, not a count, so
writes between two pages neither repeat nor hide what was there all along.
"""

import base64
import binascii
from urllib.parse import quote

from apps.billing import meters
from apps.buckets import errors
from apps.buckets.actions import bucket_of
from apps.buckets.models import Object

LAST = "\U0010ffff"
PAGE = 1000
FIELDS = ("key", "size_bytes", "etag", "last_modified", "storage_class", "checksums", "checksum_type")


def walk(bucket, prefix, delimiter, after, limit):
    """Return (entries, is there more, position). An entry is an Object or a common prefix (str).

    after: list what comes behind this key. position: `after` of the next page.
    """
    entries, position = [], after
    rows = Object.objects.filter(bucket=bucket, is_latest=True).order_by("key").only(*FIELDS)
    while True:
        found = rows.filter(key__gt=position) if position else rows
        if prefix:
            found = found.filter(key__gte=prefix, key__lt=prefix + LAST)
        batch = list(found[: limit + 1 - len(entries)])
        if not batch:
            return entries, False, position
        for row in batch:
            if len(entries) == limit:
                return entries, True, position
            cut = row.key.find(delimiter, len(prefix)) if delimiter else -1
            if cut >= 0:
                common = row.key[: cut + len(delimiter)]
                entries.append(common)
                position = common + LAST
                break
            entries.append(row)
            position = row.key
        else:
            if len(batch) < limit + 1 - (len(entries) - len(batch)):
                return entries, False, position


def _limit(request):
    limit = request.get("MaxKeys")
    if limit is not None and limit < 0:
        raise errors.InvalidArgument("Argument maxKeys must be an integer between 0 and 2147483647")
    return PAGE if limit is None else min(limit, PAGE)


def _encoder(request):
    kind = request.get("EncodingType")
    if kind not in (None, "", "url"):
        raise errors.InvalidArgument(
            "Invalid Encoding Method specified in Request", ArgumentName="encoding-type", ArgumentValue=kind
        )
    return (lambda text: quote(text, safe="/")) if kind else (lambda text: text)


def _told(row, encode, owner):
    entry = {
        "Key": encode(row.key),
        "LastModified": row.last_modified,
        "ETag": f'"{row.etag}"',
        "Size": row.size_bytes,
        "StorageClass": row.storage_class,
        "ChecksumAlgorithm": list(row.checksums),
        "ChecksumType": row.checksum_type,
    }
    return {**entry, "Owner": {"ID": owner.canonical_id}} if owner else entry


def _page(ctx, request, after, with_owner):
    """Return (bucket, answer shared by both versions, entries, more, position)."""
    bucket = bucket_of(ctx, request)
    meters.record(ctx, "s3.requests.standard.put_copy_post_list", 1, bucket.arn, account=bucket.account)
    prefix, delimiter, encode, limit = (
        request.get("Prefix") or "",
        request.get("Delimiter") or "",
        _encoder(request),
        _limit(request),
    )
    entries, more, position = walk(bucket, prefix, delimiter, after, limit) if limit else ([], False, after)
    owner = bucket.account if with_owner else None
    answer = {
        "Name": bucket.name,
        "Prefix": encode(prefix),
        "MaxKeys": limit if request.get("MaxKeys") is None else request["MaxKeys"],
        "IsTruncated": more,
        "Contents": [_told(entry, encode, owner) for entry in entries if not isinstance(entry, str)],
        "CommonPrefixes": [{"Prefix": encode(entry)} for entry in entries if isinstance(entry, str)],
    }
    if delimiter:
        answer["Delimiter"] = encode(delimiter)
    if request.get("EncodingType"):
        answer["EncodingType"] = request["EncodingType"]
    return answer, entries, more, position, encode


def list_objects(ctx, request):
    """List keys, the old way: Marker and NextMarker are keys. Source: Amazon S3 API Reference, ListObjects."""
    marker, delimiter = request.get("Marker") or "", request.get("Delimiter") or ""
    # A marker that is a common prefix means everything under it was listed.
    after = marker + LAST if delimiter and marker.endswith(delimiter) else marker
    answer, entries, more, _position, encode = _page(ctx, request, after, True)
    answer["Marker"] = encode(marker)
    if more and delimiter:
        last = entries[-1]
        answer["NextMarker"] = encode(last if isinstance(last, str) else last.key)
    return answer


def list_objects_v2(ctx, request):
    """List keys with opaque tokens. Errors: InvalidArgument (a token not of ours). Source: ListObjectsV2."""
    token, start_after = request.get("ContinuationToken"), request.get("StartAfter") or ""
    after = _read_token(token) if token is not None else start_after
    answer, entries, more, position, encode = _page(ctx, request, after, bool(request.get("FetchOwner")))
    answer["KeyCount"] = len(entries)
    if token is not None:
        answer["ContinuationToken"] = token
    if start_after:
        answer["StartAfter"] = encode(start_after)
    if more:
        answer["NextContinuationToken"] = base64.urlsafe_b64encode(position.encode()).decode()
    return answer


def _read_token(token):
    try:
        if not token:
            raise ValueError
        return base64.b64decode(token.encode(), altchars=b"-_", validate=True).decode()
    except (ValueError, binascii.Error):
        raise errors.InvalidArgument(
            "The continuation token provided is incorrect", ArgumentName="continuation-token"
        ) from None
