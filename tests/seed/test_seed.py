"""What a fresh playground holds, and that seeding again changes nothing."""

import json
import os
import re
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from apps.cdn.models import Distribution
from apps.identity.models import Account, User
from tests import journey
from tests.conftest import PASSWORD, ROOT

STATE = """
import json
from apps.identity.models import *
from apps.buckets.models import *
from apps.cdn.models import *
print(json.dumps({
    "accounts": sorted(Account.objects.values_list("account_id", "name", "owner__username", "suspended")),
    "keys": sorted(AccessKey.objects.values_list("access_key_id", "active")),
    "objects": sorted(Object.objects.values_list("bucket__region", "key", "content_type")),
    "distributions": Distribution.objects.count(),
    "hashes": sorted(User.objects.values_list("username", "password")),
}, default=str))
"""


class House:
    """A data directory and the commands that prepare it."""

    def __init__(self, folder):
        self.folder = folder

    def run(self, *command, **settings):
        env = {**os.environ, "PLAYGROUND_DATA_DIR": str(self.folder), "PLAYGROUND_LOG_LEVEL": "ERROR"}
        env.pop("PLAYGROUND_ADMIN_PASSWORD", None)
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            env=env | settings,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def seed(self, **settings):
        return self.run("seed", **settings)

    def state(self):
        return json.loads(self.run("shell", "-v0", "-c", STATE).strip().splitlines()[-1])


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    made = House(tmp_path_factory.mktemp("seed"))
    made.run("migrate", "-v0")
    made.first = made.seed()
    return made


def test_a_fresh_playground_holds_the_demo_lab_the_sign_ins_and_a_site(house):
    state = house.state()

    assert ["000000000000", "Demo lab", "student", False] in state["accounts"] and ["test", True] in state["keys"]
    assert {row[2] for row in state["accounts"]} == {"admin", "teacher", "student", None}
    site = [["us-west-2", *row] for row in (("index.html", "text/html; charset=utf-8"), ("photo.jpg", "image/jpeg"))]
    assert all(row in state["objects"] for row in site) and state["distributions"] == 1


def test_seeding_again_changes_nothing_and_is_quick(house):
    before = house.state()
    started = time.monotonic()
    house.seed()
    spent = time.monotonic() - started

    assert house.state() == before
    assert spent < 3  # under a second on an idle machine, most of it Python's own start


def test_a_random_password_is_printed_and_kept_for_its_owner_alone(house):
    path = Path(house.folder, "initial-password")

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert f"the password is {path.read_text()}" in house.first
    assert re.fullmatch(r"([0-9a-f]{4}-){3}[0-9a-f]{4}", path.read_text())


def test_a_given_password_holds_for_all_three_and_another_one_replaces_it(house):
    house.seed(PLAYGROUND_ADMIN_PASSWORD="first")
    one = house.state()["hashes"]
    house.seed(PLAYGROUND_ADMIN_PASSWORD="first")
    assert house.state()["hashes"] == one

    told = house.seed(PLAYGROUND_ADMIN_PASSWORD="second")

    assert house.state()["hashes"] != one and "PLAYGROUND_ADMIN_PASSWORD" in told and "second" not in told
    assert not Path(house.folder, "initial-password").exists()


def test_without_loopback_there_is_no_demo_lab_and_it_comes_back_with_it(house):
    told = house.seed(PLAYGROUND_HOST="0.0.0.0")
    state = house.state()
    assert ["000000000000", "Demo lab", None, True] in state["accounts"] and ["test", False] in state["keys"]
    assert "Student's lab" in [row[1] for row in state["accounts"]] and "secret test" not in told

    house.seed()

    state = house.state()
    assert ["000000000000", "Demo lab", "student", False] in state["accounts"] and ["test", True] in state["keys"]


def test_an_installation_that_was_never_on_loopback_never_had_a_demo_lab(tmp_path):
    house = House(tmp_path)
    house.run("migrate", "-v0")

    house.seed(PLAYGROUND_HOST="0.0.0.0")

    state = house.state()
    assert "000000000000" not in [row[0] for row in state["accounts"]] and ["test", True] not in state["keys"]


def test_the_sign_ins_open_with_the_password(stack):
    for name in ("admin", "teacher", "student"):
        user = User.objects.get(username=name)
        assert user.kind == name and user.check_password(PASSWORD)


def test_the_site_is_private_and_its_distribution_serves_it(stack):
    showcase = Account.objects.get(is_showcase=True)
    domain = Distribution.objects.get(account=showcase).domain_name

    assert journey.request(f"{stack.aws_url}/showcase-{showcase.account_id}/photo.jpg").status == 403
    page = journey.visit(stack, domain, "/", "London")
    photo = journey.visit(stack, domain, "/photo.jpg", "Los Angeles")

    assert page.status == 200 and b"Still water" in page.body
    assert photo.status == 200 and photo.body[:2] == b"\xff\xd8" and len(photo.body) < 150_000
    assert photo.headers["x-amz-cf-pop"].startswith("LAX")
