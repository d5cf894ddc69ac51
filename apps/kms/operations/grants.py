"""Grants: permissions beside the policy, for one principal, until they are retired or revoked.

A grant works at once here, so nobody needs its token to use it; a token is still good for RetireGrant.
"""

import re
import secrets

from apps.kms import authority, errors, keys
from apps.kms.models import Grant
from apps.kms.operations.keys import named
from apps.kms.operations.paging import page

PRINCIPAL = re.compile(r"arn:aws:(iam|sts)::\d{12}:.+")
OPERATIONS = {
    "Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo",
    "CreateGrant", "RetireGrant", "DescribeKey",
}  # fmt: skip


def _who(request, role):
    """Return a grant's principal of one role ("Grantee", "Retiring"): an ARN, a service's name or ""."""
    person, service = request.get(f"{role}Principal"), request.get(f"{role}ServicePrincipal")
    if person and service:
        raise errors.Validation(f"Specify either {role}Principal or {role}ServicePrincipal, but not both.")
    if person and not PRINCIPAL.fullmatch(person):
        raise errors.InvalidArn(f"ARN does not refer to a valid principal: {person}")
    return person or service or ""


def _checked(request):
    """Return (grantee, retiring, constraints) of a CreateGrant request."""
    grantee, retiring = _who(request, "Grantee"), _who(request, "Retiring")
    constraints = request.get("Constraints") or {}
    if not grantee:
        raise errors.Validation("You must specify either GranteePrincipal or GranteeServicePrincipal.")
    if request.get("GranteeServicePrincipal") and not (constraints.get("SourceArn") and retiring):
        raise errors.Validation("A grantee that is a service needs a SourceArn constraint and a retiring principal.")
    foreign = sorted(set(request["Operations"]) - OPERATIONS)
    if foreign:
        raise errors.Validation(f"The operation {foreign[0]} is not supported by a key of SYMMETRIC_DEFAULT.")
    if "EncryptionContextEquals" in constraints and "EncryptionContextSubset" in constraints:
        raise errors.Validation("Specify one encryption context constraint.")
    return grantee, retiring, constraints


def _check_child(ctx, request, constraints):
    """Refuse a grant that gives more than the grant by which the caller may make it. Errors: AccessDenied."""
    key = named(ctx, request)
    if authority.by_policy(ctx, key, "CreateGrant").allowed:
        return
    parent = authority.granted(ctx, key, "CreateGrant", {})
    if set(request["Operations"]) - set(parent.operations) or constraints != parent.constraints:
        raise errors.AccessDenied("A grant made by the right of another grant must not give more than that one.")


def create_grant(ctx, request):
    """Let one principal use a key. With a Name, the same request again gives the same grant.

    Errors: DisabledException, KMSInvalidStateException, InvalidArnException, ValidationException. Source: CreateGrant.
    """
    key = named(ctx, request)
    grantee, retiring, constraints = _checked(request)
    keys.check_usable(key)
    _check_child(ctx, request, constraints)
    if request.get("DryRun"):
        raise errors.DryRun()
    asked = {
        "name": request.get("Name", ""),
        "grantee": grantee,
        "retiring": retiring,
        "operations": request["Operations"],
        "constraints": constraints,
    }
    same = [g for g in key.grants.filter(name=asked["name"], grantee=grantee) if _is(g, asked)] if asked["name"] else []
    grant = same[0] if same else Grant.objects.create(
        key=key,
        grant_id=secrets.token_hex(32),
        token=secrets.token_urlsafe(90),
        issuing_account=ctx.account.root_arn,
        created_at=ctx.now,
        **asked,
    )  # fmt: skip
    return {"GrantId": grant.grant_id, "GrantToken": grant.token}


def _is(grant, asked):
    return all(getattr(grant, name) == value for name, value in asked.items())


def _told(grant):
    told = {
        "KeyId": grant.key.arn,
        "GrantId": grant.grant_id,
        "Name": grant.name,
        "CreationDate": grant.created_at,
        "GranteePrincipal": grant.grantee,
        "IssuingAccount": grant.issuing_account,
        "Operations": grant.operations,
    }
    if grant.retiring:
        told["RetiringPrincipal"] = grant.retiring
    if grant.constraints:
        told["Constraints"] = grant.constraints
    return told


def list_grants(ctx, request):
    """List a key's grants, oldest first. Source: ListGrants."""
    rows = named(ctx, request).grants.select_related("key__account").order_by("id")
    for member, column in (
        ("GrantId", "grant_id"),
        ("GranteePrincipal", "grantee"),
        ("GranteeServicePrincipal", "grantee"),
    ):
        if request.get(member):
            rows = rows.filter(**{column: request[member]})
    found, rest = page(list(rows), request, 50, 100)
    return {"Grants": [_told(grant) for grant in found], **rest}


def list_retirable_grants(ctx, request):
    """List the grants that a principal of the caller's account may retire. Source: ListRetirableGrants."""
    who = _who(request, "Retiring")
    if not who:
        raise errors.Validation("You must specify either RetiringPrincipal or RetiringServicePrincipal.")
    mine = f":{ctx.account.account_id}:" in who
    rows = Grant.objects.select_related("key__account").filter(key__region=ctx.region, retiring=who)
    rows = rows.order_by("id") if mine else rows.filter(key__account=ctx.account).order_by("id")
    found, rest = page(list(rows), request, 50, 100)
    return {"Grants": [_told(grant) for grant in found], **rest}


def revoke_grant(ctx, request):
    """Take a grant away. Errors: NotFoundException. Source: RevokeGrant."""
    grant = named(ctx, request).grants.filter(grant_id=request["GrantId"]).first()
    if grant is None:
        raise errors.NotFound(f"Grant ID {request['GrantId']} not found")
    if request.get("DryRun"):
        raise errors.DryRun()
    grant.delete()
    return {}


def retire_grant(ctx, request):
    """Give a grant back, as its retiring principal or its grantee may. Source: RetireGrant."""
    if request.get("DryRun"):
        raise errors.DryRun()
    ctx.found["kms", "grant"].delete()
    return {}
