"""Servers to measure: the whole playground on free ports, and the bare servers beneath it."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def family(pid):
    """Return a process and its descendants."""
    found = [pid]
    for parent in found:
        for path in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found += [int(child) for child in path.read_text().split()]
            except OSError:
                continue
    return found


def memory_mib(pid):
    """Return (resident, proportional) memory of a process family in MiB; proportional counts shared pages once."""
    resident = proportional = 0
    for member in family(pid):
        try:
            lines = Path(f"/proc/{member}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        for line in lines:
            if line.startswith("Rss:"):
                resident += int(line.split()[1])
            elif line.startswith("Pss:"):
                proportional += int(line.split()[1])
    return resident / 1024, proportional / 1024


def wait_for(url, seconds=90):
    end = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


class Server:
    """A process family with a URL, stopped at the end."""

    def __init__(self, command, health, env=None):
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **(env or {})}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for url in health:
            wait_for(url)
        self.seconds_to_healthy = time.monotonic() - self.started

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()


class Playground(Server):
    """The whole stack, as `make run` starts it, in a data directory of its own."""

    def __init__(self, data_dir=None, **env):
        self.data_dir = data_dir or tempfile.mkdtemp(prefix="playground-bench-")
        console, aws, edge = free_port(), free_port(), free_port()
        self.console_url, self.aws_url, self.edge_url = (f"http://127.0.0.1:{p}" for p in (console, aws, edge))
        self.env = {
            "PLAYGROUND_DATA_DIR": self.data_dir,
            "PLAYGROUND_CONSOLE_PORT": str(console),
            "PLAYGROUND_AWS_PORT": str(aws),
            "PLAYGROUND_EDGE_PORT": str(edge),
            **env,
        }
        super().__init__(
            [sys.executable, "manage.py", "up", "--quiet"],
            [url + "/healthz" for url in (self.console_url, self.aws_url, self.edge_url)],
            self.env,
        )


def bare_wsgi():
    """The WSGI server with an application that does nothing: what no S3 operation can beat."""
    port = free_port()
    command = (
        f"{BIN}/gunicorn --preload --workers 2 --worker-class gthread --threads 16 --keep-alive 75 --no-control-socket"
        f" --log-level error --bind 127.0.0.1:{port} benchmarks.wsgi_app:application"
    )
    server = Server(command.split(), [f"http://127.0.0.1:{port}/small"])
    server.url = f"http://127.0.0.1:{port}"
    return server


def bare_asgi():
    """The ASGI server with an application that does nothing: what no edge can beat."""
    port = free_port()
    command = (
        f"{BIN}/uvicorn benchmarks.asgi_app:application --host 127.0.0.1 --port {port} --loop uvloop --http httptools"
        " --no-access-log --log-level error"
    )
    server = Server(command.split(), [f"http://127.0.0.1:{port}/small"])
    server.url = f"http://127.0.0.1:{port}"
    return server
