"""Prepare the data directory, then become supervisord (`manage.py up` calls main)."""

import hashlib
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from apps.console import seeding
from playground.supervise.programs import configuration


def stop(message):
    sys.exit(f"\n  {message}\n")


def running_supervisor():
    """Return the pid of a supervisord that already runs on this data directory, or None."""
    path = settings.RUN_DIR / "supervisord.pid"
    try:
        pid = int(path.read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    return pid if b"supervisord" in command else None


def wait_for_ports(seconds=10):
    """Wait until the three ports can be bound: after a crash the old processes may still be stopping."""
    pid = running_supervisor()
    if pid:
        stop(f"Already running on this data directory (process {pid}). Stop it first: Ctrl-C there, or kill {pid}.")
    wanted = {
        "PLAYGROUND_CONSOLE_PORT": settings.CONSOLE_PORT,
        "PLAYGROUND_AWS_PORT": settings.AWS_PORT,
        "PLAYGROUND_EDGE_PORT": settings.EDGE_PORT,
    }
    end = time.monotonic() + seconds
    for name, port in wanted.items():
        while True:
            with socket.socket(socket.AF_INET6 if ":" in settings.HOST else socket.AF_INET) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((settings.HOST, port))
                    break
                except OSError as err:
                    if time.monotonic() > end:
                        stop(f"Port {port} is taken ({err.strerror}). Free it, or choose another with {name}=<port>.")
            time.sleep(0.2)


def prepare():
    """Migrate, seed and collect static files; each does nothing when nothing changed."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        print("  preparing the database ...", flush=True)
        call_command("migrate", verbosity=0, interactive=False)
    digest = hashlib.sha256()
    for folder in settings.STATICFILES_DIRS:
        for path in sorted(Path(folder).rglob("*")):
            digest.update(f"{path}{path.stat().st_mtime_ns}".encode())
    digest.update(Path(django.__file__).read_bytes())
    stamp = settings.DATA_DIR / "static.stamp"
    if not stamp.exists() or stamp.read_text() != digest.hexdigest():
        call_command("collectstatic", verbosity=0, interactive=False, clear=True)
        stamp.write_text(digest.hexdigest())
    call_command("seed", verbosity=0)
    connection.close()


def banner():
    """Return what announce.py prints, and the health URLs it waits for."""
    host = "localhost" if settings.LOOPBACK_ONLY else settings.HOST
    probe = "127.0.0.1" if settings.HOST in ("0.0.0.0", "localhost") else settings.HOST
    ports = {"console": settings.CONSOLE_PORT, "aws": settings.AWS_PORT, "edge": settings.EDGE_PORT}
    lines = [
        "  Cloud Playground is up.",
        "",
        f"    Console    http://{host}:{settings.CONSOLE_PORT}",
        f"    AWS        http://{host}:{settings.AWS_PORT}",
        f"    Edges      http://{host}:{settings.EDGE_PORT}",
        "",
        *(f"    {line}" for line in seeding.sign_in_lines()),
        "",
        f"    Data and logs are in {settings.DATA_DIR}. Ctrl-C stops everything.",
    ]
    return {
        "health": {name: f"http://{probe}:{port}/healthz" for name, port in ports.items()},
        "lines": lines,
        "logs": str(settings.DATA_DIR / "log"),
    }


def main(quiet=False):
    """Check, prepare, hand over. Never returns."""
    os.chdir(settings.BASE_DIR)
    wait_for_ports()
    prepare()
    path = settings.RUN_DIR / "banner.json"
    path.write_text(json.dumps(banner()))
    path.chmod(0o600)  # it holds the sign-ins
    os.environ["PLAYGROUND_BANNER"] = str(path)
    config = settings.RUN_DIR / "supervisord.conf"
    config.write_text(configuration())
    if not quiet:
        # A child of what becomes supervisord, with this terminal: supervisord's own programs write to files.
        subprocess.Popen([sys.executable, "-m", "playground.supervise.announce"])
    program = Path(sys.executable).parent / "supervisord"
    os.execv(program, [str(program), "-n", "-c", str(config)])
