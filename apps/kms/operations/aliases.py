"""Aliases: second names of keys, which can be moved from one key to the next."""

from django.db import IntegrityError, transaction

from apps.kms import errors, keys
from apps.kms.models import Alias
from apps.kms.operations.paging import page

MOST_OF_A_KEY = 50


def _check_name(name):
    if not name.startswith("alias/") or name == "alias/":
        raise errors.Validation("Invalid identifier")
    if name.startswith("alias/aws/"):
        raise errors.NotAuthorized()
    if ":" in name:
        raise errors.Validation(f"{name} contains invalid characters for an alias")


def _found(ctx, name):
    alias = Alias.objects.select_related("key", "account").filter(account=ctx.account, region=ctx.region, name=name)
    found = alias.first()
    if found is None:
        raise errors.NotFound(f"Alias arn:aws:kms:{ctx.region}:{ctx.account.account_id}:{name} is not found.")
    return found


def create_alias(ctx, request):
    """Name a key. Errors: AlreadyExistsException, KMSInvalidStateException, LimitExceeded. Source: CreateAlias."""
    name, key = request["AliasName"], ctx.found["kms", request["TargetKeyId"]]
    _check_name(name)
    keys.check_not_going(key)
    if key.aliases.count() >= MOST_OF_A_KEY:
        raise errors.LimitExceeded(f"The key {key.arn} has {MOST_OF_A_KEY} aliases, which is the most.")
    try:
        with transaction.atomic():
            Alias.objects.create(
                account=ctx.account, region=ctx.region, name=name, key=key, created_at=ctx.now, updated_at=ctx.now
            )
    except IntegrityError:
        taken = f"arn:aws:kms:{ctx.region}:{ctx.account.account_id}:{name}"
        raise errors.AlreadyExists(f"An alias with the name {taken} already exists") from None
    return {}


def update_alias(ctx, request):
    """Move an alias to another key. Errors: NotFoundException, KMSInvalidStateException. Source: UpdateAlias."""
    _check_name(request["AliasName"])
    alias, key = _found(ctx, request["AliasName"]), ctx.found["kms", request["TargetKeyId"]]
    keys.check_not_going(key)
    alias.key, alias.updated_at = key, ctx.now
    alias.save(update_fields=["key", "updated_at"])
    return {}


def delete_alias(ctx, request):
    """Forget an alias; its key stays. Errors: NotFoundException. Source: DeleteAlias."""
    _check_name(request["AliasName"])
    _found(ctx, request["AliasName"]).delete()
    return {}


def list_aliases(ctx, request):
    """List the account's aliases of this region by name, or those of one key. Source: ListAliases."""
    known = {key.pk for key in keys.of_account(ctx.account, ctx.region, ctx.now)}
    rows = Alias.objects.select_related("key", "account").filter(account=ctx.account, region=ctx.region)
    rows = rows.filter(key_id__in=known).order_by("name")
    if request.get("KeyId"):
        rows = rows.filter(key=keys.find(ctx.account, ctx.region, request["KeyId"], ctx.now, aliases=False))
    found, rest = page(list(rows), request, 50, 100)
    return {
        "Aliases": [
            {
                "AliasName": alias.name,
                "AliasArn": alias.arn,
                "TargetKeyId": alias.key.key_id,
                "CreationDate": alias.created_at,
                "LastUpdatedDate": alias.updated_at,
            }
            for alias in found
        ],
        **rest,
    }
