"""Who may see and do what. A page that is not yours does not exist for you."""

import pytest

from apps.classrooms import courses, rosters
from apps.identity.models import Account
from tests.classrooms.conftest import TUTORIAL, browser

PAGES = [
    ("get", "/classes/{course}/"),
    ("get", "/classes/{course}/progress.csv"),
    ("get", "/classes/{course}/students/{anna}/"),
    ("post", "/classes/{course}/code"),
    ("post", "/classes/{course}/closed"),
    ("post", "/classes/{course}/students/{anna}/reset"),
    ("post", "/classes/{course}/students/{anna}/remove"),
]


@pytest.fixture
def ask(course, anna):
    def ask(user, method, path):
        return getattr(browser(user), method)(path.format(course=course.pk, anna=anna.pk)).status_code

    return ask


@pytest.mark.parametrize(("method", "path"), PAGES)
def test_another_teacher_finds_nothing(ask, colleague, method, path):
    assert ask(colleague, method, path) == 404


@pytest.mark.parametrize(("method", "path"), PAGES)
def test_a_student_finds_nothing_not_even_of_their_own_class(ask, anna, bert, method, path):
    assert ask(anna.user, method, path) == 404
    assert ask(bert.user, method, path) == 404


@pytest.mark.parametrize(("method", "path"), PAGES)
def test_a_stranger_is_sent_to_sign_in_or_refused(ask, anna, method, path):
    assert ask(None, method, path) in (302, 403)
    assert rosters.rejoin(anna.user.rejoin_code, "10.0.0.9") == anna.user


def test_the_teacher_and_an_admin_see_the_class(ask, teacher, admin):
    for user in (teacher, admin):
        assert ask(user, "get", "/classes/{course}/") == 200
        assert ask(user, "get", "/classes/{course}/students/{anna}/") == 200


def test_an_enrolment_of_another_class_is_not_reached_through_ones_own(anna, colleague):
    own = courses.create(colleague, "Mine", "", [])

    assert browser(colleague).post(f"/classes/{own.pk}/students/{anna.pk}/remove").status_code == 404
    assert browser(colleague).post(f"/classes/{own.pk}/students/{anna.pk}/reset").status_code == 404


def test_a_list_shows_a_teachers_own_classes_alone(course, colleague, teacher):
    courses.create(colleague, "Somebody else's", "", [])

    text = browser(teacher).get("/classes/").content.decode()

    assert "Clouds 101" in text and "Somebody else" not in text


def test_a_teacher_may_open_the_labs_of_their_students_and_nobody_elses(anna, teacher, colleague):
    assert anna.account in rosters.labs_taught_by(teacher)
    assert anna.account not in rosters.labs_taught_by(colleague)
    assert not rosters.labs_taught_by(anna.user).exists()


def test_a_teacher_opens_a_students_lab_and_a_classmate_or_colleague_cannot(anna, bert, teacher, colleague):
    lab = anna.account.account_id
    for stranger in (bert.user, colleague):
        page = browser(stranger)
        page.post("/labs/switch", {"account_id": lab})
        assert page.session.get("lab") != lab
        assert lab not in page.get("/buckets/").content.decode()
    page = browser(teacher)
    page.post("/labs/switch", {"account_id": lab})
    assert page.session["lab"] == lab
    assert lab in page.get("/buckets/").content.decode()


def test_a_teacher_in_a_students_lab_looks_and_does_not_touch(anna, teacher):
    page = browser(teacher)
    page.post("/labs/switch", {"account_id": anna.account.account_id})

    for path in (
        "/buckets/new",
        "/functions/new",
        f"/tutorials/{TUTORIAL}/steps/guess-second/answer",
        "/labs/settings",
    ):
        answer = page.post(path, {"name": "by-the-teacher", "region": "us-east-1"})
        assert answer.status_code == 403 and "visiting" in answer.content.decode()
    assert not anna.account.buckets.exists()
    assert anna.account.access_keys.get().secret_access_key not in page.get("/labs/settings").content.decode()


def test_a_lab_of_a_removed_student_is_no_longer_the_teachers_to_open(anna, teacher):
    page = browser(teacher)
    page.post("/labs/switch", {"account_id": anna.account.account_id})
    rosters.remove(anna)

    assert anna.account.account_id not in page.get("/buckets/").content.decode()


def test_a_student_page_shows_their_own_labs_alone(anna, bert):
    text = browser(anna.user).get("/classes/me").content.decode()

    assert anna.account.account_id in text
    assert bert.account.account_id not in text and bert.user.rejoin_code[:4] not in text
    assert Account.objects.filter(owner=anna.user).count() == 1
