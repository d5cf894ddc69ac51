"""The cast at the pages of users and roles: the owner of a lab and another lab's, with plain forms and at Chromium."""

import os
import re
import secrets
import shutil
from pathlib import Path

import pytest
from django.test import Client
from playwright.sync_api import sync_playwright

from apps.identity.models import User

AXE = Path(__file__).resolve().parent.parent / "vendor/axe-4.14.1.min.js"
CHROMIUM = next((p for name in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(name))), None)
FLAGS = [
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    *(["--no-sandbox"] if os.geteuid() == 0 else []),  # Chromium refuses its own sandbox to root
]
PASSWORD = "at-the-browser"


def person(lab):
    """Return somebody who owns a lab."""
    user = User.objects.create_user(f"student-{secrets.token_hex(4)}", password=PASSWORD, kind=User.Kind.STUDENT)
    lab.model.owner = user
    lab.model.save(update_fields=["owner"])
    return user


def plain_browser(user):
    """Return a browser without scripts, signed in."""
    client = Client(headers={"Origin": "http://testserver"})
    client.force_login(user)
    return client


def text(answer):
    return answer.content.decode()


@pytest.fixture
def owner(account):
    return plain_browser(person(account))


@pytest.fixture
def other(classmate):
    return plain_browser(person(classmate))


@pytest.fixture
def client_of_nobody(stack):
    """Return a browser that is not signed in."""
    return Client(headers={"Origin": "http://testserver"})


@pytest.fixture
def iam(account):
    return account.client("iam")


@pytest.fixture
def alice(iam):
    iam.create_user(UserName="alice")
    return "alice"


@pytest.fixture
def bucket(account):
    """Return the name of a fresh bucket with one object."""
    name = f"files-{secrets.token_hex(5)}"
    s3 = account.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="photo.jpg", Body=b"light")
    return name


@pytest.fixture(scope="package")  # one event loop of playwright at a time: others want theirs after this
def chromium():
    assert CHROMIUM, "install Debian's chromium: sudo apt-get install -y chromium"
    # Playwright keeps an event loop in this thread, where Django sees asynchronous code and refuses; nothing is.
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def sign_in(chromium, stack, user, **context):
    """Return a page of somebody signed in; `complaints` has what its console says."""
    found = chromium.new_context(base_url=stack.console_url, **{"viewport": {"width": 1440, "height": 900}, **context})
    page = found.new_page()
    page.set_default_timeout(15_000)
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("console", lambda m: page.complaints.append(m.text) if m.type == "error" else None)
    page.goto("/sign-in")
    page.fill("#username", user.username)
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/$"))
    return page


@pytest.fixture
def page(chromium, stack, account):
    """Return the owner's page, which at the end has complained of nothing."""
    found = sign_in(chromium, stack, person(account))
    yield found
    found.context.close()
    assert not found.complaints


def violations(page):
    """Return axe's serious and critical findings on a page as it is."""
    page.evaluate(AXE.read_text())
    result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:160]}"
        for one in result["violations"]
        if one["impact"] in ("serious", "critical")
    ]
