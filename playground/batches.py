"""Short writes that share a commit.

SQLite has one writer at a time, and whoever waits for it sleeps in growing steps. Here the threads of a
process queue at a lock instead: the one that gets it runs every waiting write in one transaction, each in a
savepoint of its own, and all are answered after the one commit (and its one sync). A write that fails takes
nothing of the others with it. PostgreSQL has many writers and batches commits itself: there each write is
its own transaction.
"""

import threading
from collections import deque

from django.db import connection, transaction

MOST = 32  # writes of one commit: so many that the sync costs little, so few that nobody waits long

_lock = threading.RLock()  # what runs after a commit may write again
_waiting: deque = deque()


class _Write:
    __slots__ = ("run", "result", "error", "done")

    def __init__(self, run):
        self.run, self.result, self.error, self.done = run, None, None, False


def commit(run):
    """Run run() in a transaction and return its result once that is committed; what it raises is raised here."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        with transaction.atomic():
            return run()
    write = _Write(run)
    _waiting.append(write)
    with _lock:
        while not write.done:
            _run(_taken())
    if write.error is not None:
        raise write.error
    return write.result


def _taken():
    found = []
    while _waiting and len(found) < MOST:
        found.append(_waiting.popleft())
    return found


def _run(batch):
    try:
        with transaction.atomic():
            for write in batch:
                _run_one(write, alone=len(batch) == 1)
    except BaseException as err:  # the commit itself: nobody was stored
        for write in batch:
            write.error = write.error or err
    for write in batch:
        write.done = True


def _run_one(write, alone):
    if alone:  # its failure may roll the whole transaction back
        write.result = write.run()
        return
    try:
        with transaction.atomic():
            write.result = write.run()
    except BaseException as err:
        write.error = err
