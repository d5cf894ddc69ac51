"""Who may use a key: its policy first, then the caller's own policies, then grants.

KMS differs from the other services. A key's policy is the only door: not even the account's root user enters
unless it says so. A statement that names the account ("arn:aws:iam::...:root") does not let its people in by itself; from
then on their own policies decide. A statement that names a person, a role or everyone lets them in directly. A caller
of another account needs their own account's consent besides. A grant lets in who holds it, as if the policy named them.
Source: KMS Developer Guide, "Determining access to KMS keys", "Default key policy", "Condition keys for AWS KMS".
"""

from apps.identity import attached, authorize, explain, policy
from apps.identity.authorize import Authorization
from apps.kms import errors, keys
from apps.kms.models import Grant


def _account_of(ctx):
    """Return the caller's account id; services and anonymous have none."""
    return attached.side(ctx).account_id


def condition_keys(ctx, key, context, via, extra):
    """Return KMS's own condition keys of a request, in lower case."""
    told = {
        "kms:calleraccount": _account_of(ctx),
        "kms:keyspec": "SYMMETRIC_DEFAULT",
        "kms:keyusage": "ENCRYPT_DECRYPT",
        "kms:keyorigin": "AWS_KMS",
        "kms:multiregion": False,
        "kms:resourcealiases": list(key.aliases.values_list("name", flat=True)),
        "aws:resourceaccount": key.account.account_id,
        **{f"aws:resourcetag/{name.lower()}": value for name, value in key.tags.items()},
        **{f"kms:encryptioncontext:{name.lower()}": value for name, value in (context or {}).items()},
        **extra,
    }
    if context:
        told["kms:encryptioncontextkeys"] = list(context)
    if via:
        told |= {"kms:viaservice": via, "aws:viaawsservice": True}
    return {name: value for name, value in told.items() if value != ""}


def by_policy(ctx, key, action, *, context=None, via="", **extra):
    """Return the Decision of the key's policy and the caller's own on an action ("Decrypt"), grants apart.

    context: the encryption context. via: "s3.us-east-1.amazonaws.com" when a service asks on the caller's behalf.
    extra: condition keys ("kms:requestalias").
    """
    conditions = condition_keys(ctx, key, context, via, extra)
    asked = Authorization(f"kms:{action}", key.arn, key.policy, key.account, conditions=conditions)
    found = authorize.decide(ctx, asked)
    found.sides.must = True  # an identity policy alone is too little, and so is being root
    if not found.allowed or found.sides.grade:
        return found
    return _other(found, False, "ImplicitDeny")


def decide(ctx, key, action, **how):
    """Return the Decision on an action on a key, without refusing. how: as by_policy takes it."""
    found = by_policy(ctx, key, action, **how)
    if found.allowed or found.code == "ExplicitDeny":
        return found
    grant = granted(ctx, key, action, how.get("context") or {})
    request, sides = found.request, found.sides
    across = request.principal_account and request.principal_account != request.owner_account
    if grant is None or (across and not request.is_root and sides.identity is None):
        return found
    told = f"The grant {grant.name or grant.grant_id} lets the caller do kms:{action} with this key."
    return _other(found, True, "Allow", told)


def _other(found, allowed, code, because=""):
    """Return a Decision with another outcome: what the key's own side says is what decided."""
    return policy.Decision(
        allowed, code, because, found.considered, layer="resource", request=found.request, sides=found.sides
    )


def principal_names(ctx):
    """Return the names under which a grant may know the caller: ARN, the role behind a session, a service."""
    side = attached.side(ctx)
    service = ctx.principal.name if ctx.principal.kind == "service" else ""
    return [name for name in (side.arn, side.role_arn, service) if name]


def granted(ctx, key, operation, context):
    """Return a Grant that lets the caller do an operation in an encryption context, or None."""
    for grant in Grant.objects.filter(key=key, grantee__in=principal_names(ctx)):
        if operation in grant.operations and _fits(ctx, grant.constraints, context):
            return grant
    return None


def _fits(ctx, constraints, context):
    exact, subset = constraints.get("EncryptionContextEquals"), constraints.get("EncryptionContextSubset")
    if exact is not None and exact != context:
        return False
    if subset is not None and not subset.items() <= context.items():
        return False
    return not constraints.get("SourceArn") or constraints["SourceArn"] == ctx.principal.source_arn


def require(ctx, key, action, *, named="", **how):
    """Return the Decision, or refuse. named: what the caller called the key. how: as decide takes it.

    Errors: AccessDeniedException.
    """
    decision = decide(ctx, key, action, **how)
    ctx.trace.step(
        "policy",
        "allowed" if decision.allowed else decision.code,
        decision.because,
        action=f"kms:{action}",
        resource=key.arn,
        considered=[one.because for one in decision.considered],
        decided_by=decision.decided_by,
        change=explain.smallest_change(decision, decision.request),
    )
    if decision.allowed:
        return decision
    if _account_of(ctx) not in ("", key.account.account_id):
        raise hidden(ctx, action, named or key.arn)
    raise _refusal(ctx, action, key.arn, decision)


def _who(ctx):
    return ctx.principal.arn or ctx.principal.name or "anonymous"


_KINDS = {
    "identity": "identity-based policy",
    "resource": "resource-based policy",
    "boundary": "permissions boundary",
    "session": "session policy",
}


def _refusal(ctx, action, arn, decision):
    kind = _KINDS[decision.layer]
    if decision.code == "ExplicitDeny":
        reason = f"with an explicit deny in {'an' if kind[0] == 'i' else 'a'} {kind}"
    else:
        reason = f"because no {kind} allows the kms:{action} action"
    return errors.AccessDenied(
        f"User: {_who(ctx)} is not authorized to perform: kms:{action} on resource: {arn} {reason}"
    )


def hidden(ctx, action, name):
    """Return the one refusal of a foreign account's key, whether it exists or not."""
    return errors.AccessDenied(
        f"User: {_who(ctx)} is not authorized to perform: kms:{action} on resource: {name} because the resource does "
        "not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly "
        "denies access"
    )


def admit(ctx, name, action, *, account=None, region=None, aliases=True, foreign=True, **how):
    """Return the Key that a caller names, if they may do the action with it; ctx.found keeps it for the operation.

    account, region: where a name without them is looked up, the caller's by default. aliases, foreign: whether the
    operation takes aliases and other accounts' keys. how: as decide takes it.
    Errors: NotFoundException, InvalidArnException, AccessDeniedException.
    """
    account, region = account or ctx.account, region or ctx.region
    is_foreign = keys.owner_of(account, name) != account.account_id
    try:
        key = keys.find(account, region, name, ctx.now, aliases=aliases)
    except errors.NotFound:
        if is_foreign and keys.ARN.fullmatch(name)["region"] == region:
            raise hidden(ctx, action, name) from None
        raise
    if is_foreign and not foreign:
        raise hidden(ctx, action, name)
    require(ctx, key, action, named=name, **how)
    ctx.found["kms", name] = key
    return key
