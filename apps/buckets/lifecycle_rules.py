"""Lifecycle rules: which versions a rule means, and when it is their turn. Pure: times are arguments.

Days count from an object's creation (or from when it became noncurrent) to the next midnight UTC after
them, as S3 rounds. Source: S3 User Guide, "Lifecycle configuration elements"; "Managing your storage lifecycle".
"""

from datetime import UTC, datetime, time, timedelta
from urllib.parse import quote

from playground.wire.dates import parse_timestamp, rfc822


def enabled(bucket):
    """Return the rules of a bucket that are on."""
    rules = (bucket.configurations.get("Lifecycle") or {}).get("Rules") or []
    return [rule for rule in rules if rule["Status"] == "Enabled"]


def conditions(rule):
    """Return (prefix, {tag: value}, more bytes than or None, fewer bytes than or None) of a rule."""
    found = rule.get("Filter") or {}
    both = found.get("And") or found
    tags = both.get("Tags") or ([both["Tag"]] if both.get("Tag") else [])
    prefix = both.get("Prefix") or rule.get("Prefix") or ""
    return (
        prefix,
        {tag["Key"]: tag.get("Value", "") for tag in tags},
        both.get("ObjectSizeGreaterThan"),
        both.get("ObjectSizeLessThan"),
    )


def means(rule, row):
    """Tell whether a rule's filter fits a version. row: key, tags, size_bytes."""
    prefix, tags, above, below = conditions(rule)
    return (
        row.key.startswith(prefix)
        and all(row.tags.get(name) == value for name, value in tags.items())
        and (above is None or row.size_bytes > above)
        and (below is None or row.size_bytes < below)
    )


def midnight_after(moment, days):
    """Return the first midnight UTC at or after a moment plus days.

    >>> midnight_after(datetime(2026, 1, 15, 10, 30, tzinfo=UTC), 3).isoformat()
    '2026-01-19T00:00:00+00:00'
    """
    due = moment.astimezone(UTC) + timedelta(days=days)
    start = datetime.combine(due.date(), time(), UTC)
    return start if start == due else start + timedelta(days=1)


def due_at(action, since):
    """Return when an Expiration (Days or Date) falls due, None when it has neither."""
    if action.get("Date"):
        date = action["Date"]
        return parse_timestamp(date, "iso8601") if isinstance(date, str) else date
    return midnight_after(since, action["Days"]) if action.get("Days") else None


def expiration(bucket, row):
    """Return (when, rule) of the earliest rule that will expire a current version, or None."""
    found = []
    for rule in enabled(bucket):
        if "Expiration" in rule and means(rule, row):
            when = due_at(rule["Expiration"], row.last_modified)
            if when is not None:
                found.append((when, rule.get("ID", "")))
    return min(found) if found else None


def expiration_header(bucket, row):
    """Return the value of x-amz-expiration, or None."""
    if "Lifecycle" not in bucket.configurations or not row.is_latest:
        return None
    found = expiration(bucket, row)
    return f'expiry-date="{rfc822(found[0])}", rule-id="{quote(found[1])}"' if found else None


def abort_rule(bucket, upload):
    """Return (when, rule id) at which an unfinished upload will be given up, or None."""
    found = []
    for rule in enabled(bucket):
        days = (rule.get("AbortIncompleteMultipartUpload") or {}).get("DaysAfterInitiation")
        # Put refuses an abort beside tags; an upload has no size yet.
        if days and upload.key.startswith(conditions(rule)[0]):
            found.append((midnight_after(upload.initiated_at, days), rule.get("ID", "")))
    return min(found) if found else None


def abort_header(bucket, upload):
    """Return {"AbortDate", "AbortRuleId"} of an upload, or {}."""
    found = abort_rule(bucket, upload)
    return {"AbortDate": found[0], "AbortRuleId": found[1]} if found else {}
