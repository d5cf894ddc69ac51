"""SQS's documented errors: each under the name it has in JSON; wire/overlay.py knows its code in the query protocol.

Source: Amazon SQS API Reference, "Errors" of each action; statuses as the service answers them.
"""

from playground.wire.errors import error

QueueDoesNotExist = error("QueueDoesNotExist", 400, "The specified queue does not exist.")
QueueNameExists = error(
    "QueueNameExists", 400, "A queue already exists with the same name and a different value for an attribute"
)
QueueDeletedRecently = error(
    "QueueDeletedRecently",
    400,
    "You must wait 60 seconds after deleting a queue before you can create another with the same name.",
)
PurgeQueueInProgress = error("PurgeQueueInProgress", 403, "Only one PurgeQueue operation is allowed every 60 seconds.")
InvalidAddress = error("InvalidAddress", 404, "The address is not valid for this endpoint.")
InvalidAttributeName = error("InvalidAttributeName", 400, "The specified attribute doesn't exist.")
InvalidAttributeValue = error("InvalidAttributeValue", 400, "A queue attribute value is invalid.")
InvalidMessageContents = error(
    "InvalidMessageContents", 400, "The message contains characters outside the allowed set."
)
InvalidParameterValue = error("InvalidParameterValueException", 400, "An invalid value was supplied for a parameter.")
MissingParameter = error("MissingRequiredParameterException", 400, "A required parameter was not supplied.")
ReceiptHandleIsInvalid = error("ReceiptHandleIsInvalid", 404, "The specified receipt handle isn't valid.")
MessageNotInflight = error("MessageNotInflight", 400, "The specified message isn't in flight.")
OverLimit = error("OverLimit", 403, "The specified action violates a limit.")
RequestThrottled = error("RequestThrottled", 403, "The request was denied due to request throttling.")
ResourceNotFound = error("ResourceNotFoundException", 404, "One or more specified resources don't exist.")
EmptyBatchRequest = error("EmptyBatchRequest", 400, "There should be at least one entry in the request.")
TooManyEntries = error("TooManyEntriesInBatchRequest", 400, "Maximum number of entries per request are 10.")
BatchRequestTooLong = error("BatchRequestTooLong", 400, "Batch requests cannot be longer than 1048576 bytes.")
BatchEntryIdsNotDistinct = error("BatchEntryIdsNotDistinct", 400, "Two or more batch entries have the same Id.")
InvalidBatchEntryId = error(
    "InvalidBatchEntryId",
    400,
    "A batch entry id can only contain alphanumeric characters, hyphens and underscores. "
    "It can be at most 80 letters long.",
)
UnsupportedOperation = error("UnsupportedOperation", 400, "Unsupported operation.")


def bad_value(value, parameter, reason):
    """Return the error of a parameter whose value is not allowed, in the service's sentence."""
    return InvalidParameterValue(f"Value {value} for parameter {parameter} is invalid. Reason: {reason}")


def bad_attribute(name, reason=""):
    """Return the error of a queue attribute whose value is not allowed."""
    told = f" Reason: {reason}" if reason else ""
    return InvalidAttributeValue(f"Invalid value for the parameter {name}.{told}")
