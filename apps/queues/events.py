"""Events of buckets on their way into queues.

A bucket writes an outbox row in the transaction that stores the object; here the row becomes a message, in one
transaction, so an event is never lost. The signal after the commit makes it quick; what it misses, the sweep takes.
Source: Amazon S3 User Guide, "Event message structure".
"""

import json
import logging

from django.db import DatabaseError, transaction
from django.dispatch import receiver

from apps.buckets.events import body_of
from apps.buckets.models import Event
from apps.buckets.operations.notifications import destination_check
from apps.buckets.signals import object_created
from playground.wire.errors import ServiceError

from . import deliver

log = logging.getLogger(__name__)
BATCH = 200
MINE = "arn:aws:sqs:"


@receiver(object_created)
def on_object_created(sender, event_id, **_):
    """Take an event right after its commit; the object is stored whatever happens here."""
    try:
        take(event_id)
    except DatabaseError as error:
        log.warning("event %s waits for the sweep: %s", event_id, error)


def _waiting():
    return Event.objects.filter(destination_arn__startswith=MINE)


def take(event_id):
    """Turn one outbox row into a message; nothing when it is no queue's, or another process already did."""
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
    """Send the event, if its queue still exists and still lets the bucket in; else it is dropped."""
    try:
        deliver.deliver(
            event.destination_arn,
            json.dumps(body_of(event), separators=(",", ":")),
            source_arn=event.bucket.arn,
            source_account=event.bucket.account,
            service=deliver.S3,
        )
    except ServiceError as err:
        log.info("event %s of %s is dropped: %s", event.event_name, event.bucket.name, err)


destination_check.append(deliver.may_deliver)
