"""From a request to the policy engine and back: who asks, what policies bind them, may they.

An operation's actions.py says what it needs as Authorization; `authorize` adds the caller's side (attached.py) and
the condition keys (request_keys.py), evaluates (policy.py), notes the decision and what would change it
(explain.py) in the trace, and refuses in S3's or AWS's words.
"""

from dataclasses import dataclass, field
from typing import Any

from apps.identity import attached, explain, policy
from apps.identity.request_keys import keys_of
from playground.wire.errors import AccessDenied


@dataclass(slots=True, frozen=True)
class Authorization:
    """What a request must be allowed to do.

    action: "s3:GetObject". resource_arn: on what. resource_policy: document on the resource, or None.
    owner: the Account that owns the resource; None when nobody does yet. public_block: block public access
    makes a public policy count for nothing (RestrictPublicBuckets). conditions: condition keys of the
    service, lower case ("s3:prefix"). owner_may_always: the owner's root user is never locked out
    (Put, Get and DeleteBucketPolicy). acl_allows: a sentence saying which grant of an ACL allows the act, "" when none
    does; it counts like a resource policy that names the grantee's account. acl_everyone: the grant is to a group
    (AllUsers, AuthenticatedUsers), so the account's users need no policy of their own. resource_must_allow: the resource's
    own policy has to let the caller in, or leave it to their account; identity policies alone are too little (keys,
    roles).
    """

    action: str
    resource_arn: str
    resource_policy: dict | None = None
    owner: Any = None
    public_block: bool = False
    conditions: dict = field(default_factory=dict)
    owner_may_always: bool = False
    acl_allows: str = ""
    acl_everyone: bool = False
    resource_must_allow: bool = False


def decide(ctx, asked):
    """Return the Decision on an Authorization, without refusing."""
    side = attached.side(ctx)
    owner_id = asked.owner.account_id if asked.owner is not None else side.account_id
    kind = ctx.principal.kind
    request = policy.AccessRequest(
        principal_arn=side.arn if side.account_id else "",
        principal_account=side.account_id,
        action=asked.action,
        resource=asked.resource_arn,
        owner_account=owner_id,
        keys=keys_of(ctx, asked, side),
        is_root=side.is_root,
        service=ctx.principal.name if kind == "service" else "",
        role_arn=side.role_arn if side.role_arn != side.arn else "",
        canonical_id=ctx.account.canonical_id if side.account_id else "",
    )
    if asked.owner_may_always and side.is_root and side.account_id == owner_id:
        return policy.Decision(True, "Allow", layer="owner", request=request)
    outside = side.account_id != owner_id and kind != "service"
    sessions = side.session_policies or ([] if kind == "federated" else None)
    return policy.evaluate(
        request,
        side.policies,
        asked.resource_policy,
        boundary=side.boundary,
        session_policies=sessions,
        acl_allows=asked.acl_allows,
        acl_everyone=asked.acl_everyone,
        resource_must_allow=asked.resource_must_allow,
        public_block=asked.public_block and outside,
    )


def _note(ctx, asked, decision):
    """Put a decision into the caller's trace.

    The trace is the caller's to read, so of another account's resource it holds nothing of that account's policy.
    """
    request = decision.request
    foreign = bool(request.principal_account) and request.principal_account != request.owner_account
    hidden = foreign and decision.layer == "resource" and decision.code == "ExplicitDeny"
    ctx.trace.step(
        "policy",
        "allowed" if decision.allowed else decision.code,
        "The resource belongs to another account, whose policy denies this; it is not shown."
        if hidden
        else decision.because,
        action=asked.action,
        resource=asked.resource_arn,
        considered=[one.because for one in decision.considered if not (foreign and one.layer == "resource")],
        decided_by="" if hidden else decision.decided_by,
        change={} if hidden else explain.smallest_change(decision, request),
    )


def authorize(ctx, asked):
    """Return the Decision, or raise AccessDenied with the real service's sentence."""
    decision = decide(ctx, asked)
    _note(ctx, asked, decision)
    if not decision.allowed:
        raise AccessDenied(_sentence(ctx, asked, decision))
    return decision


_KINDS = {
    "identity": "identity-based policy",
    "resource": "resource-based policy",
    "boundary": "permissions boundary",
    "session": "session policy",
}


def _sentence(ctx, asked, decision):
    """Return what the real service tells the client.

    Source: IAM User Guide, "Troubleshoot access denied error messages"; Amazon S3 User Guide, "Troubleshoot access
    denied (403 Forbidden) errors": callers of other accounts are told no more than "Access Denied".
    """
    s3 = asked.action.startswith("s3:")
    request = decision.request
    if ctx.principal.kind == "anonymous" or (s3 and request.principal_account != request.owner_account):
        return "Access Denied"
    who = ctx.principal.arn or ctx.principal.name
    kind = _KINDS[decision.layer]
    if decision.code == "ExplicitDeny":
        article = "an" if kind[0] in "aeiou" else "a"
        reason = f"with an explicit deny in {article} {kind}"
    else:
        reason = f"because no {kind} allows the {asked.action} action"
    resource = f'"{asked.resource_arn}"' if s3 else asked.resource_arn
    return f"User: {who} is not authorized to perform: {asked.action} on resource: {resource} {reason}"
