"""Who may use a key: its policy first, then the caller's own policies, then grants.

KMS differs from the other services. A key's policy is the only door: not even the account's root user enters
unless it says so. A statement that names the account ("arn:aws:iam::...:root") does not let its people in by itself; it
*delegates*: from then on their own policies decide. A statement that names a person, a role or everyone lets them in
*directly*. A caller of another account needs their own account's consent besides.
Source: KMS Developer Guide, "Determining access to KMS keys", "Default key policy", "Condition keys for AWS KMS".
"""

import re

from apps.identity import authorize, policy, roles
from apps.identity.authorize import Authorization
from apps.kms import errors
from apps.kms.models import Grant

ACCOUNT = re.compile(r"(?:arn:aws:iam::)?(\d{12})(?::root)?")
DIRECT, DELEGATES = "direct", "delegates"


def _account_of(ctx):
    """Return the caller's account id; services and anonymous have none."""
    return (
        ctx.account.account_id if ctx.account is not None and ctx.principal.kind not in ("service", "anonymous") else ""
    )


def _parts(document, account_id):
    """Return [(statement, kind)]: what lets the caller in directly apart from what delegates to their account.

    A delegating part that names the caller's account is rewritten to name everyone, so that it applies whatever
    the policy engine makes of an account's name.
    """
    parts = []
    for statement in policy.statements(document):
        principal = statement.get("Principal")
        names = policy.listed(principal.get("AWS", [])) if isinstance(principal, dict) else []
        accounts = [name for name in names if ACCOUNT.fullmatch(name)]
        if statement.get("Effect") != "Allow" or not accounts:
            parts.append((statement, DIRECT))
            continue
        mine = any(ACCOUNT.fullmatch(name)[1] == account_id for name in accounts)
        parts.append(({**statement, "Principal": "*"} if mine else statement, DELEGATES))
        others = [name for name in names if name not in accounts]
        rest = {**principal, "AWS": others} if others else {k: v for k, v in principal.items() if k != "AWS"}
        if rest:
            parts.append(({**statement, "Principal": rest}, DIRECT))
    return parts


def condition_keys(ctx, key, context, via, extra):
    """Return KMS's own condition keys of a request, in lower case."""
    keys = {
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
        keys["kms:encryptioncontextkeys"] = list(context)
    if via:
        keys["kms:viaservice"] = via
    return {name: value for name, value in keys.items() if value != ""}


def decide(ctx, key, action, *, context=None, via="", grant_operations=None, **extra):
    """Return the Decision on an action ("Decrypt") on a key, without refusing.

    context: the encryption context. via: "s3.us-east-1.amazonaws.com" when a service asks on the caller's behalf.
    grant_operations: names under which a grant may allow it, the action's own by default. extra: condition keys
    ("kms:requestalias").
    """
    account_id = _account_of(ctx)
    parts = _parts(key.policy, account_id)
    conditions = condition_keys(ctx, key, context, via, extra)
    document = {"Version": "2012-10-17", "Statement": [statement for statement, _kind in parts]}

    def ask(resource_policy, owner):
        return authorize.decide(
            ctx, Authorization(f"kms:{action}", key.arn, resource_policy, owner, conditions=conditions)
        )

    by_key = ask(document, key.account)
    own = ask(None, ctx.account) if account_id else None  # what the caller's own account says
    for found in (by_key, own):
        if found is not None and found.code == "ExplicitDeny":
            return found
    verdicts = [one for one in by_key.considered if one.source == "resource policy"]
    opened = [(one, kind) for one, (_s, kind) in zip(verdicts, parts, strict=True) if one.applies]
    grant = _granted(ctx, key, grant_operations or [action], context or {})
    return _judge(key, action, account_id, own, opened, grant, tuple(by_key.considered))


def _judge(key, action, account_id, own, opened, grant, considered):
    """Return the Decision when nothing denies. opened: [(verdict, kind)] of the statements that apply."""
    consent = own is not None and own.allowed
    same = account_id == key.account.account_id
    for verdict, kind in opened:
        if not account_id or consent or (same and kind == DIRECT):
            told = verdict.because
            if kind == DELEGATES:
                told = f"The key policy's {verdict.sid} leaves it to the account's own policies, and they allow it."
            return policy.Decision(True, "Allow", told, considered, verdict.sid)
    if grant is not None and (same or consent or not account_id):
        return policy.Decision(True, "Allow", f"The grant {grant.grant_id} allows it.", considered)
    if opened:
        told = f"The key policy leaves kms:{action} to the caller's own policies, and none of them allows it."
    else:
        told = f"The key policy has no statement that lets the caller do kms:{action}, and it alone opens a key."
    return policy.Decision(False, "ImplicitDeny", told, considered)


def principal_names(ctx):
    """Return the names under which a grant may know the caller: ARN, the role behind a session, a service."""
    principal = ctx.principal
    if principal.kind == "service":
        return [principal.name]
    role = roles.of_session(ctx.account, principal.arn) if ctx.account is not None else None
    return [name for name in (principal.arn, role.arn if role else "") if name]


def _granted(ctx, key, operations, context):
    for grant in Grant.objects.filter(key=key, grantee__in=principal_names(ctx)):
        if set(operations) & set(grant.operations) and _fits(ctx, grant.constraints, context):
            return grant
    return None


def _fits(ctx, constraints, context):
    exact, subset = constraints.get("EncryptionContextEquals"), constraints.get("EncryptionContextSubset")
    if exact is not None and exact != context:
        return False
    if subset is not None and not subset.items() <= context.items():
        return False
    return not constraints.get("SourceArn") or constraints["SourceArn"] == ctx.principal.source_arn


def require(ctx, key, action, **how):
    """Return the Decision, or refuse. how: as decide takes it. Errors: AccessDeniedException."""
    decision = decide(ctx, key, action, **how)
    ctx.trace.step(
        "policy",
        "allowed" if decision.allowed else decision.code,
        decision.because,
        action=f"kms:{action}",
        resource=key.arn,
        considered=[one.because for one in decision.considered],
    )
    if not decision.allowed:
        raise refusal(ctx, action, key.arn, decision)
    return decision


def refusal(ctx, action, arn, decision):
    """Return the AccessDeniedException in the service's words."""
    who = ctx.principal.arn or ctx.principal.name or "anonymous"
    if decision.code == "ExplicitDeny":
        reason = "with an explicit deny"
    else:
        side = "identity-based" if "own policies" in decision.because else "resource-based"
        reason = f"because no {side} policy allows the kms:{action} action"
    return errors.AccessDenied(f"User: {who} is not authorized to perform: kms:{action} on resource: {arn} {reason}")
