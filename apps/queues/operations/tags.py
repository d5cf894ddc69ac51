"""Tags of queues."""

from apps.queues import metering, names
from apps.queues.errors import InvalidParameterValue

MOST = 50
KEY_LENGTH, VALUE_LENGTH = 128, 256


def checked(labels):
    """Return tags that a queue may have. Errors: InvalidParameterValue."""
    for key, value in labels.items():
        if not 1 <= len(key) <= KEY_LENGTH or key.lower().startswith("aws:"):
            raise InvalidParameterValue(
                f"Tag keys must be between 1 and {KEY_LENGTH} characters in length, without aws:."
            )
        if len(value) > VALUE_LENGTH:
            raise InvalidParameterValue(f"Tag values must be at most {VALUE_LENGTH} characters in length.")
    if len(labels) > MOST:
        raise InvalidParameterValue(f"Too many tags added for queue. Maximum number of tags allowed is {MOST}.")
    return labels


def tag_queue(ctx, request):
    """Add tags, or give them other values.

    request: {"QueueUrl", "Tags": {key: value}}. Errors: InvalidParameterValue, QueueDoesNotExist.
    Source: Amazon SQS API Reference, TagQueue.
    """
    queue = names.queue_of(ctx, request)
    queue.tags = checked({**queue.tags, **request["Tags"]})
    queue.save(update_fields=["tags"])
    metering.record(ctx, queue)
    return {}


def untag_queue(ctx, request):
    """Remove tags; one that is not there is no error.

    request: {"QueueUrl", "TagKeys": [..]}. Source: Amazon SQS API Reference, UntagQueue.
    """
    queue = names.queue_of(ctx, request)
    queue.tags = {key: value for key, value in queue.tags.items() if key not in request["TagKeys"]}
    queue.save(update_fields=["tags"])
    metering.record(ctx, queue)
    return {}


def list_queue_tags(ctx, request):
    """Return a queue's tags. Errors: QueueDoesNotExist. Source: Amazon SQS API Reference, ListQueueTags."""
    queue = names.queue_of(ctx, request)
    metering.record(ctx, queue)
    return {"Tags": queue.tags} if queue.tags else {}
