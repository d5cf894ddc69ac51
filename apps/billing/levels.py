"""Stored bytes over time: change(...) inside the transaction that stores or deletes them.

The bill wants byte-seconds, exactly, over each calendar month of the lab's own clock. One row a month
and resource holds the present level and the integral so far, so a change costs one update.
"""

from datetime import timedelta
from decimal import Decimal

from apps.billing import months
from apps.billing.models import StorageLevel
from playground.prepared import Prepared, save_fields

MICROSECOND = timedelta(microseconds=1)
_ROWS = StorageLevel.objects.select_for_update().order_by("-month")
_LAST = Prepared(
    lambda account, sku, resource: _ROWS.filter(account=account, sku=sku, resource=resource)[:1], int, str, str
)


def _integral(level_bytes, since, until):
    """Return byte-microseconds of a level held between two moments."""
    return Decimal(level_bytes) * ((until - since) // MICROSECOND) if until > since else Decimal(0)


def _carry(row, at):
    """Close a row at its month's end and return the row of the moment's month, opening those between."""
    while months.of(at) > row.month:
        edge = months.end(row.month)
        row.byte_microseconds += _integral(row.level_bytes, row.as_of, edge)
        row.as_of = edge
        row.save(update_fields=["byte_microseconds", "as_of"])
        row = StorageLevel.objects.create(
            account_id=row.account_id,
            sku=row.sku,
            resource=row.resource,
            month=months.following(row.month),
            level_bytes=row.level_bytes,
            as_of=edge,
        )
    return row


def change(account, sku, resource, delta_bytes, at):
    """Add to (or take from) the bytes that a resource holds, at a moment of the lab's time.

    Call it inside the transaction of the act itself.
    """
    row = _LAST.first(account.pk, sku, resource)
    if row is None:
        row = StorageLevel.objects.create(account=account, sku=sku, resource=resource, month=months.of(at), as_of=at)
    row = _carry(row, at)
    row.byte_microseconds += _integral(row.level_bytes, row.as_of, at)
    row.as_of = max(row.as_of, at)
    row.level_bytes += delta_bytes
    save_fields(row, "byte_microseconds", "as_of", "level_bytes")


def byte_seconds(account, month, now):
    """Return [(sku, resource, byte-seconds Decimal)] of a month up to now, without writing."""
    found = []
    latest = {}
    for row in StorageLevel.objects.filter(account=account, month__lte=month).order_by("month"):
        latest[row.sku, row.resource] = row
    until = min(now, months.end(month))
    for (sku, resource), row in latest.items():
        if row.month == month:
            total = row.byte_microseconds + _integral(row.level_bytes, row.as_of, until)
        else:
            total = _integral(row.level_bytes, months.start(month), until)
        if total:
            found.append((sku, resource, total / 10**6))
    return found
