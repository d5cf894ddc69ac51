"""Joining by code and name alone, coming back, leaving."""

import pytest

from apps.billing import budgets
from apps.classrooms import courses, rosters
from apps.classrooms.errors import Refused
from apps.classrooms.models import ALPHABET, FailedJoin
from apps.identity.models import Account
from tests.classrooms.conftest import browser


def test_a_code_and_a_name_give_a_lab_of_ones_own_with_the_budget_of_the_class(course):
    page = browser()

    answer = page.post("/join", {"code": course.join_code, "name": "Anna"})

    assert answer.status_code == 302 and answer["Location"] == "/classes/me"
    lab = Account.objects.get(enrolment__course=course)
    assert str(lab.owner) == "Anna" and budgets.status(lab).limit == 5
    assert lab.access_keys.count() == 1 and lab.roles.get().name == "lambda-role"
    shown = page.get("/classes/me").content.decode()
    assert "Clouds 101" in shown and lab.owner.rejoin_code[:4] in shown


def test_two_annas_are_two_students_with_two_labs(course):
    one = rosters.join(course.join_code, "Anna", "10.0.0.1")
    two = rosters.join(course.join_code, "Anna", "10.0.0.1")

    assert one.account_id != two.account_id and one.user.rejoin_code != two.user.rejoin_code


@pytest.mark.parametrize("typed", ["{}", " {} ", "{:.3}-{}"])
def test_a_code_may_be_typed_as_people_type(course, typed):
    code = course.join_code
    text = typed.format(code, code[3:]) if "-" in typed else typed.format(code)

    assert rosters.join(text.lower(), "Anna", "10.0.0.1").course == course


def test_a_code_has_no_letters_that_look_alike():
    assert not set(ALPHABET) & set("0O1ILZ2S5") and len(set(ALPHABET)) == len(ALPHABET) == 27


@pytest.mark.parametrize(
    ("name", "says"),
    [("", "needs a name"), ("   ", "needs a name"), ("x" * 61, "at most 60"), ("a\u202eb", "cannot be shown")],
)
def test_a_name_that_cannot_be_is_told_at_its_field(course, name, says):
    with pytest.raises(Refused) as refused:
        rosters.join(course.join_code, name, "10.0.0.1")

    assert says in refused.value.fields["name"]


def test_a_name_is_never_markup(course):
    page = browser()

    page.post("/join", {"code": course.join_code, "name": "<script>alert(1)</script>"})

    assert "<script>alert" not in page.get("/classes/me").content.decode()


def test_a_wrong_code_is_told_at_its_field_and_makes_nobody(course):
    answer = browser().post("/join", {"code": "AAAAAA", "name": "Anna"})

    assert answer.status_code == 422 and "No class has this code" in answer.content.decode()
    assert not course.enrolments.exists()


def test_guessing_codes_is_stopped_and_a_right_code_from_elsewhere_still_works(course):
    for _ in range(rosters.MAX_FAILURES):
        with pytest.raises(Refused):
            rosters.join("AAAAAA", "Mallory", "10.6.6.6")

    with pytest.raises(Refused) as refused:
        rosters.join(course.join_code, "Mallory", "10.6.6.6")
    assert "Wait five minutes" in refused.value.fields["code"]
    assert rosters.join(course.join_code, "Anna", "10.0.0.1")
    assert FailedJoin.objects.filter(remote="10.6.6.6").count() == rosters.MAX_FAILURES


def test_a_closed_class_takes_nobody_until_it_is_open_again(course):
    courses.set_closed(course, True)
    with pytest.raises(Refused) as refused:
        rosters.join(course.join_code, "Anna", "10.0.0.1")
    assert "closed" in refused.value.fields["code"]

    courses.set_closed(course, False)
    assert rosters.join(course.join_code, "Anna", "10.0.0.1")


def test_a_new_code_makes_the_old_one_worthless(course):
    old = course.join_code
    courses.renew_code(course)

    with pytest.raises(Refused):
        rosters.join(old, "Anna", "10.0.0.1")
    assert rosters.join(course.join_code, "Anna", "10.0.0.1")


def test_the_rejoin_code_brings_a_student_back_to_their_lab(anna):
    page = browser()

    answer = page.post("/rejoin", {"rejoin_code": anna.user.rejoin_code.lower()})

    assert answer.status_code == 302
    assert anna.account.account_id in page.get("/classes/me").content.decode()


@pytest.mark.parametrize("code", ["", "A", "NOSUCHCODEAT"])
def test_an_empty_or_wrong_rejoin_code_signs_nobody_in(anna, teacher, code):
    answer = browser().post("/rejoin", {"rejoin_code": code})

    assert answer.status_code == 422


def test_a_student_who_is_signed_in_joins_another_class_as_who_they_are(anna, colleague):
    other = courses.create(colleague, "Networks", "", [])
    page = browser(anna.user)

    page.post("/join", {"code": other.join_code, "as_me": "1"})

    assert other.enrolments.get().user == anna.user and anna.user.enrolments.count() == 2
    assert other.enrolments.get().account.budget_usd == ""


def test_joining_twice_as_the_same_student_gives_no_second_lab(anna, course):
    assert rosters.join_as(course.join_code, anna.user, "10.0.0.1").pk == anna.pk


def test_a_removed_student_cannot_come_back_and_their_lab_is_suspended(anna, course):
    rosters.remove(anna)

    assert not course.enrolments.exists()
    assert Account.objects.get(pk=anna.account_id).suspended
    with pytest.raises(Refused):
        rosters.rejoin(anna.user.rejoin_code, "10.0.0.1")
