"""Managed policies and their versions. Source: IAM API Reference; IAM User Guide, "Versioning IAM policies"."""

from apps.identity import entities, managed
from apps.identity.errors import DeleteConflict, EntityAlreadyExists, LimitExceeded, NoSuchEntity, quota
from apps.identity.models import Attachment, IamUser, ManagedPolicy, PolicyVersion, Role
from apps.identity.operations import documents, shown, tagging

MOST = 1500
MOST_VERSIONS = 5


def create_policy(ctx, request):
    """Make a managed policy, with its first version.

    request: {"PolicyName", "PolicyDocument", "Path", "Description", "Tags"}
    Errors: EntityAlreadyExists, MalformedPolicyDocument, LimitExceeded.
    """
    name = request["PolicyName"]
    if ctx.account.managed_policies.filter(name__iexact=name).exists():
        raise EntityAlreadyExists(f"A policy called {name} already exists. Duplicate names are not allowed.")
    if ctx.account.managed_policies.count() >= MOST:
        raise quota("PoliciesPerAccount", MOST)
    document = documents.managed(request["PolicyDocument"])
    row = ManagedPolicy.objects.create(
        account=ctx.account,
        name=name,
        path=request.get("Path", "/"),
        description=request.get("Description", ""),
        tags=tagging.read(request.get("Tags")),
        created_at=ctx.now,
        updated_at=ctx.now,
    )
    PolicyVersion.objects.create(policy=row, number=1, document=document, created_at=ctx.now)
    told = shown.policy(row, shown.uses(ctx.account))
    return {"Policy": {name: told[name] for name in told if name != "Description" and (name != "Tags" or row.tags)}}


def get_policy(ctx, request):
    """Return a managed policy, AWS's or the account's own, without its text."""
    return {"Policy": shown.policy(entities.policy(ctx, request["PolicyArn"]), shown.uses(ctx.account))}


def list_policies(ctx, request):
    """List managed policies.

    request: {"Scope": "All" | "AWS" | "Local", "OnlyAttached": bool, "PathPrefix",
    "PolicyUsageFilter": "PermissionsPolicy" | "PermissionsBoundary"}
    """
    scope = request.get("Scope", "All")
    own = ctx.account.managed_policies.select_related("account") if scope != "AWS" else ()
    rows = [*own, *(managed.BY_ARN.values() if scope != "Local" else ())]
    rows = [row for row in rows if row.path.startswith(request.get("PathPrefix", "/"))]
    used = shown.uses(ctx.account)
    told = [shown.policy(row, used, whole=False) for row in rows]
    usage = request.get("PolicyUsageFilter")
    if usage == "PermissionsBoundary":
        told = [one for one in told if one["PermissionsBoundaryUsageCount"]]
    elif usage or request.get("OnlyAttached"):
        told = [one for one in told if one["AttachmentCount"]]
    return shown.page(request, told, "Policies", key=lambda one: f"{one['PolicyName']} {one['Arn']}")


def delete_policy(ctx, request):
    """Delete a managed policy that nobody has and that has no other versions. Errors: NoSuchEntity, DeleteConflict."""
    row = entities.own(ctx, request["PolicyArn"])
    if any(counted[row.arn] for counted in shown.uses(ctx.account)):
        raise DeleteConflict("Cannot delete a policy attached to entities.")
    if row.versions.count() > 1:
        raise DeleteConflict(
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. "
            "The default version is deleted with the policy."
        )
    row.delete()
    return {}


# -- versions -----------------------------------------------------------------------------------------


def create_policy_version(ctx, request):
    """Give a policy a new text. request: {"PolicyArn", "PolicyDocument", "SetAsDefault": bool}

    Errors: NoSuchEntity, MalformedPolicyDocument, LimitExceeded.
    """
    row = entities.own(ctx, request["PolicyArn"])
    document = documents.managed(request["PolicyDocument"])
    if row.versions.count() >= MOST_VERSIONS:
        raise LimitExceeded(
            f"A managed policy can have up to {MOST_VERSIONS} versions. Before you create a new version, you must delete "
            "an existing version."
        )
    made = PolicyVersion.objects.create(policy=row, number=row.next_version, document=document, created_at=ctx.now)
    row.next_version += 1
    row.updated_at = ctx.now
    if request.get("SetAsDefault"):
        row.default_version = made.number
    row.save(update_fields=["next_version", "updated_at", "default_version"])
    told = shown.version(row, made)
    return {"PolicyVersion": {name: told[name] for name in told if name != "Document"}}


def _version(row, name):
    """Return the version of a ManagedPolicy by its id. Errors: NoSuchEntity."""
    found = row.versions.filter(number=name.removeprefix("v").partition(".")[0]).first()
    if found is None:
        raise NoSuchEntity(f"Policy {row.arn} version {name} does not exist or is not attachable.")
    return found


def get_policy_version(ctx, request):
    """Return one version with its document, URL-encoded."""
    row, name = entities.policy(ctx, request["PolicyArn"]), request["VersionId"]
    for told in shown.versions(row):
        if told["VersionId"] == name:
            return {"PolicyVersion": told}
    raise NoSuchEntity(f"Policy {row.arn} version {name} does not exist or is not attachable.")


def list_policy_versions(ctx, request):
    """List a policy's versions without their documents, newest first."""
    row = entities.policy(ctx, request["PolicyArn"])
    told = [{name: one[name] for name in one if name != "Document"} for one in shown.versions(row)]
    return shown.page(request, told, "Versions", key=lambda one: f"{10**9 - int(one['VersionId'][1:]):09d}")


def set_default_policy_version(ctx, request):
    """Let another version count, for all who have the policy."""
    row = entities.own(ctx, request["PolicyArn"])
    row.default_version = _version(row, request["VersionId"]).number
    row.updated_at = ctx.now
    row.save(update_fields=["default_version", "updated_at"])
    return {}


def delete_policy_version(ctx, request):
    """Delete a version other than the default. Errors: NoSuchEntity, DeleteConflict."""
    row = entities.own(ctx, request["PolicyArn"])
    found = _version(row, request["VersionId"])
    if found.number == row.default_version:
        raise DeleteConflict("Cannot delete the default version of a policy.")
    found.delete()
    return {}


def list_entities_for_policy(ctx, request):
    """List the users, groups and roles that have a managed policy, attached or as their boundary.

    request: {"PolicyArn", "EntityFilter": "User" | "Role" | "Group", "PathPrefix", "PolicyUsageFilter"}
    """
    arn = entities.policy(ctx, request["PolicyArn"]).arn
    usage, wanted = request.get("PolicyUsageFilter"), request.get("EntityFilter")
    found = []
    for kind in ("user", "group", "role"):
        if wanted and wanted.lower() != kind:
            continue
        rows = []
        if usage != "PermissionsBoundary":
            held = Attachment.objects.filter(account=ctx.account, policy_arn=arn).exclude(**{kind: None})
            rows += [getattr(one, kind) for one in held.select_related(kind)]
        if usage != "PermissionsPolicy" and kind != "group":
            model = {"user": IamUser, "role": Role}[kind]
            rows += model.objects.filter(account=ctx.account, boundary=arn)
        found += [(kind, row) for row in {row.pk: row for row in rows}.values()]
    prefix = request.get("PathPrefix", "/")
    found = [(kind, row) for kind, row in found if row.path.startswith(prefix)]
    told = shown.page(request, found, "found", key=lambda one: f"{one[0]} {one[1].name}")
    lists = {"PolicyGroups": [], "PolicyUsers": [], "PolicyRoles": []}
    for kind, row in told.pop("found"):
        name = kind.capitalize()
        lists[f"Policy{name}s"].append({f"{name}Name": row.name, f"{name}Id": row.unique_id})
    return lists | told
