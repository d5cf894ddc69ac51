"""Opening a class: what is accepted, and what is told at its field."""

import pytest

from apps.classrooms import courses
from apps.classrooms.errors import Refused
from apps.classrooms.models import Course
from tests.classrooms.conftest import TUTORIAL, browser


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("", ""), ("5", "5"), (" $2.50 ", "2.5"), ("0.000001", "0.000001"), ("100000", "100000"), ("1e3", "1000")],
)
def test_a_budget_is_kept_exactly(typed, kept):
    assert courses.clean_budget(typed) == kept


@pytest.mark.parametrize("typed", ["-1", "0", "five", "NaN", "Infinity", "100000.01", "0.0000001", "1,5", "9" * 400])
def test_a_budget_that_cannot_be_is_told(typed):
    with pytest.raises(Refused) as refused:
        courses.clean_budget(typed)
    assert "budget_usd" in refused.value.fields


def test_a_teacher_opens_a_class_and_sees_its_code(teacher):
    page = browser(teacher)

    answer = page.post("/classes/new", {"name": "Clouds 101", "budget_usd": "5", "tutorials": [TUTORIAL]})

    course = Course.objects.get(teacher=teacher)
    assert answer["Location"] == f"/classes/{course.pk}/"
    assert course.join_code in page.get(answer["Location"]).content.decode()


def test_every_wrong_field_is_told_at_once(teacher):
    answer = browser(teacher).post("/classes/new", {"name": " ", "budget_usd": "lots", "tutorials": ["nonsense"]})

    text = answer.content.decode()
    assert answer.status_code == 422 and not Course.objects.filter(teacher=teacher).exists()
    assert "needs a name" in text and "Write an amount" in text and "no tutorial nonsense" in text
