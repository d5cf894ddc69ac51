"""Who may read an object: the policy engine asked for each of those who might, as it is asked when they come.

Asked are the account's root user, its users and roles, everyone without a signature, and the distributions that the
bucket's policy names. A presigned URL reads as the one who signed it.
"""

import uuid

from apps.buckets.actions import on_object
from apps.identity import authorize, explain
from apps.identity.models import IamUser, Role
from playground.wire.context import ANONYMOUS, Context, Principal

MOST = 25  # users and roles that are asked


def readers(bucket, row, now, host):
    """Return [{"who", "kind", "allowed", "because", "change"}] for a version. now: the lab's time."""
    return [_asked(bucket, row, now, host, *one) for one in _everyone(bucket)]


def _everyone(bucket):
    """Return [(label, kind, account, Principal)]."""
    account = bucket.account
    number = account.account_id
    found = [("root user", "this account", account, Principal("root", account.root_arn, number, "root"))]
    for user in IamUser.objects.filter(account=account).order_by("name")[:MOST]:
        user.account = account
        found.append((user.name, "user", account, Principal("user", user.arn, user.unique_id, user.name)))
    for role in Role.objects.filter(account=account).order_by("name")[:MOST]:
        arn = f"arn:aws:sts::{number}:assumed-role/{role.name}/console"
        principal = Principal("role", arn, f"{role.role_id}:console", role.name, temporary=True)
        found.append((role.name, "role", account, principal))
    found.append(("everyone", "no signature", None, ANONYMOUS))
    for arn in _distributions(bucket):
        edge = Principal("service", name="cloudfront.amazonaws.com", source_arn=arn)
        found.append((arn.rpartition("/")[2], "distribution", account, edge))
    return found


def _distributions(bucket):
    """Return the ARNs of distributions in the conditions of the bucket's policy."""
    found = []
    statements = (bucket.policy or {}).get("Statement") or []
    for statement in statements if isinstance(statements, list) else [statements]:
        for test in (statement.get("Condition") or {}).values():
            for key, values in test.items():
                values = values if isinstance(values, list) else [values]
                if key.lower() == "aws:sourcearn":
                    found += [one for one in values if ":distribution/" in str(one) and "*" not in str(one)]
    return list(dict.fromkeys(found))


def _asked(bucket, row, now, host, label, kind, account, principal):
    ctx = Context(
        account, principal, bucket.region, str(uuid.uuid4()), now, service="s3", operation="GetObject", host=host
    )
    decision = authorize.decide(ctx, on_object(ctx, bucket, "GetObject", row.key, row=row))
    change = explain.smallest_change(decision, decision.request) if not decision.allowed else {}
    return {
        "who": label,
        "kind": kind,
        "allowed": decision.allowed,
        "because": decision.because,
        "change": change.get("sentence", ""),
    }
