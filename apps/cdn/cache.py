"""What the edges keep: bodies in memory or in files, found by (distribution, edge, key), oldest out first.

Words: a *body* is bytes that may still be arriving, so that many visitors can read what one
request to the origin brings; an *entry* is a stored answer; a *shelf* is all entries of one
distribution at one edge; the *history* remembers why an entry is gone, so that the next miss can say.
One process serves every edge city; each city still has shelves of its own. All of it is used from
the event loop alone, so there are no locks. It starts empty: what an edge holds is worth nothing.
"""

import asyncio
import os
import shutil
import uuid
from collections import OrderedDict
from dataclasses import InitVar, dataclass
from typing import Any

from django.conf import settings

from apps.cdn import freshness

MEMORY_BODY_BYTES = 512 * 1024  # a bigger body goes to a file
ENTRY_BYTES = 2048  # what an entry costs beside its body, measured roughly
HISTORY_ENTRIES = 20_000
VARIANTS = 64  # answers kept under one key, told apart by Vary
CHUNK = 128 * 1024


class BodyLost(Exception):
    """The origin stopped in the middle of an answer."""


class Body:
    """Bytes that arrive once and are read by many. size_bytes: what is there so far."""

    __slots__ = ("size_bytes", "complete", "lost", "data", "_file", "path", "_news")

    def __init__(self, data=None):
        self.data = bytearray() if data is None else data
        self.size_bytes = len(self.data)
        self.complete = data is not None
        self.lost = False
        self._file = None
        self.path = None
        self._news = None

    def feed(self, chunk):
        """Add what the origin sent."""
        if self._file is None and self.size_bytes + len(chunk) > MEMORY_BODY_BYTES:
            self._spill()
        if self._file is None:
            self.data += chunk
        else:
            view = memoryview(chunk)
            while view:
                view = view[os.write(self._file, view) :]
        self.size_bytes += len(chunk)
        self._tell()

    def _spill(self):
        self.path = directory() / uuid.uuid4().hex
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(self._file, self.data)
        self.data = None

    def finish(self):
        self.complete = True
        if self.data is not None:
            self.data = bytes(self.data)
        self._tell()

    def lose(self):
        """Say that the rest will never come."""
        self.lost = True
        self._tell()

    def _tell(self):
        if self._news is not None:
            news, self._news = self._news, None
            news.set_result(None)

    async def wait(self):
        """Wait until more is known."""
        if self._news is None:
            self._news = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._news)

    async def read(self, offset, limit=CHUNK):
        """Return up to limit bytes from offset, waiting for them; b"" at the end. Errors: BodyLost."""
        while offset >= self.size_bytes:
            if self.lost:
                raise BodyLost
            if self.complete:
                return b""
            await self.wait()
        if self._file is None:
            return bytes(self.data[offset : offset + limit])
        return os.pread(self._file, min(limit, self.size_bytes - offset), offset)

    async def whole(self):
        """Return everything, once it is there. Errors: BodyLost."""
        while not self.complete:
            if self.lost:
                raise BodyLost
            await self.wait()
        if self._file is None:
            return self.data
        return os.pread(self._file, self.size_bytes, 0)

    def __del__(self):
        # The last reader of an evicted body closes it; the name goes at once, the bytes with the descriptor.
        if self._file is not None:
            os.close(self._file)
            self.path.unlink(missing_ok=True)


@dataclass(slots=True, eq=False)
class Entry:
    """A stored answer.

    place: (distribution id, pop). headers: [(lower-case name, value)]. stored_at: the lab's time, in
    seconds since 1970; age_then: its age at that moment. origin_ms: what the origin took to make it.
    """

    place: tuple
    key: str
    path: str
    query: str
    status: int
    headers: list
    body: Body
    assessment: freshness.Assessment
    policy: Any
    stored_at: float
    age_then: float
    origin_ms: float
    request_headers: InitVar[list]
    vary: tuple = ()
    selected: tuple = ()
    etag: str | None = None
    modified: str | None = None
    hits: int = 0
    head: list | None = None  # encoded response fields, made at the first use
    size_bytes: int = 0

    def __post_init__(self, request_headers):
        self.vary = freshness.vary_names(self.headers) if self.policy.rfc9111 else ()
        self.selected = freshness.selecting(self.vary, request_headers)
        self.refresh(self.headers, self.assessment, self.stored_at, self.age_then)

    def refresh(self, headers, assessment, now, age_then):
        """Take on what a new answer or a 304 said."""
        self.headers, self.assessment = headers, assessment
        self.stored_at, self.age_then = now, age_then
        self.etag = freshness.header(headers, "etag")
        self.modified = freshness.header(headers, "last-modified")
        self.head = None

    @property
    def has_validator(self):
        return self.etag is not None or self.modified is not None

    def fits(self, request_headers):
        """Tell whether a request selects this answer among the variants of its key (Vary)."""
        if not self.vary:
            return True
        return self.vary != ("*",) and freshness.selecting(self.vary, request_headers) == self.selected

    def age(self, now):
        """Return seconds since the origin made it, in the lab's time."""
        return self.age_then + max(0.0, now - self.stored_at)


def directory():
    return settings.DATA_DIR / "edge-cache"


class Cache:
    """Every edge's entries, bounded in memory and on disk; the least recently used go first."""

    def __init__(self, memory_bytes, disk_bytes):
        shutil.rmtree(directory(), ignore_errors=True)
        directory().mkdir(parents=True, exist_ok=True, mode=0o700)
        self.limits = {"memory": memory_bytes, "disk": disk_bytes}
        self.used = {"memory": 0, "disk": 0}
        self.order = {"memory": OrderedDict(), "disk": OrderedDict()}
        self.shelves = {}  # (distribution, pop) -> {key: [entries, newest first]}
        self.history = OrderedDict()  # (place, key) -> (what happened, lab time)

    @staticmethod
    def _store_of(entry):
        return "memory" if entry.body.path is None else "disk"

    def find(self, place, key, request_headers):
        """Return (entry or None, whether other variants of the key are there)."""
        entries = self.shelves.get(place, {}).get(key)
        if not entries:
            return None, False
        for entry in entries:
            if entry.fits(request_headers):
                self.order[self._store_of(entry)].move_to_end(id(entry))
                return entry, False
        return None, True

    def add(self, entry):
        """Keep a whole answer; what it replaces goes. Its body must be complete."""
        shelf = self.shelves.setdefault(entry.place, {})
        entries = shelf.setdefault(entry.key, [])
        same = [old for old in entries if old.vary == entry.vary and old.selected == entry.selected]
        for old in same + entries[VARIANTS - 1 :]:
            if old in entries:
                self._drop(old)
        shelf = self.shelves.setdefault(entry.place, {})
        shelf.setdefault(entry.key, []).insert(0, entry)
        store = self._store_of(entry)
        entry.size_bytes = entry.body.size_bytes + ENTRY_BYTES
        self.order[store][id(entry)] = entry
        self.used[store] += entry.size_bytes
        while self.used[store] > self.limits[store] and self.order[store]:
            oldest = next(iter(self.order[store].values()))
            self.remember(oldest.place, oldest.key, "evicted to make room", entry.stored_at)
            self._drop(oldest)

    def _drop(self, entry):
        store = self._store_of(entry)
        if self.order[store].pop(id(entry), None) is None:
            return
        self.used[store] -= entry.size_bytes
        shelf = self.shelves.get(entry.place, {})
        entries = shelf.get(entry.key, [])
        if entry in entries:
            entries.remove(entry)
        if not entries:
            shelf.pop(entry.key, None)
        if not shelf:
            self.shelves.pop(entry.place, None)

    def drop(self, entry, why, now):
        """Take an entry out, and remember why for the next miss."""
        self.remember(entry.place, entry.key, why, now)
        self._drop(entry)

    def remember(self, place, key, what, now):
        self.history[place, key] = (what, now)
        self.history.move_to_end((place, key))
        while len(self.history) > HISTORY_ENTRIES:
            self.history.popitem(last=False)

    def recall(self, place, key):
        """Return (what happened, lab time) of an answer that is not here, or None."""
        return self.history.get((place, key))

    def invalidate(self, distribution_id, matches, why, now):
        """Drop a distribution's entries for which matches(path, query) is true, at every edge; return how many."""
        gone = [
            entry
            for place, shelf in self.shelves.items()
            if place[0] == distribution_id
            for entries in shelf.values()
            for entry in entries
            if matches(entry.path, entry.query)
        ]
        for entry in gone:
            self.drop(entry, why, now)
        return len(gone)

    def forget_distribution(self, distribution_id):
        """Drop everything of a distribution that is gone."""
        self.invalidate(distribution_id, lambda _path, _query: True, "", 0)
        for item in [item for item in self.history if item[0][0] == distribution_id]:
            del self.history[item]

    def entries(self, distribution_id, pop=None):
        """Yield the entries of a distribution, of one edge or of all."""
        for place, shelf in self.shelves.items():
            if place[0] == distribution_id and pop in (None, place[1]):
                for entries in shelf.values():
                    yield from entries
