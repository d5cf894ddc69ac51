"""Celery tasks: run one invocation; sweep what was not picked up."""

from celery import shared_task

from . import events, execution, invocations, packages, worker
from .models import Function

LONGEST_SECONDS = 900  # the longest timeout a function may have


# Acknowledged early: a redelivered message could run an event twice, and the row, not the message,
# is what must not be lost; sweep_invocations sends it again.
@shared_task(acks_late=False, time_limit=LONGEST_SECONDS + 120, queue="invocations")
def run_invocation(invocation_id):
    execution.run(invocation_id, worker.node())


@shared_task(time_limit=60)
def sweep_events():
    events.take_all()


@shared_task(time_limit=60)
def sweep_invocations():
    invocations.take_back()
    invocations.send_due()
    invocations.prune()


@shared_task(time_limit=60)
def sweep_packages():
    packages.sweep(set(Function.objects.values_list("code_digest", flat=True)))
