"""Where functions write their log lines: put(account, region, group, stream, events)."""

import time

from apps.observability.models import LogEvent, LogGroup, LogStream
from playground import clock


def put(account, region, group, stream, events):
    """Append events to a stream, making group and stream when they are new. Call it in your own transaction.

    events: [{"timestamp": lab time in ms, "message": str}].
    """
    now = clock.now(account)
    found, _ = LogGroup.objects.get_or_create(account=account, region=region, name=group, defaults={"created_at": now})
    into, _ = LogStream.objects.get_or_create(group=found, name=stream, defaults={"created_at": now})
    append(found, into, events)


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
