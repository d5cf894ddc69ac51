"""News of buckets, sent after the commit. functions listens; the outbox row is the truth."""

from django.dispatch import Signal

object_created = Signal()  # event_id: of a row of models.Event; sent for deletions too
