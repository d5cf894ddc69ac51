"""Write and read objects."""

from functools import wraps
from urllib.parse import unquote

from apps.billing import meters
from apps.buckets import encryption, errors, events, locks, ownership, store, tags, versions
from apps.buckets import lifecycle_rules as lifecycle
from apps.buckets.actions import bucket_of, on_bucket, row_of
from apps.buckets.conditions import check_write, not_modified, span
from apps.identity import authorize
from playground import batches, clock
from playground.wire.errors import AccessDenied

PUT, GET = "s3.requests.standard.put_copy_post_list", "s3.requests.standard.get_select_other"
KEY_BYTES, METADATA_BYTES = 1024, 2048
LOOKS = 5  # at an object that others replace all the time
KEPT_HEADERS = (
    "CacheControl", "ContentDisposition", "ContentEncoding", "ContentLanguage", "Expires", "WebsiteRedirectLocation",
)  # fmt: skip
STORAGE_CLASSES = (
    "STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER", "DEEP_ARCHIVE",
    "GLACIER_IR",
)  # fmt: skip


# -- writing --------------------------------------------------------------------------------------


def check_key(key):
    """Refuse a key over 1,024 bytes. Errors: KeyTooLongError."""
    size = len(key.encode("utf-8", "surrogatepass"))
    if size > KEY_BYTES:
        raise errors.KeyTooLong(Size=size, MaxSizeAllowed=KEY_BYTES)


def described(request):
    """Return what a request says of an object besides its bytes, as column values.

    Errors: MetadataTooLarge, InvalidStorageClass, InvalidTag, InvalidRedirectLocation.
    """
    metadata = {name.lower(): value for name, value in (request.get("Metadata") or {}).items()}
    size = sum(len(n.encode()) + len(v.encode()) for n, v in metadata.items())
    if size > METADATA_BYTES:
        raise errors.MetadataTooLarge(Size=size, MaxSizeAllowed=METADATA_BYTES)
    storage_class = request.get("StorageClass") or "STANDARD"
    if storage_class not in STORAGE_CLASSES:
        raise errors.InvalidStorageClass(StorageClassRequested=storage_class)
    location = request.get("WebsiteRedirectLocation")
    if location and not location.startswith(("/", "http://", "https://")):
        raise errors.InvalidRedirectLocation()
    return {
        "content_type": request.get("ContentType") or "binary/octet-stream",
        "headers": _kept_headers(request),
        "metadata": metadata,
        "storage_class": storage_class,
        "tags": tags.of_header(request.get("Tagging")),
    }


def _kept_headers(request):
    headers = {name: request[name] for name in KEPT_HEADERS if request.get(name)}
    if not isinstance(headers.get("Expires", ""), str):
        headers["Expires"] = request["Expires"].strftime("%a, %d %b %Y %H:%M:%S GMT")
    if headers.get("ContentEncoding"):
        # aws-chunked is how the bytes travelled, not what they are.
        kept = [c.strip() for c in headers["ContentEncoding"].split(",") if c.strip() and c.strip() != "aws-chunked"]
        headers["ContentEncoding"] = ", ".join(kept)
        if not kept:
            del headers["ContentEncoding"]
    return headers


def put_row(ctx, bucket, key, stored, values, event_name, request, *, own_files=True):
    """Make stored bytes a version of a key: row, storage level, events, all in one transaction.

    stored: store.Stored. values: columns. request: for If-Match and If-None-Match. own_files: the files have
    no rows yet, and a refusal removes them again. Returns the Object.
    """
    now = clock.now(bucket.account)

    def write():
        check_write(request, present_etag(bucket, key) if conditional(request) else None)
        if own_files:
            stored.rows()
        columns = {"blobs": stored.blobs, "inline": stored.inline, "size_bytes": stored.size_bytes}
        row = versions.add(bucket, key, now, {**values, **columns})
        events.emit(ctx, bucket, event_name, row)
        return row

    try:
        row = batches.commit(write)
    except BaseException:
        if own_files:
            store.discard(stored)
        raise
    meters.record(ctx, PUT, 1, bucket.arn, account=bucket.account, at=now)
    return row


def conditional(request):
    return request.get("IfMatch") is not None or request.get("IfNoneMatch") is not None


def present_etag(bucket, key):
    """Return the ETag of the latest version, None when there is none or it is a delete marker."""
    row = versions.latest(bucket, key)
    return None if row is None or row.is_delete_marker else row.etag


def write_columns(ctx, bucket, request):
    """Return every column of a new object that its request decides: description, owner, ACL, lock."""
    now = clock.now(bucket.account)
    return {
        **described(request),
        **ownership.of_new_object(ctx, bucket, request),
        **locks.columns(bucket, request, now),
    }


def put_object(ctx, request):
    """Store an object.

    request: {"Bucket", "Key", "Body": an object with read(n), or bytes, ...}.
    Errors: NoSuchBucket, KeyTooLongError, MetadataTooLarge, BadDigest, PreconditionFailed, IncompleteBody.
    Source: Amazon S3 API Reference, PutObject.
    """
    bucket = bucket_of(ctx, request)
    check_key(request["Key"])
    values = write_columns(ctx, bucket, request)
    if conditional(request):  # known in vain before the bytes are read; asked again when they are stored
        check_write(request, present_etag(bucket, request["Key"]))
    sealing = encryption.seal_for(ctx, bucket, request)
    stored = store.write(request.get("Body") or b"", sealing.data_key)
    values.update(etag=stored.md5.hex(), checksums=stored.checksums, encryption=sealing.kept)
    event = "ObjectCreated:Post" if ctx.operation == "PostObject" else "ObjectCreated:Put"
    row = put_row(ctx, bucket, request["Key"], stored, values, event, request)
    ctx.trace.step("store", "written", f"{row.size_bytes} bytes are safe on disk, encrypted.", etag=row.etag)
    return {
        "ETag": f'"{row.etag}"',
        "VersionId": versions.written_id(bucket, row),
        "Expiration": lifecycle.expiration_header(bucket, row),
        **checksum_members(row),
        "ChecksumType": row.checksum_type,
        **encryption.told(row.encryption),
    }


def checksum_members(row):
    """Return {"ChecksumCRC64NVME": ...} of an object or part."""
    return {f"Checksum{name}": value for name, value in row.checksums.items()}


# -- reading --------------------------------------------------------------------------------------


def of_what_is_there(operation):
    """Run an operation again whose object was replaced between the look-up and the opening of its files."""

    @wraps(operation)
    def run(ctx, request):
        for _ in range(LOOKS):
            try:
                return operation(ctx, request)
            except store.Gone:
                ctx.found = {place: row for place, row in ctx.found.items() if place[0] != "object"}
        return operation(ctx, request)

    return run


def find(ctx, bucket, request):
    """Return the Object that a request means, with bytes.

    Who may not list the bucket must not learn whether a key exists.
    Errors: NoSuchKey, NoSuchVersion, MethodNotAllowed (a delete marker by its id), AccessDenied.
    """
    key, version = request["Key"], request.get("VersionId")
    if version is not None:
        row = row_of(ctx, bucket, key, version) or versions.named(bucket, key, version)
        if row.is_delete_marker:
            headers = {"x-amz-delete-marker": "true", "x-amz-version-id": row.version_id, "Allow": "DELETE"}
            raise errors.MethodNotAllowed(headers=headers, Method=_method(ctx), ResourceType="DeleteMarker")
        return row
    row = row_of(ctx, bucket, key)
    if row is not None and not row.is_delete_marker:
        return row
    asked = on_bucket(ctx, bucket, "ListBucket", **{"s3:prefix": key})
    if not authorize.decide(ctx, asked).allowed:
        ctx.trace.step("store", "hidden", "The key does not exist; without s3:ListBucket that is answered as 403.")
        raise AccessDenied()
    headers = {"x-amz-delete-marker": "true", "x-amz-version-id": row.version_id} if row else {}
    raise errors.NoSuchKey(headers=headers, Key=key)


def _method(ctx):
    return "HEAD" if ctx.operation == "HeadObject" else "GET"


def window(row, request):
    """Return (first byte, count, is it a part of the whole)."""
    number = request.get("PartNumber")
    if number is not None:
        if request.get("Range"):
            raise errors.InvalidRequest("Cannot specify both Range header and partNumber query parameter")
        sizes = [part["size"] for part in row.parts] or [row.size_bytes]
        if not 1 <= number <= len(sizes):
            raise errors.InvalidPart(f"The requested partnumber is not satisfiable: {number} of {len(sizes)}")
        return sum(sizes[: number - 1]), sizes[number - 1], True
    found = span(request.get("Range"), row.size_bytes) if request.get("Range") else None
    return (*found, True) if found else (0, row.size_bytes, False)


def _described(bucket, row):
    """Return the members that every successful read tells of an object."""
    answer = {
        "ETag": f'"{row.etag}"',
        "LastModified": row.last_modified,
        "AcceptRanges": "bytes",
        "ContentType": row.content_type,
        "Metadata": row.metadata,
        "VersionId": versions.shown_id(bucket, row),
        "Expiration": lifecycle.expiration_header(bucket, row),
        **row.headers,
        **encryption.told(row.encryption),
        **locks.told(row),
    }
    if "Expires" in answer:
        answer["ExpiresString"] = answer["Expires"]
    if row.storage_class != "STANDARD":
        answer["StorageClass"] = row.storage_class
    if row.tags:
        answer["TagCount"] = len(row.tags)
    return answer


def _answer(bucket, row, request):
    """Return (the members of a read, first byte, count); with __status__ 304 or 206 where it is one."""
    answer = _described(bucket, row)
    if not_modified(request, row.etag, row.last_modified):
        kept = {name: answer[name] for name in ("ETag", "LastModified", "CacheControl", "Expires") if name in answer}
        return {**kept, "__status__": 304}, 0, 0
    first, count, partial = window(row, request)
    answer["ContentLength"] = count
    if partial:
        answer["__status__"] = 206
        answer["ContentRange"] = f"bytes {first}-{first + count - 1}/{row.size_bytes}"
    if request.get("PartNumber") is not None and row.parts:
        answer["PartsCount"] = len(row.parts)
    if (request.get("ChecksumMode") or "").upper() == "ENABLED" and not request.get("Range"):
        answer.update(_told_checksums(row, request.get("PartNumber")))
    return answer, first, count


def _told_checksums(row, part_number):
    if part_number is not None and row.parts:
        part = row.parts[part_number - 1]
        found = {f"Checksum{name}": value for name, value in part["checksums"].items()}
        return {**found, "ChecksumType": row.checksum_type}
    return {**checksum_members(row), "ChecksumType": row.checksum_type}


def _refuse_writers_headers(ctx):
    """Refuse a read that names an encryption: only writes may. Errors: InvalidArgument.

    Source: Amazon S3 API Reference, GetObject, "Encryption": such a request gets 400 Bad Request.
    """
    if "x-amz-server-side-encryption" in ctx.headers:
        raise errors.InvalidArgument(
            "x-amz-server-side-encryption header is not supported for this operation.",
            ArgumentName="x-amz-server-side-encryption",
            ArgumentValue=ctx.headers["x-amz-server-side-encryption"],
        )


def _overrides(ctx, request):
    """Return the response-... parameters' values; only a signed request may set them. Errors: InvalidRequest."""
    names = [name for name in request if name.startswith("Response") and request[name] is not None]
    if names and ctx.principal.kind == "anonymous":
        raise errors.InvalidRequest("Request specific response headers cannot be used for anonymous GET requests.")
    changed = {name.removeprefix("Response"): request[name] for name in names}
    if "Expires" in changed and not isinstance(changed["Expires"], str):
        changed["Expires"] = changed["Expires"].strftime("%a, %d %b %Y %H:%M:%S GMT")
    return changed


def meter_read(ctx, bucket, count):
    """Meter a read and its bytes by where they go: the internet, an edge, a function of the region."""
    meters.record(ctx, GET, 1, bucket.arn, account=bucket.account)
    if count:
        kinds = {"service": "transfer.to_cloudfront", "role": "transfer.same_region_to_lambda"}
        meters.record(ctx, kinds.get(ctx.principal.kind, "transfer.out"), count, bucket.arn, account=bucket.account)


@of_what_is_there
def get_object(ctx, request):
    """Return an object or a part of it.

    Returns {"Body": Stream, ...}; 206 for a range, 304 when not modified.
    Errors: NoSuchKey, AccessDenied, InvalidRange (416), PreconditionFailed (412). Source: GetObject.
    """
    bucket = bucket_of(ctx, request)
    row = find(ctx, bucket, request)
    changed = _overrides(ctx, request)
    _refuse_writers_headers(ctx)
    answer, first, count = _answer(bucket, row, request)
    data_key = encryption.open_key(ctx, bucket, row.encryption, request)
    if answer.get("__status__") == 304:
        meter_read(ctx, bucket, 0)
        ctx.trace.step("store", "not modified", "The client's copy is still good (304).")
        return answer
    answer["Body"] = store.stream(row, data_key, first, count)
    ctx.trace.step("store", "read", f"{count} of {row.size_bytes} bytes from byte {first}.")
    meter_read(ctx, bucket, count)
    return {**answer, **changed}


def head_object(ctx, request):
    """Return what GetObject would say, without the bytes. Source: Amazon S3 API Reference, HeadObject."""
    bucket = bucket_of(ctx, request)
    row = find(ctx, bucket, request)
    changed = _overrides(ctx, request)
    _refuse_writers_headers(ctx)
    encryption.check_customer(row.encryption, request)
    answer, _first, _count = _answer(bucket, row, request)
    meter_read(ctx, bucket, 0)
    return {**answer, **changed}


def _listed_parts(row, request):
    """Return ObjectParts of GetObjectAttributes: only uploads with part checksums list the parts themselves."""
    limit = min(request.get("MaxParts") if request.get("MaxParts") is not None else 1000, 1000)
    marker = int(request.get("PartNumberMarker") or 0)
    following = [part for part in row.parts if part["number"] > marker]
    shown = following[:limit]
    found = {
        "TotalPartsCount": len(row.parts),
        "PartNumberMarker": marker,
        "NextPartNumberMarker": shown[-1]["number"] if shown else 0,
        "MaxParts": limit,
        "IsTruncated": len(following) > limit,
    }
    if any(part["checksums"] for part in row.parts):
        found["Parts"] = [
            {
                "PartNumber": part["number"],
                "Size": part["size"],
                **{f"Checksum{name}": value for name, value in part["checksums"].items()},
            }
            for part in shown
        ]
    return found


def get_object_attributes(ctx, request):
    """Return chosen attributes of an object, without its bytes.

    request: {"ObjectAttributes": ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"], ...}.
    Errors: InvalidArgument, NoSuchKey. Source: Amazon S3 API Reference, GetObjectAttributes.
    """
    bucket = bucket_of(ctx, request)
    row = find(ctx, bucket, request)
    encryption.check_customer(row.encryption, request)
    meter_read(ctx, bucket, 0)
    names = {unquote(name) for name in request["ObjectAttributes"]}
    unknown = names - {"ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"}
    if unknown or not names:
        raise errors.InvalidArgument("Invalid attribute name specified.", ArgumentName="x-amz-object-attributes")
    made = {
        "ETag": lambda: row.etag,
        "Checksum": lambda: {**checksum_members(row), "ChecksumType": row.checksum_type},
        "ObjectParts": lambda: _listed_parts(row, request) if row.parts else None,
        "StorageClass": lambda: row.storage_class,
        "ObjectSize": lambda: row.size_bytes,
    }
    answer = {name: make() for name, make in made.items() if name in names}
    return {**answer, "LastModified": row.last_modified, "VersionId": versions.shown_id(bucket, row)}
