"""The resource policy of a function: who else may invoke it."""

import json

from apps.functions import names, permissions
from apps.functions.errors import PolicyLengthExceeded, ResourceConflict, ResourceNotFound

from . import functions


def add_permission(ctx, request):
    """Let a service, an account or everyone invoke a function.

    request: {"FunctionName", "StatementId", "Action", "Principal", "SourceArn", "SourceAccount"}
    Errors: ResourceConflictException, PolicyLengthExceededException, InvalidParameterValueException.
    Source: Lambda API Reference, AddPermission.
    """
    function = names.resolve(ctx, request["FunctionName"], request.get("Qualifier"))
    functions.check_revision(function, request)
    made = permissions.statement(function, request)
    if any(other["Sid"] == made["Sid"] for other in function.policy):
        raise ResourceConflict(
            f"The statement id ({made['Sid']}) provided already exists. Please provide a new statement id, or "
            "remove the existing statement."
        )
    function.policy = [*function.policy, made]
    if permissions.size_bytes(function.policy) > permissions.POLICY_BYTES:
        raise PolicyLengthExceeded
    function.save(update_fields=["policy"])
    return {"Statement": json.dumps(made)}


def remove_permission(ctx, request):
    """Take one statement out of the policy."""
    function = names.resolve(ctx, request["FunctionName"], request.get("Qualifier"))
    functions.check_revision(function, request)
    kept = [made for made in function.policy if made["Sid"] != request["StatementId"]]
    if len(kept) == len(function.policy):
        raise ResourceNotFound(f"Statement {request['StatementId']} is not found in resource policy.")
    function.policy = kept
    function.save(update_fields=["policy"])
    return {}


def get_policy(ctx, request):
    """Return the resource policy as JSON text."""
    function = names.resolve(ctx, request["FunctionName"], request.get("Qualifier"))
    if not function.policy:
        raise ResourceNotFound("The resource you requested does not exist.")
    return {"Policy": json.dumps(permissions.document(function)), "RevisionId": function.revision_id}
