"""What the playground remembers of requests, and CloudWatch Logs.

Words: a *trace* is one request with its decisions; a *log group* holds *streams* of *events*.
"""

from django.db import models

from apps.identity.models import Account


class JournalOffset(models.Model):
    """How far a journal file has been read."""

    name = models.CharField(max_length=80, unique=True)
    offset = models.BigIntegerField(default=0)


class Trace(models.Model):
    """One request: who, what, how long, and every decision on its way."""

    request_id = models.CharField(max_length=64, unique=True)
    account = models.ForeignKey(Account, null=True, on_delete=models.CASCADE, related_name="traces")
    at = models.DateTimeField()  # the lab's time
    real_at = models.DateTimeField()
    service = models.CharField(max_length=20)
    operation = models.CharField(max_length=80)
    resource = models.CharField(max_length=1200, blank=True)
    principal_arn = models.CharField(max_length=256, blank=True)
    principal_kind = models.CharField(max_length=12)
    via = models.CharField(max_length=10)
    source_ip = models.CharField(max_length=45, blank=True)
    status = models.PositiveSmallIntegerField()
    error_code = models.CharField(max_length=80, blank=True)
    duration_ms = models.FloatField()
    bytes_in = models.BigIntegerField(default=0)
    bytes_out = models.BigIntegerField(default=0)
    steps = models.JSONField(default=list)

    class Meta:
        indexes = [models.Index(fields=["account", "-id"], name="trace_of_account")]

    @property
    def failed(self):
        return self.status >= 400


class LogGroup(models.Model):
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="log_groups")
    region = models.CharField(max_length=32)
    name = models.CharField(max_length=512)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "region", "name"], name="log_group_once")]

    @property
    def arn(self):
        return f"arn:aws:logs:{self.region}:{self.account.account_id}:log-group:{self.name}"


class LogStream(models.Model):
    group = models.ForeignKey(LogGroup, on_delete=models.CASCADE, related_name="streams")
    name = models.CharField(max_length=512)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["group", "name"], name="log_stream_once")]


class LogEvent(models.Model):
    stream = models.ForeignKey(LogStream, on_delete=models.CASCADE, related_name="events")
    group = models.ForeignKey(LogGroup, on_delete=models.CASCADE, related_name="events")
    timestamp_ms = models.BigIntegerField()
    ingested_ms = models.BigIntegerField()
    message = models.TextField()

    class Meta:
        indexes = [models.Index(fields=["group", "timestamp_ms", "id"], name="log_event_by_time")]
