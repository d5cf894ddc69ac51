"""From a request to the policy engine and back: who asks, what policies bind them, may they.

An operation's actions.py says what it needs as Authorization; `authorize` adds the caller's side,
evaluates, notes the decision in the trace and refuses in S3's or AWS's words.
"""

from dataclasses import dataclass, field
from typing import Any

from apps.identity import policy, roles
from playground.wire.errors import AccessDenied


@dataclass(slots=True, frozen=True)
class Authorization:
    """What a request must be allowed to do.

    action: "s3:GetObject". resource_arn: on what. resource_policy: document on the resource, or None.
    owner: the Account that owns the resource; None when nobody does yet. public_block: block public access
    makes a public policy count for nothing (RestrictPublicBuckets). conditions: condition keys of the
    service, lower case ("s3:prefix"). owner_may_always: the owner's root user is never locked out
    (Put, Get and DeleteBucketPolicy).
    """

    action: str
    resource_arn: str
    resource_policy: dict | None = None
    owner: Any = None
    public_block: bool = False
    conditions: dict = field(default_factory=dict)
    owner_may_always: bool = False


def _keys(ctx, asked):
    """Return the global condition keys of a request and the service's own."""
    keys = {
        "aws:sourceip": ctx.source_ip,
        "aws:securetransport": ctx.scheme == "https",
        "aws:currenttime": ctx.now.isoformat(),
        "aws:epochtime": int(ctx.now.timestamp()),
        "aws:requestedregion": ctx.region,
    }
    principal = ctx.principal
    if principal.kind in ("root", "role"):
        keys["aws:principalarn"] = principal.arn
        keys["aws:principalaccount"] = ctx.account.account_id
        keys["aws:userid"] = principal.user_id
        keys["aws:principaltype"] = "Account" if principal.kind == "root" else "AssumedRole"
    if principal.kind == "service":
        keys["aws:sourcearn"] = principal.source_arn
        keys["aws:principalservicename"] = principal.name
        if ctx.account is not None:
            keys["aws:sourceaccount"] = ctx.account.account_id
    if asked.owner is not None:
        keys["aws:resourceaccount"] = keys["s3:resourceaccount"] = asked.owner.account_id
    keys.update({name.lower(): value for name, value in asked.conditions.items()})
    return keys


def _caller(ctx):
    """Return (account id, identity policies, the role's ARN) of who asks; services and anonymous have none."""
    principal = ctx.principal
    if principal.kind == "role":
        role = roles.of_session(ctx.account, principal.arn)
        return ctx.account.account_id, dict(role.policies) if role else {}, role.arn if role else ""
    if principal.kind == "root":
        return ctx.account.account_id, {}, ""
    return "", {}, ""


def decide(ctx, asked):
    """Return the Decision on an Authorization, without refusing."""
    account_id, identity, role_arn = _caller(ctx)
    owner_id = asked.owner.account_id if asked.owner is not None else account_id
    is_root = ctx.principal.kind == "root"
    if asked.owner_may_always and is_root and account_id == owner_id:
        return policy.Decision(
            True, "Allow", "The owner's root user can always change this, so nobody is locked out for good."
        )
    document = asked.resource_policy
    blocked = ""
    if document and asked.public_block and account_id != owner_id and policy.is_public(document):
        service = ctx.principal.kind == "service"
        if not service:
            document, blocked = (
                _only_denies(document),
                " Block Public Access makes the bucket's public policy count for nothing.",
            )
    request = policy.AccessRequest(
        principal_arn=ctx.principal.arn,
        principal_account=account_id,
        action=asked.action,
        resource=asked.resource_arn,
        owner_account=owner_id,
        keys=_keys(ctx, asked),
        is_root=is_root,
        service=ctx.principal.name if ctx.principal.kind == "service" else "",
        role_arn=role_arn,
        canonical_id=ctx.account.canonical_id if ctx.account is not None and is_root else "",
    )
    decision = policy.evaluate(request, identity, document)
    if blocked and not decision.allowed:
        return policy.Decision(
            False, decision.code, decision.because + blocked, decision.considered, decision.statement
        )
    return decision


def _only_denies(document):
    return {**document, "Statement": [s for s in policy.statements(document) if s.get("Effect") == "Deny"]}


def authorize(ctx, asked):
    """Return the Decision, or raise AccessDenied with the real service's sentence."""
    decision = decide(ctx, asked)
    ctx.trace.step(
        "policy",
        "allowed" if decision.allowed else decision.code,
        decision.because,
        action=asked.action,
        resource=asked.resource_arn,
        considered=[v.because for v in decision.considered],
    )
    if not decision.allowed:
        raise AccessDenied(_sentence(ctx, asked, decision))
    return decision


def _sentence(ctx, asked, decision):
    if ctx.principal.kind == "anonymous":
        return "Access Denied"
    who = ctx.principal.arn or ctx.principal.name
    kind = "resource-based" if asked.resource_policy else "identity-based"
    if decision.code == "ExplicitDeny":
        reason = f"with an explicit deny in a {kind} policy"
    else:
        reason = f"because no {kind} policy allows the {asked.action} action"
    return f'User: {who} is not authorized to perform: {asked.action} on resource: "{asked.resource_arn}" {reason}'
