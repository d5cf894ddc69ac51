"""Functions, their invocations, and what runs them.

Words: a *function* is code with a handler and limits; an *invocation* is one event given to it;
an *environment* is a sandbox that lives on a node and takes one invocation at a time; a *node* is
a worker process. Rows of Environment and Node mirror what the worker owns, for the admin page.
"""

import uuid

from django.db import models

from apps.identity.models import Account


def new_revision():
    return str(uuid.uuid4())


class Function(models.Model):
    """A function as CreateFunction made it; the wire's names in snake_case."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="functions")
    region = models.CharField(max_length=32)
    name = models.CharField(max_length=64)
    runtime = models.CharField(max_length=40)
    handler = models.CharField(max_length=128)
    role_arn = models.CharField(max_length=300)
    description = models.CharField(max_length=256, blank=True, default="")
    timeout_seconds = models.IntegerField(default=3)
    memory_mib = models.IntegerField(default=128)
    tmp_mib = models.IntegerField(default=512)
    variables = models.JSONField(default=dict)  # Environment.Variables
    extra = models.JSONField(default=dict)  # accepted, stored, without effect here: wire names
    policy = models.JSONField(default=list)  # statements of the resource policy, in order
    code_digest = models.CharField(max_length=64)  # sha256 of the zip, hex: its folder's name
    code_size_bytes = models.BigIntegerField()
    revision_id = models.CharField(max_length=36, default=new_revision)
    last_modified = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "region", "name"], name="function_name_once_per_region")
        ]

    def __str__(self):
        return self.name

    @property
    def arn(self):
        return f"arn:aws:lambda:{self.region}:{self.account.account_id}:function:{self.name}"

    @property
    def log_group(self):
        return f"/aws/lambda/{self.name}"


class Invocation(models.Model):
    """One event on its way through a function. Changed only by UPDATE ... WHERE state = expected."""

    class Kind(models.TextChoices):
        SYNCHRONOUS = "RequestResponse"
        ASYNCHRONOUS = "Event"

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"

    invocation_id = models.CharField(max_length=36, unique=True)  # the request id that logs and headers show
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="invocations")
    function = models.ForeignKey(Function, null=True, on_delete=models.SET_NULL, related_name="invocations")
    function_name = models.CharField(max_length=64)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    source = models.CharField(max_length=40, default="lambda:Invoke")  # or "s3:ObjectCreated:Put", ...
    source_arn = models.CharField(max_length=300, blank=True, default="")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    attempt = models.IntegerField(default=0)  # 0 the first, then retries
    event = models.BinaryField()
    client_context = models.TextField(blank=True, default="")
    result = models.BinaryField(default=b"")
    function_error = models.CharField(max_length=20, blank=True, default="")  # "Unhandled" when it failed
    error_type = models.CharField(max_length=200, blank=True, default="")
    log_tail = models.TextField(blank=True, default="")  # the last 4 KB
    log_stream = models.CharField(max_length=512, blank=True, default="")
    phases = models.JSONField(default=list)  # [{"name", "start_ms", "duration_ms"}] since it was accepted
    duration_ms = models.CharField(max_length=20, blank=True, default="")  # exact decimal text
    init_ms = models.CharField(max_length=20, blank=True, default="")  # "" when warm
    billed_ms = models.IntegerField(default=0)
    memory_mib = models.IntegerField(default=0)
    memory_used_mib = models.IntegerField(default=0)
    environment_id = models.CharField(max_length=36, blank=True, default="")
    node = models.CharField(max_length=100, blank=True, default="")
    boot = models.CharField(max_length=36, blank=True, default="")  # which life of that node
    accepted_at = models.DateTimeField()  # lab time
    due_at = models.DateTimeField()  # lab time: not to be tried before
    sent_at = models.DateTimeField(null=True)  # real time of the last nudge to the workers
    finished_at = models.DateTimeField(null=True)  # lab time

    class Meta:
        indexes = [
            models.Index(fields=["state", "due_at"], name="invocation_due"),
            models.Index(fields=["function", "-accepted_at"], name="invocation_of_function"),
        ]


class Environment(models.Model):
    """A live sandbox of some node, as its worker last reported it."""

    class State(models.TextChoices):
        STARTING = "starting"
        RUNNING = "running"
        FROZEN = "frozen"

    environment_id = models.CharField(max_length=36, unique=True)
    function = models.ForeignKey(Function, null=True, on_delete=models.SET_NULL, related_name="environments")
    node = models.CharField(max_length=100)
    state = models.CharField(max_length=10, choices=State.choices)
    started_at = models.DateTimeField()
    pid = models.IntegerField(default=0)
    memory_used_mib = models.IntegerField(default=0)
    invocations = models.IntegerField(default=0)
    stop_requested = models.BooleanField(default=False)


class Node(models.Model):
    """A worker process and when it was last alive (real time)."""

    name = models.CharField(max_length=100, unique=True)
    boot = models.CharField(max_length=36)
    seen_at = models.DateTimeField()
    isolation = models.JSONField(default=dict)  # what the sandbox driver found on this machine


class RuntimeStatus(models.Model):
    """Whether a runtime proved itself through the real sandbox of a node, and why not."""

    node = models.CharField(max_length=100)
    runtime = models.CharField(max_length=40)
    ready = models.BooleanField()
    reason = models.TextField(blank=True, default="")
    cold_start_ms = models.IntegerField(default=0)
    checked_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["node", "runtime"], name="runtime_status_once_per_node")]
