"""The journal: what must be remembered of a request without costing it a transaction.

Meters, traces and visits are appended, one JSON line each, to a file of this process's own with
a single write(2); that survives the kill of any process. `ingest()` moves complete lines into
the database, and the offset it reached is saved in the same transaction, so each line counts
exactly once, whoever ingests it and however often it is interrupted. Pages that show meters or
traces ingest first, so what they show is never late.
"""

import json
import os
import threading
import uuid

from django.conf import settings

_lock = threading.Lock()
_file = None
_pid = None


def append(kind, record):
    """Append one record. kind: "meter", "trace" or "visit"; record: JSON-ready, times as ISO text."""
    line = json.dumps([kind, record], separators=(",", ":"), default=str).encode() + b"\n"
    append_lines(line)


def append_lines(data):
    """Append whole encoded lines with one write."""
    global _file, _pid
    with _lock:
        if _file is None or _pid != os.getpid():  # a forked process gets a file of its own
            path = settings.DATA_DIR / "journal" / f"{os.getpid()}-{uuid.uuid4().hex[:8]}.jsonl"
            _file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            _pid = os.getpid()
        os.write(_file, data)
