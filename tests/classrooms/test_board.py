"""The live board: how far, where stuck, for how long, how much spent."""

import csv
import io
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from apps.classrooms import board, lessons, progress, rosters
from tests.classrooms.conftest import TUTORIAL, browser
from tests.conftest import Lab

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
LESSON = lessons.Lesson("l", "Lesson", 5, (("one", "One"), ("two", "Two"), ("three", "Three")), lambda account: None)


def step(minutes_ago, done=False, missing=""):
    started = NOW - timedelta(minutes=minutes_ago)
    return SimpleNamespace(started_at=started, done_at=started if done else None, missing=missing)


@pytest.mark.parametrize(
    ("found", "states", "current", "stuck"),
    [
        ({}, "todo todo todo", "", False),
        ({"one": step(1, missing="No.")}, "current todo todo", "One", False),
        ({"one": step(9, missing="No.")}, "current todo todo", "One", True),
        ({"one": step(9, done=True), "two": step(3)}, "done current todo", "Two", False),
        ({"one": step(9, done=True)}, "done todo todo", "", False),
        ({s: step(9, done=True) for s in ("one", "two", "three")}, "done done done", "", False),
    ],
)
def test_a_track_says_where_a_student_is(found, states, current, stuck):
    made = board.track(LESSON, found, NOW)

    assert " ".join(cell.state for cell in made.cells) == states
    assert (made.current, made.stuck) == (current, stuck)
    assert made.finished == (states == "done done done")


def test_the_board_shows_the_step_and_the_sentence_of_the_last_check(course, anna, teacher):
    progress.note(anna.account, TUTORIAL, "bucket", "Your lab has no bucket called photo-x yet.")

    text = browser(teacher).get(f"/classes/{course.pk}/", headers={"HX-Request": "true"}).content.decode()

    assert "Anna" in text and "no bucket called photo-x yet" in text and "Make a bucket" in text
    assert "<html" not in text


def test_a_step_that_was_done_stays_done(anna):
    progress.note(anna.account, TUTORIAL, "bucket")
    progress.note(anna.account, TUTORIAL, "bucket", "It is gone.")

    row = progress.of(anna.account, TUTORIAL)["bucket"]
    assert row.done_at and row.missing == ""


def test_work_in_a_terminal_shows_on_the_board_without_the_page(course, anna, stack):
    Lab(anna.account, stack).client("s3").create_bucket(Bucket=f"other-{anna.account.account_id}")

    row = board.rows(course)[0]

    assert row.idle < timedelta(minutes=1)
    assert row.tracks[0].current == "Make a bucket" and "other-" in row.tracks[0].missing


def test_progress_is_exported_and_no_name_becomes_a_formula(course, teacher):
    evil = rosters.join(course.join_code, "=HYPERLINK(1)", "10.0.0.1")
    progress.note(evil.account, TUTORIAL, "bucket")

    answer = browser(teacher).get(f"/classes/{course.pk}/progress.csv")

    header, line = csv.reader(io.StringIO(answer.content.decode()))
    assert answer["Content-Disposition"] == 'attachment; filename="clouds-101.csv"'
    assert line[0] == "'=HYPERLINK(1)" and line[1] == evil.account.account_id
    assert line[5].startswith("1 of ") and line[6] and not line[7]
    assert header[6].endswith("Make a bucket")
