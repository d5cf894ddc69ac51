"""Which of a bucket's notifications an act concerns, and the record AWS would send.

Source: S3 User Guide, "Event message structure" (2.1) and "Supported event types".
"""

import time
from urllib.parse import quote_plus

from django.db import transaction

from apps.buckets import signals
from apps.buckets.models import Event


def wanted(configuration, event_name, key):
    """Return the function configurations that match.

    event_name: "ObjectCreated:Put". configuration: as PutBucketNotificationConfiguration gave it.
    """
    return [
        one
        for one in configuration.get("LambdaFunctionConfigurations", [])
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
    for one in wanted(bucket.notification, event_name, stored.key):
        event = Event.objects.create(
            bucket=bucket,
            destination_arn=one["LambdaFunctionArn"],
            event_name=event_name,
            record=_record(ctx, bucket, event_name, stored, one.get("Id", "")),
            request_id=ctx.request_id,
        )
        ctx.trace.step("event", "queued", f"{event_name} of {stored.key} goes to {one['LambdaFunctionArn']}.")
        # robust: the object is stored; a listener that fails leaves the row to the sweep.
        transaction.on_commit(
            lambda event_id=event.pk: signals.object_created.send(Event, event_id=event_id), robust=True
        )


def _record(ctx, bucket, event_name, stored, configuration_id):
    described = {"key": quote_plus(stored.key, safe="/"), "sequencer": f"{time.time_ns():018X}"}
    if event_name.startswith("ObjectCreated"):
        described.update(size=stored.size_bytes, eTag=stored.etag)
    who = ctx.principal.user_id or "Anonymous"
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": bucket.region,
        "eventTime": ctx.now.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ctx.now.microsecond // 1000:03d}Z",
        "eventName": event_name,
        "userIdentity": {"principalId": f"AWS:{who}"},
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
