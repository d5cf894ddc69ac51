"""IAM roles: make, change, delete them. Source: IAM API Reference."""

from apps.identity import entities
from apps.identity.errors import quota
from apps.identity.models import Role
from apps.identity.operations import documents, shown, tagging, users

MOST = 1000


def create_role(ctx, request):
    """Make a role that its trust policy lets somebody assume, and that may do nothing yet.

    request: {"RoleName", "AssumeRolePolicyDocument", "Path", "Description", "MaxSessionDuration" (3600 to 43200),
    "PermissionsBoundary": ARN, "Tags"}. Errors: EntityAlreadyExists, MalformedPolicyDocument, LimitExceeded.
    """
    users.refuse_taken(ctx, "role", request["RoleName"])
    if ctx.account.roles.count() >= MOST:
        raise quota("RolesPerAccount", MOST)
    row = Role.objects.create(
        account=ctx.account,
        name=request["RoleName"],
        path=request.get("Path", "/"),
        trust_policy=documents.trust(request["AssumeRolePolicyDocument"]),
        description=request.get("Description", ""),
        max_session_seconds=request.get("MaxSessionDuration", 3600),
        tags=tagging.read(request.get("Tags")),
        boundary=users.boundary_of(ctx, request["PermissionsBoundary"]) if "PermissionsBoundary" in request else "",
        created_at=ctx.now,
    )
    told = shown.role(row)
    return {"Role": {name: told[name] for name in told if name not in ("RoleLastUsed", "MaxSessionDuration")}}


def get_role(ctx, request):
    """Return a role, with when it was used last."""
    return {"Role": shown.role(entities.named(ctx, "role", request["RoleName"]))}


def list_roles(ctx, request):
    """List roles under a path, in the order of their names."""
    rows = ctx.account.roles.select_related("account").filter(path__startswith=request.get("PathPrefix", "/"))
    return shown.page(request, [shown.role(row, whole=False) for row in rows], "Roles", key=lambda one: one["RoleName"])


def update_role(ctx, request):
    """Change a role's description and how long its sessions may last."""
    row = entities.named(ctx, "role", request["RoleName"])
    row.description = request.get("Description", row.description)
    row.max_session_seconds = request.get("MaxSessionDuration", row.max_session_seconds)
    row.save(update_fields=["description", "max_session_seconds"])
    return {}


def update_role_description(ctx, request):
    """Change a role's description only."""
    row = entities.named(ctx, "role", request["RoleName"])
    row.description = request["Description"]
    row.save(update_fields=["description"])
    return {"Role": shown.role(row)}


def update_assume_role_policy(ctx, request):
    """Replace the policy that says who may assume a role. Errors: MalformedPolicyDocument, LimitExceeded."""
    row = entities.named(ctx, "role", request["RoleName"])
    row.trust_policy = documents.trust(request["PolicyDocument"])
    row.save(update_fields=["trust_policy"])
    return {}


def delete_role(ctx, request):
    """Delete a role without policies. Sessions of it may do nothing any more. Errors: NoSuchEntity, DeleteConflict."""
    row = entities.named(ctx, "role", request["RoleName"])
    users.refuse_policies(row)
    row.delete()
    return {}


def list_instance_profiles_for_role(ctx, request):
    """Answer that a role is in no instance profile: there are no instances here."""
    entities.named(ctx, "role", request["RoleName"])
    return {"InstanceProfiles": [], "IsTruncated": False}
