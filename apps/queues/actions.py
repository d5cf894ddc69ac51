"""Which IAM action and resource each SQS operation needs, and whether a queue's policy may open it to others.

Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon SQS"; Developer Guide,
"Amazon SQS API permissions". SQS says its actions in lower case when it refuses.
"""

from apps.identity.authorize import Authorization, decide
from apps.identity.models import Account
from playground.wire.errors import AccessDenied

from . import names
from .errors import QueueDoesNotExist

# Operation -> IAM action. A batch needs what its single form needs.
TABLE = {
    "CreateQueue": "createqueue",
    "ListQueues": "listqueues",
    "GetQueueUrl": "getqueueurl",
    "DeleteQueue": "deletequeue",
    "GetQueueAttributes": "getqueueattributes",
    "SetQueueAttributes": "setqueueattributes",
    "SendMessage": "sendmessage",
    "SendMessageBatch": "sendmessage",
    "ReceiveMessage": "receivemessage",
    "DeleteMessage": "deletemessage",
    "DeleteMessageBatch": "deletemessage",
    "ChangeMessageVisibility": "changemessagevisibility",
    "ChangeMessageVisibilityBatch": "changemessagevisibility",
    "PurgeQueue": "purgequeue",
    "TagQueue": "tagqueue",
    "UntagQueue": "untagqueue",
    "ListQueueTags": "listqueuetags",
    "AddPermission": "addpermission",
    "RemovePermission": "removepermission",
    "ListDeadLetterSourceQueues": "listdeadlettersourcequeues",
    "StartMessageMoveTask": "startmessagemovetask",
    "ListMessageMoveTasks": "listmessagemovetasks",
    "CancelMessageMoveTask": "cancelmessagemovetask",
}
# "Cross-account permissions don't apply to this action."
OWNERS_ONLY = {
    "SetQueueAttributes", "DeleteQueue", "TagQueue", "UntagQueue", "ListQueueTags", "AddPermission", "RemovePermission",
    "StartMessageMoveTask", "ListMessageMoveTasks", "CancelMessageMoveTask",
}  # fmt: skip


def on_queue(queue, action, foreign_policy=True, caller=None):
    """Return the Authorization of an action on a queue.

    foreign_policy: False when the queue's policy cannot let another account in; caller: that account, or None.
    """
    mine = caller is not None and caller.pk == queue.account_id
    return Authorization(
        f"sqs:{action}",
        queue.arn,
        resource_policy=queue.policy if foreign_policy or mine else None,
        owner=queue.account,
    )


def authorization(ctx, operation, request):
    """Return what a request must be allowed to do. Errors: AccessDenied, QueueDoesNotExist, InvalidAddress."""
    action = TABLE[operation]
    if operation == "CreateQueue":
        own = _own(ctx, request["QueueName"], action)
        return [own, _own(ctx, request["QueueName"], "tagqueue")] if request.get("tags") else own
    if operation == "ListQueues":
        return _own(ctx, "*", action)
    if operation == "GetQueueUrl":
        return _by_name(ctx, request, action)
    if operation == "CancelMessageMoveTask":
        return _own(ctx, "*", action)  # the operation asks again for the task's queue
    if "SourceArn" in request:
        return _source(ctx, request, operation, action)
    return _on_url(ctx, request, operation, action)


def _own(ctx, name, action):
    _signed(ctx)
    arn = f"arn:aws:sqs:{ctx.region}:{ctx.account.account_id}:{name}"
    return Authorization(f"sqs:{action}", arn, owner=ctx.account)


def _signed(ctx):
    if ctx.account is None:
        raise AccessDenied("Access to the resource https://sqs.amazonaws.com/ is denied.")


def _on_url(ctx, request, operation, action):
    reference = names.of_url(ctx, request["QueueUrl"])
    queue = names.lookup(reference)
    if queue is None:
        if ctx.account is not None and reference.account_id == ctx.account.account_id:
            raise QueueDoesNotExist()
        # Whoever asks for another lab's queue is denied before they learn whether it exists.
        return Authorization(f"sqs:{action}", reference.arn, owner=Account(account_id=reference.account_id))
    ctx.found[reference] = queue
    asked = on_queue(queue, action, operation not in OWNERS_ONLY, ctx.account)
    if ctx.account is None and not decide(ctx, asked).allowed:
        raise AccessDenied(f"Access to the resource {request['QueueUrl']} is denied.")
    return asked


def _by_name(ctx, request, action):
    """GetQueueUrl: another account's queue that is not open to the caller is as good as none."""
    _signed(ctx)
    owner = request.get("QueueOwnerAWSAccountId") or ctx.account.account_id
    reference = names.Reference(owner, ctx.region, request["QueueName"])
    queue = names.lookup(reference)
    if queue is None:
        raise QueueDoesNotExist()
    asked = on_queue(queue, action)
    if queue.account_id != ctx.account.pk and not decide(ctx, asked).allowed:
        raise QueueDoesNotExist()
    ctx.found[reference] = queue
    return asked


def _source(ctx, request, operation, action):
    """The operations of move tasks name their queue by ARN."""
    _signed(ctx)
    reference = names.of_arn(request["SourceArn"])
    if reference is None:
        return _own(ctx, "*", action)  # the operation says what is wrong with the ARN
    if reference.account_id != ctx.account.account_id:
        return Authorization(f"sqs:{action}", reference.arn, owner=Account(account_id=reference.account_id))
    queue = names.lookup(reference)
    if queue is None:
        return _own(ctx, reference.name, action)
    return on_queue(queue, action, operation not in OWNERS_ONLY, ctx.account)
