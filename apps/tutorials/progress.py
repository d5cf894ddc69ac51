"""Where a lab is in a tutorial: look at the step it is at, and move on over what is done.

The students' page calls `advance` as long as it is open; the teacher's board calls it too, for
students who work in a terminal. A step that is done stays done, whatever happens to the lab later.
"""

from dataclasses import dataclass

from django.conf import settings

from apps.classrooms import progress as saved
from apps.functions import runtimes
from apps.tutorials import checks, numbers
from apps.tutorials.content import Step
from apps.tutorials.models import Answer


@dataclass
class Place:
    """One step as the page lists it. state: "done", "current" or "todo"."""

    step: Step
    number: int
    state: str
    missing: str = ""


def lab(account):
    """Return what a tutorial's text may name: the lab's numbers, its distribution once it has one, the place."""
    mine = numbers.of(account)
    found = checks.distribution_over(account, mine.bucket)
    return {
        **vars(mine),
        "distribution": found.distribution_id if found else "",
        "domain": found.domain_name if found else "<your distribution's domain name>",
        "runtime": runtimes.HERE,
        "aws": f"http://localhost:{settings.AWS_PORT}",
    }


def look(account, step):
    """Return "" when a step is done, else the sentence that says what is missing."""
    if step.asks:
        return ""
    return checks.CHECKS[step.check](account, numbers.of(account))


def advance(account, tutorial):
    """Check the step a lab is at, and those behind it as far as they are done. Returns [Place] in order."""
    found = saved.of(account, tutorial.slug)
    answered = set(Answer.objects.filter(account=account, tutorial=tutorial.slug).values_list("step", flat=True))
    places, waiting = [], False
    checks.refresh()
    for number, step in enumerate(tutorial.steps, 1):
        row = found.get(step.slug)
        if row and row.done_at:
            places.append(Place(step, number, "done"))
        elif waiting:
            places.append(Place(step, number, "todo"))
        else:
            if step.asks:
                missing = "" if step.slug in answered else "Your guess is not written down yet."
            else:
                missing = checks.CHECKS[step.check](account, numbers.of(account))
            saved.note(account, tutorial.slug, step.slug, missing)
            places.append(Place(step, number, "current" if missing else "done", missing))
            waiting = bool(missing)
    return places
