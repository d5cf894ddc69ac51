"""AddPermission and RemovePermission: statements of a queue's policy by their labels."""

import json
import re

from django.db import transaction

from apps.identity import policy
from apps.identity.models import Account
from apps.queues import metering, names
from apps.queues.errors import InvalidParameterValue, OverLimit, bad_value
from apps.queues.models import Queue

LABEL = re.compile(r"[A-Za-z0-9_-]{1,80}")
MOST_ACTIONS, MOST_STATEMENTS = 7, 20
# What a queue's owner may open to another account this way.
ACTIONS = {
    "*", "SendMessage", "ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility", "GetQueueAttributes",
    "GetQueueUrl", "ListDeadLetterSourceQueues", "PurgeQueue",
}  # fmt: skip


def add_permission(ctx, request):
    """Let accounts do some actions, as a statement of the queue's policy.

    request: {"QueueUrl", "Label", "AWSAccountIds": [..], "Actions": [..]}. Errors: InvalidParameterValue, OverLimit,
    QueueDoesNotExist. Source: Amazon SQS API Reference, AddPermission.
    """
    label, actions = request["Label"], request["Actions"]
    if not LABEL.fullmatch(label):
        raise bad_value(
            label, "Label", "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
        )
    for action in actions:
        if action not in ACTIONS:
            raise bad_value(
                f"SQS:{action}", "ActionName", "Please refer to the appropriate WSDL for a list of valid actions. "
            )
    if len(actions) > MOST_ACTIONS:
        raise OverLimit(f"{len(actions)} Actions were found, maximum allowed is {MOST_ACTIONS}.")
    principals = [_principal(one) for one in request["AWSAccountIds"]]
    queue = names.queue_of(ctx, request)
    statement = {
        "Sid": label,
        "Effect": "Allow",
        "Principal": {"AWS": _one_or_many(principals)},
        "Action": _one_or_many([f"SQS:{action}" for action in actions]),
        "Resource": queue.arn,
    }

    def add(found):
        if any(one.get("Sid") == label for one in found):
            raise bad_value(label, "Label", "Already exists.")
        if len(found) == MOST_STATEMENTS:
            raise OverLimit(f"{len(found) + 1} Statements were found, maximum allowed is {MOST_STATEMENTS}.")
        return [*found, statement]

    _change(ctx, queue, add)
    metering.record(ctx, queue)
    return {}


def _principal(account_id):
    if not Account.objects.filter(account_id=account_id).exists():
        raise InvalidParameterValue(
            f"Value {account_id} for parameter PrincipalId is invalid. Reason: Unable to verify."
        )
    return f"arn:aws:iam::{account_id}:root"


def _one_or_many(found):
    return found[0] if len(found) == 1 else found


def remove_permission(ctx, request):
    """Take a statement out of the queue's policy by its label.

    Errors: InvalidParameterValue (no such label), QueueDoesNotExist. Source: RemovePermission.
    """
    label = request["Label"]
    queue = names.queue_of(ctx, request)

    def remove(found):
        kept = [one for one in found if one.get("Sid") != label]
        if len(kept) == len(found):
            raise bad_value(label, "Label", "can't find label.")
        return kept

    _change(ctx, queue, remove)
    metering.record(ctx, queue)
    return {}


def _change(ctx, queue, change):
    """Put other statements into a queue's policy; none leaves it without one."""
    with transaction.atomic():
        row = Queue.objects.select_for_update().get(pk=queue.pk)
        document = row.policy or {"Version": "2008-10-17", "Id": f"{queue.arn}/SQSDefaultPolicy"}
        found = change(policy.statements(document) if row.policy else [])
        row.policy = {**document, "Statement": found} if found else None
        row.attributes.pop("Policy", None)
        if row.policy:
            row.attributes["Policy"] = json.dumps(row.policy)
        row.modified_at = ctx.now
        row.save(update_fields=["policy", "attributes", "modified_at"])
