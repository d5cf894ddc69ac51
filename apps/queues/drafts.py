"""What a sender asks to be sent, checked: a *draft* becomes a message once a queue has taken it.

Source: Amazon SQS API Reference, SendMessage; Developer Guide, "Message metadata".
"""

import base64
import hashlib
import re
from dataclasses import dataclass, field

from . import attributes
from .errors import InvalidMessageContents, InvalidParameterValue, MissingParameter, bad_value

NOT_ALLOWED = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
ATTRIBUTE_NAME = re.compile(r"[\w.-]+")
FIFO_ID = re.compile(r"[!-~]{1,128}")
MAX_ATTRIBUTES = 10
NAME_BYTES = 256
DELAY_SECONDS = 900


@dataclass(slots=True)
class Draft:
    """attributes: name -> {"DataType", "StringValue" or "BinaryValue" in base64}. size_bytes: body and attributes."""

    body: str
    size_bytes: int
    delay_seconds: int
    attributes: dict = field(default_factory=dict)
    trace_header: str = ""
    group_id: str = ""
    deduplication_id: str = ""


def of_request(queue, request):
    """Return the Draft of a SendMessage request or of a batch's entry.

    Errors: InvalidMessageContents, InvalidParameterValue, MissingParameter.
    """
    body = request["MessageBody"]
    if not body:
        raise MissingParameter("The request must contain the parameter MessageBody.")
    if NOT_ALLOWED.search(body):
        raise InvalidMessageContents("Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | "
                                     "#x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF.")  # fmt: skip
    kept, extra_bytes = _attributes(request.get("MessageAttributes") or {}, "user")
    system, _ = _attributes(request.get("MessageSystemAttributes") or {}, "system")
    return Draft(
        body,
        len(body.encode()) + extra_bytes,
        _delay(queue, request.get("DelaySeconds")),
        kept,
        _trace_header(system),
        _group(queue, request),
        _deduplication(queue, request, body),
    )


def check_size(queue, draft, problem="One or more parameters are invalid."):
    """Refuse a message that is longer than its queue allows; a batch says it in other words."""
    most = attributes.number(queue, "MaximumMessageSize")
    if draft.size_bytes > most:
        raise InvalidParameterValue(f"{problem} Reason: Message must be shorter than {most} bytes.")


def _delay(queue, asked):
    if asked is None or (asked == 0 and queue.is_fifo):
        return attributes.number(queue, "DelaySeconds")
    if queue.is_fifo:
        raise bad_value(asked, "DelaySeconds", "The request include parameter that is not valid for this queue type.")
    if not 0 <= asked <= DELAY_SECONDS:
        raise bad_value(asked, "DelaySeconds", f"DelaySeconds must be >= 0 and <= {DELAY_SECONDS}.")
    return asked


def _fifo_id(request, name):
    asked = request.get(name)
    if asked is not None and not FIFO_ID.fullmatch(asked):
        raise bad_value(
            asked, name, f"{name} can only include alphanumeric and punctuation characters. 1 to 128 in length."
        )
    return asked or ""


def _group(queue, request):
    found = _fifo_id(request, "MessageGroupId")
    if queue.is_fifo and not found:
        raise MissingParameter("The request must contain the parameter MessageGroupId.")
    return found


def _deduplication(queue, request, body):
    found = _fifo_id(request, "MessageDeduplicationId")
    if not queue.is_fifo:
        if found:
            raise bad_value(
                found,
                "MessageDeduplicationId",
                "The request include parameter that is not valid for this queue type.",
            )
        return ""
    if found:
        return found
    if attributes.value(queue, "ContentBasedDeduplication") != "true":
        raise InvalidParameterValue(
            "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly"
        )
    return hashlib.sha256(body.encode()).hexdigest()


def _trace_header(system):
    for name, one in system.items():
        if name != "AWSTraceHeader":
            raise bad_value(name, "MessageSystemAttributes", "Only AWSTraceHeader is supported.")
        if one["DataType"] != "String":
            raise InvalidParameterValue("Message system attribute 'AWSTraceHeader' must be of type 'String'.")
        return one["StringValue"][:512]
    return ""


# -- message attributes ---------------------------------------------------------------------------


def _attributes(asked, kind):
    """Return (attributes as they are stored, their size in bytes)."""
    if len(asked) > MAX_ATTRIBUTES:
        raise InvalidParameterValue(
            f"Number of message attributes [{len(asked)}] exceeds the allowed maximum [{MAX_ATTRIBUTES}]."
        )
    kept, size = {}, 0
    for name, one in asked.items():
        _check_name(name)
        kept[name] = _attribute(name, one, kind)
        data = base64.b64decode(kept[name]["BinaryValue"]) if "BinaryValue" in kept[name] else None
        size += len(name.encode()) + len(one["DataType"].encode())
        size += len(data) if data is not None else len(kept[name]["StringValue"].encode())
    return kept, size


def _check_name(name):
    if len(name.encode()) > NAME_BYTES:
        raise InvalidParameterValue(f"Message (user) attribute names must be shorter than {NAME_BYTES} Bytes")
    if not ATTRIBUTE_NAME.fullmatch(name):
        raise InvalidParameterValue(
            "Message (user) attributes name can only contain upper and lower score characters, digits, periods, "
            "hyphens and underscores. "
        )
    if name.lower().startswith(("aws.", "amazon.")) or name.startswith(".") or name.endswith(".") or ".." in name:
        raise InvalidParameterValue(
            "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. "
            "These strings are reserved for internal use. Additionally, they cannot start or end with '.'."
        )


def _attribute(name, one, kind):
    data_type = one.get("DataType") or ""
    if not data_type:
        raise InvalidParameterValue(f"The message attribute '{name}' must contain a non-empty message attribute type.")
    if len(data_type.encode()) > NAME_BYTES:
        raise InvalidParameterValue(f"Message (user) attribute types must be shorter than {NAME_BYTES} Bytes")
    base, dot, label = data_type.partition(".")
    if base not in ("String", "Number", "Binary") or (dot and not label):
        raise InvalidParameterValue(
            f"The type of message ({kind}) attribute '{name}' is invalid. You must use only the following supported "
            "type prefixes: Binary, Number, String."
        )
    if one.get("StringListValues") or one.get("BinaryListValues"):
        raise InvalidParameterValue("Message attribute list values in SendMessage operation are not supported.")
    wanted = "BinaryValue" if base == "Binary" else "StringValue"
    value = one.get(wanted)
    if not value:
        raise InvalidParameterValue(
            f"Message ({kind}) attribute '{name}' must contain a non-empty value of type '{wanted.removesuffix('Value')}'."
        )
    if base == "Binary":
        return {"DataType": data_type, wanted: base64.b64encode(value).decode()}
    if NOT_ALLOWED.search(value):
        raise InvalidParameterValue(
            f"Invalid characters found in message ({kind}) attribute '{name}'. Valid unicode characters are #x9 | #xA | "
            "#xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF."
        )
    if base == "Number":
        _check_number(name, value, kind)
    return {"DataType": data_type, wanted: value}


def _check_number(name, value, kind):
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", value) or len(value) > 128:
        raise InvalidParameterValue(f"Can't cast the value of message ({kind}) attribute '{name}' to a number.")
