"""Celery tasks: the sweep of what was not picked up, the removal of what is over, and one move task."""

from celery import shared_task

from . import events, keeping, moving


@shared_task(time_limit=300)
def move_messages(task_id):
    moving.run(task_id)


@shared_task(time_limit=60)
def sweep():
    events.take_all()
    moving.run_all()


@shared_task(time_limit=60)
def prune():
    keeping.prune()
