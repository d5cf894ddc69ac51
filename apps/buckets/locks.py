"""Object lock: retention and legal hold, and what they forbid.

GOVERNANCE yields to whoever may s3:BypassGovernanceRetention and says so; COMPLIANCE and a legal hold yield
to nobody, the lab's root user included, until their time (by the lab's own clock) is over.
Source: S3 User Guide, "How S3 Object Lock works".
"""

import calendar

from apps.buckets import errors
from playground.wire.errors import AccessDenied

GOVERNANCE, COMPLIANCE = "GOVERNANCE", "COMPLIANCE"
MODES = (GOVERNANCE, COMPLIANCE)


def years_later(moment, years):
    """Return the same day some years on; 29 February becomes the 28th."""
    year = moment.year + years
    day = min(moment.day, calendar.monthrange(year, moment.month)[1])
    return moment.replace(year=year, day=day)


def retained(row, now):
    """Tell whether a version's retention still runs."""
    return bool(row.lock_mode) and row.retain_until is not None and row.retain_until > now


def check_removal(ctx, bucket, row, now, bypass):
    """Refuse to remove a version that is locked. Errors: AccessDenied."""
    if not bucket.object_lock:
        return
    refused = "Access Denied because object protected by object lock."
    if row.legal_hold == "ON":
        ctx.trace.step("object lock", "held", "The version is under a legal hold; nobody may remove it.")
        raise AccessDenied(refused)
    if not retained(row, now):
        return
    if row.lock_mode == GOVERNANCE and bypass:
        ctx.trace.step(
            "object lock", "bypassed", f"Governance retention until {row.retain_until:%Y-%m-%d} is bypassed."
        )
        return
    told = f"The version is retained ({row.lock_mode}) until {row.retain_until.isoformat()}."
    ctx.trace.step("object lock", "retained", told)
    raise AccessDenied(refused)


def columns(bucket, request, now):
    """Return the lock columns of a new version: what the write says, else the bucket's default retention.

    Errors: InvalidRequest (the bucket has no object lock), InvalidArgument.
    """
    mode, until = request.get("ObjectLockMode"), request.get("ObjectLockRetainUntilDate")
    hold = request.get("ObjectLockLegalHoldStatus")
    if (mode or until or hold) and not bucket.object_lock:
        raise errors.InvalidRequest("Bucket is missing Object Lock Configuration")
    if bool(mode) != bool(until):
        raise errors.InvalidArgument(
            "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied",
            ArgumentName="x-amz-object-lock-mode" if until else "x-amz-object-lock-retain-until-date",
        )
    if mode:
        check_retention(mode, until, now)
    if hold is not None and hold not in ("ON", "OFF"):
        raise errors.InvalidArgument("Legal Hold must be either of 'ON' or 'OFF'")
    if not mode and bucket.object_lock:
        mode, until = default_retention(bucket, now)
    return {"lock_mode": mode or "", "retain_until": until, "legal_hold": hold or ""}


def check_retention(mode, until, now):
    """Refuse a retention that is none. Errors: InvalidArgument."""
    if mode not in MODES:
        raise errors.InvalidArgument("Unknown wormMode directive.", ArgumentName="x-amz-object-lock-mode")
    if until <= now:
        raise errors.InvalidArgument(
            "The retain until date must be in the future!", ArgumentName="x-amz-object-lock-retain-until-date"
        )


def default_retention(bucket, now):
    """Return (mode, until) of the bucket's default retention, or ("", None)."""
    rule = ((bucket.configurations.get("ObjectLock") or {}).get("Rule") or {}).get("DefaultRetention")
    if not rule:
        return "", None
    if rule.get("Days"):
        from_days = now.fromtimestamp(now.timestamp() + rule["Days"] * 86400, now.tzinfo)
        return rule["Mode"], from_days
    return rule["Mode"], years_later(now, rule["Years"])


def told(row):
    """Return the members that an answer tells of a version's lock."""
    found = {}
    if row.lock_mode:
        found.update(ObjectLockMode=row.lock_mode, ObjectLockRetainUntilDate=row.retain_until)
    if row.legal_hold:
        found["ObjectLockLegalHoldStatus"] = row.legal_hold
    return found
