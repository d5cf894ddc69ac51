"""Move tasks: messages of a dead-letter queue on their way, step by step.

A step is one transaction under the task's row: whoever runs it, the worker that was told or the sweep, moves what
the task's rate allows by now. A worker that dies in between leaves a task that the next sweep carries on.
Moved messages count as new ones: a new id, a new time of sending, no receives.
"""

import logging

import redis
from django.db import transaction

from playground import clock
from playground.celery import app

from . import messages, names
from .models import MoveTask, new_message_id

log = logging.getLogger(__name__)
Status = MoveTask.Status
STEP = 100  # messages of one transaction


def begin(task):
    """Tell a worker of a task. If the message is lost, the sweep finds the row."""
    try:
        app.send_task("apps.queues.tasks.move_messages", args=[task.task_id], ignore_result=True)
    except (redis.RedisError, OSError, app.connection_for_write().connection_errors) as error:
        log.warning("move task %s waits for the sweep: %s", task.task_id, error)


def cancel(task):
    """Stop a task; return whether it was running."""
    return bool(MoveTask.objects.filter(pk=task.pk, status=Status.RUNNING).update(status=Status.CANCELLED))


def run(task_id):
    """Move what may be moved now."""
    while _step(task_id):
        pass


def run_all():
    """Carry on with every running task."""
    for task_id in MoveTask.objects.filter(status=Status.RUNNING).values_list("task_id", flat=True):
        run(task_id)


def _step(task_id):
    """Move some messages; return whether there may be more to move at once."""
    with transaction.atomic():
        task = (
            MoveTask.objects.select_for_update(of=("self",))
            .select_related("source__account")
            .filter(task_id=task_id, status=Status.RUNNING)
            .first()
        )
        if task is None:
            return False
        allowed = min(STEP, _allowed(task))
        if allowed <= 0:
            return False
        now = clock.now(task.source.account)
        found = list(messages.due(task.source, now)[:allowed])
        for message in found:
            target = names.lookup(names.of_arn(task.destination_arn or message.dead_letter_source))
            if target is None:
                _end(task, Status.FAILED, _failure(task, message))
                return False
            task.moved += _move(message, task.source, target, now)
        if task.moved >= task.to_move or not found:
            _end(task, Status.COMPLETED)
            return False
        task.save(update_fields=["moved"])
        return True


def _allowed(task):
    """Return how many messages the task's rate lets go by now, in real time."""
    if task.rate is None:
        return STEP
    seconds = (clock.real_now() - task.paced_from).total_seconds()
    return int(seconds * task.rate) + 1 - task.moved


def _move(message, source, target, now):
    changes = {"message_id": new_message_id(), "sent_at": now, "receive_count": 0, "first_received_at": None}
    return messages.move(message, source, target, now, received_at=None, dead_letter_source="", **changes)


def _failure(task, message):
    if task.destination_arn or message.dead_letter_source:
        return "AWS.SimpleQueueService.NonExistentQueue"
    return "CouldNotDetermineMessageSource"


def _end(task, status, failure=""):
    task.status, task.failure = status, failure
    task.save(update_fields=["moved", "status", "failure"])
