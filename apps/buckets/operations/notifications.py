"""Which events of a bucket start which functions."""

import re
import uuid
from collections.abc import Callable

from apps.billing import meters
from apps.buckets import errors
from apps.buckets.actions import bucket_of

FUNCTION_ARN = re.compile(r"arn:aws:lambda:[a-z0-9-]+:\d{12}:function:[\w-]+(:[\w$-]+)?")
EVENTS = {
    "s3:ObjectCreated:*",
    "s3:ObjectCreated:Put",
    "s3:ObjectCreated:Post",
    "s3:ObjectCreated:Copy",
    "s3:ObjectCreated:CompleteMultipartUpload",
    "s3:ObjectRemoved:*",
    "s3:ObjectRemoved:Delete",
    "s3:ObjectRemoved:DeleteMarkerCreated",
}
# (function arn, bucket) -> "" or why the bucket may not invoke it. functions sets it when Django starts,
# because functions stands right of buckets.
destination_check: list[Callable] = []


def _invalid(message, name="", value=""):
    return errors.InvalidArgument(message, ArgumentName=name or None, ArgumentValue=value or None)


def _checked(bucket, one):
    """Return one configuration with its id. Errors: InvalidArgument."""
    arn = one["LambdaFunctionArn"]
    if not FUNCTION_ARN.fullmatch(arn):
        raise _invalid("The ARN could not be parsed", "LambdaFunctionArn", arn)
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
    for check in destination_check:
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
    """Say which events start which functions; an empty configuration turns all off.

    Errors: InvalidArgument (ARN, event, filter, overlap, a function that is missing or does not let S3 invoke it),
    NotImplemented (queues, topics, EventBridge). Source: PutBucketNotificationConfiguration.
    """
    bucket = bucket_of(ctx, request)
    asked = request["NotificationConfiguration"]
    for name in ("TopicConfigurations", "QueueConfigurations", "EventBridgeConfiguration"):
        if asked.get(name) is not None:
            raise errors.NotImplementedHere(
                f"{name} is not built in this playground yet; LambdaFunctionConfigurations is."
            )
    checked = [_checked(bucket, one) for one in asked.get("LambdaFunctionConfigurations") or []]
    for number, one in enumerate(checked):
        if any(_overlap(one, other) for other in checked[number + 1 :]):
            raise _invalid(
                "Configurations overlap. Configurations on the same bucket cannot share a common event type."
            )
    bucket.notification = {"LambdaFunctionConfigurations": checked} if checked else {}
    bucket.save(update_fields=["notification"])
    meters.record(ctx, "s3.requests.standard.put_copy_post_list", 1, bucket.arn, account=bucket.account)
    return {}


def get_bucket_notification_configuration(ctx, request):
    """Return the configuration. Source: GetBucketNotificationConfiguration."""
    bucket = bucket_of(ctx, request)
    meters.record(ctx, "s3.requests.standard.get_select_other", 1, bucket.arn, account=bucket.account)
    return dict(bucket.notification)
