"""Log events: written, read by stream, searched over a group."""

import shlex

from apps.observability import errors, logs
from apps.observability.models import LogEvent
from apps.observability.operations.groups import named, page


def put_log_events(ctx, request):
    """Append events to a stream. Errors: ResourceNotFoundException, InvalidParameterException. Source: PutLogEvents."""
    group = named(ctx, request)
    stream = group.streams.filter(name=request["logStreamName"]).first()
    if stream is None:
        raise errors.StreamNotFound()
    events = request["logEvents"]
    if any(a["timestamp"] > b["timestamp"] for a, b in zip(events, events[1:], strict=False)):
        raise errors.InvalidParameter("Log events in a single PutLogEvents request must be in chronological order.")
    logs.append(group, stream, events)
    return {"nextSequenceToken": "0"}


def _within(rows, request):
    if request.get("startTime") is not None:
        rows = rows.filter(timestamp_ms__gte=request["startTime"])
    if request.get("endTime") is not None:
        rows = rows.filter(timestamp_ms__lt=request["endTime"])
    return rows


def get_log_events(ctx, request):
    """Read a stream, oldest or newest first; tokens go forward and backward. Source: GetLogEvents."""
    group = named(ctx, request)
    stream = group.streams.filter(name=request["logStreamName"]).first()
    if stream is None:
        raise errors.StreamNotFound()
    limit = request.get("limit") or 10_000
    rows = _within(stream.events.all(), request)
    way, _, last = (request.get("nextToken") or "").partition("/")
    if (way and way not in ("f", "b")) or (way and not last.isdigit()):
        raise errors.InvalidParameter("The specified nextToken is invalid.")
    if way == "f":
        found = list(rows.filter(id__gt=int(last)).order_by("id")[:limit])
    elif way == "b":
        found = list(reversed(rows.filter(id__lt=int(last)).order_by("-id")[:limit]))
    elif request.get("startFromHead"):
        found = list(rows.order_by("id")[:limit])
    else:
        found = list(reversed(rows.order_by("-id")[:limit]))
    newest = found[-1].id if found else int(last or 0)
    oldest = found[0].id if found else int(last or 0)
    return {
        "events": [_told(event) for event in found],
        "nextForwardToken": f"f/{newest}",
        "nextBackwardToken": f"b/{oldest}",
    }


def _told(event):
    return {"timestamp": event.timestamp_ms, "message": event.message, "ingestionTime": event.ingested_ms}


def filter_log_events(ctx, request):
    """Search a group's events by time, streams and terms, in order of time. Source: FilterLogEvents."""
    group = named(ctx, request)
    rows = _within(LogEvent.objects.filter(group=group), request).select_related("stream")
    if request.get("logStreamNames"):
        rows = rows.filter(stream__name__in=request["logStreamNames"])
    if request.get("logStreamNamePrefix"):
        rows = rows.filter(stream__name__startswith=request["logStreamNamePrefix"])
    rows = _matching(rows, request.get("filterPattern") or "")
    found, token = page(rows.order_by("timestamp_ms", "id"), request, "limit", 10_000)
    return {
        "events": [
            {**_told(event), "logStreamName": event.stream.name, "eventId": f"{event.timestamp_ms:020d}{event.id:016d}"}
            for event in found
        ],
        "searchedLogStreams": [],
        "nextToken": token,
    }


def _matching(rows, pattern):
    """Return the rows that hold every term of a filter pattern and none that it excludes."""
    if pattern.lstrip()[:1] in ("{", "["):
        raise errors.InvalidParameter("JSON and column filter patterns are not built in this playground yet.")
    try:
        terms = shlex.split(pattern)
    except ValueError:
        raise errors.InvalidParameter("Invalid filter pattern") from None
    for term in terms:
        if term.startswith("-") and len(term) > 1:
            rows = rows.exclude(message__contains=term[1:])
        else:
            rows = rows.filter(message__contains=term.lstrip("?"))
    return rows
