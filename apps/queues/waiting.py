"""Long polling: a receiver that finds nothing sits down until something may be there.

Each process has one *watch*, a thread that lives while somebody sits. It is woken by a nudge on Redis, sent with
every message, and looks into the database itself once a second and at the moment the next hidden or delayed
message comes due: a lost nudge costs a second, not a message. A receiver that sits holds a thread of the web
server and nothing else, so the seats are counted (QUEUES_MAX_WAITING) and the server has that many threads more.
"""

import logging
import threading
import time
from collections import deque

import redis
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.db.models import Min
from redis.backoff import NoBackoff
from redis.retry import Retry

from apps.identity.models import Account
from playground import clock

from .models import Message, Queue

log = logging.getLogger(__name__)
CHANNEL = "queues:arrived"
LOOK_SECONDS = 1.0
SOON_SECONDS = 0.02  # the watch does not look more often than this
_redis = redis.Redis.from_url(
    settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2, retry=Retry(NoBackoff(), 0)
)
_free = threading.BoundedSemaphore(settings.QUEUES_MAX_WAITING)
_lock = threading.Lock()
_seated: dict[int, deque] = {}  # queue's key -> the seats of those who wait for it, the longest waiting first
_watching = False


def nudge(queue_pk, count):
    """Tell every process that up to `count` messages may be received. A loss is made good by the next look."""
    try:
        _redis.publish(CHANNEL, f"{queue_pk} {count}")
    except (redis.RedisError, OSError) as error:
        log.warning("queue %s: its receivers find the message at their next look: %s", queue_pk, error)


class Seat:
    """A receiver's place in the row of those who wait for one queue; None free is for the caller to say.

    Take it before looking for messages: what arrives in between then wakes it.
    """

    def __init__(self, queue_pk):
        self.queue_pk = queue_pk
        self.woken = threading.Event()
        self.waited = False

    @classmethod
    def take(cls, queue_pk):
        """Return a Seat, or None when every seat of this process is taken."""
        if not _free.acquire(blocking=False):
            return None
        seat = cls(queue_pk)
        with _lock:
            _seated.setdefault(queue_pk, deque()).append(seat)
        _watch()
        return seat

    def wait(self, seconds):
        """Sit until woken or until the time is over; holds no connection to the database meanwhile."""
        self.waited = True
        self._disconnect()
        self.woken.wait(seconds)
        self.woken.clear()

    def _disconnect(self):
        if not connection.in_atomic_block:
            connection.close()

    def leave(self, satisfied):
        """Give the seat back; whoever got messages wakes the next, since there may be more.

        The server has more threads the more long polls it had; connections to the database shall not stay in them.
        """
        with _lock:
            row = _seated[self.queue_pk]
            row.remove(self)
            if not row:
                del _seated[self.queue_pk]
        _free.release()
        if self.waited:
            self._disconnect()
        if satisfied:
            _wake(self.queue_pk, 1)


def _wake(queue_pk, count):
    with _lock:
        for seat in _seated.get(queue_pk, ()):
            if count <= 0:
                return
            if not seat.woken.is_set():
                seat.woken.set()
                count -= 1


# -- the watch ------------------------------------------------------------------------------------


def _watch():
    """Start this process's watch, unless it runs."""
    global _watching
    with _lock:
        if _watching:
            return
        _watching = True
    threading.Thread(target=_keep_watch, name="queues-watch", daemon=True).start()


def _keep_watch():
    """Wake receivers until nobody sits any more."""
    global _watching
    listening = None
    next_look = 0.0
    while True:
        with _lock:
            if not _seated:
                _watching = False
                break
        now = time.monotonic()
        if now >= next_look:
            next_look = time.monotonic() + _look()
        listening = _listen(listening, max(next_look - time.monotonic(), SOON_SECONDS))
    if listening is not None:
        listening.close()
    connection.close()


def _listen(listening, seconds):
    """Wait for nudges; return the subscription, or None when Redis is out of reach."""
    try:
        if listening is None:
            listening = _redis.pubsub(ignore_subscribe_messages=True)
            listening.subscribe(CHANNEL)
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            told = listening.get_message(timeout=left)
            if told and told["type"] == "message":
                queue_pk, count = told["data"].split()
                _wake(int(queue_pk), int(count))
        return listening
    except (redis.RedisError, OSError) as error:
        log.warning("long polls wait without Redis: %s", error)
        time.sleep(seconds)
        return None


def _look():
    """Wake one receiver of each queue that has something due. Returns in how many seconds to look again."""
    with _lock:
        wanted = list(_seated)
    again = LOOK_SECONDS
    try:
        owners = dict(Queue.objects.filter(pk__in=wanted).values_list("pk", "account_id"))
        accounts = Account.objects.in_bulk(set(owners.values()))
        first = Message.objects.filter(queue_id__in=wanted).values_list("queue_id").annotate(Min("visible_at"))
        for queue_pk, visible_at in first:
            if queue_pk not in owners:
                continue
            seconds = (visible_at - clock.now(accounts[owners[queue_pk]])).total_seconds()
            if seconds <= 0:
                _wake(queue_pk, 1)
            else:
                again = min(again, seconds)
    except DatabaseError as error:
        log.warning("the watch of long polls could not look: %s", error)
        connection.close()
    return max(again, SOON_SECONDS)
