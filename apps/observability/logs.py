"""Where functions write their log lines: put(account, region, group, stream, events)."""

import time

from apps.observability.models import LogEvent, LogGroup, LogStream
from playground import clock


def put(account, region, group, stream, events):
    """Append events to a stream, making group and stream when they are new. Call it in your own transaction.

    events: [{"timestamp": lab time in ms, "message": str}].
    """
    into = (
        LogStream.objects.select_related("group")
        .filter(group__account=account, group__region=region, group__name=group, name=stream)
        .first()
    )
    if into is None:
        into = _new_stream(account, region, group, stream)
    append(into.group, into, events)


def _new_stream(account, region, group, stream):
    now = clock.now(account)
    found, _ = LogGroup.objects.get_or_create(account=account, region=region, name=group, defaults={"created_at": now})
    return LogStream.objects.get_or_create(group=found, name=stream, defaults={"created_at": now})[0]


def append(group, stream, events):
    """Append events to a stream that exists."""
    ingested = int(time.time() * 1000)
    LogEvent.objects.bulk_create(
        [
            LogEvent(
                group=group, stream=stream, timestamp_ms=e["timestamp"], ingested_ms=ingested, message=e["message"]
            )
            for e in events
        ],
        batch_size=500,
    )
