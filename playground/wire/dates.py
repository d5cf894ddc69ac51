"""Timestamps in the three spellings of AWS's models: iso8601, rfc822, unixTimestamp."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def iso8601(moment: datetime) -> str:
    """Return "2026-11-24T10:00:00.000Z": milliseconds, as S3 writes them.

    >>> iso8601(datetime(2026, 1, 2, 3, 4, 5, 678900, UTC))
    '2026-01-02T03:04:05.678Z'
    """
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="milliseconds")[:23] + "Z"


def rfc822(moment: datetime) -> str:
    """Return an HTTP date (RFC 9110 section 5.6.7), free of the locale.

    >>> rfc822(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    'Fri, 02 Jan 2026 03:04:05 GMT'
    """
    m = moment.astimezone(UTC)
    return f"{DAYS[m.weekday()]}, {m.day:02d} {MONTHS[m.month - 1]} {m.year:04d} {m.hour:02d}:{m.minute:02d}:{m.second:02d} GMT"


def parse_timestamp(text: str, spelling: str) -> datetime:
    """Return an aware datetime; any of the three spellings is understood, as the services do. Errors: ValueError."""
    text = text.strip()
    if spelling == "unixTimestamp" or text.replace(".", "", 1).isdigit():
        return datetime.fromtimestamp(float(text), UTC)
    if "," in text or text[:1].isalpha():
        moment = parsedate_to_datetime(text)
    else:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
