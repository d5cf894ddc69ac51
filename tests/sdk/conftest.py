"""What the tests of real clients share: bytes that do not compress, a bucket, and a runner of programs."""

import os
import random
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

MIB = 2**20
SMALL = b"Tromso, Nairobi, Lima\n"
LARGE = random.Random(7).randbytes(17 * MIB + 11)  # more than two parts of every client's default, and an odd end


@dataclass
class Folder:
    """A folder with the two files every client uploads. path: where."""

    path: Path

    def __post_init__(self):
        (self.path / "small.txt").write_bytes(SMALL)
        (self.path / "large.bin").write_bytes(LARGE)

    def __truediv__(self, name):
        return self.path / name


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


@pytest.fixture
def bucket(account):
    """Return the name of an empty bucket of the owner's."""
    return made_bucket(account, "clients")


def made_bucket(lab, name):
    name = f"{name}-{lab.account_id}"
    lab.client("s3").create_bucket(Bucket=name)
    return name


def content(lab, bucket, key, **more):
    """Return an object's bytes as the owner's boto3 reads them: what a client wrote, seen by another."""
    return lab.client("s3").get_object(Bucket=bucket, Key=key, **more)["Body"].read()


def keys(lab, bucket, prefix=""):
    return [one["Key"] for one in lab.client("s3").list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])]


def run(*command, env=None, check=True, timeout=60, **more):
    """Run a program; return what it printed, or, when it may fail (check=False), all of it."""
    command = [str(part) for part in command]
    done = subprocess.run(command, env=env or os.environ, capture_output=True, text=True, timeout=timeout, **more)
    if check:
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
        return done.stdout
    return done


@pytest.fixture(autouse=True)
def no_fault_of_ours(stack):
    """Fail a test during which the server met a fault of its own, whether or not the client tried again."""
    known = len(stack.log("web"))
    yield
    log = stack.log("web")[known:]
    assert "Traceback" not in log, log[-4000:]


def pytest_terminal_summary(terminalreporter):
    """Say which client was not tried, and why, however quiet the run."""
    for report in terminalreporter.stats.get("skipped", []):
        if "tests/sdk/" in report.nodeid:
            terminalreporter.write_line(f"NOT TESTED: {report.longrepr[2].removeprefix('Skipped: ')}", yellow=True)
