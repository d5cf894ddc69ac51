"""Managed policies on users, groups and roles.

Source: IAM API Reference, AttachUserPolicy, AttachGroupPolicy, AttachRolePolicy and their like.
"""

from apps.identity import entities
from apps.identity.errors import NoSuchEntity, quota
from apps.identity.models import Attachment
from apps.identity.operations import shown

MOST = 10


def attach_policy(ctx, request):
    """Attach a managed policy, AWS's or the account's own; again changes nothing. Errors: NoSuchEntity, LimitExceeded."""
    row, arn = entities.of_request(ctx, request), request["PolicyArn"]
    policy = entities.policy(ctx, arn, "Policy {arn} does not exist or is not attachable.")
    if row.attachments.filter(policy_arn=policy.arn).exists():
        return {}
    if row.attachments.count() >= MOST:
        raise quota(f"PoliciesPer{row.kind.capitalize()}", MOST)
    Attachment.objects.create(account=ctx.account, policy_arn=policy.arn, **{row.kind: row})
    return {}


def detach_policy(ctx, request):
    """Detach a managed policy. Errors: NoSuchEntity when it is not attached."""
    row, arn = entities.of_request(ctx, request), request["PolicyArn"]
    entities.policy_parts(arn)
    if not row.attachments.filter(policy_arn=arn).delete()[0]:
        raise NoSuchEntity(f"Policy {arn} was not found.")
    return {}


def list_attached_policies(ctx, request):
    """List the managed policies of a user, group or role."""
    row = entities.of_request(ctx, request)
    found = shown.attached(row, request.get("PathPrefix", "/"))
    return shown.page(request, found, "AttachedPolicies", key=lambda one: f"{one['PolicyName']} {one['PolicyArn']}")
