"""What is over is removed: a lab's queues when it is reset, messages past their retention, deduplication ids, the memory of deleted queues.

Nothing waits for it: every query leaves out what is over. It only keeps the tables small.
"""

from datetime import timedelta

from django.db.models import Min

from apps.identity.models import Account
from playground import clock

from . import attributes
from .models import Deduplication, DeletedQueue, Message, MoveTask, Queue

ROWS = 10_000  # deleted in one transaction
TASK_DAYS = 14


def empty(account):
    """Remove every queue of a lab; unlike DeleteQueue this leaves their names free at once."""
    Queue.objects.filter(account=account).delete()
    DeletedQueue.objects.filter(account=account).delete()


def prune():
    """Remove what is over, in each lab's own time."""
    oldest = dict(Message.objects.values_list("queue_id").annotate(Min("sent_at")))
    for queue in Queue.objects.filter(pk__in=oldest).select_related("account"):
        kept = timedelta(seconds=attributes.number(queue, "MessageRetentionPeriod"))
        before = clock.now(queue.account) - kept
        if oldest[queue.pk] <= before:
            over = Message.objects.filter(queue=queue, sent_at__lte=before).values_list("pk", flat=True)[:ROWS]
            Message.objects.filter(pk__in=list(over)).delete()
    for account in Account.objects.filter(queues__deduplications__isnull=False).distinct():
        Deduplication.objects.filter(queue__account=account, until__lte=clock.now(account)).delete()
    for account in Account.objects.filter(deleted_queues__isnull=False).distinct():
        before = clock.now(account) - timedelta(minutes=1)
        DeletedQueue.objects.filter(account=account, deleted_at__lte=before).delete()
    for account in Account.objects.filter(queues__move_tasks__isnull=False).distinct():
        before = clock.now(account) - timedelta(days=TASK_DAYS)
        ended = MoveTask.objects.filter(source__account=account, started_at__lt=before)
        ended.exclude(status=MoveTask.Status.RUNNING).delete()
