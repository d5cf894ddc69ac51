"""A queue's attributes: which may be set, to what, and what they are when nobody set them.

Source: Amazon SQS API Reference, SetQueueAttributes and GetQueueAttributes.
"""

import json
import re

from apps.identity import policy

from . import names
from .errors import InvalidAttributeName, InvalidAttributeValue, InvalidParameterValue, bad_attribute, bad_value
from .models import Queue

NUMBERS = {  # name -> (least, most, default); seconds and bytes
    "DelaySeconds": (0, 900, 0),
    "MaximumMessageSize": (1024, 1048576, 1048576),
    "MessageRetentionPeriod": (60, 1209600, 345600),
    "ReceiveMessageWaitTimeSeconds": (0, 20, 0),
    "VisibilityTimeout": (0, 43200, 30),
    "KmsDataKeyReusePeriodSeconds": (60, 86400, 300),
}
CHOICES = {
    "SqsManagedSseEnabled": ("true", "false"),
    "FifoQueue": ("true", "false"),
    "ContentBasedDeduplication": ("true", "false"),
    "DeduplicationScope": ("queue", "messageGroup"),
    "FifoThroughputLimit": ("perQueue", "perMessageGroupId"),
}
FIFO_DEFAULTS = {
    "FifoQueue": "true",
    "ContentBasedDeduplication": "false",
    "DeduplicationScope": "queue",
    "FifoThroughputLimit": "perQueue",
}
DOCUMENTS = ("Policy", "RedrivePolicy", "RedriveAllowPolicy")
EMPTIES = (*DOCUMENTS, "KmsMasterKeyId")  # an empty value takes them away
COUNTED = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)
READ_ONLY = (*COUNTED, "CreatedTimestamp", "LastModifiedTimestamp", "QueueArn")
NO_EFFECT = ("KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "SqsManagedSseEnabled")
POLICY_BYTES = 8192
MAX_RECEIVES = 1000
SOURCES = 10  # queues that a RedriveAllowPolicy may name


def value(queue, name):
    """Return an attribute as text: as set, else its default; None when it has none."""
    found = queue.attributes.get(name)
    if found is not None:
        return found
    if name in NUMBERS:
        return str(NUMBERS[name][2])
    if name == "SqsManagedSseEnabled":
        return "true"
    return FIFO_DEFAULTS.get(name) if queue.is_fifo else None


def number(queue, name):
    """Return an attribute of NUMBERS."""
    return int(value(queue, name))


def shown(queue):
    """Return every attribute that GetQueueAttributes answers, but for the counts."""
    names_ = [*NUMBERS, "SqsManagedSseEnabled", *DOCUMENTS, "KmsMasterKeyId", *FIFO_DEFAULTS]
    found = {name: text for name in names_ if (text := value(queue, name)) is not None}
    if "KmsMasterKeyId" not in found:
        found.pop("KmsDataKeyReusePeriodSeconds")
    return {
        "QueueArn": queue.arn,
        "CreatedTimestamp": str(int(queue.created_at.timestamp())),
        "LastModifiedTimestamp": str(int(queue.modified_at.timestamp())),
        **found,
    }


def redrive(queue):
    """Return (ARN of the dead-letter queue, maxReceiveCount), or None."""
    text = queue.attributes.get("RedrivePolicy")
    if not text:
        return None
    found = json.loads(text)
    return found["deadLetterTargetArn"], int(found["maxReceiveCount"])


def same(queue, asked):
    """Return the first attribute that CreateQueue asks for and an existing queue has otherwise, or ""."""
    for name, wanted in asked.items():
        if name in DOCUMENTS and _parsed(wanted) == _parsed(queue.attributes.get(name)):
            continue
        if (wanted or None) != value(queue, name):
            return name
    return ""


def _parsed(text):
    try:
        return json.loads(text or "null")
    except ValueError:
        return text


def apply(queue, asked):
    """Put checked attributes into a queue; the caller saves it.

    asked: {wire name: text}. Errors: InvalidAttributeName, InvalidAttributeValue, InvalidParameterValue.
    """
    for name, text in asked.items():
        _check(queue, name, text)
    changed = {**queue.attributes, **asked}
    if asked.get("KmsMasterKeyId"):
        changed["SqsManagedSseEnabled"] = "false"
    for name in EMPTIES:
        if name in changed and not changed[name]:
            del changed[name]
    if (
        changed.get("FifoThroughputLimit") == "perMessageGroupId"
        and changed.get("DeduplicationScope") != "messageGroup"
    ):
        raise bad_attribute(
            "FifoThroughputLimit",
            "The perMessageGroupId value is allowed only when the value for DeduplicationScope is messageGroup.",
        )
    queue.attributes = changed
    queue.policy = json.loads(changed["Policy"]) if changed.get("Policy") else None


def _check(queue, name, text):
    if name in FIFO_DEFAULTS and not queue.is_fifo:
        if name in ("DeduplicationScope", "FifoThroughputLimit"):
            raise InvalidAttributeName(f"You can specify the {name} only when FifoQueue is set to true.")
        raise InvalidAttributeName(f"Unknown Attribute {name}.")
    if name in NUMBERS:
        least, most, _default = NUMBERS[name]
        if not re.fullmatch(r"\d{1,9}", text) or not least <= int(text) <= most:
            raise bad_attribute(name)
    elif name in CHOICES:
        if text not in CHOICES[name]:
            raise bad_attribute(name)
    elif name == "Policy":
        _check_policy(text)
    elif name == "RedrivePolicy":
        _check_redrive(queue, text)
    elif name == "RedriveAllowPolicy":
        _check_allowing(text)
    elif name != "KmsMasterKeyId":
        raise InvalidAttributeName(f"Unknown Attribute {name}.")


def _check_policy(text):
    if not text:
        return
    if len(text.encode()) > POLICY_BYTES:
        raise bad_attribute("Policy", f"The policy is longer than {POLICY_BYTES} bytes.")
    try:
        policy.validate(policy.parse(text), bucket=False)
    except policy.Malformed as err:
        raise bad_attribute("Policy", f"{err}.") from None


def _document(name, text):
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise bad_value(text, name, f"{name} is not a valid JSON map.")
    return found


def _check_redrive(queue, text):
    if not text:
        return
    found = _document("RedrivePolicy", text)
    for name in ("maxReceiveCount", "deadLetterTargetArn"):
        if name not in found:
            raise bad_value(text, "RedrivePolicy", f"Redrive policy does not contain mandatory attribute: {name}.")
    extra = set(found) - {"maxReceiveCount", "deadLetterTargetArn"}
    if extra:
        raise bad_value(text, "RedrivePolicy", f"Only following attributes are supported: {sorted(extra)[0]} is not.")
    count = str(found["maxReceiveCount"])
    if not re.fullmatch(r"\d{1,4}", count) or not 1 <= int(count) <= MAX_RECEIVES:
        raise bad_value(
            text,
            "RedrivePolicy",
            f"Invalid value for maxReceiveCount: {count}, valid values are from 1 to {MAX_RECEIVES} both inclusive.",
        )
    _check_target(queue, text, found["deadLetterTargetArn"])


def _check_target(queue, text, arn):
    reference = names.of_arn(arn)
    if reference is None:
        raise bad_value(text, "RedrivePolicy", "Invalid value for deadLetterTargetArn.")
    if (reference.account_id, reference.region) != (queue.account.account_id, queue.region):
        raise bad_value(text, "RedrivePolicy", "Dead-letter target owner and region should be same as the source.")
    target = names.lookup(reference)
    if target is None:
        raise bad_value(text, "RedrivePolicy", "Dead letter target does not exist.")
    if target.is_fifo != queue.is_fifo:
        raise bad_value(text, "RedrivePolicy", "Dead-letter queue must be same type of queue as the source.")
    allowed = json.loads(target.attributes.get("RedriveAllowPolicy") or "{}")
    permission = allowed.get("redrivePermission", "allowAll")
    if permission == "denyAll" or (permission == "byQueue" and queue.arn not in allowed["sourceQueueArns"]):
        raise bad_value(
            text, "RedrivePolicy", "The dead-letter queue's RedriveAllowPolicy does not allow this source queue."
        )


def _check_allowing(text):
    if not text:
        return
    found = _document("RedriveAllowPolicy", text)
    permission, sources = found.get("redrivePermission"), found.get("sourceQueueArns")
    if permission not in ("allowAll", "denyAll", "byQueue"):
        raise bad_value(text, "RedriveAllowPolicy", "redrivePermission must be allowAll, denyAll or byQueue.")
    if permission == "byQueue":
        good = isinstance(sources, list) and 1 <= len(sources) <= SOURCES and all(names.of_arn(one) for one in sources)
        if not good:
            raise bad_value(
                text, "RedriveAllowPolicy", f"byQueue needs sourceQueueArns: the ARNs of 1 to {SOURCES} queues."
            )
    elif sources is not None:
        raise bad_value(text, "RedriveAllowPolicy", "sourceQueueArns goes with redrivePermission byQueue only.")


def sources_of(queue):
    """Return the queues whose dead letters come to this one."""
    found = Queue.objects.filter(account=queue.account, region=queue.region, attributes__has_key="RedrivePolicy")
    return [one for one in found.select_related("account").order_by("name") if redrive(one)[0] == queue.arn]


def check_fifo_creation(name, asked):
    """Refuse a FIFO name without FifoQueue, and the other way round."""
    wants = asked.get("FifoQueue", "").lower()
    if wants == "true" and not (name.endswith(".fifo") and names.NAME.fullmatch(name)):
        raise InvalidParameterValue(
            "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, "
            "must end with .fifo suffix and be 1 to 80 in length"
        )
    if name.endswith(".fifo") and wants != "true":
        raise InvalidParameterValue(
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
        )
    names.check(name)


def check_change(queue, asked):
    """Refuse to turn a queue into one of the other kind."""
    if queue.is_fifo and asked.get("FifoQueue", "true") != "true":
        raise InvalidAttributeValue(
            "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported."
        )
