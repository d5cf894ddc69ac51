"""The tutorials a class can offer, as the classroom needs to know them.

Tutorials stand right of classrooms, so they register themselves here at start; the board shows
their steps without knowing what a tutorial is.
"""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Lesson:
    """A tutorial in outline.

    steps: ((slug, title), ...) in order. refresh: called with an Account, looks again at the step
    this lab is at, for students who work outside the page, in a terminal.
    """

    slug: str
    title: str
    minutes: int
    steps: tuple[tuple[str, str], ...]
    refresh: Callable


LESSONS: dict[str, Lesson] = {}


def register(lesson):
    LESSONS[lesson.slug] = lesson


def chosen(slugs):
    """Return the lessons of a class in its order, without those that no longer exist."""
    return [LESSONS[slug] for slug in slugs if slug in LESSONS]
