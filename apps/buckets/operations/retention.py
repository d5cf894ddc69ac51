"""Versioning and object lock. Source: Amazon S3 API Reference, PutBucketVersioning, PutObjectLockConfiguration, ..."""

from django.db import transaction

from apps.billing import meters
from apps.buckets import errors, locks, versions
from apps.buckets.actions import bucket_of, on_object
from apps.buckets.operations.objects import find
from apps.identity import authorize
from playground import clock
from playground.wire.errors import AccessDenied


def _meter(ctx, bucket, kind):
    meters.record(ctx, f"s3.requests.standard.{kind}", 1, bucket.arn, account=bucket.account)


def put_bucket_versioning(ctx, request):
    """Turn versioning on, or suspend it.

    request: {"VersioningConfiguration": {"Status": "Enabled" | "Suspended"}}.
    Errors: IllegalVersioningConfigurationException, InvalidBucketState (object lock is on). Source: PutBucketVersioning.
    """
    bucket = bucket_of(ctx, request)
    _meter(ctx, bucket, "put_copy_post_list")
    asked = request["VersioningConfiguration"]
    status = asked.get("Status")
    if asked.get("MFADelete") == "Enabled":
        raise errors.NotImplementedHere("MFA delete needs an MFA device, which this playground does not have.")
    if status not in ("Enabled", "Suspended"):
        raise errors.IllegalVersioning()
    with transaction.atomic():
        if status == "Suspended" and bucket.held().object_lock:
            raise errors.InvalidBucketState(
                "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed."
            )
        bucket.change(versioning=status)
    return {}


def get_bucket_versioning(ctx, request):
    """Return the state; nothing for a bucket that never had versioning. Source: GetBucketVersioning."""
    bucket = bucket_of(ctx, request)
    _meter(ctx, bucket, "get_select_other")
    return {"Status": bucket.versioning} if bucket.versioning else {}


def _check_rule(configuration):
    """Refuse an object lock configuration that is none. Errors: MalformedXML, InvalidArgument."""
    if configuration.get("ObjectLockEnabled") != "Enabled":
        raise errors.MalformedXML()
    rule = configuration.get("Rule")
    if rule is None:
        return
    default = rule.get("DefaultRetention") or {}
    days, years = default.get("Days"), default.get("Years")
    if default.get("Mode") not in locks.MODES or (days is None) == (years is None):
        raise errors.MalformedXML()
    for value, name, most in ((days, "Days", 36500), (years, "Years", 100)):
        if value is not None and value <= 0:
            raise errors.InvalidRetentionPeriod(f"Default retention period must be a positive integer value: {name}")
        if value is not None and value > most:
            raise errors.InvalidRetentionPeriod(f"Default retention period too large: at most {most} {name.lower()}")


def put_object_lock_configuration(ctx, request):
    """Turn object lock on, or set the default retention. Versioning must be on.

    Errors: InvalidBucketState, MalformedXML, InvalidRetentionPeriod. Source: PutObjectLockConfiguration.
    """
    bucket = bucket_of(ctx, request)
    _meter(ctx, bucket, "put_copy_post_list")
    configuration = request.get("ObjectLockConfiguration")
    if configuration is None:
        raise errors.MalformedXML()
    _check_rule(configuration)
    with transaction.atomic():
        if bucket.held().versioning != "Enabled":
            raise errors.InvalidBucketState(
                "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration"
            )
        bucket.change(object_lock=True)
        bucket.keep("ObjectLock", configuration)
    return {}


def get_object_lock_configuration(ctx, request):
    """Return whether object lock is on, and the default. Errors: ObjectLockConfigurationNotFoundError."""
    bucket = bucket_of(ctx, request)
    _meter(ctx, bucket, "get_select_other")
    if not bucket.object_lock:
        raise errors.NoSuchLock(BucketName=bucket.name)
    return {"ObjectLockConfiguration": bucket.configurations.get("ObjectLock") or {"ObjectLockEnabled": "Enabled"}}


def _locked(ctx, request):
    """Return (bucket, row) of an act on a lock. Errors: InvalidRequest (no object lock), NoSuchKey."""
    bucket = bucket_of(ctx, request)
    if not bucket.object_lock:
        raise errors.InvalidRequest("Bucket is missing Object Lock Configuration")
    return bucket, find(ctx, bucket, request)


def _told(bucket, row):
    version = versions.shown_id(bucket, row)
    return {"__headers__": {"x-amz-version-id": version}} if version else {}


def put_object_retention(ctx, request):
    """Set, lengthen or (where allowed) shorten a version's retention; another mode is a change like shortening.

    Errors: AccessDenied (compliance, or governance without the right to bypass), MalformedXML, InvalidArgument.
    Source: Amazon S3 API Reference, PutObjectRetention.
    """
    bucket, row = _locked(ctx, request)
    _meter(ctx, bucket, "put_copy_post_list")
    now = clock.now(bucket.account)
    asked = request.get("Retention") or {}
    mode, until = asked.get("Mode"), asked.get("RetainUntilDate")
    if (mode or until) and (mode not in locks.MODES or until is None):
        raise errors.MalformedXML()
    if mode and until <= now:
        raise errors.InvalidArgument("The retain until date must be in the future!", ArgumentName="RetainUntilDate")
    with transaction.atomic():
        held = versions.held(row)  # what another request set since counts
        if locks.retained(held, now) and (mode != held.lock_mode or until < held.retain_until):
            _check_weakening(ctx, bucket, held, request)
        versions.change(held, lock_mode=mode or "", retain_until=until)
    return _told(bucket, held)


def _check_weakening(ctx, bucket, row, request):
    if row.lock_mode == locks.GOVERNANCE and request.get("BypassGovernanceRetention"):
        asked = on_object(ctx, bucket, "BypassGovernanceRetention", row.key, request.get("VersionId"))
        if authorize.decide(ctx, asked).allowed:
            return
    ctx.trace.step("object lock", "retained", f"The version is retained ({row.lock_mode}) until {row.retain_until}.")
    raise AccessDenied("Access Denied because object protected by object lock.")


def get_object_retention(ctx, request):
    """Return a version's retention. Errors: NoSuchObjectLockConfiguration. Source: GetObjectRetention."""
    bucket, row = _locked(ctx, request)
    _meter(ctx, bucket, "get_select_other")
    if not row.lock_mode:
        raise errors.NoSuchObjectLock(Key=row.key)
    return {"Retention": {"Mode": row.lock_mode, "RetainUntilDate": row.retain_until}}


def put_object_legal_hold(ctx, request):
    """Place or lift a legal hold. Errors: MalformedXML, InvalidRequest. Source: PutObjectLegalHold."""
    bucket, row = _locked(ctx, request)
    _meter(ctx, bucket, "put_copy_post_list")
    status = (request.get("LegalHold") or {}).get("Status")
    if status not in ("ON", "OFF"):
        raise errors.MalformedXML()
    versions.change(row, legal_hold=status)
    return _told(bucket, row)


def get_object_legal_hold(ctx, request):
    """Return a version's legal hold. Errors: NoSuchObjectLockConfiguration. Source: GetObjectLegalHold."""
    bucket, row = _locked(ctx, request)
    _meter(ctx, bucket, "get_select_other")
    if not row.legal_hold:
        raise errors.NoSuchObjectLock(Key=row.key)
    return {"LegalHold": {"Status": row.legal_hold}}
