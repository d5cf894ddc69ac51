"""Queues: made, found, described, changed, emptied, deleted."""

import base64
from datetime import timedelta

from django.db import IntegrityError, transaction

from apps.queues import attributes, messages, metering, names
from apps.queues.errors import (
    InvalidAttributeName,
    InvalidParameterValue,
    PurgeQueueInProgress,
    QueueDeletedRecently,
    QueueNameExists,
    bad_value,
)
from apps.queues.models import DeletedQueue, Message, Queue
from apps.queues.operations import tags

MINUTE = timedelta(seconds=60)
PAGE = 1000


def create_queue(ctx, request):
    """Make a queue, or return the one that is there and has the same attributes.

    request: {"QueueName", "Attributes": {name: text}, "tags": {key: value}}
    Errors: QueueNameExists, QueueDeletedRecently, InvalidAttributeName, InvalidAttributeValue,
    InvalidParameterValue. Source: Amazon SQS API Reference, CreateQueue.
    """
    name, asked = request["QueueName"], dict(request.get("Attributes") or {})
    attributes.check_fifo_creation(name, asked)
    found = _named(ctx, name)
    if found is None:
        found = _create(ctx, name, asked, request.get("tags") or {})
    else:
        other = attributes.same(found, asked)
        if other:
            raise QueueNameExists(
                f"A queue already exists with the same name and a different value for attribute {other}"
            )
    metering.record(ctx, found)
    return {"QueueUrl": names.url(ctx, found)}


def _named(ctx, name):
    return names.lookup(names.Reference(ctx.account.account_id, ctx.region, name))


def _create(ctx, name, asked, labels):
    gone = DeletedQueue.objects.filter(
        account=ctx.account, region=ctx.region, name=name, deleted_at__gt=ctx.now - MINUTE
    )
    if gone.exists():
        raise QueueDeletedRecently()
    queue = Queue(account=ctx.account, region=ctx.region, name=name, created_at=ctx.now, modified_at=ctx.now)
    attributes.apply(queue, asked)
    queue.tags = tags.checked(labels)
    _tell_no_effect(ctx, asked)
    try:
        with transaction.atomic():
            queue.save(force_insert=True)
    except IntegrityError:  # another request made it this moment
        found = _named(ctx, name)
        other = attributes.same(found, asked)
        if other:
            raise QueueNameExists() from None
        return found
    return queue


def _tell_no_effect(ctx, asked):
    ctx.no_effect += [f"Attributes.{name}" for name in attributes.NO_EFFECT if asked.get(name)]


def get_queue_url(ctx, request):
    """Return a queue's URL by its name.

    request: {"QueueName", "QueueOwnerAWSAccountId"}. Errors: QueueDoesNotExist (also one that the caller may not
    know of). Source: Amazon SQS API Reference, GetQueueUrl.
    """
    owner = request.get("QueueOwnerAWSAccountId") or ctx.account.account_id
    queue = ctx.found[names.Reference(owner, ctx.region, request["QueueName"])]
    metering.record(ctx, queue)
    return {"QueueUrl": names.url(ctx, queue)}


def list_queues(ctx, request):
    """List the caller's queues of the region, by name.

    request: {"QueueNamePrefix", "MaxResults", "NextToken"}. Source: Amazon SQS API Reference, ListQueues.
    """
    found = Queue.objects.filter(account=ctx.account, region=ctx.region).select_related("account").order_by("name")
    prefix = request.get("QueueNamePrefix")
    if prefix:  # the database's own prefix search may not mind case
        found = [queue for queue in found.filter(name__startswith=prefix) if queue.name.startswith(prefix)]
    listed, token = page(list(found), request)
    metering.record_own(ctx)
    answer = {"QueueUrls": [names.url(ctx, queue) for queue in listed]} if listed else {}
    return {**answer, "NextToken": token} if token else answer


def page(queues, request):
    """Return (one page of queues in the order of their names, the token of the next or None)."""
    most = request.get("MaxResults")
    if most is not None and not 1 <= most <= PAGE:
        raise bad_value(most, "MaxResults", f"MaxResults must be an integer between 1 and {PAGE}.")
    token = request.get("NextToken")
    if token:
        try:
            after = base64.b64decode(token, validate=True).decode()
        except ValueError:
            raise InvalidParameterValue("Invalid or expired next token.") from None
        queues = [queue for queue in queues if queue.name > after]
    listed = queues[: most or PAGE]
    # Without MaxResults the service answers 1,000 and no token.
    more = most and len(queues) > len(listed)
    return listed, base64.b64encode(listed[-1].name.encode()).decode() if more else None


def delete_queue(ctx, request):
    """Delete a queue and its messages; its name is free again after a minute.

    Errors: QueueDoesNotExist. Source: Amazon SQS API Reference, DeleteQueue.
    """
    queue = names.queue_of(ctx, request)
    metering.record(ctx, queue)
    with transaction.atomic():
        DeletedQueue.objects.update_or_create(
            account=queue.account, region=queue.region, name=queue.name, defaults={"deleted_at": ctx.now}
        )
        queue.delete()
    return {}


def get_queue_attributes(ctx, request):
    """Return the attributes that are asked for; "All" is all of them, none is none.

    request: {"QueueUrl", "AttributeNames": [..]}. Errors: InvalidAttributeName, QueueDoesNotExist.
    Source: Amazon SQS API Reference, GetQueueAttributes.
    """
    queue = names.queue_of(ctx, request)
    asked = request.get("AttributeNames") or []
    known = {*attributes.NUMBERS, *attributes.CHOICES, *attributes.EMPTIES, *attributes.READ_ONLY, "All"}
    for name in asked:
        if name not in known:
            raise InvalidAttributeName(f"Unknown Attribute {name}.")
    metering.record(ctx, queue)
    if not asked:
        return {}
    found = attributes.shown(queue)
    if "All" in asked or set(asked) & set(attributes.COUNTED):
        found |= {name: str(count) for name, count in messages.counts(queue, ctx.now).items()}
    chosen = {name: text for name, text in found.items() if "All" in asked or name in asked}
    return {"Attributes": chosen} if chosen else {}


def set_queue_attributes(ctx, request):
    """Change attributes; those not named stay as they are.

    request: {"QueueUrl", "Attributes": {name: text}}. Errors: InvalidAttributeName, InvalidAttributeValue,
    InvalidParameterValue, QueueDoesNotExist. Source: Amazon SQS API Reference, SetQueueAttributes.
    """
    queue = names.queue_of(ctx, request)
    asked = request["Attributes"]
    with transaction.atomic():
        queue = Queue.objects.select_for_update().select_related("account").get(pk=queue.pk)
        attributes.check_change(queue, asked)
        attributes.apply(queue, asked)
        queue.modified_at = ctx.now
        queue.save(update_fields=["attributes", "policy", "modified_at"])
    _tell_no_effect(ctx, asked)
    metering.record(ctx, queue)
    return {}


def purge_queue(ctx, request):
    """Delete every message of a queue, those in flight too; once a minute.

    Errors: PurgeQueueInProgress, QueueDoesNotExist. Source: Amazon SQS API Reference, PurgeQueue.
    """
    queue = names.queue_of(ctx, request)
    with transaction.atomic():
        late = Queue.objects.filter(pk=queue.pk).exclude(purged_at__gt=ctx.now - MINUTE)
        if not late.update(purged_at=ctx.now):
            raise PurgeQueueInProgress(f"Only one PurgeQueue operation on {queue.name} is allowed every 60 seconds.")
        Message.objects.filter(queue=queue).delete()
    metering.record(ctx, queue)
    return {}
