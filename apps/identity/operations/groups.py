"""IAM groups and who is in them. Source: IAM API Reference."""

from apps.identity import entities
from apps.identity.errors import DeleteConflict, quota
from apps.identity.models import IamGroup
from apps.identity.operations import shown, users

MOST = 300
MOST_OF_USER = 10


def create_group(ctx, request):
    """Make a group. request: {"GroupName", "Path"}. Errors: EntityAlreadyExists, LimitExceeded."""
    users.refuse_taken(ctx, "group", request["GroupName"])
    if ctx.account.iam_groups.count() >= MOST:
        raise quota("GroupsPerAccount", MOST)
    row = IamGroup.objects.create(
        account=ctx.account, name=request["GroupName"], path=request.get("Path", "/"), created_at=ctx.now
    )
    return {"Group": shown.group(row)}


def get_group(ctx, request):
    """Return a group and a page of its users."""
    row = entities.named(ctx, "group", request["GroupName"])
    members = [shown.user(one, whole=False) for one in row.members.select_related("account")]
    return {"Group": shown.group(row)} | shown.page(request, members, "Users", key=lambda one: one["UserName"])


def list_groups(ctx, request):
    """List groups under a path, in the order of their names."""
    rows = ctx.account.iam_groups.select_related("account").filter(path__startswith=request.get("PathPrefix", "/"))
    return shown.page(request, [shown.group(row) for row in rows], "Groups", key=lambda one: one["GroupName"])


def update_group(ctx, request):
    """Rename or move a group; its users and policies stay."""
    users.rename(
        ctx, entities.named(ctx, "group", request["GroupName"]), request.get("NewGroupName"), request.get("NewPath")
    )
    return {}


def delete_group(ctx, request):
    """Delete a group without users and policies. Errors: NoSuchEntity, DeleteConflict."""
    row = entities.named(ctx, "group", request["GroupName"])
    if row.members.exists():
        raise DeleteConflict("Cannot delete entity, must remove users from group first.")
    users.refuse_policies(row)
    row.delete()
    return {}


def add_user_to_group(ctx, request):
    """Put a user into a group; again changes nothing. Errors: NoSuchEntity, LimitExceeded."""
    group = entities.named(ctx, "group", request["GroupName"])
    user = entities.named(ctx, "user", request["UserName"])
    if not group.members.filter(pk=user.pk).exists() and user.groups.count() >= MOST_OF_USER:
        raise quota("GroupsPerUser", MOST_OF_USER)
    group.members.add(user)
    return {}


def remove_user_from_group(ctx, request):
    """Take a user out of a group."""
    group = entities.named(ctx, "group", request["GroupName"])
    group.members.remove(entities.named(ctx, "user", request["UserName"]))
    return {}


def list_groups_for_user(ctx, request):
    """List the groups that a user is in."""
    rows = entities.named(ctx, "user", request["UserName"]).groups.select_related("account")
    return shown.page(request, [shown.group(row) for row in rows], "Groups", key=lambda one: one["GroupName"])
