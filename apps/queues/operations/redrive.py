"""Dead letters: whose they are, and the tasks that move them back."""

import base64
import binascii
import json

from django.db import IntegrityError, transaction

from apps.identity.authorize import authorize
from apps.queues import actions, attributes, messages, metering, moving, names
from apps.queues.errors import InvalidParameterValue, ResourceNotFound, UnsupportedOperation, bad_value
from apps.queues.models import MoveTask
from apps.queues.operations.queues import page
from playground import clock

FASTEST = 500  # messages a second
MOST = 10  # tasks that a listing shows
NO_SOURCE = "The resource that you specified for the SourceArn parameter doesn't exist."


def list_dead_letter_source_queues(ctx, request):
    """List the queues whose dead letters come to a queue.

    request: {"QueueUrl", "MaxResults", "NextToken"}. Errors: QueueDoesNotExist. Source: ListDeadLetterSourceQueues.
    """
    queue = names.queue_of(ctx, request)
    listed, token = page(attributes.sources_of(queue), request)
    metering.record(ctx, queue)
    answer = {"queueUrls": [names.url(ctx, one) for one in listed]}
    return {**answer, "NextToken": token} if token else answer


def start_message_move_task(ctx, request):
    """Begin to move the messages of a dead-letter queue back to where they came from, or to another queue.

    request: {"SourceArn", "DestinationArn", "MaxNumberOfMessagesPerSecond"}. Errors: ResourceNotFoundException,
    InvalidParameterValue, UnsupportedOperation. Source: Amazon SQS API Reference, StartMessageMoveTask.
    """
    source = _source(ctx, request["SourceArn"])
    if not attributes.sources_of(source):
        raise InvalidParameterValue("Source queue must be configured as a Dead Letter Queue.")
    rate = request.get("MaxNumberOfMessagesPerSecond")
    if rate is not None and not 1 <= rate <= FASTEST:
        raise bad_value(rate, "MaxNumberOfMessagesPerSecond", f"Must be between 1 and {FASTEST}, if provided.")
    destination_arn = request.get("DestinationArn") or ""
    if destination_arn:
        destination = names.lookup(names.of_arn(destination_arn))
        if destination is None or destination.account_id != source.account_id:
            raise ResourceNotFound("The resource that you specified for the DestinationArn parameter doesn't exist.")
        if destination.is_fifo != source.is_fifo:
            raise UnsupportedOperation("The source and the destination must be queues of the same type.")
        authorize(ctx, actions.on_queue(destination, "sendmessage"))
    authorize(ctx, actions.on_queue(source, "receivemessage"))
    authorize(ctx, actions.on_queue(source, "deletemessage"))
    try:
        with transaction.atomic():
            task = MoveTask.objects.create(
                source=source,
                destination_arn=destination_arn,
                rate=rate,
                to_move=messages.due(source, clock.now(source.account)).count(),
                started_at=ctx.now,
                paced_from=clock.real_now(),
            )
    except IntegrityError:
        raise InvalidParameterValue(
            "There is already a task running. Only one active task is allowed for a source queue arn at a given time."
        ) from None
    moving.begin(task)
    metering.record(ctx, source)
    return {"TaskHandle": _handle(task)}


def _source(ctx, arn):
    reference = names.of_arn(arn)
    if reference is None:
        raise InvalidParameterValue(
            "You must use this format to specify the SourceArn: "
            "arn:<partition>:<service>:<region>:<account-id>:<resource-id>"
        )
    queue = names.lookup(reference)
    if queue is None or queue.account_id != ctx.account.pk:
        raise ResourceNotFound(NO_SOURCE)
    return queue


def _handle(task):
    told = {"taskId": task.task_id, "sourceArn": task.source.arn}
    return base64.b64encode(json.dumps(told).encode()).decode()


def list_message_move_tasks(ctx, request):
    """List the newest tasks of a queue.

    request: {"SourceArn", "MaxResults": 1 to 10, by default 1}. Errors: ResourceNotFoundException.
    Source: Amazon SQS API Reference, ListMessageMoveTasks.
    """
    source = _source(ctx, request["SourceArn"])
    most = request.get("MaxResults", 1)
    if not 1 <= most <= MOST:
        raise bad_value(most, "MaxResults", f"Must be between 1 and {MOST}, if provided.")
    rows = source.move_tasks.select_related("source__account").order_by("-pk")[:most]
    metering.record(ctx, source)
    return {"Results": [_told(task) for task in rows]}


def _told(task):
    told = {
        "Status": task.status,
        "SourceArn": task.source.arn,
        "ApproximateNumberOfMessagesMoved": task.moved,
        "ApproximateNumberOfMessagesToMove": task.to_move,
        "StartedTimestamp": int(task.started_at.timestamp() * 1000),
    }
    if task.status == MoveTask.Status.RUNNING:
        told["TaskHandle"] = _handle(task)
    optional = {
        "DestinationArn": task.destination_arn,
        "MaxNumberOfMessagesPerSecond": task.rate,
        "FailureReason": task.failure,
    }
    return told | {name: value for name, value in optional.items() if value}


def cancel_message_move_task(ctx, request):
    """Stop a running task; what it moved stays moved.

    request: {"TaskHandle"}. Errors: InvalidParameterValue, ResourceNotFoundException, UnsupportedOperation.
    Source: Amazon SQS API Reference, CancelMessageMoveTask.
    """
    try:
        told = json.loads(base64.b64decode(request["TaskHandle"], validate=True))
        task_id, arn = told["taskId"], told["sourceArn"]
    except (ValueError, binascii.Error, KeyError, TypeError):
        raise InvalidParameterValue("Value for parameter TaskHandle is invalid.") from None
    source = _source(ctx, arn)
    authorize(ctx, actions.on_queue(source, "cancelmessagemovetask"))
    task = source.move_tasks.filter(task_id=task_id).first()
    if task is None:
        raise ResourceNotFound("Task does not exist.")
    if not moving.cancel(task):
        raise UnsupportedOperation("Only active tasks can be cancelled.")
    metering.record(ctx, source)
    task.refresh_from_db()
    return {"ApproximateNumberOfMessagesMoved": task.moved}
