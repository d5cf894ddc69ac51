"""Delete objects, one or many."""

from django.db import transaction

from apps.billing import levels, meters
from apps.buckets import errors, events, store
from apps.buckets.actions import bucket_of, on_object
from apps.buckets.conditions import check_write
from apps.buckets.models import Object
from apps.buckets.operations.objects import STORAGE
from apps.identity import authorize
from playground import clock
from playground.wire.errors import AccessDenied, ServiceError

MANY = 1000


def _remove(ctx, bucket, key, request):
    """Delete a key; one that is not there is no error."""
    now = clock.now(bucket.account)
    with transaction.atomic():
        row = Object.objects.filter(bucket=bucket, key=key, is_latest=True).first()
        check_write({"IfMatch": request.get("IfMatch") or request.get("ETag")}, row.etag if row else None)
        if row is None:
            return
        blob_id = row.blob_id
        row.delete()
        store.free([blob_id])
        levels.change(bucket.account, STORAGE, bucket.arn, -row.size_bytes, now)
        events.emit(ctx, bucket, "ObjectRemoved:Delete", row)


def delete_object(ctx, request):
    """Delete an object. Errors: PreconditionFailed. Source: Amazon S3 API Reference, DeleteObject."""
    bucket = bucket_of(ctx, request)
    _remove(ctx, bucket, request["Key"], request)
    meters.record(ctx, "s3.requests.delete_cancel", 1, bucket.arn, account=bucket.account)
    return {"__status__": 204}


def delete_objects(ctx, request):
    """Delete up to 1,000 keys; each one's refusal is told beside its key. Source: DeleteObjects."""
    bucket = bucket_of(ctx, request)
    asked = request["Delete"].get("Objects") or []
    if not 1 <= len(asked) <= MANY:
        raise errors.MalformedXML()
    meters.record(ctx, "s3.requests.delete_cancel", 1, bucket.arn, account=bucket.account)
    deleted, refused = [], []
    for one in asked:
        try:
            decision = authorize.decide(ctx, on_object(bucket, "DeleteObject", one["Key"]))
            if not decision.allowed:
                raise AccessDenied()
            _remove(ctx, bucket, one["Key"], one)
            deleted.append({"Key": one["Key"]})
        except ServiceError as err:
            refused.append({"Key": one["Key"], "Code": err.code, "Message": err.message})
    return {"Deleted": [] if request["Delete"].get("Quiet") else deleted, "Errors": refused}
