"""Server access logging: which bucket's requests are written into which. access_logs.py writes them.

Source: Amazon S3 API Reference, PutBucketLogging; S3 User Guide, "Enabling Amazon S3 server access logging".
"""

from apps.billing import meters
from apps.buckets import acl, errors
from apps.buckets.actions import bucket_of, on_object
from apps.buckets.models import Bucket
from apps.buckets.services import service_context
from apps.identity import authorize

WRITER = "logging.s3.amazonaws.com"


def may_write(bucket, target, prefix):
    """Tell whether the log service may write into a target: by its policy, or (with ACLs) the log delivery group."""
    if target.has_acls and acl.allows(target.acl, target.account.canonical_id, "WRITE", ""):
        return True
    if target.has_acls and any(grant.get("uri") == acl.LOG_DELIVERY for grant in target.acl or []):
        return True
    ctx = service_context(WRITER, bucket)
    return authorize.decide(ctx, on_object(ctx, target, "PutObject", prefix)).allowed


def put_bucket_logging(ctx, request):
    """Turn access logging on (with LoggingEnabled) or off.

    Errors: InvalidTargetBucketForLogging, InvalidArgument, MalformedXML. Source: PutBucketLogging.
    """
    bucket = bucket_of(ctx, request)
    meters.record(ctx, "s3.requests.standard.put_copy_post_list", 1, bucket.arn, account=bucket.account)
    asked = request["BucketLoggingStatus"].get("LoggingEnabled")
    if asked is None:
        bucket.drop("Logging")
        return {}
    target = Bucket.objects.select_related("account").filter(name=asked.get("TargetBucket")).first()
    if target is None or target.account_id != bucket.account_id or target.region != bucket.region:
        raise errors.InvalidTargetBucketForLogging(TargetBucket=asked.get("TargetBucket"))
    source = ((asked.get("TargetObjectKeyFormat") or {}).get("PartitionedPrefix") or {}).get("PartitionDateSource")
    if source not in (None, "EventTime", "DeliveryTime"):
        raise errors.MalformedXML()
    if asked.get("TargetGrants") and not target.has_acls:
        raise errors.InvalidArgument("TargetGrants are not supported for buckets with BucketOwnerEnforced ownership")
    if not may_write(bucket, target, asked.get("TargetPrefix") or ""):
        told = f"{target.name} does not let {WRITER} write yet: until its policy does, no log is delivered."
        ctx.trace.step("logging", "not allowed yet", told)
    bucket.keep("Logging", {**asked, "TargetPrefix": asked.get("TargetPrefix") or ""})
    return {}


def get_bucket_logging(ctx, request):
    """Return where a bucket's log goes, nothing when it has none. Source: GetBucketLogging."""
    bucket = bucket_of(ctx, request)
    meters.record(ctx, "s3.requests.standard.get_select_other", 1, bucket.arn, account=bucket.account)
    found = bucket.configurations.get("Logging")
    return {"LoggingEnabled": found} if found else {}
