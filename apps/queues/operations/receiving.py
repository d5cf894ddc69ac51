"""ReceiveMessage with its long poll, DeleteMessage, ChangeMessageVisibility, and their batches."""

import base64
import time

from apps.queues import attributes, digests, messages, metering, names, waiting
from apps.queues.errors import InvalidAttributeName, MissingParameter, RequestThrottled, bad_value
from apps.queues.operations import batches
from playground import clock

MOST = 10
LONGEST_WAIT_SECONDS = 20
SYSTEM = (
    "All", "SenderId", "SentTimestamp", "ApproximateReceiveCount", "ApproximateFirstReceiveTimestamp", "SequenceNumber",
    "MessageDeduplicationId", "MessageGroupId", "AWSTraceHeader", "DeadLetterQueueSourceArn",
)  # fmt: skip


def receive_message(ctx, request):
    """Receive up to ten messages and hide them from others for the visibility timeout.

    request: {"QueueUrl", "MaxNumberOfMessages", "VisibilityTimeout", "WaitTimeSeconds", "AttributeNames",
    "MessageSystemAttributeNames", "MessageAttributeNames", "ReceiveRequestAttemptId"}
    Errors: InvalidParameterValue, OverLimit, QueueDoesNotExist, RequestThrottled (too many wait already).
    Source: Amazon SQS API Reference, ReceiveMessage.
    """
    queue = names.queue_of(ctx, request)
    most = _bounded(request, "MaxNumberOfMessages", 1, 1, MOST, f"Must be between 1 and {MOST}, if provided.")
    hidden = _bounded(
        request,
        "VisibilityTimeout",
        attributes.number(queue, "VisibilityTimeout"),
        0,
        messages.LONGEST_SECONDS,
        f"Must be >= 0 and <= {messages.LONGEST_SECONDS}, if provided.",
    )
    wait = _bounded(
        request,
        "WaitTimeSeconds",
        attributes.number(queue, "ReceiveMessageWaitTimeSeconds"),
        0,
        LONGEST_WAIT_SECONDS,
        f"Must be >= 0 and <= {LONGEST_WAIT_SECONDS}, if provided.",
    )
    wanted = {*(request.get("AttributeNames") or []), *(request.get("MessageSystemAttributeNames") or [])}
    for name in sorted(wanted):
        if name not in SYSTEM and name not in attributes.NUMBERS:
            raise InvalidAttributeName(f"Unknown Attribute {name}.")
    asked = {"most": most, "visibility_seconds": hidden}
    if queue.is_fifo:
        asked["attempt_id"] = request.get("ReceiveRequestAttemptId") or ""
    found = _receive(queue, asked, wait)
    metering.record(ctx, queue, sum(one.size_bytes for one in found))
    if not found:
        return {}
    return {"Messages": [_told(queue, one, wanted, request.get("MessageAttributeNames") or []) for one in found]}


def _bounded(request, name, default, least, most, reason):
    value = request.get(name)
    if value is None:
        return default
    if not least <= value <= most:
        raise bad_value(value, name, reason)
    return value


def _receive(queue, asked, wait):
    """Return what is there; wait for it when nothing is."""
    if not wait:
        return messages.receive(queue, clock.now(queue.account), **asked)
    seat = waiting.Seat.take(queue.pk)
    if seat is None:  # it may still have what lies there
        found = messages.receive(queue, clock.now(queue.account), **asked)
        if not found:
            raise RequestThrottled()
        return found
    found = []
    end = time.monotonic() + wait
    try:
        while True:
            found = messages.receive(queue, clock.now(queue.account), **asked)
            left = end - time.monotonic()
            if found or left <= 0:
                return found
            seat.wait(left)
            queue.account.refresh_from_db(fields=["clock_offset_seconds"])
    finally:
        seat.leave(bool(found))


def _told(queue, message, wanted, names_asked):
    """Return a message as ReceiveMessage answers it."""
    told = {
        "MessageId": message.message_id,
        "ReceiptHandle": messages.handle(message),
        "MD5OfBody": digests.of_body(message.body),
        "Body": message.body,
    }
    system = {name: text for name, text in _system(queue, message).items() if "All" in wanted or name in wanted}
    if system:
        told["Attributes"] = system
    chosen = {name: one for name, one in message.attributes.items() if _is_asked(name, names_asked)}
    if chosen:
        told["MessageAttributes"] = {name: _value(one) for name, one in chosen.items()}
        told["MD5OfMessageAttributes"] = digests.of_attributes(chosen)
    return told


def _system(queue, message):
    found = {
        "SenderId": message.sender_id,
        "SentTimestamp": _milliseconds(message.sent_at),
        "ApproximateReceiveCount": str(message.receive_count),
        "ApproximateFirstReceiveTimestamp": _milliseconds(message.first_received_at),
        "MessageDeduplicationId": message.deduplication_id,
        "MessageGroupId": message.group_id,
        "SequenceNumber": messages.sequence_number(message.sequence) if queue.is_fifo else "",
        "AWSTraceHeader": message.trace_header,
        "DeadLetterQueueSourceArn": message.dead_letter_source,
    }
    return {name: text for name, text in found.items() if text}


def _milliseconds(moment):
    return str(int(moment.timestamp() * 1000))


def _is_asked(name, asked):
    """Tell whether MessageAttributeNames asks for a name: itself, "All", ".*" or "prefix.*"."""
    for pattern in asked:
        if pattern in ("All", ".*", name) or (pattern.endswith(".*") and name.startswith(pattern[:-1])):
            return True
    return False


def _value(one):
    if "BinaryValue" in one:
        return {**one, "BinaryValue": base64.b64decode(one["BinaryValue"])}
    return one


def delete_message(ctx, request):
    """Delete a received message.

    request: {"QueueUrl", "ReceiptHandle"}. Errors: ReceiptHandleIsInvalid, InvalidParameterValue (expired, FIFO),
    QueueDoesNotExist. Source: Amazon SQS API Reference, DeleteMessage.
    """
    queue = names.queue_of(ctx, request)
    messages.delete(queue, request["ReceiptHandle"], clock.now(queue.account))
    metering.record(ctx, queue)
    return {}


def delete_message_batch(ctx, request):
    """Delete up to ten received messages; each succeeds or fails by itself.

    request: {"QueueUrl", "Entries": [{"Id", "ReceiptHandle"}]}. Source: Amazon SQS API Reference, DeleteMessageBatch.
    """
    queue = names.queue_of(ctx, request)
    now = clock.now(queue.account)
    answer = batches.each(
        request,
        "DeleteMessageBatchRequestEntry",
        lambda entry: messages.delete(queue, _needed(entry, "ReceiptHandle"), now),
    )
    metering.record(ctx, queue)
    return answer


def _needed(entry, name):
    if entry.get(name) is None:
        raise MissingParameter(f"The request must contain the parameter {name}.")
    return entry[name]


def change_message_visibility(ctx, request):
    """Hide a received message for so long from now; 0 gives it back.

    request: {"QueueUrl", "ReceiptHandle", "VisibilityTimeout"}. Errors: MessageNotInflight, ReceiptHandleIsInvalid,
    InvalidParameterValue, QueueDoesNotExist. Source: Amazon SQS API Reference, ChangeMessageVisibility.
    """
    queue = names.queue_of(ctx, request)
    messages.hide(queue, request["ReceiptHandle"], request["VisibilityTimeout"], clock.now(queue.account))
    metering.record(ctx, queue)
    return {}


def change_message_visibility_batch(ctx, request):
    """Hide up to ten received messages, each for its own time; each succeeds or fails by itself.

    request: {"QueueUrl", "Entries": [{"Id", "ReceiptHandle", "VisibilityTimeout"}]}.
    Source: Amazon SQS API Reference, ChangeMessageVisibilityBatch.
    """
    queue = names.queue_of(ctx, request)
    now = clock.now(queue.account)

    def hide(entry):
        seconds = entry.get("VisibilityTimeout")
        if seconds is None:
            seconds = attributes.number(queue, "VisibilityTimeout")
        messages.hide(queue, _needed(entry, "ReceiptHandle"), seconds, now)

    answer = batches.each(request, "ChangeMessageVisibilityBatchRequestEntry", hide)
    metering.record(ctx, queue)
    return answer
