"""The journal: what must be remembered of a request without costing it a transaction.

Meters, traces and visits are appended, one JSON line each, to a file of this process's own with
a single write(2); that survives the kill of any process. `ingest()` moves complete lines into
the database, and the offset it reached is saved in the same transaction, so each line counts
exactly once, whoever ingests it and however often it is interrupted. Pages that show meters or
traces ingest first, so what they show is never late.
"""

import json
import logging
import os
import threading
import uuid

from django.conf import settings
from django.db import transaction

from apps.observability.models import JournalOffset

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


# -- reading back ---------------------------------------------------------------------------------

log = logging.getLogger(__name__)
_handlers: dict = {}
MAX_BYTES = 2**20  # of one file, moved by one transaction: more would stay in the process's memory


def handler(kind):
    """Register the function that turns a kind's records into rows: called with a list, inside the transaction."""

    def register(function):
        _handlers[kind] = function
        return function

    return register


def _complete_lines(path, offset):
    """Return (whole lines after the offset, the offset behind them). A half-written last line waits."""
    with open(path, "rb") as file:
        file.seek(offset)
        data = file.read(MAX_BYTES)
        data += file.readline() if len(data) == MAX_BYTES else b""  # never stuck at a line longer than that
    end = data.rfind(b"\n") + 1
    return data[:end].splitlines(), offset + end


def _decoded(lines, path):
    """Return records by kind; a corrupt line is told in the log and left out."""
    found: dict = {}
    for line in lines:
        try:
            kind, record = json.loads(line)
        except (ValueError, TypeError):
            log.error("journal %s holds a line that is not ours: %r", path.name, line[:80])
            continue
        found.setdefault(kind, []).append(record)
    return found


def _ingest_file(path):
    """Move what is new in one file into the database. Returns the number of lines."""
    known = JournalOffset.objects.filter(name=path.name).values_list("offset", flat=True).first() or 0
    if path.stat().st_size <= known:
        return 0
    with transaction.atomic():
        # Taken inside the transaction: whoever comes second finds the first one's offset.
        row, _ = JournalOffset.objects.select_for_update().get_or_create(name=path.name)
        lines, offset = _complete_lines(path, row.offset)
        for kind, records in _decoded(lines, path).items():
            if kind in _handlers:
                _handlers[kind](records)
        row.offset = offset
        row.save(update_fields=["offset"])
    return len(lines)


def _finished(path):
    """Tell whether the process that wrote a file is gone (its pid stands in the name)."""
    pid = int(path.name.partition("-")[0])
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def ingest():
    """Move every complete line of every journal into the database. Returns the number of lines."""
    moved = 0
    for path in sorted((settings.DATA_DIR / "journal").glob("*.jsonl")):
        try:
            while lines := _ingest_file(path):
                moved += lines
        except FileNotFoundError:
            continue  # another ingest saw it through
    return moved


def sweep():
    """Remove the files of processes that are gone, once they are read to the end."""
    for path in (settings.DATA_DIR / "journal").glob("*.jsonl"):
        offset = JournalOffset.objects.filter(name=path.name).values_list("offset", flat=True).first() or 0
        try:
            _, whole = _complete_lines(path, offset)
            if _finished(path) and whole == offset:
                path.unlink()
                JournalOffset.objects.filter(name=path.name).delete()
        except FileNotFoundError:
            continue
