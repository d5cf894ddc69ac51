"""The cast of the classroom: a teacher, another teacher, an admin, a class with two students."""

import secrets

import pytest
from django.test import Client

from apps.classrooms import courses, rosters
from apps.classrooms.models import FailedJoin
from apps.identity.models import User

TUTORIAL = "a-photo-for-the-world"


def person(kind, name):
    return User.objects.create(username=f"{kind}-{secrets.token_hex(4)}", first_name=name, kind=kind)


def browser(user=None, remote="127.0.0.1"):
    """Return a browser, signed in or not, that sends the Origin of the console's own pages."""
    client = Client(REMOTE_ADDR=remote, headers={"Origin": "http://testserver"})
    if user is not None:
        client.force_login(user)
    return client


@pytest.fixture
def teacher(stack):
    return person("teacher", "Ms Rivera")


@pytest.fixture
def colleague(stack):
    return person("teacher", "Mr Okafor")


@pytest.fixture
def admin(stack):
    return person("admin", "Ada")


@pytest.fixture
def course(teacher):
    return courses.create(teacher, "Clouds 101", "5", [TUTORIAL])


@pytest.fixture
def anna(course):
    """Return an enrolment."""
    return rosters.join(course.join_code, "Anna", "10.0.0.1")


@pytest.fixture
def bert(course):
    return rosters.join(course.join_code, "Bert", "10.0.0.2")


@pytest.fixture(autouse=True)
def nobody_guessed_yet(stack):
    FailedJoin.objects.all().delete()
