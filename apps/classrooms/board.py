"""The teacher's live board: for each student how far, where stuck, how busy, how much spent."""

import csv
import io
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Max

from apps.billing import budgets
from apps.classrooms import lessons
from apps.classrooms.models import Enrolment, StepProgress
from apps.observability import journal
from apps.observability.models import Trace
from playground import clock

STUCK_AFTER = timedelta(minutes=4)
JUST_NOW = timedelta(seconds=10)


def spoken(delta):
    """Return a duration as a person says it.

    >>> spoken(timedelta(seconds=42)), spoken(timedelta(minutes=7, seconds=50)), spoken(timedelta(hours=26))
    ('42 s', '7 min', '26 h')
    """
    seconds = max(0, int(delta.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 2 * 3600:
        return f"{seconds // 60} min"
    return f"{seconds // 3600} h" if seconds < 72 * 3600 else f"{seconds // 86400} days"


@dataclass
class Cell:
    """One step of one student. state: "done", "current" or "todo"."""

    title: str
    state: str
    done_at: datetime | None = None


@dataclass
class Track:
    """One student in one tutorial. since: how long they are at the current step; missing: what it lacks."""

    lesson: lessons.Lesson
    cells: list[Cell]
    current: str = ""
    since: timedelta | None = None
    missing: str = ""

    @property
    def done(self):
        return sum(cell.state == "done" for cell in self.cells)

    @property
    def finished(self):
        return self.done == len(self.cells)

    @property
    def stuck(self):
        return self.since is not None and self.since >= STUCK_AFTER

    @property
    def waited(self):
        return spoken(self.since)


@dataclass
class Row:
    """One student. idle: since their last request or step; None when they did nothing yet."""

    enrolment: Enrolment
    tracks: list[Track]
    idle: timedelta | None
    spent: Decimal
    limit: Decimal | None
    percent: int  # of the budget

    @property
    def stuck(self):
        return any(track.stuck for track in self.tracks)

    @property
    def seen(self):
        return "not yet" if self.idle is None else "just now" if self.idle < JUST_NOW else f"{spoken(self.idle)} ago"

    @property
    def finished(self):
        return bool(self.tracks) and all(track.finished for track in self.tracks)


def track(lesson, found, now):
    """Return where a lab is in a lesson. found: {step: StepProgress-like}; now: real time. Pure.

    The current step is the first that is not done, once the student has begun it.
    """
    cells, made = [], None
    for slug, title in lesson.steps:
        row = found.get(slug)
        if row and row.done_at:
            cells.append(Cell(title, "done", row.done_at))
        elif row and made is None:
            cells.append(Cell(title, "current"))
            made = (title, now - row.started_at, row.missing)
        else:
            cells.append(Cell(title, "todo"))
    current, since, missing = made or ("", None, "")
    return Track(lesson, cells, current, since, missing)


def _refresh(offered, accounts, steps, last_seen):
    """Check again the labs that were busy since their last check: work in a terminal counts too."""
    changed = False
    for account in accounts:
        seen = last_seen.get(account.pk)
        if seen is None:
            continue
        for lesson in offered:
            checked = max((s.checked_at for s in steps.get((account.pk, lesson.slug), {}).values()), default=None)
            if checked is None or seen > checked:
                lesson.refresh(account)
                changed = True
    return changed


def _steps(accounts):
    found = {}
    for row in StepProgress.objects.filter(account__in=accounts):
        found.setdefault((row.account_id, row.tutorial), {})[row.step] = row
    return found


def rows(course):
    """Return the board's rows in the order in which the students joined."""
    journal.ingest()
    offered = lessons.chosen(course.tutorials)
    enrolments = list(course.enrolments.select_related("user", "account"))
    accounts = [enrolment.account for enrolment in enrolments]
    last_seen = dict(
        Trace.objects.filter(account__in=accounts)
        .values("account")
        .annotate(at=Max("real_at"))
        .values_list("account", "at")
    )
    steps = _steps(accounts)
    if _refresh(offered, accounts, steps, last_seen):
        steps = _steps(accounts)
    now = clock.real_now()
    made = []
    for enrolment in enrolments:
        account = enrolment.account
        mine = {lesson.slug: steps.get((account.pk, lesson.slug), {}) for lesson in offered}
        moments = [s.done_at or s.started_at for found in mine.values() for s in found.values()]
        moments += [last_seen[account.pk]] if account.pk in last_seen else []
        budget = budgets.status(account)
        made.append(
            Row(
                enrolment,
                [track(lesson, mine[lesson.slug], now) for lesson in offered],
                now - max(moments) if moments else None,
                budget.spent,
                budget.limit,
                int(budget.fraction * 100),
            )
        )
    return made


def _safe(text):
    """Return a cell that no spreadsheet takes for a formula."""
    return "'" + text if text[:1] in "=+-@\t\r" else text


def as_csv(course):
    """Return a class's progress as CSV: one line a student, one column a step with the moment it was done."""
    out = io.StringIO()
    write = csv.writer(out).writerow
    offered = lessons.chosen(course.tutorials)
    titles = [f"{lesson.title}: {title}" for lesson in offered for _slug, title in lesson.steps]
    write(["name", "lab", "joined", "spent USD", "budget USD", "steps done", *titles])
    for row in rows(course):
        cells = [cell for t in row.tracks for cell in t.cells]
        write(
            [
                _safe(str(row.enrolment.user)),
                row.enrolment.account.account_id,
                row.enrolment.joined_at.isoformat(timespec="seconds"),
                row.spent,
                row.limit or "",
                f"{sum(t.done for t in row.tracks)} of {len(cells)}",
                *(cell.done_at.isoformat(timespec="seconds") if cell.done_at else "" for cell in cells),
            ]
        )
    return out.getvalue()
