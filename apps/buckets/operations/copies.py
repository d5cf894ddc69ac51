"""Copy objects, whole or as a part of an upload.

Where both sides are encrypted the same way under the same account's own key, a copy is a hard link and no
byte is read; otherwise the bytes are opened and sealed anew.
"""

from apps.buckets import checksums, encryption, errors, locks, ownership, store, tags, versions
from apps.buckets.actions import bucket_of, copy_source
from apps.buckets.conditions import check_copy, check_write, copy_span
from apps.buckets.operations.multipart import check_number, keep_part, key_of_upload, upload_of
from apps.buckets.operations.objects import (
    STORAGE_CLASSES,
    check_key,
    checksum_members,
    conditional,
    described,
    find,
    of_what_is_there,
    present_etag,
    put_row,
)
from playground import clock

COPY_BYTES = 5 * 2**30


def _source(ctx, request):
    """Return (bucket, row) of the copy's source."""
    name, key, version = copy_source(request["CopySource"])
    bucket = bucket_of(ctx, {"Bucket": name})
    row = find(ctx, bucket, {"Key": key, "VersionId": version})
    check_copy(request, row.etag, row.last_modified)
    return bucket, row


def _directive(request, name):
    """Return COPY or REPLACE. Errors: InvalidArgument."""
    value = request.get(name) or "COPY"
    if value not in ("COPY", "REPLACE"):
        raise errors.InvalidArgument("Unknown metadata directive.", ArgumentName=f"x-amz-{name}", ArgumentValue=value)
    return value


def _check_changes(bucket, source_bucket, source, request):
    """Refuse a copy onto itself that changes nothing. Errors: InvalidRequest."""
    same = (source_bucket.pk, source.key) == (bucket.pk, request["Key"]) and source.is_latest
    changed = (
        _directive(request, "MetadataDirective") == "REPLACE"
        or request.get("StorageClass")
        or request.get("ServerSideEncryption")
        or request.get("SSECustomerAlgorithm")
        or request.get("WebsiteRedirectLocation")
        or "?versionId=" in request["CopySource"]
    )
    if same and not changed:
        raise errors.InvalidRequest(
            "This copy request is illegal because it is trying to copy an object to itself without changing the "
            "object's metadata, storage class, website redirect location or encryption attributes."
        )


def _columns(ctx, bucket, source, request):
    """Return the columns of the copy besides its bytes."""
    if _directive(request, "MetadataDirective") == "REPLACE":
        values = described({**request, "Tagging": None})
    else:
        storage_class = request.get("StorageClass") or "STANDARD"
        if storage_class not in STORAGE_CLASSES:
            raise errors.InvalidStorageClass(StorageClassRequested=storage_class)
        headers = {name: value for name, value in source.headers.items() if name != "WebsiteRedirectLocation"}
        if request.get("WebsiteRedirectLocation"):
            headers["WebsiteRedirectLocation"] = request["WebsiteRedirectLocation"]
        values = {
            "content_type": source.content_type,
            "headers": headers,
            "metadata": source.metadata,
            "storage_class": storage_class,
        }
    replaced = _directive(request, "TaggingDirective") == "REPLACE"
    values["tags"] = tags.of_header(request.get("Tagging")) if replaced else source.tags
    values.update(ownership.of_new_object(ctx, bucket, request))
    values.update(locks.columns(bucket, request, clock.now(bucket.account)))
    return values


def _bytes(ctx, bucket, source_bucket, source, request):
    """Return (Stored, {"etag", "checksums", "encryption", ...}) of the copy."""
    wanted = encryption.wish(bucket, request)
    opened = encryption.open_key(ctx, source_bucket, source.encryption, request, "CopySource")
    algorithm = checksums.asked(request)
    same_way = wanted["algorithm"] == source.encryption.get("algorithm") == encryption.AES
    whole = not source.parts and (not algorithm or algorithm in source.checksums)
    if same_way and whole and bucket.account_id == source_bucket.account_id:
        kept = {"etag": source.etag, "checksums": source.checksums, "checksum_type": source.checksum_type}
        return store.link(source), {**kept, "encryption": source.encryption}
    sealing = encryption.seal(ctx, bucket, request["Key"], wanted)
    stored = store.write(None, sealing.data_key, pieces=store.read(source, opened), algorithm=algorithm)
    return stored, {"etag": stored.md5.hex(), "checksums": stored.checksums, "encryption": sealing.kept}


@of_what_is_there
def copy_object(ctx, request):
    """Copy an object, with its metadata or new ones.

    Errors: NoSuchKey, PreconditionFailed, InvalidRequest (onto itself without a change).
    Source: Amazon S3 API Reference, CopyObject.
    """
    bucket = bucket_of(ctx, request)
    check_key(request["Key"])
    source_bucket, source = _source(ctx, request)
    if source.size_bytes > COPY_BYTES:
        raise errors.InvalidRequest(
            "The specified copy source is larger than the maximum allowable size for a copy source: 5368709120"
        )
    _check_changes(bucket, source_bucket, source, request)
    if conditional(request):
        check_write(request, present_etag(bucket, request["Key"]))
    values = _columns(ctx, bucket, source, request)
    stored, of_bytes = _bytes(ctx, bucket, source_bucket, source, request)
    row = put_row(ctx, bucket, request["Key"], stored, {**values, **of_bytes}, "ObjectCreated:Copy", request)
    told = {"ETag": f'"{row.etag}"', "LastModified": row.last_modified, **checksum_members(row)}
    return {
        "CopyObjectResult": {**told, "ChecksumType": row.checksum_type},
        "VersionId": versions.written_id(bucket, row),
        "CopySourceVersionId": versions.shown_id(source_bucket, source),
        **encryption.told(row.encryption),
    }


@of_what_is_there
def upload_part_copy(ctx, request):
    """Copy an object, or a range of it, as a part of an upload. Source: UploadPartCopy."""
    bucket = bucket_of(ctx, request)
    check_number(request["PartNumber"])
    upload = upload_of(bucket, request)
    source_bucket, source = _source(ctx, request)
    first, count = 0, source.size_bytes
    if request.get("CopySourceRange"):
        first, count = copy_span(request["CopySourceRange"], source.size_bytes)
    opened = encryption.open_key(ctx, source_bucket, source.encryption, request, "CopySource")
    data_key = key_of_upload(ctx, bucket, upload, request)
    pieces = store.read(source, opened, first, count)
    stored = store.write(None, data_key, pieces=pieces, algorithm=upload.checksum_algorithm)
    part = keep_part(ctx, bucket, upload, request["PartNumber"], stored)
    return {
        "CopyPartResult": {"ETag": f'"{part.etag}"', "LastModified": part.last_modified, **checksum_members(part)},
        "CopySourceVersionId": versions.shown_id(source_bucket, source),
        **encryption.told(upload.encryption),
    }
