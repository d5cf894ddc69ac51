"""Messages that other rooms send: events of buckets, dead letters of functions.

The queue's policy decides, as for any caller: a service has to be let in by name, and a good policy also names
the resource on whose behalf it may come (aws:SourceArn, aws:SourceAccount).
"""

from apps.identity.authorize import authorize, decide
from playground import clock
from playground.wire.context import Context, Principal

from . import actions, drafts, messages, metering, names
from .errors import QueueDoesNotExist
from .operations.sending import sender

S3 = "s3.amazonaws.com"


def _context(queue, service, source_arn, source_account):
    principal = Principal("service", name=service, source_arn=source_arn)
    return Context(source_account, principal, queue.region, "", clock.now(queue.account), via="worker")


def deliver(
    queue_arn,
    body,
    ctx=None,
    *,
    source_arn,
    source_account,
    service,
    group_id=None,
    attributes=None,
    deduplication_id=None,
):
    """Send a message to a queue for a service or a role; return the message's id once it is stored.

    queue_arn: of a queue in any lab. body: text. ctx: Context of who sends, when that is not the service itself
    (a function's role sends its dead letters). source_arn, source_account: the resource on whose behalf, and the
    identity.Account that owns it. service: "s3.amazonaws.com". group_id: needed by a FIFO queue. attributes: as
    MessageAttributes. Joins the caller's transaction if there is one.
    Errors: QueueDoesNotExist, AccessDenied (the sentence says what is missing), SendMessage's own.
    """
    queue = names.lookup(names.of_arn(queue_arn))
    if queue is None:
        raise QueueDoesNotExist(f"The queue {queue_arn} does not exist.")
    acting = ctx or _context(queue, service, source_arn, source_account)
    authorize(acting, actions.on_queue(queue, "sendmessage"))
    request = {
        "MessageBody": body,
        "MessageAttributes": attributes or {},
        "MessageGroupId": group_id,
        "MessageDeduplicationId": deduplication_id,
    }
    draft = drafts.of_request(queue, request)
    drafts.check_size(queue, draft)
    [(message_id, _)] = messages.put(queue, [draft], clock.now(queue.account), sender(acting))
    metering.record(acting, queue, draft.size_bytes)
    return message_id


def may_deliver(queue_arn, bucket):
    """Return "" when a bucket's events may go to a queue, or why not: asked before a notification is kept.

    An ARN that is no queue's is somebody else's to judge: "".
    """
    if not queue_arn.startswith("arn:aws:sqs:"):
        return ""
    queue = names.lookup(names.of_arn(queue_arn))
    if queue is None:
        return "The destination queue does not exist"
    if queue.region != bucket.region:
        return "The notification destination service region is not valid for the bucket location constraint"
    if queue.is_fifo:
        return "FIFO SQS queues are not supported as a destination"
    ctx = _context(queue, S3, bucket.arn, bucket.account)
    decision = decide(ctx, actions.on_queue(queue, "sendmessage"))
    if not decision.allowed:
        return f"Permissions on the destination queue do not allow S3 to publish notifications. {decision.because}"
    return ""
