"""Which action each IAM and STS operation needs, on which resource: IAM guards itself by its own policies.

All is within the caller's account, but for what an ARN names: that of another account is refused by the ordinary rule,
since nothing there lets the caller in. AssumeRole is the exception, asked of the role's trust policy.
Source: Service Authorization Reference, "AWS Identity and Access Management (IAM)", "AWS Security Token Service".
"""

from apps.identity import constraints, entities
from apps.identity.authorize import Authorization
from apps.identity.errors import AccessDenied, InvalidClientTokenId
from apps.identity.models import AccessKey, Account
from apps.identity.operations import assuming

FREE = ("GetCallerIdentity", "GetSessionToken")  # even a denied caller may ask who they are, and prove it anew
LISTS = {"ListUsers": "user", "ListGroups": "group", "ListRoles": "role", "ListPolicies": "policy"}
CREATES = {"CreateUser": "user", "CreateGroup": "group", "CreateRole": "role", "CreatePolicy": "policy"}
NAMES = {"user": "UserName", "group": "GroupName", "role": "RoleName", "policy": "PolicyName"}
OF_GROUP = ("AddUserToGroup", "RemoveUserFromGroup")  # they name a user, too
ABOUT_CALLER = (
    "GetUser", "CreateAccessKey", "ListAccessKeys", "UpdateAccessKey", "DeleteAccessKey", "ListMFADevices",
    "ListSSHPublicKeys", "ListServiceSpecificCredentials", "ListSigningCertificates", "GetLoginProfile",
)  # fmt: skip


def authorization(ctx, operation, request):
    """Return what an operation needs, as Authorizations; a request that its model does not allow is refused first."""
    constraints.check(ctx.service, operation, request)
    if operation in FREE:
        return []
    if ctx.service == "sts":
        return _of_sts(ctx, operation, request)
    if ctx.principal.temporary and ctx.principal.kind != "role":
        raise InvalidClientTokenId()  # IAM wants multi-factor authentication of such sessions
    return _of_iam(ctx, operation, request)


# -- STS ----------------------------------------------------------------------------------------------


def _of_sts(ctx, operation, request):
    account = ctx.account.account_id
    if operation == "AssumeRole":
        return _to_assume(ctx, request)
    arn = "*"
    if operation == "GetFederationToken":
        arn = f"arn:aws:sts::{account}:federated-user/{request['Name']}"
    asked = [Authorization(f"sts:{operation}", arn, owner=ctx.account, conditions=_requested_tags(request))]
    if request.get("Tags"):
        asked.append(Authorization("sts:TagSession", arn, owner=ctx.account, conditions=_requested_tags(request)))
    return asked


def _to_assume(ctx, request):
    """Return what AssumeRole needs. A role that does not exist is refused like one that lets nobody in."""
    arn = request["RoleArn"]
    if ctx.principal.kind == "root":
        raise AccessDenied("Roles may not be assumed by root accounts.")
    if ctx.principal.kind == "federated":
        raise AccessDenied("Cannot call AssumeRole with federated user credentials")
    role = assuming.role_of(arn)
    owner = role.account if role is not None else _owner(arn, ctx.account)
    conditions = _requested_tags(request)
    conditions["sts:rolesessionname"] = request["RoleSessionName"]
    for member, key in (("ExternalId", "sts:externalid"), ("SourceIdentity", "sts:sourceidentity")):
        if member in request:
            conditions[key] = request[member]
    if request.get("TransitiveTagKeys"):
        conditions["sts:transitivetagkeys"] = request["TransitiveTagKeys"]
    if role is not None:
        conditions |= _resource_tags(role)
    needed = ["AssumeRole"]
    if request.get("Tags") or assuming.inherited_tags(ctx.principal):
        needed.append("TagSession")
    if "SourceIdentity" in request:
        needed.append("SetSourceIdentity")
    trust = role.trust_policy if role is not None else None
    return [
        Authorization(f"sts:{name}", arn, trust, owner, conditions=conditions, resource_must_allow=True)
        for name in needed
    ]


# -- IAM ----------------------------------------------------------------------------------------------


def _of_iam(ctx, operation, request):
    prefix = f"arn:aws:iam::{ctx.account.account_id}:"
    conditions = _requested_tags(request)
    if operation in LISTS:
        arns = [f"{prefix}{LISTS[operation]}{request.get('PathPrefix', '/')}"]
    elif operation in CREATES:
        kind = CREATES[operation]
        arns = [f"{prefix}{kind}{request.get('Path', '/')}{request[NAMES[kind]]}"]
    else:
        row, arns = _resources(ctx, operation, request, prefix)
        conditions |= _resource_tags(row) if row is not None else {}
        if getattr(row, "boundary", ""):
            conditions["iam:permissionsboundary"] = row.boundary
    if "PermissionsBoundary" in request:
        conditions["iam:permissionsboundary"] = request["PermissionsBoundary"]
    if operation.startswith(("Attach", "Detach")):
        conditions["iam:policyarn"] = request["PolicyArn"]
    return [
        Authorization(f"iam:{operation}", arn, owner=_owner(arn, ctx.account), conditions=conditions) for arn in arns
    ]


def _resources(ctx, operation, request, prefix):
    """Return (the user, group, role, policy or provider in question or None, the ARNs to ask for)."""
    for member in ("OpenIDConnectProviderArn", "PolicySourceArn"):
        if member in request:
            return None, [request[member]]
    kind = _kind(operation, request)
    if kind:
        name = request[NAMES[kind]]
        row = entities.find(ctx.account, kind, name)
        arns = [row.arn if row is not None else f"{prefix}{kind}/{name}"]
        if operation in ("UpdateUser", "UpdateGroup") and row is not None:
            arns += _renamed(row, request, prefix)
        return row, arns
    if "PolicyArn" in request:
        entities.policy_parts(request["PolicyArn"])
        return entities.own_policy(ctx.account, request["PolicyArn"]), [request["PolicyArn"]]
    if operation == "GetAccessKeyLastUsed":
        key = AccessKey.objects.select_related("user__account").filter(
            account=ctx.account, access_key_id=request["AccessKeyId"]
        ).first()  # fmt: skip
        return None, [key.user.arn if key is not None and key.user else f"{prefix}user/*"]
    if operation in ABOUT_CALLER:
        row = entities.caller(ctx)
        return row, [row.arn if row is not None else ctx.account.root_arn]
    if operation == "CreateOpenIDConnectProvider":
        return None, [f"{prefix}oidc-provider/{request['Url'].partition('://')[2]}"]
    return None, ["*"]


def _kind(operation, request):
    """Return "user", "group" or "role" when the request names one, "" else."""
    if operation in OF_GROUP:
        return "group"
    return next((kind for kind in ("user", "group", "role") if NAMES[kind] in request), "")


def _renamed(row, request, prefix):
    """Return the ARN that a user or group is to have."""
    what = row.kind.capitalize()
    path, name = request.get("NewPath", row.path), request.get(f"New{what}Name", row.name)
    return [f"{prefix}{row.kind}{path}{name}"]


def _owner(arn, own):
    """Return the Account that an ARN is of: the caller's own, also for AWS's policies, or one that is only named."""
    parts = arn.split(":")
    account_id = parts[4] if len(parts) > 5 else ""
    return own if account_id in ("", "aws", own.account_id) else Account(account_id=account_id)


def _requested_tags(request):
    told = {f"aws:requesttag/{one['Key'].lower()}": one["Value"] for one in request.get("Tags") or ()}
    keys = [one["Key"] for one in request.get("Tags") or ()] + list(request.get("TagKeys") or ())
    return told | ({"aws:tagkeys": keys} if keys else {})


def _resource_tags(row):
    tags = {name.lower(): value for name, value in getattr(row, "tags", {}).items()}
    return {f"{prefix}:resourcetag/{name}": value for name, value in tags.items() for prefix in ("aws", "iam")}
