"""IAM's and STS's errors. Source: IAM API Reference and AWS STS API Reference, each action's "Errors"."""

from playground.wire.errors import error

NoSuchEntity = error("NoSuchEntity", 404, "The entity cannot be found.")
EntityAlreadyExists = error("EntityAlreadyExists", 409, "The entity already exists.")
LimitExceeded = error("LimitExceeded", 409, "Cannot exceed quota.")
DeleteConflict = error("DeleteConflict", 409, "Cannot delete entity, must remove referenced objects first.")
MalformedPolicyDocument = error("MalformedPolicyDocument", 400, "Syntax errors in policy.")
InvalidInput = error("InvalidInput", 400, "The input is not valid.")
ValidationError = error("ValidationError", 400, "The request is not valid.")
PackedPolicyTooLarge = error("PackedPolicyTooLarge", 400, "Packed size of session tags and policies is too large.")
InvalidClientTokenId = error("InvalidClientTokenId", 403, "The security token included in the request is invalid")
AccessDenied = error("AccessDenied", 403, "Access denied")


def no_such(kind, name):
    """Return the refusal for a user, group or role that does not exist."""
    return NoSuchEntity(f"The {kind} with name {name} cannot be found.")


def quota(what, limit):
    """Return the refusal of one more than there may be."""
    return LimitExceeded(f"Cannot exceed quota for {what}: {limit}")
