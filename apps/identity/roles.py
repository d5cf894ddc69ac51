"""Roles by their ARNs, and who may assume them."""

import re

from apps.identity import policy
from apps.identity.models import Role

ARN = re.compile(r"arn:aws:(?:iam::(?P<account>\d{12}):role/(?:.*/)?(?P<name>[\w+=,.@-]+))")
SESSION = re.compile(r"arn:aws:sts::(?P<account>\d{12}):assumed-role/(?P<name>[^/]+)/.+")


def by_arn(account, arn):
    """Return a lab's Role, or None when the ARN is another account's or names nothing."""
    found = ARN.fullmatch(arn)
    if not found or found["account"] != account.account_id:
        return None
    return Role.objects.filter(account=account, name=found["name"]).first()


def of_session(account, session_arn):
    """Return the Role behind an assumed-role ARN, or None."""
    found = SESSION.fullmatch(session_arn)
    if not found or found["account"] != account.account_id:
        return None
    return Role.objects.filter(account=account, name=found["name"]).first()


def can_assume(role, service):
    """Tell whether a service ("lambda.amazonaws.com") may assume a role, by its trust policy."""
    asked = policy.AccessRequest("", "", "sts:AssumeRole", role.arn, role.account.account_id, service=service)
    trust = {"Statement": [{**s, "Resource": "*"} for s in policy.statements(role.trust_policy)]}
    return policy.evaluate(asked, {}, trust).allowed
