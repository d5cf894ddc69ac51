"""Copy objects, whole or as a part of an upload. The bytes are not read again: a copy is a hard link."""

from apps.buckets import errors, store
from apps.buckets.actions import bucket_of, copy_source
from apps.buckets.conditions import check_copy, copy_span
from apps.buckets.operations.multipart import keep_part, upload_of
from apps.buckets.operations.objects import check_key, checksum_members, described, find, put_row

COPY_BYTES = 5 * 2**30


def _source(ctx, request):
    """Return (bucket, row) of the copy's source."""
    name, key, version = copy_source(request["CopySource"])
    bucket = bucket_of(ctx, {"Bucket": name})
    row = find(ctx, bucket, {"Key": key, "VersionId": version})
    check_copy(request, row.etag, row.last_modified)
    return bucket, row


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
    replace = (request.get("MetadataDirective") or "COPY") == "REPLACE"
    changed = replace or request.get("StorageClass") or request.get("ServerSideEncryption")
    if (source_bucket.pk, source.key) == (bucket.pk, request["Key"]) and not changed:
        raise errors.InvalidRequest(
            "This copy request is illegal because it is trying to copy an object to itself without changing the "
            "object's metadata, storage class, website redirect location or encryption attributes."
        )
    values = described(request) if replace else _kept(source, request)
    values.update(
        etag=source.etag,
        checksums=source.checksums,
        checksum_type=source.checksum_type,
        parts_count=0,
        part_sizes=[],
    )
    if source.parts_count:  # a copy is one piece, whatever its source was
        stored = store.write(None, pieces=store.read(source.blob.path))
        values.update(etag=stored.md5.hex(), checksums=stored.checksums, checksum_type="FULL_OBJECT")
    else:
        stored = store.link(source.blob)
    row = put_row(ctx, bucket, request["Key"], stored, values, "ObjectCreated:Copy", request)
    told = {"ETag": f'"{row.etag}"', "LastModified": row.last_modified, **checksum_members(row)}
    return {"CopyObjectResult": {**told, "ChecksumType": row.checksum_type}}


def _kept(source, request):
    return {
        "content_type": source.content_type,
        "headers": source.headers,
        "metadata": source.metadata,
        "storage_class": request.get("StorageClass") or "STANDARD",
    }


def upload_part_copy(ctx, request):
    """Copy an object, or a range of it, as a part of an upload. Source: UploadPartCopy."""
    bucket = bucket_of(ctx, request)
    upload = upload_of(bucket, request)
    _source_bucket, source = _source(ctx, request)
    first, count = 0, source.size_bytes
    if request.get("CopySourceRange"):
        first, count = copy_span(request["CopySourceRange"], source.size_bytes)
    stored = store.write(None, pieces=store.read(source.blob.path, first, count))
    part = keep_part(ctx, bucket, upload, request["PartNumber"], stored)
    return {"CopyPartResult": {"ETag": f'"{part.etag}"', "LastModified": part.last_modified}}
