"""S3 Control: what holds for all buckets of a lab at once. Here: block public access at account level.

Source: Amazon S3 Control API Reference, PutPublicAccessBlock and its neighbours.
"""

from apps.buckets import errors
from apps.buckets.models import BLOCK_ALL, AccountDefaults
from apps.identity.authorize import Authorization
from playground.wire.errors import AccessDenied

ACTIONS = {
    "PutPublicAccessBlock": "s3:PutAccountPublicAccessBlock",
    "GetPublicAccessBlock": "s3:GetAccountPublicAccessBlock",
    "DeletePublicAccessBlock": "s3:PutAccountPublicAccessBlock",
}


def authorization(ctx, operation, request):
    """Return what a request must be allowed to do: only the account itself may speak of its buckets."""
    if ctx.account is None or request["AccountId"] != ctx.account.account_id:
        raise AccessDenied()
    return Authorization(ACTIONS[operation], "*", owner=ctx.account)


def put_public_access_block(ctx, request):
    """Set the four switches for every bucket of the account; one not named is off."""
    asked = request["PublicAccessBlockConfiguration"]
    kept = {name: bool(asked.get(name)) for name in BLOCK_ALL}
    AccountDefaults.objects.update_or_create(account=ctx.account, defaults={"public_access_block": kept})
    return {}


def get_public_access_block(ctx, _request):
    """Return the four switches. Errors: NoSuchPublicAccessBlockConfiguration."""
    found = AccountDefaults.objects.filter(account=ctx.account).first()
    if found is None or found.public_access_block is None:
        raise errors.NoSuchPublicAccessBlock(AccountId=ctx.account.account_id)
    return {"PublicAccessBlockConfiguration": found.public_access_block}


def delete_public_access_block(ctx, _request):
    """Remove the switches of the account; each bucket's own stay."""
    AccountDefaults.objects.filter(account=ctx.account).update(public_access_block=None)
    return {"__status__": 204}


OPERATIONS = {
    "PutPublicAccessBlock": put_public_access_block,
    "GetPublicAccessBlock": get_public_access_block,
    "DeletePublicAccessBlock": delete_public_access_block,
}
PARTIAL: dict[str, str] = {}
NO_EFFECT: dict[str, list[str]] = {}
