"""Delete objects, one or many."""

from apps.billing import meters
from apps.buckets import errors, events, versions
from apps.buckets.actions import bucket_of, on_object
from apps.buckets.conditions import check_delete
from apps.identity import authorize
from playground import batches, clock
from playground.wire.errors import AccessDenied, ServiceError

MANY = 1000


def _may_bypass(ctx, bucket, key, version, request):
    """Tell whether a delete overrides governance: it says so, and the caller may."""
    if not (request.get("BypassGovernanceRetention") and bucket.object_lock):
        return False
    return authorize.decide(ctx, on_object(ctx, bucket, "BypassGovernanceRetention", key, version)).allowed


def _remove(ctx, bucket, key, version, conditions, request):
    """Delete a key or a version of it; one that is not there is no error. Returns (row or None, was a marker added)."""
    now = clock.now(bucket.account)
    if version is not None and not versions.is_id(version):
        raise errors.InvalidArgument("Invalid version id specified", ArgumentName="versionId", ArgumentValue=version)
    bypass = _may_bypass(ctx, bucket, key, version, request)

    def write():
        if conditions:
            check_delete(conditions, versions.of(bucket, key).filter(**_which(version)).first())
        row, marked = versions.delete(ctx, bucket, key, version, now, bypass)
        if row is not None:
            events.emit(ctx, bucket, "ObjectRemoved:DeleteMarkerCreated" if marked else "ObjectRemoved:Delete", row)
        return row, marked

    return batches.commit(write)


def _which(version):
    return {"version_id": version} if version is not None else {"is_latest": True}


def _conditions(request):
    """Return the conditions of a delete, {} for none. The members differ between DeleteObject and DeleteObjects."""
    found = {
        "ETag": request.get("IfMatch") or request.get("ETag"),
        "LastModifiedTime": request.get("IfMatchLastModifiedTime") or request.get("LastModifiedTime"),
        "Size": request.get("IfMatchSize") if request.get("IfMatchSize") is not None else request.get("Size"),
    }
    return {name: value for name, value in found.items() if value is not None}


def delete_object(ctx, request):
    """Delete an object: add a delete marker where versions are kept, or remove one version for good.

    Errors: PreconditionFailed, AccessDenied (object lock), InvalidArgument. Source: DeleteObject.
    """
    bucket = bucket_of(ctx, request)
    version = request.get("VersionId")
    row, marked = _remove(ctx, bucket, request["Key"], version, _conditions(request), request)
    meters.record(ctx, "s3.requests.delete_cancel", 1, bucket.arn, account=bucket.account)
    answer = {"__status__": 204}
    if version is not None:
        answer["VersionId"] = version
    elif marked:
        answer["VersionId"] = versions.shown_id(bucket, row)
    if row is not None and row.is_delete_marker:
        answer["DeleteMarker"] = True
    return answer


def delete_objects(ctx, request):
    """Delete up to 1,000 keys or versions; each one's refusal is told beside its key. Source: DeleteObjects."""
    bucket = bucket_of(ctx, request)
    asked = request["Delete"].get("Objects") or []
    if not 1 <= len(asked) <= MANY:
        raise errors.MalformedXML()
    meters.record(ctx, "s3.requests.delete_cancel", 1, bucket.arn, account=bucket.account)
    deleted, refused = [], []
    for one in asked:
        try:
            deleted.append(_delete_one(ctx, bucket, one, request))
        except ServiceError as err:
            told = {"Key": one.get("Key", ""), "Code": err.code, "Message": err.message}
            refused.append({**told, "VersionId": one["VersionId"]} if one.get("VersionId") else told)
    return {"Deleted": [] if request["Delete"].get("Quiet") else deleted, "Errors": refused}


def _delete_one(ctx, bucket, one, request):
    key, version = one.get("Key"), one.get("VersionId")
    if not key:
        raise errors.MalformedXML()
    action = "DeleteObject" if version is None else "DeleteObjectVersion"
    if not authorize.decide(ctx, on_object(ctx, bucket, action, key, version)).allowed:
        raise AccessDenied()
    row, marked = _remove(ctx, bucket, key, version, _conditions(one), request)
    told = {"Key": key}
    if version is not None:
        told["VersionId"] = version
    if row is not None and row.is_delete_marker:
        told.update(DeleteMarker=True, DeleteMarkerVersionId=row.version_id)
    return told
