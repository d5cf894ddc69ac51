"""Background work of the CDN: sending visitors."""

from datetime import timedelta

from celery import shared_task

from apps.cdn import visitors
from apps.cdn.models import VisitorRun
from playground import clock
from playground.celery import app

State = VisitorRun.State
LOST_AFTER = timedelta(seconds=30)  # a queued run whose message nobody took
LONGEST_SECONDS = 900


@shared_task(time_limit=LONGEST_SECONDS, max_retries=0)
def send_visitors(run_id):
    """Send the visitors of a run, once."""
    if not VisitorRun.objects.filter(pk=run_id, state=State.QUEUED).update(state=State.RUNNING):
        return  # another worker has it, or had it
    run = VisitorRun.objects.select_related("distribution__account").get(pk=run_id)

    def progress(sent):
        VisitorRun.objects.filter(pk=run_id).update(sent=sent)

    try:
        summary = visitors.send(run.distribution, run.visitors, run.seed, run.paths, progress)
    except visitors.EdgesDown as err:
        VisitorRun.objects.filter(pk=run_id).update(state=State.FAILED, error=str(err))
        return
    VisitorRun.objects.filter(pk=run_id).update(state=State.DONE, sent=run.visitors, summary=summary)


@shared_task
def sweep_visitor_runs():
    """Send the message of forgotten runs again; a run whose worker died says so."""
    old = clock.real_now() - LOST_AFTER
    for pk in VisitorRun.objects.filter(state=State.QUEUED, created_at__lt=old).values_list("pk", flat=True):
        app.send_task("apps.cdn.tasks.send_visitors", [pk])
    dead = clock.real_now() - timedelta(seconds=LONGEST_SECONDS + 60)
    VisitorRun.objects.filter(state=State.RUNNING, created_at__lt=dead).update(
        state=State.FAILED, error="The worker that sent these visitors stopped. Send them again."
    )
