"""The lab's own time. Nothing in apps/ asks the system for the time of a domain event.

Signatures, sandboxes and waiting use real time; everything a student could see dated
(objects, invoices, cache ages, rules that come due) uses now(account).
"""

from datetime import UTC, datetime, timedelta


def real_now():
    """Return the machine's time, aware, UTC: for signatures, leases and durations only."""
    return datetime.now(UTC)


def now(account=None):
    """Return the time in a lab, aware, UTC.

    account: identity.Account, or None for what belongs to no lab.
    """
    if account is None:
        return real_now()
    return real_now() + timedelta(seconds=account.clock_offset_seconds)
