"""Events of buckets on their way into functions.

A bucket writes an outbox row in the transaction that stores the object; here the row becomes an
Invocation, in one transaction, so an event is never lost and never doubled. The signal after the
commit only makes it quick.
"""

import logging

from django.db import transaction

from apps.buckets.models import Event

log = logging.getLogger(__name__)
BATCH = 200


def take(event_id):
    """Turn one outbox row into an invocation; nothing when another process already did."""
    with transaction.atomic():
        event = Event.objects.select_for_update().filter(pk=event_id).select_related("bucket__account").first()
        if event is None:
            return
        event.delete()


def take_all():
    """Take what no signal brought: a worker or a web process died in between."""
    for event_id in Event.objects.order_by("pk").values_list("pk", flat=True)[:BATCH]:
        take(event_id)
