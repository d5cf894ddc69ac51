"""This process as a node: its pool of sandboxes, its proof of the runtimes, its sign of life.

Started when a Celery worker that serves invocations is ready, ended when it stops; one thread keeps
house once a second. A worker that is killed outright leaves no sandbox behind (the kernel ends them
with it) and no event lost (another finds its rows by its last sign of life).
"""

import logging
import threading
import uuid

from celery import signals
from django.conf import settings
from django.db import DatabaseError, close_old_connections

from playground import clock

from . import environments, invocations, runtimes
from .models import Environment, Node
from .pool import Pool
from .sandbox import bubblewrap

log = logging.getLogger(__name__)
HOUSEKEEPING_SECONDS = 0.7  # a stop requested on the admin page is obeyed within a second
SIGN_OF_LIFE_SECONDS = 4


class WorkerNode:
    """What this process owns. boot: which life of the node this is."""

    def __init__(self):
        self.boot = str(uuid.uuid4())
        self.pool = Pool(settings.FUNCTIONS_MAX_ENVIRONMENTS, settings.FUNCTIONS_IDLE_SECONDS)
        self._ready = {}
        self._proven = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep_house, name="functions-housekeeping", daemon=True)

    def start(self):
        self.sign_of_life()
        self._thread.start()

    def ready(self, runtime):
        """Return whether a runtime passed its self-test here; waits for the tests at start."""
        self._proven.wait(60)
        return self._ready.get(runtime, False)

    def stop(self):
        self._stopping.set()
        self.pool.close()
        self._thread.join(5)

    def sign_of_life(self):
        Node.objects.update_or_create(
            name=settings.NODE,
            defaults={"boot": self.boot, "seen_at": clock.real_now(), "isolation": bubblewrap.describe()},
        )

    def _keep_house(self):
        try:
            Environment.objects.filter(node=settings.NODE).delete()  # of an earlier life
            invocations.take_back()
            for runtime in runtimes.OFFERED:
                self._ready[runtime] = runtimes.prove(runtime)
        except DatabaseError:
            log.exception("the self-test could not be recorded")
        finally:
            self._proven.set()
        beat = clock.real_now()
        while not self._stopping.wait(HOUSEKEEPING_SECONDS):
            try:
                self.pool.reap()
                for environment_id in environments.report(settings.NODE, self.pool):
                    self.pool.stop(environment_id)
                if (clock.real_now() - beat).total_seconds() > SIGN_OF_LIFE_SECONDS:
                    beat = clock.real_now()
                    self.sign_of_life()
            except DatabaseError:
                log.exception("housekeeping goes on at the next round")
                close_old_connections()


_node = None
_lock = threading.Lock()


def node():
    """Return this process's node, started on first use."""
    global _node
    with _lock:
        if _node is None:
            _node = WorkerNode()
            _node.start()
        return _node


@signals.worker_ready.connect
def start_node(sender=None, **_):
    """Begin at once, so that runtimes are proven before the first event comes."""
    queues = sender.app.amqp.queues.consume_from if sender is not None else {}
    if not queues or "invocations" in queues:
        node()


@signals.worker_shutting_down.connect
def stop_node(**_):
    """Give running events back and end every sandbox before the worker waits for its threads."""
    if _node is not None:
        threading.Thread(target=_node.stop, name="functions-stop").start()
