"""What a lab has reached of a tutorial: written by the tutorials, read by the board."""

from datetime import timedelta

from apps.classrooms.models import StepProgress
from playground import clock

UNCHANGED = timedelta(seconds=10)  # pages check every 2 s; the same news is not worth a write each time


def of(account, tutorial):
    """Return {step slug: StepProgress} of one lab in one tutorial."""
    return {row.step: row for row in StepProgress.objects.filter(account=account, tutorial=tutorial)}


def note(account, tutorial, step, missing=""):
    """Save what a check found. missing: "" when the step is done, else the sentence that says what is missing.

    A step that was done stays done. Safe to call from two pages at once.
    """
    now = clock.real_now()
    row, _made = StepProgress.objects.get_or_create(
        account=account, tutorial=tutorial, step=step, defaults={"started_at": now, "checked_at": now}
    )
    if row.done_at or (row.missing == missing != "" and now - row.checked_at < UNCHANGED):
        return row
    row.missing, row.checked_at = missing, now
    row.done_at = None if missing else now
    row.save(update_fields=["missing", "checked_at", "done_at"])
    return row


def forget(account):
    """Start a lab's tutorials afresh, after the lab was emptied."""
    StepProgress.objects.filter(account=account).delete()
