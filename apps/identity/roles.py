"""Roles by their ARNs, and which services may assume them."""

import re

from apps.identity import policy
from apps.identity.models import Role

ARN = re.compile(r"arn:aws:iam::(?P<account>\d{12}):role/(?:[!-~]+/)?(?P<name>[\w+=,.@-]+)")
SESSION = re.compile(r"arn:aws:sts::(?P<account>\d{12}):assumed-role/(?P<name>[^/]+)/.+")


def by_arn(account, arn):
    """Return a lab's Role, or None when the ARN is another account's or names nothing."""
    found = ARN.fullmatch(arn)
    if not found or found["account"] != account.account_id:
        return None
    role = Role.objects.select_related("account").filter(account=account, name=found["name"]).first()
    return role if role is not None and role.arn == arn else None


def of_session(account, session_arn):
    """Return the Role behind an assumed-role ARN, or None."""
    found = SESSION.fullmatch(session_arn)
    if not found or found["account"] != account.account_id:
        return None
    return Role.objects.select_related("account").filter(account=account, name=found["name"]).first()


def can_assume(role, service):
    """Tell whether a service ("lambda.amazonaws.com") may assume a role, by its trust policy."""
    asked = policy.AccessRequest("", "", "sts:AssumeRole", role.arn, role.account.account_id, service=service)
    return policy.evaluate(asked, {}, role.trust_policy).allowed
