"""IAM users: make, find, rename, delete them.

Source: IAM API Reference; the sentences of refusals are the service's.
"""

from apps.identity import attached, entities
from apps.identity.errors import DeleteConflict, EntityAlreadyExists, NoSuchEntity, quota
from apps.identity.models import IamUser
from apps.identity.operations import shown, tagging

MOST = 5000


def refuse_taken(ctx, kind, name, row=None):
    """Refuse a name that another user, group or role has, in whatever case. Errors: EntityAlreadyExists."""
    found = entities.find(ctx.account, kind, name)
    if found is not None and found != row:
        raise EntityAlreadyExists(f"{kind.capitalize()} with name {name} already exists.")


def boundary_of(ctx, arn):
    """Return the ARN of a policy that is to be a boundary. Errors: NoSuchEntity, InvalidInput."""
    entities.policy_parts(arn)
    if not attached.policy_exists(ctx.account, arn):
        raise NoSuchEntity(f"Scope ARN: {arn} does not exist or is not attachable.")
    return arn


def create_user(ctx, request):
    """Make a user, who may do nothing yet.

    request: {"UserName", "Path", "PermissionsBoundary": ARN, "Tags": [{"Key", "Value"}]}
    Errors: EntityAlreadyExists, LimitExceeded, NoSuchEntity (the boundary).
    """
    refuse_taken(ctx, "user", request["UserName"])
    if ctx.account.iam_users.count() >= MOST:
        raise quota("UsersPerAccount", MOST)
    row = IamUser.objects.create(
        account=ctx.account,
        name=request["UserName"],
        path=request.get("Path", "/"),
        tags=tagging.read(request.get("Tags")),
        boundary=boundary_of(ctx, request["PermissionsBoundary"]) if "PermissionsBoundary" in request else "",
        created_at=ctx.now,
    )
    return {"User": shown.user(row)}


def get_user(ctx, request):
    """Return a user; without a name, the one who asks."""
    row = entities.of_request(ctx, request)
    if row is not None:
        return {"User": shown.user(row)}
    account = ctx.account
    told = {"UserId": account.account_id, "Arn": account.root_arn, "CreateDate": account.created_at}
    return {"User": told | ({"UserName": account.alias} if account.alias else {})}


def list_users(ctx, request):
    """List users under a path, in the order of their names."""
    rows = ctx.account.iam_users.select_related("account").filter(path__startswith=request.get("PathPrefix", "/"))
    return shown.page(request, [shown.user(row, whole=False) for row in rows], "Users", key=lambda one: one["UserName"])


def update_user(ctx, request):
    """Rename or move a user, who stays the same one: keys, policies and groups stay."""
    row = entities.named(ctx, "user", request["UserName"])
    rename(ctx, row, request.get("NewUserName"), request.get("NewPath"))
    return {}


def rename(ctx, row, name, path):
    """Give a user or group another name or path, or both. Errors: EntityAlreadyExists."""
    if name:
        refuse_taken(ctx, row.kind, name, row)
    row.name, row.path = name or row.name, path or row.path
    row.save(update_fields=["name", "path"])


def delete_user(ctx, request):
    """Delete a user who has nothing left. Errors: NoSuchEntity, DeleteConflict."""
    row = entities.named(ctx, "user", request["UserName"])
    refuse_policies(row)
    if row.groups.exists():
        raise DeleteConflict("Cannot delete entity, must remove user from all groups first.")
    if row.access_keys.exists():
        raise DeleteConflict("Cannot delete entity, must delete access keys first.")
    row.delete()
    return {}


def refuse_policies(row):
    """Refuse to delete a user, group or role that still has policies. Errors: DeleteConflict."""
    if row.attachments.exists():
        raise DeleteConflict("Cannot delete entity, must detach all policies first.")
    if row.policies:
        raise DeleteConflict("Cannot delete entity, must delete policies first.")


def put_boundary(ctx, request):
    """Limit a user or role to what a managed policy allows. Source: PutUserPermissionsBoundary, PutRole...Boundary."""
    row = entities.of_request(ctx, request)
    row.boundary = boundary_of(ctx, request["PermissionsBoundary"])
    row.save(update_fields=["boundary"])
    return {}


def delete_boundary(ctx, request):
    """Take a user's or role's boundary away. Errors: NoSuchEntity when there is none."""
    row = entities.of_request(ctx, request)
    if not row.boundary:
        raise NoSuchEntity(f"No permissions boundary is set for {row.kind} {row.name}.")
    row.boundary = ""
    row.save(update_fields=["boundary"])
    return {}


# -- what users of the real service may have besides, and nobody has here -------------------------------


def no_login_profile(ctx, request):
    """Answer that a user has no password: people sign in to the console as themselves. Errors: NoSuchEntity."""
    name = getattr(entities.of_request(ctx, request), "name", "root")
    raise NoSuchEntity(f"Login Profile for User {name} cannot be found.")


def nothing_listed(member):
    """Return an operation that lists nothing of a user's, having checked that there is the user."""

    def listed(ctx, request):
        entities.of_request(ctx, request)
        return {member: [], "IsTruncated": False}

    return listed


def none_of_the_account(member):
    """Return an operation that lists nothing of the account's."""
    return lambda _ctx, _request: {member: [], "IsTruncated": False}
