"""`manage.py account create`, as checks from outside call it."""

import json
import subprocess
import sys

import pytest

from tests.conftest import ROOT


def create(*arguments):
    return subprocess.run(
        [sys.executable, "manage.py", "account", "create", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_it_prints_the_account_and_its_key(stack):
    done = create("--name", "school", "--email", "a@example.com")

    told = json.loads(done.stdout)
    assert done.returncode == 0
    assert list(told) == ["account_id", "canonical_id", "name", "email", "access_key_id", "secret_access_key"]
    assert len(told["account_id"]) == 12 and len(told["canonical_id"]) == 64 and told["email"] == "a@example.com"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--name", "x", "--account-id", "123"), "12 digits"),
        (("--name", "x", "--access-key", "A"), "both"),
        (("--name", "x", "--account-id", "000000000000"), "exists"),
        (("--name", "x", "--access-key", "test", "--secret-key", "test"), "exists"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(stack, arguments, words):
    done = create(*arguments)

    assert done.returncode == 1 and words in done.stderr and "Traceback" not in done.stderr


def test_who_am_i(account):
    told = account.client("sts").get_caller_identity()

    assert told["Account"] == account.account_id and told["Arn"] == f"arn:aws:iam::{account.account_id}:root"
