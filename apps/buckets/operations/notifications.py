"""Which events of a bucket start which functions and go to which queues."""

import re
import uuid
from collections.abc import Callable

from django.db import transaction

from apps.billing import meters
from apps.buckets import errors, events
from apps.buckets.actions import bucket_of

ARNS = {
    "LambdaFunctionConfigurations": re.compile(r"arn:aws:lambda:[a-z0-9-]+:\d{12}:function:[\w-]+(:[\w$-]+)?"),
    "QueueConfigurations": re.compile(r"arn:aws:sqs:[a-z0-9-]+:\d{12}:[\w-]+"),
}
# S3 User Guide, "Supported event types": what acts here can cause.
TYPES = {
    "ObjectCreated": ("Put", "Post", "Copy", "CompleteMultipartUpload"),
    "ObjectRemoved": ("Delete", "DeleteMarkerCreated"),
    "ObjectTagging": ("Put", "Delete"),
    "ObjectAcl": ("Put",),
    "LifecycleExpiration": ("Delete", "DeleteMarkerCreated"),
}
EVENTS = {f"s3:{kind}:{one}" for kind, ones in TYPES.items() for one in (*ones, "*")} - {"s3:ObjectAcl:*"}
# (destination arn, bucket) -> "" or why the bucket may not send to it. functions and queues add theirs when
# Django starts, because they stand right of buckets.
destination_check: list[Callable] = []


def _invalid(message, name="", value=""):
    return errors.InvalidArgument(message, ArgumentName=name or None, ArgumentValue=value or None)


def _checked(bucket, kind, one, skip_check):
    """Return one configuration with its id. Errors: InvalidArgument."""
    member = events.DESTINATIONS[kind]
    arn = one.get(member) or ""
    if not ARNS[kind].fullmatch(arn):
        raise _invalid("The ARN could not be parsed", member, arn)
    for name in one.get("Events") or ["(none)"]:
        if name not in EVENTS:
            raise _invalid(f"The event '{name}' is not supported for notifications", "Event", name)
    seen = set()
    for rule in ((one.get("Filter") or {}).get("Key") or {}).get("FilterRules", []):
        name = (rule.get("Name") or "").lower()
        if name not in ("prefix", "suffix"):
            raise _invalid("filter rule name must be either prefix or suffix", "FilterRule.Name", rule.get("Name"))
        if name in seen:
            raise _invalid(f"Cannot specify more than one {name} rule in a filter.")
        seen.add(name)
    for check in () if skip_check else destination_check:
        reason = check(arn, bucket)
        if reason:
            raise _invalid("Unable to validate the following destination configurations", arn, reason)
    return {**one, "Id": one.get("Id") or str(uuid.uuid4())}


def _rules(one):
    found = {"prefix": "", "suffix": ""}
    for rule in ((one.get("Filter") or {}).get("Key") or {}).get("FilterRules", []):
        found[rule["Name"].lower()] = rule.get("Value", "")
    return found["prefix"], found["suffix"]


def _overlap(first, second):
    """Tell whether two configurations could both match one event: the service refuses that."""
    names = {n.removesuffix("*") for n in first["Events"]}, {n.removesuffix("*") for n in second["Events"]}
    if not any(a.startswith(b) or b.startswith(a) for a in names[0] for b in names[1]):
        return False
    (p1, s1), (p2, s2) = _rules(first), _rules(second)
    return (p1.startswith(p2) or p2.startswith(p1)) and (s1.endswith(s2) or s2.endswith(s1))


def put_bucket_notification_configuration(ctx, request):
    """Say which events go to which functions and queues; an empty configuration turns all off.

    A queue gets a test message at once. Errors: InvalidArgument (ARN, event, filter, overlap, a destination that is
    missing or does not let S3 in), NotImplemented (topics, EventBridge). Source: PutBucketNotificationConfiguration.
    """
    bucket = bucket_of(ctx, request)
    asked = request["NotificationConfiguration"]
    for name in ("TopicConfigurations", "EventBridgeConfiguration"):
        if asked.get(name) is not None:
            raise errors.NotImplementedHere(f"{name} is not built in this playground yet; functions and queues are.")
    skip = bool(request.get("SkipDestinationValidation"))
    checked = {
        kind: [_checked(bucket, kind, one, skip) for one in asked.get(kind) or []] for kind in events.DESTINATIONS
    }
    every = [one for found in checked.values() for one in found]
    for number, one in enumerate(every):
        if any(_overlap(one, other) for other in every[number + 1 :]):
            raise _invalid(
                "Configurations overlap. Configurations on the same bucket cannot share a common event type."
            )
    before = {one["QueueArn"] for one in bucket.notification.get("QueueConfigurations", [])}
    with transaction.atomic():
        bucket.change(notification={kind: found for kind, found in checked.items() if found})
        for arn in {one["QueueArn"] for one in checked["QueueConfigurations"]} - before:
            events.keep(ctx, bucket, arn, events.TEST_EVENT, events.test_message(ctx, bucket))
    meters.record(ctx, "s3.requests.standard.put_copy_post_list", 1, bucket.arn, account=bucket.account)
    return {}


def get_bucket_notification_configuration(ctx, request):
    """Return the configuration. Source: GetBucketNotificationConfiguration."""
    bucket = bucket_of(ctx, request)
    meters.record(ctx, "s3.requests.standard.get_select_other", 1, bucket.arn, account=bucket.account)
    return dict(bucket.notification)
