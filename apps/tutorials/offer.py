"""Tell the classrooms which tutorials there are (imported once, when the models are ready)."""

from functools import partial

from apps.classrooms import lessons
from apps.tutorials import progress
from apps.tutorials.content import tutorials


def _refresh(tutorial, account):
    progress.advance(account, tutorial)


for _tutorial in tutorials().values():
    lessons.register(
        lessons.Lesson(
            slug=_tutorial.slug,
            title=_tutorial.title,
            minutes=_tutorial.minutes,
            steps=tuple((step.slug, step.title) for step in _tutorial.steps),
            refresh=partial(_refresh, _tutorial),
        )
    )
