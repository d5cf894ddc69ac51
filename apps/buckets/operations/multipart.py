"""Uploads in parts. Source: Amazon S3 API Reference, CreateMultipartUpload and its neighbours."""

import base64
import hashlib
import secrets

from django.db import transaction

from apps.billing import levels, meters
from apps.buckets import errors, store
from apps.buckets.actions import bucket_of
from apps.buckets.models import MultipartUpload, Part
from apps.buckets.operations.objects import PUT, STORAGE, check_key, checksum_members, described, put_row
from playground import clock
from playground.wire.body import CHECKSUMS

MIN_PART_BYTES = 5 * 2**20
MAX_PARTS = 10_000
FULL_OBJECT_ONLY = ("CRC64NVME",)


def upload_of(bucket, request):
    """Return the MultipartUpload a request names. Errors: NoSuchUpload."""
    found = MultipartUpload.objects.filter(bucket=bucket, key=request["Key"], upload_id=request["UploadId"]).first()
    if found is None:
        raise errors.NoSuchUpload(UploadId=request["UploadId"])
    return found


def create_multipart_upload(ctx, request):
    """Begin an upload. Errors: InvalidRequest (a checksum type its algorithm lacks)."""
    bucket = bucket_of(ctx, request)
    check_key(request["Key"])
    algorithm = (request.get("ChecksumAlgorithm") or "").upper()
    kind = (request.get("ChecksumType") or "").upper()
    if algorithm and algorithm not in CHECKSUMS:
        raise errors.InvalidRequest(
            "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]"
        )
    if kind == "COMPOSITE" and algorithm in FULL_OBJECT_ONLY:
        raise errors.InvalidRequest(
            f"The COMPOSITE checksum type cannot be used with the {algorithm} checksum algorithm."
        )
    if kind == "FULL_OBJECT" and algorithm.startswith("SHA"):
        raise errors.InvalidRequest(
            f"The FULL_OBJECT checksum type cannot be used with the {algorithm} checksum algorithm."
        )
    if algorithm and not kind:
        kind = "FULL_OBJECT" if algorithm in FULL_OBJECT_ONLY else "COMPOSITE"
    upload = MultipartUpload.objects.create(
        upload_id=secrets.token_urlsafe(36),
        bucket=bucket,
        key=request["Key"],
        initiated_at=clock.now(bucket.account),
        values=described(request),
        checksum_algorithm=algorithm,
        checksum_type=kind,
    )
    meters.record(ctx, PUT, 1, bucket.arn, account=bucket.account)
    answer = {"Bucket": bucket.name, "Key": upload.key, "UploadId": upload.upload_id}
    return {**answer, "ChecksumAlgorithm": algorithm, "ChecksumType": kind} if algorithm else answer


def keep_part(ctx, bucket, upload, number, stored):
    """Make stored bytes a part, replacing the one of that number. Returns the Part."""
    now = clock.now(bucket.account)
    if not 1 <= number <= MAX_PARTS:
        store.discard(stored)
        raise errors.TooManyParts(ArgumentName="partNumber", ArgumentValue=number)
    try:
        with transaction.atomic():
            if not MultipartUpload.objects.select_for_update().filter(pk=upload.pk).exists():
                raise errors.NoSuchUpload(UploadId=upload.upload_id)
            old = upload.parts.filter(number=number).first()
            delta = stored.size_bytes
            if old:
                delta -= old.size_bytes
                blob_id = old.blob_id
                old.delete()
                store.free([blob_id])
            part = Part.objects.create(
                upload=upload,
                number=number,
                blob=stored.row(),
                size_bytes=stored.size_bytes,
                etag=stored.md5.hex(),
                checksums=stored.checksums,
                last_modified=now,
            )
            levels.change(bucket.account, STORAGE, bucket.arn, delta, now)
    except BaseException:
        store.discard(stored)
        raise
    meters.record(ctx, PUT, 1, bucket.arn, account=bucket.account)
    return part


def upload_part(ctx, request):
    """Store a part. Errors: NoSuchUpload, InvalidArgument (number), BadDigest. Source: UploadPart."""
    bucket = bucket_of(ctx, request)
    upload = upload_of(bucket, request)
    part = keep_part(ctx, bucket, upload, request["PartNumber"], store.write(request.get("Body") or b""))
    return {"ETag": f'"{part.etag}"', **checksum_members(part)}


def _chosen(upload, request):
    """Return the Parts a completion lists, in order. Errors: InvalidPart, InvalidPartOrder, EntityTooSmall."""
    asked = (request.get("MultipartUpload") or {}).get("Parts") or []
    if not asked:
        raise errors.MalformedXML()
    numbers = [one.get("PartNumber") for one in asked]
    if any(number is None for number in numbers):
        raise errors.MalformedXML()
    if numbers != sorted(set(numbers)):
        raise errors.InvalidPartOrder(UploadId=upload.upload_id)
    kept = {part.number: part for part in upload.parts.select_related("blob")}
    chosen = []
    for one in asked:
        part = kept.get(one["PartNumber"])
        if part is None or (one.get("ETag") or "").strip('"') != part.etag:
            raise errors.InvalidPart(UploadId=upload.upload_id, PartNumber=one["PartNumber"], ETag=one.get("ETag"))
        for name, value in part.checksums.items():
            if one.get(f"Checksum{name}") not in (None, value):
                raise errors.InvalidPart(UploadId=upload.upload_id, PartNumber=one["PartNumber"], ETag=one.get("ETag"))
        chosen.append(part)
    for part in chosen[:-1]:
        if part.size_bytes < MIN_PART_BYTES:
            raise errors.EntityTooSmall(
                ProposedSize=part.size_bytes, MinSizeAllowed=MIN_PART_BYTES, PartNumber=part.number, ETag=part.etag
            )
    return chosen


def _checksums(upload, chosen, stored):
    """Return (checksums, type) of the finished object: composite of the parts', or of all its bytes."""
    algorithm = upload.checksum_algorithm
    if algorithm and upload.checksum_type == "COMPOSITE" and all(algorithm in part.checksums for part in chosen):
        digest = CHECKSUMS[algorithm]()
        for part in chosen:
            digest.update(base64.b64decode(part.checksums[algorithm]))
        return {algorithm: f"{base64.b64encode(digest.digest()).decode()}-{len(chosen)}"}, "COMPOSITE"
    if algorithm and algorithm not in stored.checksums:
        digest = CHECKSUMS[algorithm]()
        for part in chosen:
            for piece in store.read(part.blob.path):
                digest.update(piece)
        return {algorithm: base64.b64encode(digest.digest()).decode()}, "FULL_OBJECT"
    return stored.checksums, "FULL_OBJECT"


def complete_multipart_upload(ctx, request):
    """Make the parts one object.

    Errors: NoSuchUpload, InvalidPart, InvalidPartOrder, EntityTooSmall, PreconditionFailed, BadDigest.
    Source: Amazon S3 API Reference, CompleteMultipartUpload.
    """
    bucket = bucket_of(ctx, request)
    upload = upload_of(bucket, request)
    chosen = _chosen(upload, request)
    stored = store.join([part.blob for part in chosen])
    checksums, kind = _checksums(upload, chosen, stored)
    for name, value in checksums.items():
        if request.get(f"Checksum{name}") not in (None, value):
            store.discard(stored)
            raise errors.BadDigest(f"The {name} you specified did not match the calculated checksum.")
    combined = hashlib.md5(b"".join(bytes.fromhex(part.etag) for part in chosen)).hexdigest()
    values = {
        **upload.values,
        "etag": f"{combined}-{len(chosen)}",
        "checksums": checksums,
        "checksum_type": kind,
        "parts_count": len(chosen),
        "part_sizes": [part.size_bytes for part in chosen],
    }
    with transaction.atomic():
        row = put_row(ctx, bucket, upload.key, stored, values, "ObjectCreated:CompleteMultipartUpload", request)
        _forget(bucket, upload)
    return {
        "Location": f"{ctx.scheme}://{ctx.host or 's3.amazonaws.com'}/{bucket.name}/{upload.key}",
        "Bucket": bucket.name,
        "Key": upload.key,
        "ETag": f'"{row.etag}"',
        **checksum_members(row),
        "ChecksumType": kind,
    }


def _forget(bucket, upload):
    """Remove an upload and its parts' bytes, in the caller's transaction."""
    parts = list(upload.parts.all())
    blob_ids = [part.blob_id for part in parts]
    upload.delete()
    store.free(blob_ids)
    levels.change(bucket.account, STORAGE, bucket.arn, -sum(p.size_bytes for p in parts), clock.now(bucket.account))


def abort_multipart_upload(ctx, request):
    """Give an upload up and free its parts. Errors: NoSuchUpload. Source: AbortMultipartUpload."""
    bucket = bucket_of(ctx, request)
    upload = upload_of(bucket, request)
    with transaction.atomic():
        _forget(bucket, upload)
    meters.record(ctx, "s3.requests.delete_cancel", 1, bucket.arn, account=bucket.account)
    return {"__status__": 204}


def list_parts(ctx, request):
    """List an upload's parts by number. Errors: NoSuchUpload. Source: ListParts."""
    bucket = bucket_of(ctx, request)
    upload = upload_of(bucket, request)
    meters.record(ctx, "s3.requests.standard.get_select_other", 1, bucket.arn, account=bucket.account)
    limit = min(request.get("MaxParts") or 1000, 1000)
    marker = int(request.get("PartNumberMarker") or 0)
    found = list(upload.parts.filter(number__gt=marker).order_by("number")[: limit + 1])
    shown = found[:limit]
    owner = {"ID": bucket.account.canonical_id}
    return {
        "Bucket": bucket.name,
        "Key": upload.key,
        "UploadId": upload.upload_id,
        "PartNumberMarker": marker,
        "NextPartNumberMarker": shown[-1].number if shown else 0,
        "MaxParts": limit,
        "IsTruncated": len(found) > limit,
        "Parts": [
            {
                "PartNumber": p.number,
                "LastModified": p.last_modified,
                "ETag": f'"{p.etag}"',
                "Size": p.size_bytes,
                **checksum_members(p),
            }
            for p in shown
        ],
        "Initiator": owner,
        "Owner": owner,
        "StorageClass": "STANDARD",
    }


def list_multipart_uploads(ctx, request):
    """List the uploads in progress by key and time. Source: ListMultipartUploads."""
    bucket = bucket_of(ctx, request)
    meters.record(ctx, PUT, 1, bucket.arn, account=bucket.account)
    prefix, delimiter = request.get("Prefix") or "", request.get("Delimiter") or ""
    limit = min(request.get("MaxUploads") or 1000, 1000)
    key_marker, id_marker = request.get("KeyMarker") or "", request.get("UploadIdMarker") or ""
    rows = bucket.uploads.order_by("key", "initiated_at", "id")
    if prefix:
        rows = rows.filter(key__gte=prefix, key__lt=prefix + "\U0010ffff")
    rows = list(rows.filter(key__gte=key_marker) if key_marker else rows)
    if key_marker:
        same = [u for u in rows if u.key == key_marker]
        after = next((i + 1 for i, u in enumerate(same) if u.upload_id == id_marker), len(same) if not id_marker else 0)
        rows = same[after:] + [u for u in rows if u.key != key_marker]
    shown, folded = [], []
    for upload in rows:
        cut = upload.key.find(delimiter, len(prefix)) if delimiter else -1
        if cut >= 0:
            common = upload.key[: cut + len(delimiter)]
            if common not in folded:
                folded.append(common)
        else:
            shown.append(upload)
    more = len(shown) + len(folded) > limit
    shown = shown[:limit]
    owner = {"ID": bucket.account.canonical_id}
    answer = {
        "Bucket": bucket.name,
        "KeyMarker": key_marker,
        "UploadIdMarker": id_marker,
        "Prefix": prefix,
        "MaxUploads": limit,
        "IsTruncated": more,
        "Uploads": [
            {
                "Key": u.key,
                "UploadId": u.upload_id,
                "Initiated": u.initiated_at,
                "StorageClass": "STANDARD",
                "Owner": owner,
                "Initiator": owner,
            }
            for u in shown
        ],
        "CommonPrefixes": [{"Prefix": p} for p in folded],
    }
    if delimiter:
        answer["Delimiter"] = delimiter
    if more and shown:
        answer.update(NextKeyMarker=shown[-1].key, NextUploadIdMarker=shown[-1].upload_id)
    return answer
