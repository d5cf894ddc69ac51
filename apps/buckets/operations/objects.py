"""Write and read objects."""

from django.db import transaction

from apps.billing import levels, meters
from apps.buckets import errors, events, store
from apps.buckets.actions import bucket_of, on_bucket
from apps.buckets.conditions import check_write, not_modified, span
from apps.buckets.models import Object
from apps.identity import authorize
from playground import clock
from playground.wire.errors import AccessDenied
from playground.wire.http import FileBody

PUT, GET = "s3.requests.standard.put_copy_post_list", "s3.requests.standard.get_select_other"
STORAGE = "s3.storage.standard"
KEY_BYTES, METADATA_BYTES = 1024, 2048
KEPT_HEADERS = ("CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage", "Expires")


# -- writing --------------------------------------------------------------------------------------


def check_key(key):
    """Refuse a key over 1,024 bytes. Errors: KeyTooLongError."""
    size = len(key.encode("utf-8", "surrogatepass"))
    if size > KEY_BYTES:
        raise errors.KeyTooLong(Size=size, MaxSizeAllowed=KEY_BYTES)


def described(request):
    """Return what a request says of an object besides its bytes, as column values. Errors: MetadataTooLarge."""
    metadata = {name.lower(): value for name, value in (request.get("Metadata") or {}).items()}
    size = sum(len(n.encode()) + len(v.encode()) for n, v in metadata.items())
    if size > METADATA_BYTES:
        raise errors.MetadataTooLarge(Size=size, MaxSizeAllowed=METADATA_BYTES)
    headers = {name: request[name] for name in KEPT_HEADERS if request.get(name)}
    if not isinstance(headers.get("Expires", ""), str):
        headers["Expires"] = request["Expires"].strftime("%a, %d %b %Y %H:%M:%S GMT")
    if headers.get("ContentEncoding"):
        # aws-chunked is how the bytes travelled, not what they are.
        kept = [c.strip() for c in headers["ContentEncoding"].split(",") if c.strip() and c.strip() != "aws-chunked"]
        headers["ContentEncoding"] = ", ".join(kept)
        if not kept:
            del headers["ContentEncoding"]
    return {
        "content_type": request.get("ContentType") or "binary/octet-stream",
        "headers": headers,
        "metadata": metadata,
        "storage_class": request.get("StorageClass") or "STANDARD",
    }


def put_row(ctx, bucket, key, stored, values, event_name, request, sku=PUT):
    """Make stored bytes the object of a key: row, storage level, events, all in one transaction.

    stored: store.Stored. values: columns. request: for If-Match and If-None-Match. Returns the Object.
    A refusal removes the bytes again.
    """
    now = clock.now(bucket.account)
    try:
        with transaction.atomic():
            old = Object.objects.filter(bucket=bucket, key=key, is_latest=True).first()
            check_write(request, old.etag if old else None)
            blob = stored.row()
            values = {**values, "blob": blob, "size_bytes": stored.size_bytes, "last_modified": now}
            if old:
                freed, before = old.blob_id, old.size_bytes
                for name, value in values.items():
                    setattr(old, name, value)
                old.save()
                store.free([freed])
                row, delta = old, stored.size_bytes - before
            else:
                row, delta = Object.objects.create(bucket=bucket, key=key, **values), stored.size_bytes
            levels.change(bucket.account, STORAGE, bucket.arn, delta, now)
            events.emit(ctx, bucket, event_name, row)
    except BaseException:
        store.discard(stored)
        raise
    meters.record(ctx, sku, 1, bucket.arn, account=bucket.account, at=now)
    return row


def put_object(ctx, request):
    """Store an object.

    request: {"Bucket", "Key", "Body": an object with read(n), or bytes, ...}.
    Errors: NoSuchBucket, KeyTooLongError, MetadataTooLarge, BadDigest, PreconditionFailed, IncompleteBody.
    Source: Amazon S3 API Reference, PutObject.
    """
    bucket = bucket_of(ctx, request)
    check_key(request["Key"])
    values = described(request)
    stored = store.write(request.get("Body") or b"")
    values.update(
        etag=stored.md5.hex(), checksums=stored.checksums, checksum_type="FULL_OBJECT", parts_count=0, part_sizes=[]
    )
    row = put_row(ctx, bucket, request["Key"], stored, values, "ObjectCreated:Put", request)
    ctx.trace.step("store", "written", f"{row.size_bytes} bytes are safe on disk.", etag=row.etag)
    return {"ETag": f'"{row.etag}"', **checksum_members(row), "ChecksumType": row.checksum_type}


def checksum_members(row):
    """Return {"ChecksumCRC64NVME": ...} of an object or part."""
    return {f"Checksum{name}": value for name, value in row.checksums.items()}


# -- reading --------------------------------------------------------------------------------------


def find(ctx, bucket, request):
    """Return the Object that a request means. Errors: NoSuchKey; AccessDenied without the right to list.

    Who may not list the bucket must not learn whether a key exists.
    """
    version = request.get("VersionId")
    if version not in (None, "null"):
        raise errors.InvalidArgument("Invalid version id specified", ArgumentName="versionId", ArgumentValue=version)
    row = Object.objects.select_related("blob").filter(bucket=bucket, key=request["Key"], is_latest=True).first()
    if row is None:
        if not authorize.decide(ctx, on_bucket(bucket, "ListBucket", **{"s3:prefix": request["Key"]})).allowed:
            ctx.trace.step("store", "hidden", "The key does not exist; without s3:ListBucket that is answered as 403.")
            raise AccessDenied()
        raise errors.NoSuchKey(Key=request["Key"])
    return row


def _window(row, request):
    """Return (first byte, count, is it a part of the whole)."""
    number = request.get("PartNumber")
    if number is not None:
        if request.get("Range"):
            raise errors.InvalidRequest("Cannot specify both Range header and partNumber query parameter")
        sizes = row.part_sizes or [row.size_bytes]
        if not 1 <= number <= len(sizes):
            raise errors.InvalidPartNumber(ActualPartCount=len(sizes), PartNumberRequested=number)
        return sum(sizes[: number - 1]), sizes[number - 1], True
    found = span(request.get("Range"), row.size_bytes) if request.get("Range") else None
    return (*found, True) if found else (0, row.size_bytes, False)


def _answer(row, request):
    """Return the headers of a read; with __status__ 304 or 206 where it is one."""
    answer = {
        "ETag": f'"{row.etag}"',
        "LastModified": row.last_modified,
        "AcceptRanges": "bytes",
        "ContentType": row.content_type,
        "Metadata": row.metadata,
        **row.headers,
    }
    if "Expires" in answer:
        answer["ExpiresString"] = answer["Expires"]
    if row.storage_class != "STANDARD":
        answer["StorageClass"] = row.storage_class
    if not_modified(request, row.etag, row.last_modified):
        kept = {name: answer[name] for name in ("ETag", "LastModified", "CacheControl", "Expires") if name in answer}
        return {**kept, "__status__": 304}, 0, 0
    first, count, partial = _window(row, request)
    answer["ContentLength"] = count
    if partial:
        answer["__status__"] = 206
        answer["ContentRange"] = f"bytes {first}-{first + count - 1}/{row.size_bytes}"
    if request.get("PartNumber") is not None and row.parts_count:
        answer["PartsCount"] = row.parts_count
    if (request.get("ChecksumMode") or "").upper() == "ENABLED" and not partial:
        answer.update(checksum_members(row), ChecksumType=row.checksum_type)
    return answer, first, count


def _overrides(ctx, request):
    """Return the response-... parameters' values; only a signed request may set them. Errors: InvalidRequest."""
    names = [name for name in request if name.startswith("Response") and request[name] is not None]
    if names and ctx.principal.kind == "anonymous":
        raise errors.InvalidRequest("Request specific response headers cannot be used for anonymous GET requests.")
    changed = {name.removeprefix("Response"): request[name] for name in names}
    if "Expires" in changed and not isinstance(changed["Expires"], str):
        changed["Expires"] = changed["Expires"].strftime("%a, %d %b %Y %H:%M:%S GMT")
    return changed


def _meter_read(ctx, bucket, count):
    """Meter a read and its bytes by where they go: the internet, an edge, a function of the region."""
    meters.record(ctx, GET, 1, bucket.arn, account=bucket.account)
    if count:
        kinds = {"service": "transfer.to_cloudfront", "role": "transfer.same_region_to_lambda"}
        meters.record(ctx, kinds.get(ctx.principal.kind, "transfer.out"), count, bucket.arn, account=bucket.account)


def get_object(ctx, request):
    """Return an object or a part of it.

    Returns {"Body": FileBody, ...}; 206 for a range, 304 when not modified.
    Errors: NoSuchKey, AccessDenied, InvalidRange (416), PreconditionFailed (412). Source: GetObject.
    """
    bucket = bucket_of(ctx, request)
    row = find(ctx, bucket, request)
    changed = _overrides(ctx, request)
    answer, first, count = _answer(row, request)
    _meter_read(ctx, bucket, count)
    if answer.get("__status__") == 304:
        ctx.trace.step("store", "not modified", "The client's copy is still good (304).")
        return answer
    ctx.trace.step("store", "read", f"{count} of {row.size_bytes} bytes from byte {first}.")
    answer["Body"] = FileBody(row.blob.path, first, count)
    return {**answer, **changed}


def head_object(ctx, request):
    """Return what GetObject would say, without the bytes. Source: Amazon S3 API Reference, HeadObject."""
    bucket = bucket_of(ctx, request)
    row = find(ctx, bucket, request)
    changed = _overrides(ctx, request)
    answer, _first, _count = _answer(row, request)
    _meter_read(ctx, bucket, 0)
    return {**answer, **changed}
