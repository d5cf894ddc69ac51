"""Uploads in parts. Source: Amazon S3 API Reference, CreateMultipartUpload and its neighbours."""

import hashlib
from datetime import datetime

from django.db import transaction

from apps.billing import levels, meters
from apps.buckets import checksums, encryption, errors, store, versions
from apps.buckets import lifecycle_rules as lifecycle
from apps.buckets.actions import bucket_of
from apps.buckets.models import FinishedUpload, MultipartUpload, Part
from apps.buckets.operations.objects import (
    PUT,
    check_key,
    checksum_members,
    put_row,
    write_columns,
)
from apps.buckets.versions import STORAGE
from playground import batches, clock

MIN_PART_BYTES = 5 * 2**20
MAX_PARTS = 10_000


def upload_of(bucket, request):
    """Return the MultipartUpload a request names. Errors: NoSuchUpload."""
    found = (
        MultipartUpload.objects.select_related("owner")
        .filter(bucket=bucket, key=request["Key"], upload_id=request["UploadId"])
        .first()
    )
    if found is None:
        raise errors.NoSuchUpload(UploadId=request["UploadId"])
    return found


def create_multipart_upload(ctx, request):
    """Begin an upload. Errors: InvalidRequest (a checksum type its algorithm lacks), those of PutObject."""
    bucket = bucket_of(ctx, request)
    check_key(request["Key"])
    algorithm, kind = checksums.chosen(request)
    values = write_columns(ctx, bucket, request)
    owner = values.pop("owner")
    if values["retain_until"]:
        values["retain_until"] = values["retain_until"].isoformat()
    sealing = encryption.seal_for(ctx, bucket, request)
    with transaction.atomic():
        upload = MultipartUpload.objects.create(
            upload_id=versions.opaque(64),
            bucket=bucket.held(),
            key=request["Key"],
            initiated_at=clock.now(bucket.account),
            values=values,
            owner=owner,
            initiator=_person(ctx),
            encryption=sealing.kept,
            checksum_algorithm=algorithm,
            checksum_type=kind,
        )
    meters.record(ctx, PUT, 1, bucket.arn, account=bucket.account)
    answer = {"Bucket": bucket.name, "Key": upload.key, "UploadId": upload.upload_id, **encryption.told(sealing.kept)}
    answer.update(lifecycle.abort_header(bucket, upload))
    return {**answer, "ChecksumAlgorithm": algorithm, "ChecksumType": kind} if algorithm else answer


def _person(ctx):
    """Return who initiates an upload, as listings name them."""
    if ctx.account is None:
        return {"ID": "65a011a29cdf8ec533ec3d1ccaae921c", "DisplayName": "anonymous"}
    who = ctx.account.canonical_id if ctx.principal.kind == "root" else ctx.principal.arn
    return {"ID": who, "DisplayName": ctx.account.name}


def keep_part(ctx, bucket, upload, number, stored):
    """Make stored bytes a part, replacing the one of that number. Returns the Part."""
    now = clock.now(bucket.account)
    stored = store.to_file(stored)

    def write():
        if not MultipartUpload.objects.select_for_update().filter(pk=upload.pk).exists():
            raise errors.NoSuchUpload(UploadId=upload.upload_id)
        old = upload.parts.filter(number=number).first()
        delta = stored.size_bytes
        if old:
            delta -= old.size_bytes
            store.free([blob[0] for blob in old.blobs])
            old.delete()
        stored.rows()
        part = Part.objects.create(
            upload=upload,
            number=number,
            blobs=stored.blobs,
            size_bytes=stored.size_bytes,
            etag=stored.md5.hex(),
            checksums=stored.checksums,
            last_modified=now,
        )
        levels.change(bucket.account, STORAGE, bucket.arn, delta, now)
        return part

    try:
        part = batches.commit(write)
    except BaseException:
        store.discard(stored)
        raise
    meters.record(ctx, PUT, 1, bucket.arn, account=bucket.account)
    return part


def check_number(number):
    """Refuse a part number out of range. Errors: InvalidArgument."""
    if not 1 <= number <= MAX_PARTS:
        raise errors.TooManyParts(ArgumentName="partNumber", ArgumentValue=number)


def key_of_upload(ctx, bucket, upload, request):
    """Return the data key for a part. Errors: InvalidRequest (a part of an SSE-C upload without its key)."""
    _check_customer(upload, encryption.customer_key(request))
    return encryption.open_key(ctx, bucket, upload.encryption, request)


def _check_customer(upload, given):
    """Refuse a part or completion of an SSE-C upload with another key or none. Errors: InvalidRequest."""
    if upload.encryption.get("algorithm") != encryption.CUSTOMER:
        return
    if given is None or given[1] != upload.encryption["md5"]:
        raise errors.InvalidRequest(
            "The multipart upload initiate requested encryption. Subsequent part requests must include the "
            "appropriate encryption parameters."
        )


def upload_part(ctx, request):
    """Store a part. Errors: NoSuchUpload, InvalidArgument (number), BadDigest. Source: UploadPart."""
    bucket = bucket_of(ctx, request)
    check_number(request["PartNumber"])
    upload = upload_of(bucket, request)
    body = request.get("Body") or b""
    checksums.check_part(upload, body)
    data_key = key_of_upload(ctx, bucket, upload, request)
    stored = store.write(body, data_key, algorithm=upload.checksum_algorithm)
    part = keep_part(ctx, bucket, upload, request["PartNumber"], stored)
    return {"ETag": f'"{part.etag}"', **checksum_members(part), **encryption.told(upload.encryption)}


def _chosen(upload, request):
    """Return the Parts a completion lists, in order. Errors: InvalidPart, InvalidPartOrder, EntityTooSmall."""
    asked = (request.get("MultipartUpload") or {}).get("Parts") or []
    numbers = [one.get("PartNumber") for one in asked]
    if not asked or any(number is None for number in numbers):
        raise errors.MalformedXML()
    if numbers != sorted(set(numbers)):
        raise errors.InvalidPartOrder(UploadId=upload.upload_id)
    checksums.check_listed(upload, asked)
    kept = {part.number: part for part in upload.parts.all()}
    chosen = []
    for one in asked:
        part = kept.get(one["PartNumber"])
        wrong = part is None or (one.get("ETag") or "").strip('"') != part.etag
        if wrong or any(one.get(f"Checksum{n}") not in (None, value) for n, value in part.checksums.items()):
            raise errors.InvalidPart(UploadId=upload.upload_id, PartNumber=one["PartNumber"], ETag=one.get("ETag"))
        chosen.append(part)
    for part in chosen[:-1]:
        if part.size_bytes < MIN_PART_BYTES:
            raise errors.EntityTooSmall(
                ProposedSize=part.size_bytes, MinSizeAllowed=MIN_PART_BYTES, PartNumber=part.number, ETag=part.etag
            )
    return chosen


def _check_whole(request, found, size):
    """Refuse a completion whose declared checksum or size is another. Errors: BadDigest, InvalidRequest."""
    for name, value in found.items():
        given = request.get(f"Checksum{name}")
        if given is not None and given != value and given != value.partition("-")[0]:
            raise errors.BadDigest(f"The {name} you specified did not match the calculated checksum.")
    declared = request.get("MpuObjectSize")
    if declared is not None and int(declared) != size:
        raise errors.InvalidRequest("The provided 'x-amz-mp-object-size' header value does not match what was computed")


def _kept_part(upload, part):
    """Return what the object keeps of a part: its checksum only where the client asked for one or sent one."""
    ours = not upload.checksum_algorithm and list(part.checksums) == [checksums.DEFAULT]
    return {"number": part.number, "size": part.size_bytes, "checksums": {} if ours else part.checksums}


def complete_multipart_upload(ctx, request):
    """Make the parts one object. No byte is read or moved: the object names the parts' files in order.

    A client that asks again, since the first answer was lost on the way, gets the same answer.
    Errors: NoSuchUpload, InvalidPart, InvalidPartOrder, EntityTooSmall, PreconditionFailed, BadDigest.
    Source: Amazon S3 API Reference, CompleteMultipartUpload.
    """
    bucket = bucket_of(ctx, request)
    finished = FinishedUpload.objects.filter(bucket=bucket, upload_id=request["UploadId"]).first()
    if finished is not None and finished.answer["Key"] == request["Key"]:
        return dict(finished.answer)
    upload = upload_of(bucket, request)
    with transaction.atomic():
        # The lock comes before the parts are read: one of them sent anew meanwhile would take its file away.
        if not MultipartUpload.objects.select_for_update().filter(pk=upload.pk).exists():
            finished = FinishedUpload.objects.filter(bucket=bucket, upload_id=upload.upload_id).first()
            if finished is None:
                raise errors.NoSuchUpload(UploadId=upload.upload_id)
            return dict(finished.answer)
        return _complete(ctx, bucket, upload, request)


def _complete(ctx, bucket, upload, request):
    """Make the parts one object, in the caller's transaction. Returns the answer."""
    customer = encryption.customer_key(request)
    if customer is not None or upload.checksum_algorithm:  # as documented: else a completion needs no key
        _check_customer(upload, customer)
    versions.one_writer(bucket, upload.key)  # before the levels: in the order that every write takes them
    chosen = _chosen(upload, request)
    size = sum(part.size_bytes for part in chosen)
    found, kind = checksums.of_upload(upload, chosen)
    _check_whole(request, found, size)
    combined = hashlib.md5(b"".join(bytes.fromhex(part.etag) for part in chosen)).hexdigest()
    values = {
        **upload.values,
        "owner": upload.owner,
        "encryption": upload.encryption,
        "etag": f"{combined}-{len(chosen)}",
        "checksums": found,
        "checksum_type": kind,
        "parts": [_kept_part(upload, part) for part in chosen],
    }
    if values["retain_until"]:
        values["retain_until"] = datetime.fromisoformat(values["retain_until"])
    stored = store.Stored([blob for part in chosen for blob in part.blobs], size)
    _forget(bucket, upload, kept={part.pk for part in chosen})
    event = "ObjectCreated:CompleteMultipartUpload"
    row = put_row(ctx, bucket, upload.key, stored, values, event, request, own_files=False)
    answer = _completed(ctx, bucket, row)
    FinishedUpload.objects.create(upload_id=upload.upload_id, bucket=bucket, answer=answer)
    return answer


def _completed(ctx, bucket, row):
    """Return the answer of a completion, None left out, so that it can be kept."""
    answer = {
        "Location": f"{ctx.scheme}://{ctx.host or 's3.amazonaws.com'}/{bucket.name}/{row.key}",
        "Bucket": bucket.name,
        "Key": row.key,
        "ETag": f'"{row.etag}"',
        "VersionId": versions.written_id(bucket, row),
        "Expiration": lifecycle.expiration_header(bucket, row),
        **checksum_members(row),
        "ChecksumType": row.checksum_type,
        **encryption.told(row.encryption),
    }
    if row.encryption.get("algorithm") == encryption.CUSTOMER:  # the model has no members for these two
        prefix = "x-amz-server-side-encryption-customer"
        answer["__headers__"] = {f"{prefix}-algorithm": encryption.AES, f"{prefix}-key-md5": row.encryption["md5"]}
    return {name: value for name, value in answer.items() if value is not None}


def _forget(bucket, upload, kept=()):
    """Remove an upload and the bytes of its parts but the kept ones', in the caller's transaction."""
    parts = list(upload.parts.all())
    upload.delete()
    store.free([blob[0] for part in parts if part.pk not in kept for blob in part.blobs])
    levels.change(bucket.account, STORAGE, bucket.arn, -sum(p.size_bytes for p in parts), clock.now(bucket.account))


def abort(bucket, upload):
    """Give an upload up and free its parts. Errors: NoSuchUpload, when it was finished meanwhile."""
    with transaction.atomic():
        if not MultipartUpload.objects.select_for_update().filter(pk=upload.pk).exists():
            raise errors.NoSuchUpload(UploadId=upload.upload_id)
        _forget(bucket, upload)


def abort_multipart_upload(ctx, request):
    """Give an upload up and free its parts. Errors: NoSuchUpload. Source: AbortMultipartUpload."""
    bucket = bucket_of(ctx, request)
    abort(bucket, upload_of(bucket, request))
    meters.record(ctx, "s3.requests.delete_cancel", 1, bucket.arn, account=bucket.account)
    return {"__status__": 204}


def _owner(bucket, upload):
    account = upload.owner or bucket.account
    return {"ID": account.canonical_id, "DisplayName": account.name}


def list_parts(ctx, request):
    """List an upload's parts by number. Errors: NoSuchUpload. Source: ListParts."""
    bucket = bucket_of(ctx, request)
    upload = upload_of(bucket, request)
    meters.record(ctx, "s3.requests.standard.get_select_other", 1, bucket.arn, account=bucket.account)
    limit = min(request.get("MaxParts") if request.get("MaxParts") is not None else 1000, 1000)
    marker = int(request.get("PartNumberMarker") or 0)
    found = list(upload.parts.filter(number__gt=marker).order_by("number")[: limit + 1])
    shown = found[:limit]
    answer = {
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
        "Initiator": upload.initiator or _owner(bucket, upload),
        "Owner": _owner(bucket, upload),
        "StorageClass": upload.values.get("storage_class", "STANDARD"),
        **lifecycle.abort_header(bucket, upload),
    }
    if upload.checksum_algorithm:
        answer.update(ChecksumAlgorithm=upload.checksum_algorithm, ChecksumType=upload.checksum_type)
    return answer
