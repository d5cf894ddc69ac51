"""The environments of this worker: kept warm, one call at a time, bounded in number.

A *warm* environment is frozen between calls and reused for the same function at the same revision;
the least recently used makes room when the node is full. Threads that bring a call wait here; what
happens inside a sandbox happens on the sandbox loop. The pool knows no database: worker.py reports
its state and tells it what to stop.
"""

import asyncio
import logging
import threading
import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from playground import clock

from .sandbox import Busy, InitTimeout, SandboxError, loop
from .sandbox.environment import Environment

log = logging.getLogger(__name__)
RESTING_SECONDS = 0.05  # an environment that just answered is frozen and free within this
WAIT_SECONDS = 20  # a call waits this long for an environment to become free
WAITING = 4  # calls that may wait so; more are sent back at once, as their threads are needed elsewhere
LIFE_SECONDS = 5 * 3600  # shorter than the life of the credentials it was given


@dataclass
class Warm:
    """An environment of the pool, and what it is for.

    key: (function id, revision): it serves only calls with the same. state: "starting", "running",
    "resting" (answered, not yet frozen) or "frozen".
    """

    key: tuple
    slot: int
    log_stream: str
    environment_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    environment: Environment | None = None
    state: str = "starting"
    born: float = field(default_factory=time.monotonic)
    used: float = field(default_factory=time.monotonic)
    started_at: datetime = field(default_factory=clock.real_now)
    calls: int = 0
    stopped: bool = False

    @property
    def pid(self):
        return self.environment.root if self.environment else 0

    @property
    def memory_used_mib(self):
        return -(-self.environment.peak // 2**20) if self.environment else 0


class Pool:
    """The environments of one node.

    limit: how many may live. idle_seconds: how long one is kept unused. first_slot: slots count from
    here; as root each slot is a user id, so two pools on one machine take different ones.
    """

    def __init__(self, limit, idle_seconds, first_slot=0):
        self.limit, self.idle_seconds, self.first_slot = limit, idle_seconds, first_slot
        self._changed = threading.Condition()
        self._all = {}  # environment id -> Warm
        self._waiting = 0
        self._closing = False

    def run(self, key, make_spec, call, log_stream, wait_seconds=WAIT_SECONDS):
        """Run a call in a warm environment, or in a new one; return (Outcome, Warm).

        make_spec: a function that returns the Spec of a new environment, called only when one is needed.
        Raises Busy when the node is full, SandboxError when our side failed.
        """
        second_try = False
        while True:
            warm = self._take(key, log_stream, wait_seconds)
            try:
                if warm.environment is None:
                    warm.environment = loop.call(Environment.start(make_spec(warm), warm.slot))
                if warm.stopped:
                    raise SandboxError("the environment was stopped before it began")
                warm.state = "running"
                warm.calls += 1
                outcome = loop.call(warm.environment.invoke(call, second_try))
            except InitTimeout:
                self._remove(warm)
                second_try = True
                continue
            except BaseException:
                self._remove(warm)
                raise
            warm.used = time.monotonic()
            if outcome.reusable and not warm.stopped:
                warm.state = "resting"
                asyncio.run_coroutine_threadsafe(self._rest(warm), loop.running())
            else:
                self._remove(warm)
            return outcome, warm

    def snapshot(self):
        """Return the environments that live now."""
        with self._changed:
            return list(self._all.values())

    def reap(self):
        """End what was idle too long, lives too long, or died while frozen."""
        now = time.monotonic()
        with self._changed:
            old = [
                warm
                for warm in self._all.values()
                if warm.state == "frozen"
                and (
                    now - warm.used > self.idle_seconds or now - warm.born > LIFE_SECONDS or not warm.environment.alive
                )
            ]
            for warm in old:
                del self._all[warm.environment_id]
        for warm in old:
            self._end(warm, "idle")

    def stop(self, environment_id, reason="stop"):
        """End one environment, whatever it is doing. reason: "stop" fails its call, "close" gives it back."""
        with self._changed:
            warm = self._all.get(environment_id)
            if warm is None:
                return
            warm.stopped = True
            idle = warm.state == "frozen"
            if idle:
                del self._all[environment_id]
        if idle:
            self._end(warm, reason)
        elif warm.environment:
            loop.running().call_soon_threadsafe(warm.environment.kill, reason)

    def close(self):
        """End every environment; calls in progress raise SandboxError."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        for warm in self.snapshot():
            self.stop(warm.environment_id, "close")

    # -- inside ----------------------------------------------------------------------------------

    def _take(self, key, log_stream, wait_seconds):
        """Return a free warm environment of this key, or room for a new one. Raises Busy."""
        end = time.monotonic() + wait_seconds
        with self._changed:
            while True:
                if self._closing:
                    raise SandboxError("this worker is stopping")
                mine = [warm for warm in self._all.values() if warm.key == key]
                warm = self._thawable(mine)
                if warm:
                    warm.state = "running"
                    return warm
                now = time.monotonic()
                resting = any(warm.state == "resting" and now - warm.used < RESTING_SECONDS for warm in mine)
                if not resting and (len(self._all) < self.limit or self._make_room(key)):
                    return self._new(key, log_stream)
                if now > end or (self._waiting >= WAITING and not resting):
                    raise Busy(f"all {self.limit} environments of this node are busy")
                self._waiting += 1
                self._changed.wait(RESTING_SECONDS if resting else max(0.01, min(1, end - now)))
                self._waiting -= 1

    def _thawable(self, mine):
        """Return the frozen environment used last, None when there is none; end those that died."""
        frozen = [warm for warm in mine if warm.state == "frozen"]
        for warm in sorted(frozen, key=lambda w: w.used, reverse=True):
            if warm.environment.alive and time.monotonic() - warm.born < LIFE_SECONDS:
                return warm
            del self._all[warm.environment_id]
            self._end(warm, "died")
        return None

    def _new(self, key, log_stream):
        slots = {warm.slot for warm in self._all.values()}
        slot = next(n for n in count(self.first_slot) if n not in slots)
        warm = Warm(key, slot, log_stream)
        self._all[warm.environment_id] = warm
        return warm

    def _make_room(self, key):
        """End the frozen environment that matters least: of an older revision of this function, else the oldest used."""
        frozen = [warm for warm in self._all.values() if warm.state == "frozen"]
        if not frozen:
            return False
        victim = min(frozen, key=lambda warm: (warm.key[0] != key[0], warm.used))
        del self._all[victim.environment_id]
        self._end(victim, "room")
        return True

    async def _rest(self, warm):
        try:
            usable = await warm.environment.rest()
        except Exception:
            log.exception("environment %s did not come to rest", warm.environment_id)
            usable = False
        if not usable or warm.stopped:
            await warm.environment.end()
        with self._changed:
            if usable and not warm.stopped:
                warm.state = "frozen"
            else:
                self._all.pop(warm.environment_id, None)
            self._changed.notify_all()

    def _remove(self, warm):
        with self._changed:
            self._all.pop(warm.environment_id, None)
            self._changed.notify_all()
        if warm.environment:
            self._end(warm, "end")

    def _end(self, warm, reason):
        """End an environment without waiting; its slot is free at once, its user id a moment later."""
        asyncio.run_coroutine_threadsafe(warm.environment.end(reason), loop.running())
