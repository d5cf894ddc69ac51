"""The cast and the stage of every test.

Stage: `stack`, the whole real playground (console, AWS endpoint, edges, worker, Redis) on free
ports and a data directory of its own, started once as `make run` starts it. This process's Django
reads the same database, so a test can look behind the wire.
Cast: `account` (the owner), `classmate` (another lab), `anonymous` (nobody).
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import warnings
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = tempfile.TemporaryDirectory(prefix="playground-test-", ignore_cleanup_errors=True)


def free_ports(count):
    """Return ports that nobody listens on now."""
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


CONSOLE, AWS, EDGE, ORIGIN = free_ports(4)
PASSWORD = "correct-horse-battery"
os.environ.update(
    DJANGO_SETTINGS_MODULE="playground.settings",
    PLAYGROUND_DATA_DIR=DATA.name,
    PLAYGROUND_CONSOLE_PORT=str(CONSOLE),
    PLAYGROUND_AWS_PORT=str(AWS),
    PLAYGROUND_EDGE_PORT=str(EDGE),
    PLAYGROUND_ADMIN_PASSWORD=PASSWORD,
    PLAYGROUND_ORIGIN_ALLOW=f"127.0.0.1:{ORIGIN},localhost:{ORIGIN}",
    AWS_EC2_METADATA_DISABLED="true",
    AWS_CONFIG_FILE="/dev/null",
    AWS_SHARED_CREDENTIALS_FILE="/dev/null",
)

import boto3  # noqa: E402
import django  # noqa: E402
import pytest  # noqa: E402
from botocore.config import Config  # noqa: E402

warnings.simplefilter("default")
django.setup()

from apps.identity import accounts  # noqa: E402


@dataclass
class Stack:
    """Where the running playground is."""

    console_url: str
    aws_url: str
    edge_url: str
    origin_port: int
    data_dir: Path
    process: subprocess.Popen
    password: str = PASSWORD

    def log(self, name):
        """Return the log of one process ("web", "edge", "worker", "redis")."""
        path = self.data_dir / "log" / f"{name}.log"
        return path.read_text() if path.exists() else ""


def wait_healthy(url, seconds=60):
    end = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(url + "/healthz", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


@pytest.fixture(scope="session")
def stack():
    process = subprocess.Popen(
        [sys.executable, "manage.py", "up", "--quiet"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    running = Stack(
        f"http://127.0.0.1:{CONSOLE}",
        f"http://127.0.0.1:{AWS}",
        f"http://127.0.0.1:{EDGE}",
        ORIGIN,
        Path(DATA.name),
        process,
    )
    try:
        for url in (running.console_url, running.aws_url, running.edge_url):
            wait_healthy(url)
    except OSError:
        process.kill()
        logs = "".join(f"--- {n}\n{running.log(n)[-3000:]}" for n in ("supervisord", "web", "edge", "worker"))
        pytest.exit(f"the stack did not come up:\n{process.communicate()[0].decode()}\n{logs}", 1)
    yield running
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)


@dataclass
class Lab:
    """An account and how to speak as it."""

    model: object
    stack: Stack

    @property
    def account_id(self):
        return self.model.account_id

    @property
    def access_key(self):
        return self.model.access_keys.get().access_key_id

    @property
    def secret_key(self):
        return self.model.access_keys.get().secret_access_key

    @property
    def env(self):
        """Return environment variables for the AWS CLI."""
        return {
            **os.environ,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": self.stack.aws_url,
            "AWS_PAGER": "",
        }

    def client(self, service, region="us-east-1", **config):
        """Return a boto3 client of one service, path style, few retries."""
        if service == "s3":
            config.setdefault("s3", {"addressing_style": "path"})
        return boto3.client(
            service,
            endpoint_url=self.stack.aws_url,
            region_name=region,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            config=Config(retries={"max_attempts": 1}, read_timeout=60, **config),
        )


def _lab(stack, name):
    return Lab(accounts.create(name=name), stack)


@pytest.fixture
def account(stack):
    """Return a fresh lab: the owner of what the test makes."""
    return _lab(stack, "owner")


@pytest.fixture
def classmate(stack):
    """Return another fresh lab, which may see and touch nothing of the owner's."""
    return _lab(stack, "classmate")


@pytest.fixture(scope="module")
def module_account(stack):
    """Return a lab shared by the tests of one file, for what is slow to make."""
    return _lab(stack, "module-owner")
