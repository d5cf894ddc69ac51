"""List versions and uploads: like keys, but a key may come several times, newest first."""

from django.db.models import Q

from apps.billing import meters
from apps.buckets import errors, versions
from apps.buckets.actions import bucket_of
from apps.buckets.models import Object
from apps.buckets.operations.listing import LAST, PUT, behind, encoder, owner_of, page_size

FIELDS = (
    "key", "version_id", "is_latest", "is_delete_marker", "size_bytes", "etag", "last_modified", "storage_class",
    "checksums", "checksum_type", "owner__canonical_id", "owner__name",
)  # fmt: skip


def _walk(rows, after, prefix, delimiter, limit):
    """Return (entries, is there more). after(position): a Q for what comes behind the last entry taken."""
    entries, place = [], None
    while True:
        found = rows.filter(after(place)) if place is not None else rows
        if prefix:
            found = found.filter(key__gte=prefix, key__lt=prefix + LAST)
        wanted = limit + 1 - len(entries)
        batch = list(found[:wanted])
        for row in batch:
            if len(entries) == limit:
                return entries, True
            cut = row.key.find(delimiter, len(prefix)) if delimiter else -1
            if cut >= 0:
                entries.append(row.key[: cut + len(delimiter)])
                place = entries[-1] + LAST
                break
            entries.append(row)
            place = row
        else:
            if len(batch) < wanted:
                return entries, False


def _shared(request, bucket, prefix, delimiter, encode, more, entries):
    answer = {
        "Prefix": encode(prefix),
        "IsTruncated": more,
        "CommonPrefixes": [{"Prefix": encode(entry)} for entry in entries if isinstance(entry, str)],
    }
    if delimiter:
        answer["Delimiter"] = encode(delimiter)
    if request.get("EncodingType"):
        answer["EncodingType"] = request["EncodingType"]
    return answer


def list_object_versions(ctx, request):
    """List versions and delete markers by key, newest first.

    Errors: InvalidArgument (a version marker without a key marker, or of no version). Source: ListObjectVersions.
    """
    bucket = bucket_of(ctx, request)
    meters.record(ctx, PUT, 1, bucket.arn, account=bucket.account)
    prefix, delimiter = request.get("Prefix") or "", request.get("Delimiter") or ""
    encode, limit = encoder(request), page_size(request.get("MaxKeys"))
    key_marker, id_marker = request.get("KeyMarker") or "", request.get("VersionIdMarker") or ""
    rows = Object.objects.filter(bucket=bucket).select_related("owner").only(*FIELDS).order_by("key", "-id")
    rows = rows.filter(_behind_marker(bucket, key_marker, id_marker, delimiter)) if key_marker or id_marker else rows

    def after(place):
        if isinstance(place, str):
            return Q(key__gt=place)
        return Q(key=place.key, id__lt=place.pk) | Q(key__gt=place.key)

    entries, more = _walk(rows, after, prefix, delimiter, limit) if limit else ([], False)
    found = [entry for entry in entries if not isinstance(entry, str)]
    answer = {
        "Name": bucket.name,
        "KeyMarker": encode(key_marker),
        "VersionIdMarker": id_marker,
        "MaxKeys": limit if request.get("MaxKeys") is None else request["MaxKeys"],
        "Versions": [_version(bucket, row, encode) for row in found if not row.is_delete_marker],
        "DeleteMarkers": [_marker(bucket, row, encode) for row in found if row.is_delete_marker],
        **_shared(request, bucket, prefix, delimiter, encode, more, entries),
    }
    if more:
        last = entries[-1]
        answer["NextKeyMarker"] = encode(last if isinstance(last, str) else last.key)
        if not isinstance(last, str):
            answer["NextVersionIdMarker"] = last.version_id
    return answer


def _behind_marker(bucket, key_marker, id_marker, delimiter):
    if not key_marker:
        raise errors.InvalidArgument("A version-id marker cannot be specified without a key marker.")
    if not id_marker:
        return Q(key__gt=behind(key_marker, delimiter))
    if not versions.is_id(id_marker):
        raise errors.InvalidArgument(
            "Invalid version id specified", ArgumentName="version-id-marker", ArgumentValue=id_marker
        )
    row = versions.of(bucket, key_marker).filter(version_id=id_marker).first()
    if row is None:  # it is gone since: go on behind all of that key that is older than nothing
        return Q(key__gt=key_marker)
    return Q(key=key_marker, id__lt=row.pk) | Q(key__gt=key_marker)


def _marker(bucket, row, encode):
    return {
        "Owner": owner_of(bucket, row),
        "Key": encode(row.key),
        "VersionId": row.version_id,
        "IsLatest": row.is_latest,
        "LastModified": row.last_modified,
    }


def _version(bucket, row, encode):
    return {
        **_marker(bucket, row, encode),
        "ETag": f'"{row.etag}"',
        "Size": row.size_bytes,
        "StorageClass": row.storage_class,
        "ChecksumAlgorithm": list(row.checksums),
        "ChecksumType": row.checksum_type,
    }


def list_multipart_uploads(ctx, request):
    """List the uploads in progress by key and time. Source: ListMultipartUploads."""
    bucket = bucket_of(ctx, request)
    meters.record(ctx, PUT, 1, bucket.arn, account=bucket.account)
    prefix, delimiter = request.get("Prefix") or "", request.get("Delimiter") or ""
    encode, limit = encoder(request), page_size(request.get("MaxUploads"), "max-uploads")
    key_marker, id_marker = request.get("KeyMarker") or "", request.get("UploadIdMarker") or ""
    rows = bucket.uploads.select_related("owner").order_by("key", "initiated_at", "id")
    if key_marker:
        held = bucket.uploads.filter(key=key_marker, upload_id=id_marker).first() if id_marker else None
        rows = rows.filter(_later(held) if held else Q(key__gt=behind(key_marker, delimiter)))

    def after(place):
        return Q(key__gt=place) if isinstance(place, str) else _later(place)

    entries, more = _walk(rows, after, prefix, delimiter, limit) if limit else ([], False)
    answer = {
        "Bucket": bucket.name,
        "KeyMarker": encode(key_marker),
        "UploadIdMarker": id_marker,
        "MaxUploads": limit,
        "Uploads": [_upload(bucket, one, encode) for one in entries if not isinstance(one, str)],
        **_shared(request, bucket, prefix, delimiter, encode, more, entries),
    }
    if more:
        last = entries[-1]
        answer["NextKeyMarker"] = encode(last if isinstance(last, str) else last.key)
        if not isinstance(last, str):
            answer["NextUploadIdMarker"] = last.upload_id
    return answer


def _later(upload):
    same = Q(key=upload.key) & (
        Q(initiated_at__gt=upload.initiated_at) | Q(initiated_at=upload.initiated_at, id__gt=upload.pk)
    )
    return same | Q(key__gt=upload.key)


def _upload(bucket, upload, encode):
    owner = owner_of(bucket, upload)
    told = {
        "Key": encode(upload.key),
        "UploadId": upload.upload_id,
        "Initiated": upload.initiated_at,
        "StorageClass": upload.values.get("storage_class", "STANDARD"),
        "Owner": owner,
        "Initiator": upload.initiator or owner,
    }
    if upload.checksum_algorithm:
        told.update(ChecksumAlgorithm=upload.checksum_algorithm, ChecksumType=upload.checksum_type)
    return told
