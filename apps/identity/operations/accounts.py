"""What IAM says of a whole account: counts and quotas, everything at once, its alias. Source: IAM API Reference."""

from apps.identity import entities, identity_validation, managed
from apps.identity.errors import EntityAlreadyExists, NoSuchEntity
from apps.identity.models import Account
from apps.identity.operations import access_keys, attaching, groups, policies, roles, shown, users


def get_account_summary(ctx, _request):
    """Return how much of everything an account has, and may have."""
    account, sizes = ctx.account, identity_validation.LIMITS
    versions = sum(row.versions.count() for row in account.managed_policies.all())
    return {
        "SummaryMap": {
            "Users": account.iam_users.count(),
            "UsersQuota": users.MOST,
            "Groups": account.iam_groups.count(),
            "GroupsQuota": groups.MOST,
            "GroupsPerUserQuota": groups.MOST_OF_USER,
            "Roles": account.roles.count(),
            "RolesQuota": roles.MOST,
            "Policies": account.managed_policies.count(),
            "PoliciesQuota": policies.MOST,
            "PolicyVersionsInUse": versions,
            "PolicyVersionsInUseQuota": 10000,
            "VersionsPerPolicyQuota": policies.MOST_VERSIONS,
            "AttachedPoliciesPerUserQuota": attaching.MOST,
            "AttachedPoliciesPerGroupQuota": attaching.MOST,
            "AttachedPoliciesPerRoleQuota": attaching.MOST,
            "AccessKeysPerUserQuota": access_keys.MOST,
            "UserPolicySizeQuota": sizes["user"],
            "GroupPolicySizeQuota": sizes["group"],
            "RolePolicySizeQuota": sizes["role"],
            "PolicySizeQuota": sizes["managed"],
            "AssumeRolePolicySizeQuota": sizes["trust"],
            "AccountAccessKeysPresent": int(account.access_keys.exists()),
            "AccountPasswordPresent": 0,
            "AccountSigningCertificatesPresent": 0,
            "AccountMFAEnabled": 0,
            "MFADevices": 0,
            "MFADevicesInUse": 0,
            "SigningCertificatesPerUserQuota": 2,
            "ServerCertificates": 0,
            "ServerCertificatesQuota": 20,
            "InstanceProfiles": 0,
            "InstanceProfilesQuota": 1000,
            "Providers": account.oidc_providers.count(),
            "GlobalEndpointTokenVersion": 2,
        }
    }


def _inline(row):
    return [{"PolicyName": name, "PolicyDocument": shown.document(row.policies[name])} for name in sorted(row.policies)]


def _details(kind, row):
    """Return a UserDetail, GroupDetail or RoleDetail."""
    told = {"user": shown.user, "group": shown.group, "role": shown.role}[kind](row)
    told |= {f"{kind.capitalize()}PolicyList": _inline(row), "AttachedManagedPolicies": shown.attached(row)}
    if kind == "user":
        told["GroupList"] = sorted(row.groups.values_list("name", flat=True))
    if kind == "role":
        told["InstanceProfileList"] = []
    return told


def get_account_authorization_details(ctx, request):
    """Return users, groups, roles and managed policies with all that they may do.

    request: {"Filter": ["User" | "Role" | "Group" | "LocalManagedPolicy" | "AWSManagedPolicy"]}. Of AWS's policies those
    that somebody has.
    """
    account, used = ctx.account, shown.uses(ctx.account)
    wanted = request.get("Filter") or ["User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"]
    rows = []
    for kind, name in (("user", "User"), ("group", "Group"), ("role", "Role")):
        if name in wanted:
            rows += [
                (kind, row) for row in entities.MODELS[kind].objects.filter(account=account).select_related("account")
            ]
    if "LocalManagedPolicy" in wanted:
        rows += [("policy", row) for row in account.managed_policies.select_related("account")]
    if "AWSManagedPolicy" in wanted:
        rows += [("policy", managed.BY_ARN[arn]) for arn in managed.BY_ARN if any(counted[arn] for counted in used)]
    told = shown.page(request, rows, "rows", key=lambda one: f"{one[0]} {one[1].name} {one[1].arn}")
    lists = {"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": [], "Policies": []}
    for kind, row in told.pop("rows"):
        if kind == "policy":
            detail = shown.policy(row, used) | {"PolicyVersionList": shown.versions(row)}
            lists["Policies"].append(detail)
        else:
            lists[f"{kind.capitalize()}DetailList"].append(_details(kind, row))
    return lists | told


# -- the alias ----------------------------------------------------------------------------------------


def create_account_alias(ctx, request):
    """Name the account; the name it had is free again. Errors: EntityAlreadyExists."""
    alias = request["AccountAlias"]
    if Account.objects.filter(alias=alias).exclude(pk=ctx.account.pk).exists():
        raise EntityAlreadyExists(f"The account alias {alias} already exists.")
    Account.objects.filter(pk=ctx.account.pk).update(alias=alias)
    return {}


def list_account_aliases(ctx, _request):
    """List the account's alias: one or none."""
    alias = Account.objects.values_list("alias", flat=True).get(pk=ctx.account.pk)
    return {"AccountAliases": [alias] if alias else [], "IsTruncated": False}


def delete_account_alias(ctx, request):
    """Take the account's alias away. Errors: NoSuchEntity."""
    alias = request["AccountAlias"]
    if not Account.objects.filter(pk=ctx.account.pk, alias=alias).update(alias=""):
        raise NoSuchEntity(f"The account alias {alias} cannot be found.")
    return {}
