"""SendMessage and its batch."""

from apps.queues import attributes, digests, drafts, messages, metering, names
from apps.queues.errors import BatchRequestTooLong, InvalidParameterValue
from apps.queues.operations import batches
from playground import clock
from playground.wire.errors import ServiceError

BATCH_BYTES = 1048576


def send_message(ctx, request):
    """Send a message; when this answers, it is stored.

    request: {"QueueUrl", "MessageBody", "DelaySeconds", "MessageAttributes", "MessageSystemAttributes",
    "MessageDeduplicationId", "MessageGroupId"}
    Errors: InvalidMessageContents, InvalidParameterValue, MissingParameter, QueueDoesNotExist.
    Source: Amazon SQS API Reference, SendMessage.
    """
    queue = names.queue_of(ctx, request)
    draft = drafts.of_request(queue, request)
    drafts.check_size(queue, draft)
    [(message_id, sequence)] = messages.put(queue, [draft], clock.now(queue.account), sender(ctx))
    metering.record(ctx, queue, draft.size_bytes)
    ctx.trace.step("queue", "stored", f"Message {message_id} waits in {queue.name}.")
    return _receipt(queue, draft, message_id, sequence)


def sender(ctx):
    """Return the SenderId of whoever sends: an id, a service's name, an anonymous caller's address."""
    return ctx.principal.user_id or ctx.principal.name or ctx.source_ip


def _receipt(queue, draft, message_id, sequence):
    found = {"MessageId": message_id, "MD5OfMessageBody": digests.of_body(draft.body)}
    if draft.attributes:
        found["MD5OfMessageAttributes"] = digests.of_attributes(draft.attributes)
    if draft.trace_header:
        system = {"AWSTraceHeader": {"DataType": "String", "StringValue": draft.trace_header}}
        found["MD5OfMessageSystemAttributes"] = digests.of_attributes(system)
    if queue.is_fifo:
        found["SequenceNumber"] = messages.sequence_number(sequence)
    return found


def send_message_batch(ctx, request):
    """Send up to ten messages, in one transaction; each succeeds or fails by itself.

    request: {"QueueUrl", "Entries": [SendMessage's members and "Id"]}. Errors: as SendMessage's, and EmptyBatchRequest,
    TooManyEntriesInBatchRequest, BatchEntryIdsNotDistinct, InvalidBatchEntryId, BatchRequestTooLong.
    Source: Amazon SQS API Reference, SendMessageBatch.
    """
    queue = names.queue_of(ctx, request)
    entries = batches.entries(request, "SendMessageBatchRequestEntry")
    if queue.is_fifo:
        _check_fifo(queue, entries)
    good, refused, size = [], [], 0
    for entry in entries:
        try:
            draft = drafts.of_request(queue, {"MessageBody": "", **entry})
            size += draft.size_bytes
            drafts.check_size(queue, draft, "One or more parameters cannot be validated.")
            good.append((entry, draft))
        except ServiceError as err:
            refused.append(batches.failed(entry, err))
    if size > BATCH_BYTES:
        raise BatchRequestTooLong(
            f"Batch requests cannot be longer than {BATCH_BYTES} bytes. You have sent {size} bytes."
        )
    done = []
    if good:
        stored = messages.put(queue, [draft for _, draft in good], clock.now(queue.account), sender(ctx))
        for (entry, draft), (message_id, sequence) in zip(good, stored, strict=True):
            done.append({"Id": entry["Id"], **_receipt(queue, draft, message_id, sequence)})
    metering.record(ctx, queue, size)
    return batches.answer(done, refused)


def _check_fifo(queue, entries):
    """A batch for a FIFO queue that lacks what orders it is refused as a whole."""
    by_content = attributes.value(queue, "ContentBasedDeduplication") == "true"
    for entry in entries:
        if not by_content and not entry.get("MessageDeduplicationId"):
            raise InvalidParameterValue(
                "The queue should either have ContentBasedDeduplication enabled or "
                "MessageDeduplicationId provided explicitly"
            )
        if not entry.get("MessageGroupId"):
            raise InvalidParameterValue("The request must contain the parameter MessageGroupId.")
