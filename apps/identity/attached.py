"""Everything on the caller's side that binds a request: who they are, their policies and what limits those.

A user is bound by its own inline and managed policies and by those of its groups, a role's session by the role's.
It is asked on every request, so it is kept for a moment under the account's iam_version, which every change that IAM
makes raises (`changed`): a new policy holds from the next request on.
"""

import threading
import time
from dataclasses import dataclass, field, replace

from django.db.models import F

from apps.identity import managed, roles
from apps.identity.models import Account, IamUser, ManagedPolicy, PolicyVersion

TTL_SECONDS = 5.0  # for rows that were changed by another way than IAM's operations
ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
NOTHING = {"Version": "2012-10-17", "Statement": []}


@dataclass(slots=True, frozen=True)
class Side:
    """Who asks. account_id: "" for services and the anonymous. role_arn: of the identity behind a session.

    policies: policy name -> document. boundary, session_policies: what limits them, None when nothing does.
    tags: of the user, or of the role and its session. username: of an IAM user, else "".
    """

    account_id: str = ""
    arn: str = ""
    role_arn: str = ""
    policies: dict = field(default_factory=dict)
    boundary: dict | None = None
    session_policies: list | None = None
    tags: dict = field(default_factory=dict)
    username: str = ""
    is_root: bool = False


_cache: dict = {}
_lock = threading.Lock()


def changed(account):
    """Say that IAM changed something in an account: what was kept of its callers counts no more.

    Inside a transaction the row stays locked to its end, which makes an account's IAM changes come one by one.
    """
    Account.objects.filter(pk=account.pk).update(iam_version=F("iam_version") + 1)


def side(ctx):
    """Return the Side of who asks."""
    principal, account = ctx.principal, ctx.account
    if account is None or principal.kind in ("service", "anonymous"):
        return Side()
    kept = ctx.found.get("side")
    if kept is not None and kept.arn == principal.arn:
        return kept
    ctx.found["side"] = found = _side(account, principal)
    return found


def _side(account, principal):
    if principal.kind == "root":
        return Side(account.account_id, principal.arn, is_root=True)
    found = _kept(account, principal)
    if principal.session_policies:
        texts = [_document(account, one) for one in principal.session_policies]
        found = replace(found, session_policies=texts)
    if principal.tags:
        found = replace(found, tags={**found.tags, **principal.tags})
    return found


def _kept(account, principal):
    """Return the Side without what only this session has."""
    key = (account.pk, principal.kind, principal.arn, principal.user_id, principal.parent)
    now = time.monotonic()
    kept = _cache.get(key)
    if kept and kept[0] == account.iam_version and kept[1] > now:
        return kept[2]
    found = {"user": of_user, "role": of_role, "federated": of_federated}[principal.kind](account, principal)
    with _lock:
        if len(_cache) > 2000:
            _cache.clear()
        _cache[key] = (account.iam_version, now + TTL_SECONDS, found)
    return found


def of_user(account, principal):
    """Return the Side of a user; one who was deleted has no policies left."""
    user = IamUser.objects.filter(account=account, unique_id=principal.user_id).first()
    if user is None:
        return Side(account.account_id, principal.arn, username=principal.name)
    return Side(
        account.account_id,
        principal.arn,
        policies=policies_of(account, user),
        boundary=document_of(account, user.boundary) if user.boundary else None,
        tags=user.tags,
        username=user.name,
    )


def of_role(account, principal):
    """Return the Side of a role's session; without the role, or with another of its name, it has no policies."""
    role = roles.of_session(account, principal.arn)
    if role is None or principal.user_id.partition(":")[0] not in ("", role.role_id):
        return Side(account.account_id, principal.arn)
    return Side(
        account.account_id,
        principal.arn,
        role.arn,
        policies_of(account, role),
        boundary=document_of(account, role.boundary) if role.boundary else None,
        tags=role.tags,
    )


def of_federated(account, principal):
    """Return the Side of a federated user: what the user may who federated, or everything when root did."""
    if not principal.parent:
        return Side(account.account_id, principal.arn, policies={"root user": ALL})
    user = IamUser.objects.filter(account=account, unique_id=principal.parent).first()
    if user is None:
        return Side(account.account_id, principal.arn)
    boundary = document_of(account, user.boundary) if user.boundary else None
    return Side(account.account_id, principal.arn, user.arn, policies_of(account, user), boundary)


# -- policies ---------------------------------------------------------------------------------------


def _document(account, policy):
    """Return a session policy's document: it is one, or the ARN of a managed policy."""
    return document_of(account, policy) if isinstance(policy, str) else policy


def documents_of(account, arns):
    """Return {ARN: document} of managed policies, AWS's and the account's own; what does not exist is left out."""
    found = {arn: managed.BY_ARN[arn].document for arn in arns if arn in managed.BY_ARN}
    names = {arn.rpartition("/")[2]: arn for arn in arns if arn not in found}
    if names:
        versions = PolicyVersion.objects.filter(
            policy__account=account, policy__name__in=names, number=F("policy__default_version")
        ).select_related("policy__account")
        found |= {one.policy.arn: one.document for one in versions if one.policy.arn in arns}
    return found


def document_of(account, arn):
    """Return a managed policy's document; one that is gone allows nothing."""
    return documents_of(account, [arn]).get(arn, NOTHING)


def policies_of(account, entity):
    """Return {how the policy is called: document} of a user with its groups, of a group or of a role."""
    found = dict(entity.policies)
    holders = {"": entity}
    if entity.kind == "user":
        holders |= {f" of group {group.name}": group for group in entity.groups.all()}
    for whose, holder in holders.items():
        if whose:
            found |= {f"{name}{whose}": document for name, document in holder.policies.items()}
        arns = list(holder.attachments.values_list("policy_arn", flat=True))
        for arn, document in documents_of(account, arns).items():
            found[f"{arn}{whose}"] = document
    return found


def policy_exists(account, arn):
    """Tell whether an account may attach a managed policy."""
    name = arn.rpartition("/")[2]
    rows = ManagedPolicy.objects.filter(account=account, name=name).select_related("account")
    return arn in managed.BY_ARN or any(row.arn == arn for row in rows)
