"""Events of buckets on their way into functions.

A bucket writes an outbox row in the transaction that stores the object; here the row becomes an
Invocation, in one transaction, so an event is never lost and never doubled. The signal after the
commit only makes it quick: what it misses, the sweeper takes.
"""

import json
import logging

from django.db import DatabaseError, transaction
from django.dispatch import receiver

from apps.buckets.models import Event
from apps.buckets.operations.notifications import destination_check
from apps.buckets.signals import object_created

from . import invocations, names, permissions
from .errors import ResourceNotFound
from .models import Invocation

log = logging.getLogger(__name__)
BATCH = 200
S3 = "s3.amazonaws.com"
MINE = "arn:aws:lambda:"  # queues take theirs


@receiver(object_created)
def on_object_created(sender, event_id, **_):
    """Take an event right after its commit; the object is stored whatever happens here."""
    try:
        take(event_id)
    except DatabaseError as error:
        log.warning("event %s waits for the sweeper: %s", event_id, error)


def _waiting():
    return Event.objects.filter(destination_arn__startswith=MINE)


def take(event_id):
    """Turn one outbox row into an invocation; nothing when another process already did."""
    with transaction.atomic():
        event = _waiting().select_for_update(of=("self",)).select_related("bucket__account").filter(pk=event_id).first()
        if event is None:
            return
        _deliver(event)
        event.delete()


def take_all():
    """Take what no signal brought: a process died, or the database was busy, in between."""
    for event_id in _waiting().order_by("pk").values_list("pk", flat=True)[:BATCH]:
        take(event_id)


def _deliver(event):
    """Accept the event for its function, if that still exists and still lets the bucket in; else it is dropped."""
    reason = refusal(event.destination_arn, event.bucket)
    if reason:
        log.info("event %s of %s is dropped: %s", event.event_name, event.bucket.name, reason)
        return
    invocations.accept(
        names.find(names.of_arn(event.destination_arn)),
        json.dumps({"Records": [event.record]}, separators=(",", ":")).encode(),
        Invocation.Kind.ASYNCHRONOUS,
        source=f"s3:{event.event_name}",
        source_arn=event.bucket.arn,
    )


def refusal(function_arn, bucket):
    """Return why a bucket may not invoke a function, "" when it may: what notifications ask before they are kept."""
    if not function_arn.startswith(MINE):
        return ""  # somebody else's to judge
    try:
        function = names.find(names.of_arn(function_arn))
    except ResourceNotFound as error:
        return error.message
    if function.region != bucket.region:
        return "The notification destination must be in the bucket's region."
    decision = permissions.lets_service_in(function, S3, bucket.arn, bucket.account)
    if not decision.allowed:
        return f"Cannot have event notifications: the function's policy does not let S3 in. {decision.because}"
    return ""


destination_check.append(refusal)
