"""Access keys of users and of the root user: two at most, so that one can follow the other.

Without a name an operation is about the one who asks. Source: IAM API Reference.
"""

from apps.identity import entities, keys
from apps.identity.errors import NoSuchEntity, ValidationError, quota
from apps.identity.models import AccessKey
from apps.identity.operations import shown
from playground.wire.errors import AccessDenied

MOST = 2


def _rows(ctx, owner):
    """Return the keys of a user, or of the root user (owner None)."""
    return AccessKey.objects.filter(account=ctx.account, user=owner)


def _named(owner):
    return {"UserName": owner.name} if owner is not None else {}


def _found(ctx, request):
    """Return the AccessKey that a request is about. Errors: NoSuchEntity."""
    row = _rows(ctx, entities.of_request(ctx, request)).filter(access_key_id=request["AccessKeyId"]).first()
    if row is None:
        raise NoSuchEntity(f"The Access Key with id {request['AccessKeyId']} cannot be found.")
    return row


def create_access_key(ctx, request):
    """Make a key. The answer is the only one that ever tells the secret. Errors: NoSuchEntity, LimitExceeded."""
    owner = entities.of_request(ctx, request)
    if _rows(ctx, owner).count() >= MOST:
        raise quota("AccessKeysPerUser", MOST)
    row = AccessKey.objects.create(account=ctx.account, user=owner, created_at=ctx.now)
    told = {
        "AccessKeyId": row.access_key_id,
        "Status": "Active",
        "SecretAccessKey": row.secret_access_key,
        "CreateDate": row.created_at,
    }
    return {"AccessKey": _named(owner) | told}


def list_access_keys(ctx, request):
    """List keys without their secrets."""
    owner = entities.of_request(ctx, request)
    found = [
        _named(owner)
        | {
            "AccessKeyId": row.access_key_id,
            "Status": "Active" if row.active else "Inactive",
            "CreateDate": row.created_at,
        }
        for row in _rows(ctx, owner)
    ]
    return shown.page(request, found, "AccessKeyMetadata", key=lambda one: one["AccessKeyId"])


def update_access_key(ctx, request):
    """Let a key work, or not. request: {"AccessKeyId", "Status": "Active" | "Inactive", "UserName"}"""
    if request["Status"] == "Expired":
        raise ValidationError("A status that only the service gives: Expired")
    row = _found(ctx, request)
    row.active = request["Status"] == "Active"
    row.save(update_fields=["active"])
    keys.forget(row.access_key_id)
    return {}


def delete_access_key(ctx, request):
    """Delete a key for good."""
    row = _found(ctx, request)
    row.delete()
    keys.forget(row.access_key_id)
    return {}


def get_access_key_last_used(ctx, request):
    """Return whose a key is and when and for what it was used last.

    A key of another account and one that does not exist are refused alike.
    """
    key_id = request["AccessKeyId"]
    row = AccessKey.objects.select_related("user").filter(account=ctx.account, access_key_id=key_id).first()
    if row is None:
        raise AccessDenied(
            f"User: {ctx.principal.arn} is not authorized to perform: iam:GetAccessKeyLastUsed on resource: "
            f"access key {key_id}"
        )
    never = {"ServiceName": "N/A", "Region": "N/A"}
    used = {
        "LastUsedDate": row.last_used_at,
        "ServiceName": row.last_used_service,
        "Region": row.last_used_region,
    }
    return _named(row.user) | {"AccessKeyLastUsed": used if row.last_used_at else never}
