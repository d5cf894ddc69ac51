"""List keys, versions and uploads, in UTF-8 order, folded at a delimiter.

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
PUT = "s3.requests.standard.put_copy_post_list"
FIELDS = (
    "key", "size_bytes", "etag", "last_modified", "storage_class", "checksums", "checksum_type", "owner__canonical_id",
    "owner__name",
)  # fmt: skip


def walk(rows, prefix, delimiter, after, limit):
    """Return (entries, is there more, position). An entry is a row or a common prefix (str).

    rows: a queryset of tuples that begin with the key, in key order. after: list what comes behind this key.
    position: `after` of the next page.
    """
    entries, position = [], after
    while True:
        found = rows.filter(key__gt=position) if position else rows
        if prefix:
            found = found.filter(key__gte=prefix, key__lt=prefix + LAST)
        wanted = limit + 1 - len(entries)
        batch = list(found[:wanted])
        for row in batch:
            if len(entries) == limit:
                return entries, True, position
            key = row[0]
            cut = key.find(delimiter, len(prefix)) if delimiter else -1
            if cut >= 0:
                common = key[: cut + len(delimiter)]
                entries.append(common)
                position = common + LAST
                break
            entries.append(row)
            position = key
        else:
            if len(batch) < wanted:
                return entries, False, position


def page_size(given, name="max-keys"):
    """Return how many entries a page has. Errors: InvalidArgument."""
    if given is not None and not 0 <= given <= 2**31 - 1:
        raise errors.InvalidArgument(
            f"Argument {name} must be an integer between 0 and 2147483647", ArgumentName=name, ArgumentValue=given
        )
    return PAGE if given is None else min(given, PAGE)


def encoder(request):
    """Return the function that writes keys as the request wants them. Errors: InvalidArgument."""
    kind = request.get("EncodingType")
    if kind not in (None, "", "url"):
        raise errors.InvalidArgument(
            "Invalid Encoding Method specified in Request", ArgumentName="encoding-type", ArgumentValue=kind
        )
    return (lambda text: quote(text, safe="/")) if kind else (lambda text: text)


def owner_of(bucket, row):
    account = row.owner or bucket.account
    return {"ID": account.canonical_id, "DisplayName": account.name}


def _told(row, encode, owner):
    """Return one entry. row: the values of FIELDS. owner: of the bucket, as an entry tells it; None to leave it out."""
    key, size, etag, modified, storage_class, checksums, checksum_type, owner_id, owner_name = row
    entry = {
        "Key": encode(key),
        "LastModified": modified,
        "ETag": f'"{etag}"',
        "Size": size,
        "StorageClass": storage_class,
        "ChecksumAlgorithm": list(checksums),
        "ChecksumType": checksum_type,
    }
    if owner is not None:
        entry["Owner"] = {"ID": owner_id, "DisplayName": owner_name} if owner_id else owner
    return entry


def _page(ctx, request, after, with_owner):
    """Return (answer shared by both versions, entries, more, position, encode)."""
    bucket = bucket_of(ctx, request)
    meters.record(ctx, PUT, 1, bucket.arn, account=bucket.account)
    prefix, delimiter = request.get("Prefix") or "", request.get("Delimiter") or ""
    encode, limit = encoder(request), page_size(request.get("MaxKeys"))
    rows = Object.objects.filter(bucket=bucket, is_latest=True, is_delete_marker=False)
    rows = rows.values_list(*FIELDS).order_by("key")
    owner = {"ID": bucket.account.canonical_id, "DisplayName": bucket.account.name} if with_owner else None
    entries, more, position = walk(rows, prefix, delimiter, after, limit) if limit else ([], False, after)
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


def behind(marker, delimiter):
    """Return the position behind a marker: one that is a common prefix means everything under it was listed."""
    return marker + LAST if delimiter and marker.endswith(delimiter) else marker


def list_objects(ctx, request):
    """List keys, the old way: Marker and NextMarker are keys. Source: Amazon S3 API Reference, ListObjects."""
    marker, delimiter = request.get("Marker") or "", request.get("Delimiter") or ""
    answer, entries, more, _position, encode = _page(ctx, request, behind(marker, delimiter), True)
    answer["Marker"] = encode(marker)
    if more and delimiter:
        last = entries[-1]
        answer["NextMarker"] = encode(last if isinstance(last, str) else last[0])
    return answer


def list_objects_v2(ctx, request):
    """List keys with opaque tokens. Errors: InvalidArgument (a token not of ours). Source: ListObjectsV2."""
    token, start_after = request.get("ContinuationToken"), request.get("StartAfter") or ""
    after = _read_token(token) if token else start_after
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
        return base64.b64decode(token.encode(), altchars=b"-_", validate=True).decode()
    except (ValueError, binascii.Error):
        raise errors.InvalidArgument(
            "The continuation token provided is incorrect", ArgumentName="continuation-token"
        ) from None
