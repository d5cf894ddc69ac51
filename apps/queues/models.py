"""Queues, their messages, and what is remembered about both for a while.

Words: a *message* waits until its `visible_at`; a *receive* hands it out under a fresh *receipt* and moves
`visible_at` on, so it is in flight until then or until it is deleted. A *group* orders messages of a FIFO
queue. A *dead letter* is a message that was received too often and moved to another queue. Every time here
is the lab's.
"""

import secrets
import uuid

from django.db import models

from apps.identity.models import Account


def new_message_id():
    return str(uuid.uuid4())


def new_task_id():
    return secrets.token_urlsafe(18)


class Queue(models.Model):
    """A queue. attributes: what CreateQueue and SetQueueAttributes gave, wire name -> text; the rest is default."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="queues")
    region = models.CharField(max_length=32)
    name = models.CharField(max_length=80)
    attributes = models.JSONField(default=dict)
    policy = models.JSONField(null=True)  # attributes["Policy"], parsed
    tags = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    modified_at = models.DateTimeField()
    purged_at = models.DateTimeField(null=True)
    sequence = models.BigIntegerField(default=0)  # of the newest message of a FIFO queue

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "region", "name"], name="queue_name_once_per_region")]

    def __str__(self):
        return self.name

    @property
    def arn(self):
        return f"arn:aws:sqs:{self.region}:{self.account.account_id}:{self.name}"

    @property
    def is_fifo(self):
        return self.name.endswith(".fifo")


class Message(models.Model):
    """One message. It is in flight while it has a receipt and visible_at lies ahead."""

    queue = models.ForeignKey(Queue, on_delete=models.CASCADE, related_name="messages")
    message_id = models.CharField(max_length=36, default=new_message_id)
    body = models.TextField()
    attributes = models.JSONField(default=dict)  # name -> {"DataType", "StringValue" | "BinaryValue" in base64}
    trace_header = models.CharField(max_length=512, blank=True, default="")  # AWSTraceHeader
    size_bytes = models.IntegerField()
    sender_id = models.CharField(max_length=160)
    sent_at = models.DateTimeField()
    visible_at = models.DateTimeField()
    receipt = models.CharField(max_length=32, blank=True, default="")  # of the newest receive
    receive_count = models.IntegerField(default=0)  # in all queues it was in
    received_here = models.IntegerField(default=0)  # in this one: what maxReceiveCount counts
    received_at = models.DateTimeField(null=True)  # the newest receive
    first_received_at = models.DateTimeField(null=True)
    attempt_id = models.CharField(max_length=128, blank=True, default="")  # ReceiveRequestAttemptId of that receive
    group_id = models.CharField(max_length=128, blank=True, default="")
    deduplication_id = models.CharField(max_length=128, blank=True, default="")
    sequence = models.BigIntegerField(default=0)
    dead_letter_source = models.CharField(max_length=160, blank=True, default="")  # ARN of the queue it came from

    class Meta:
        indexes = [
            models.Index(fields=["queue", "visible_at"], name="message_that_waits"),
            models.Index(fields=["queue", "sequence"], name="message_in_order"),
            models.Index(fields=["queue", "group_id", "visible_at"], name="message_of_group"),
            models.Index(fields=["message_id"], name="message_by_id"),
        ]


class Deduplication(models.Model):
    """A deduplication id that a FIFO queue has seen; it outlives the message."""

    queue = models.ForeignKey(Queue, on_delete=models.CASCADE, related_name="deduplications")
    scope = models.CharField(max_length=128, blank=True, default="")  # the group, when the queue deduplicates by group
    deduplication_id = models.CharField(max_length=128)
    message_id = models.CharField(max_length=36)
    sequence = models.BigIntegerField()
    until = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["queue", "scope", "deduplication_id"], name="deduplication_once")
        ]


class DeletedQueue(models.Model):
    """A name that may not be used again for a minute."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="deleted_queues")
    region = models.CharField(max_length=32)
    name = models.CharField(max_length=80)
    deleted_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "region", "name"], name="deleted_queue_once")]


class MoveTask(models.Model):
    """Messages of a dead-letter queue on their way back, or to another queue."""

    class Status(models.TextChoices):
        RUNNING = "RUNNING"
        COMPLETED = "COMPLETED"
        CANCELLED = "CANCELLED"
        FAILED = "FAILED"

    task_id = models.CharField(max_length=36, unique=True, default=new_task_id)
    source = models.ForeignKey(Queue, on_delete=models.CASCADE, related_name="move_tasks")
    destination_arn = models.CharField(max_length=160, blank=True, default="")  # "": where each message came from
    rate = models.IntegerField(null=True)  # messages a second
    to_move = models.BigIntegerField()
    moved = models.BigIntegerField(default=0)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.RUNNING)
    failure = models.CharField(max_length=200, blank=True, default="")
    started_at = models.DateTimeField()  # the lab's time
    paced_from = models.DateTimeField()  # real time: the pace is counted from here

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source"], condition=models.Q(status="RUNNING"), name="one_running_move_task_per_queue"
            )
        ]
