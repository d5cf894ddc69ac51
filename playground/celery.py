"""The Celery application: the distributed engine behind invocations and housekeeping.

Two queues: `invocations`, where a worker's threads wait on sandboxes, and `housekeeping`
for sweeps and roll-ups. A task takes ids, loads, calls one function, returns nothing.
"""

import os

from celery import Celery, beat, bootsteps
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "playground.settings")
app = Celery("playground")


class Beat(bootsteps.StartStopStep):
    """The schedule as a thread of the worker: a process of its own would cost 60 MB for a timer.

    PLAYGROUND_BEAT=0 leaves it out: of several workers one is enough, though sweeps may run twice.
    """

    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker, **options):
        super().__init__(worker, **options)
        self.service = None

    def include_if(self, worker):
        return settings.PLAYGROUND_BEAT

    def start(self, worker):
        file = str(settings.DATA_DIR / "beat-schedule")
        self.service = beat.EmbeddedService(worker.app, thread=True, schedule_filename=file)
        self.service.start()

    def stop(self, worker):
        if self.service:
            self.service.stop()


app.steps["worker"].add(Beat)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    task_ignore_result=True,
    task_default_queue="housekeeping",
    task_routes={"apps.functions.tasks.run_invocation": {"queue": "invocations"}},
    worker_prefetch_multiplier=1,
    task_acks_late=True,
    broker_connection_retry_on_startup=True,
    broker_transport_options={"visibility_timeout": 3600, "socket_timeout": 30},
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    timezone="UTC",
    # One line a sweep: what it does is said where the task is defined.
    beat_schedule={
        "ingest-journal": {"task": "apps.observability.tasks.ingest_journal", "schedule": 2.0},
        "sweep-queues": {"task": "apps.queues.tasks.sweep", "schedule": 5.0},
        "prune-queues": {"task": "apps.queues.tasks.prune", "schedule": 60.0},
        "sweep-events": {"task": "apps.functions.tasks.sweep_events", "schedule": 5.0},
        "sweep-invocations": {"task": "apps.functions.tasks.sweep_invocations", "schedule": 5.0},
        "sweep-visitor-runs": {"task": "apps.cdn.tasks.sweep_visitor_runs", "schedule": 30.0},
        "sweep-packages": {"task": "apps.functions.tasks.sweep_packages", "schedule": 600.0},
        "run-lifecycle": {"task": "apps.buckets.tasks.run_lifecycle", "schedule": 30.0},
        "sweep-blobs": {"task": "apps.buckets.tasks.sweep_blobs", "schedule": 300.0},
    },
)
app.autodiscover_tasks()
