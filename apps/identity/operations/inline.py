"""Inline policies: part of one user, group or role, and gone with it.

Source: IAM API Reference, PutUserPolicy, PutGroupPolicy, PutRolePolicy and their like.
"""

from apps.identity import entities
from apps.identity.errors import NoSuchEntity
from apps.identity.operations import documents, shown


def put_policy(ctx, request):
    """Add an inline policy, or replace the one of that name. Errors: MalformedPolicyDocument, LimitExceeded."""
    row = entities.of_request(ctx, request)
    name = request["PolicyName"]
    row.policies = {**row.policies, name: documents.inline(row, name, request["PolicyDocument"])}
    row.save(update_fields=["policies"])
    return {}


def _found(ctx, request):
    row, name = entities.of_request(ctx, request), request["PolicyName"]
    if name not in row.policies:
        raise NoSuchEntity(f"The {row.kind} policy with name {name} cannot be found.")
    return row, name


def get_policy(ctx, request):
    """Return an inline policy, its document URL-encoded."""
    row, name = _found(ctx, request)
    kind = row.kind.capitalize()
    return {f"{kind}Name": row.name, "PolicyName": name, "PolicyDocument": shown.document(row.policies[name])}


def list_policies(ctx, request):
    """List the names of inline policies."""
    return shown.page(request, list(entities.of_request(ctx, request).policies), "PolicyNames")


def delete_policy(ctx, request):
    """Delete an inline policy."""
    row, name = _found(ctx, request)
    row.policies = {other: document for other, document in row.policies.items() if other != name}
    row.save(update_fields=["policies"])
    return {}
