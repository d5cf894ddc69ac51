"""Log groups and streams."""

import re

from django.db.models import Max, Min, Sum
from django.db.models.functions import Length

from apps.observability import errors
from apps.observability.models import LogGroup, LogStream

NAME = re.compile(r"[\w/.#-]{1,512}")


def named(ctx, request):
    """Return the caller's LogGroup that a request names. Errors: ResourceNotFoundException."""
    name = request.get("logGroupName") or (request.get("logGroupIdentifier") or "").rpartition(":log-group:")[
        2
    ].removesuffix(":*")
    name = name or request.get("logGroupIdentifier")
    if not name:
        raise errors.InvalidParameter("You must provide a log group name or identifier.")
    group = LogGroup.objects.filter(account=ctx.account, region=ctx.region, name=name).first()
    if group is None:
        raise errors.GroupNotFound()
    return group


def _ms(moment):
    return int(moment.timestamp() * 1000)


def page(rows, request, limit_name, default):
    """Return (rows of this page, token of the next). Tokens are offsets."""
    limit = request.get(limit_name) or default
    if not 1 <= limit <= 10_000:
        raise errors.InvalidParameter(
            f"1 validation error detected: Value at '{limit_name}' must be between 1 and 10000"
        )
    token = request.get("nextToken") or "0"
    if not token.isdigit():
        raise errors.InvalidParameter("The specified nextToken is invalid.")
    start = int(token)
    found = list(rows[start : start + limit + 1])
    return found[:limit], str(start + limit) if len(found) > limit else None


def create_log_group(ctx, request):
    """Make a group. Errors: ResourceAlreadyExistsException, InvalidParameterException. Source: CreateLogGroup."""
    name = request["logGroupName"]
    if not NAME.fullmatch(name):
        raise errors.InvalidParameter(f"Value '{name}' at 'logGroupName' failed to satisfy constraint")
    _, made = LogGroup.objects.get_or_create(
        account=ctx.account, region=ctx.region, name=name, defaults={"created_at": ctx.now}
    )
    if not made:
        raise errors.ResourceAlreadyExists("The specified log group already exists")
    return {}


def delete_log_group(ctx, request):
    """Delete a group and its events. Errors: ResourceNotFoundException. Source: DeleteLogGroup."""
    named(ctx, request).delete()
    return {}


def describe_log_groups(ctx, request):
    """List the lab's groups by name. Source: DescribeLogGroups."""
    rows = LogGroup.objects.filter(account=ctx.account, region=ctx.region).order_by("name")
    if request.get("logGroupNamePrefix"):
        rows = rows.filter(name__startswith=request["logGroupNamePrefix"])
    if request.get("logGroupNamePattern"):
        rows = rows.filter(name__contains=request["logGroupNamePattern"])
    found, token = page(rows, request, "limit", 50)
    return {
        "logGroups": [
            {
                "logGroupName": group.name,
                "creationTime": _ms(group.created_at),
                "arn": group.arn + ":*",
                "logGroupArn": group.arn,
                "metricFilterCount": 0,
                "storedBytes": group.events.aggregate(size=Sum(Length("message")))["size"] or 0,
            }
            for group in found
        ],
        "nextToken": token,
    }


def create_log_stream(ctx, request):
    """Make a stream in a group. Errors: ResourceAlreadyExistsException, ResourceNotFoundException. Source: CreateLogStream."""
    _, made = LogStream.objects.get_or_create(
        group=named(ctx, request), name=request["logStreamName"], defaults={"created_at": ctx.now}
    )
    if not made:
        raise errors.ResourceAlreadyExists("The specified log stream already exists")
    return {}


def describe_log_streams(ctx, request):
    """List a group's streams, by name or by their last event. Source: DescribeLogStreams."""
    group = named(ctx, request)
    rows = group.streams.annotate(
        first=Min("events__timestamp_ms"), last=Max("events__timestamp_ms"), ingested=Max("events__ingested_ms")
    )
    if request.get("logStreamNamePrefix"):
        rows = rows.filter(name__startswith=request["logStreamNamePrefix"])
    order = "last" if request.get("orderBy") == "LastEventTime" else "name"
    rows = rows.order_by(("-" if request.get("descending") else "") + order, "name")
    found, token = page(rows, request, "limit", 50)
    return {
        "logStreams": [
            {
                "logStreamName": stream.name,
                "creationTime": _ms(stream.created_at),
                "firstEventTimestamp": stream.first,
                "lastEventTimestamp": stream.last,
                "lastIngestionTime": stream.ingested,
                "arn": f"{group.arn}:log-stream:{stream.name}",
            }
            for stream in found
        ],
        "nextToken": token,
    }
