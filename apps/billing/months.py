"""Calendar months in UTC, as bills count them."""

from datetime import UTC, datetime


def of(moment):
    """Return "2026-11" of a moment.

    >>> of(datetime(2026, 11, 30, 23, 59, tzinfo=UTC))
    '2026-11'
    """
    return moment.astimezone(UTC).strftime("%Y-%m")


def start(month):
    return datetime(int(month[:4]), int(month[5:7]), 1, tzinfo=UTC)


def following(month):
    """Return the next month.

    >>> following("2026-12")
    '2027-01'
    """
    year, number = int(month[:4]), int(month[5:7])
    return f"{year + number // 12}-{number % 12 + 1:02d}"


def end(month):
    return start(following(month))


def seconds(month):
    """Return a month's length in seconds.

    >>> seconds("2026-03") // 3600
    744
    """
    return int((end(month) - start(month)).total_seconds())
