"""Which of a bucket's notifications an act concerns, and the record AWS would send.

Source: S3 User Guide, "Event message structure" and "Supported event types".
"""

import time
from urllib.parse import quote_plus

from django.db import transaction

from apps.buckets import signals
from apps.buckets.models import Event
from playground.wire.dates import iso8601

# Kind of configuration -> the member that names its destination.
DESTINATIONS = {"LambdaFunctionConfigurations": "LambdaFunctionArn", "QueueConfigurations": "QueueArn"}
NEWER_SHAPE = ("LifecycleExpiration", "ObjectTagging", "ObjectAcl", "LifecycleTransition", "IntelligentTiering")
TEST_EVENT = "s3:TestEvent"


def wanted(configuration, event_name, key):
    """Return [(destination ARN, configuration id)] of what matches.

    event_name: "ObjectCreated:Put". configuration: as PutBucketNotificationConfiguration gave it.
    """
    return [
        (one[member], one.get("Id", ""))
        for kind, member in DESTINATIONS.items()
        for one in configuration.get(kind, [])
        if _event_matches(one["Events"], event_name) and _filter_matches(one.get("Filter"), key)
    ]


def _event_matches(patterns, event_name):
    for pattern in patterns:
        name = pattern.removeprefix("s3:")
        if name == event_name or (name.endswith(":*") and event_name.startswith(name[:-1])):
            return True
    return False


def _filter_matches(filters, key):
    for rule in ((filters or {}).get("Key") or {}).get("FilterRules", []):
        name, value = rule["Name"].lower(), rule.get("Value", "")
        if not (key.startswith(value) if name == "prefix" else key.endswith(value)):
            return False
    return True


def emit(ctx, bucket, event_name, stored):
    """Write the outbox rows of an act, in its own transaction; tell the listeners after the commit.

    stored: the object's row after the act (for a deletion: as it was).
    """
    if not bucket.notification:
        return
    for arn, configuration_id in wanted(bucket.notification, event_name, stored.key):
        keep(ctx, bucket, arn, event_name, _record(ctx, bucket, event_name, stored, configuration_id))
        ctx.trace.step("event", "queued", f"{event_name} of {stored.key} goes to {arn}.")


def keep(ctx, bucket, arn, event_name, record):
    """Write one outbox row and tell the listeners after the commit."""
    event = Event.objects.create(
        bucket=bucket, destination_arn=arn, event_name=event_name, record=record, request_id=ctx.request_id
    )
    # robust: the object is stored; a listener that fails leaves the row to the sweep.
    transaction.on_commit(lambda: signals.object_created.send(Event, event_id=event.pk), robust=True)


def test_message(ctx, bucket):
    """Return what a queue receives when a configuration names it."""
    return {
        "Service": "Amazon S3",
        "Event": TEST_EVENT,
        "Time": iso8601(ctx.now),
        "Bucket": bucket.name,
        "RequestId": ctx.request_id,
        "HostId": ctx.request_id,
    }


def body_of(event):
    """Return the message of an outbox row, as a dict. event: models.Event."""
    return event.record if event.event_name == TEST_EVENT else {"Records": [event.record]}


def _record(ctx, bucket, event_name, stored, configuration_id):
    # Sequencers of one key only grow, so their order as text is the order of the acts.
    described = {"key": quote_plus(stored.key, safe="/"), "sequencer": f"{time.time_ns():018X}"}
    if not event_name.startswith(("ObjectRemoved:Delete", "LifecycleExpiration:Delete")) or stored.is_delete_marker:
        described["eTag"] = stored.etag
    if event_name.startswith("ObjectCreated"):
        described["size"] = stored.size_bytes
    if bucket.versioning:
        described["versionId"] = stored.version_id
    who = ctx.principal.user_id or "Anonymous"
    record = {
        "eventVersion": "2.3" if event_name.startswith(NEWER_SHAPE) else "2.1",
        "eventSource": "aws:s3",
        "awsRegion": bucket.region,
        "eventTime": iso8601(ctx.now),
        "eventName": event_name,
        "userIdentity": {"principalId": ctx.principal.name if ctx.principal.kind == "service" else f"AWS:{who}"},
        "requestParameters": {"sourceIPAddress": ctx.source_ip},
        "responseElements": {"x-amz-request-id": ctx.request_id, "x-amz-id-2": ctx.request_id},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": configuration_id,
            "bucket": {
                "name": bucket.name,
                "ownerIdentity": {"principalId": bucket.account.account_id},
                "arn": bucket.arn,
            },
            "object": described,
        },
    }
    if event_name.startswith("LifecycleExpiration"):
        del record["requestParameters"]
    return record
