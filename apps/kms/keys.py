"""Keys by every name they have, and what time does to them.

Rotation and deletion come due by the lab's own clock. They are done when somebody next looks (`settle`), dated as
they were due, so a clock moved ninety days ahead needs no sweep to be right.
"""

import json
import re
import secrets
from datetime import timedelta

from django.db import IntegrityError, transaction

from apps.billing import levels
from apps.identity.models import Account
from apps.kms import errors, root
from apps.kms.models import Alias, Key, Material

ARN = re.compile(r"arn:aws:kms:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):(?P<rest>(?:key|alias)/.+)")
KEY_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32}")
S3_ALIAS = "alias/aws/s3"
PAID_ROTATIONS = 2  # the first two rotations of a key cost as much as the key, later ones nothing
KEY_MONTH = 2**30  # levels count bytes and bill by the GB: one key weighs one GB there
SKU = "kms.key"


def default_policy(account_id):
    """Return the policy of a key that was made without one: the account's own policies decide."""
    return {
        "Version": "2012-10-17",
        "Id": "key-default-1",
        "Statement": [
            {
                "Sid": "Enable IAM User Permissions",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{account_id}:root"},
                "Action": "kms:*",
                "Resource": "*",
            }
        ],
    }


def s3_policy(account_id, region):
    """Return the policy of aws/s3: everybody of the account, through S3 only. Source: KMS guide, "AWS managed keys"."""
    return {
        "Version": "2012-10-17",
        "Id": "auto-s3-2",
        "Statement": [
            {
                "Sid": "Allow access through S3 for all principals in the account that are authorized to use S3",
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
                "Resource": "*",
                "Condition": {
                    "StringEquals": {
                        "kms:ViaService": f"s3.{region}.amazonaws.com",
                        "kms:CallerAccount": account_id,
                    }
                },
            },
            {
                "Sid": "Allow direct access to key metadata to the account",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{account_id}:root"},
                "Action": ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"],
                "Resource": "*",
            },
        ],
    }


# -- making -----------------------------------------------------------------------------------------


def _sealing(key, version):
    return root.derive("kms-material"), f"{key.account.account_id}/{key.key_id}/{version}".encode()


def add_material(key, now, made_by=""):
    """Give a key new material, which encrypts from now on. made_by: "AUTOMATIC", "ON_DEMAND" or "" at first.

    Call it inside a transaction.
    """
    Key.objects.select_for_update().get(pk=key.pk)  # two rotations at once must not make the same version
    newest = key.current()
    version = newest.version + 1 if newest else 1
    under, bound = _sealing(key, version)
    material = Material.objects.create(
        key=key,
        version=version,
        material_id=secrets.token_hex(32),
        sealed=root.seal(under, secrets.token_bytes(root.KEY_BYTES), bound).hex(),
        made_by=made_by,
        created_at=now,
    )
    if key.is_customers and version <= 1 + PAID_ROTATIONS:
        levels.change(key.account, SKU, key.arn, KEY_MONTH, now)
    return material


def bill(key, paid, at):
    """Start or stop the bill of a key at a moment of the lab. paid: True starts it.

    One that waits for its deletion costs nothing; if it is kept after all, it costs as though it had never waited,
    so then the moment is when the wait began. Source: https://aws.amazon.com/kms/pricing
    """
    if key.is_customers:
        weight = KEY_MONTH * min(key.materials.count(), 1 + PAID_ROTATIONS)
        levels.change(key.account, SKU, key.arn, weight if paid else -weight, at)


def secret_of(key, material):
    """Return a material's 32 bytes."""
    under, bound = _sealing(key, material.version)
    return root.unseal(under, bytes.fromhex(material.sealed), bound)


@transaction.atomic
def make(account, region, now, **fields):
    """Return a new Key with its first material. fields: of Key."""
    fields.setdefault("policy_text", json.dumps(default_policy(account.account_id)))
    key = Key.objects.create(account=account, region=region, created_at=now, **fields)
    add_material(key, now)
    return key


def managed_s3(account, region, now):
    """Return the account's aws/s3 key of a region, made at its first use."""
    found = _by_alias(account, region, S3_ALIAS)
    if found:
        return settled(found, now)
    try:
        with transaction.atomic():
            key = make(
                account,
                region,
                now,
                manager=Key.Owner.AWS,
                description="Default key that protects my S3 objects when no other key is defined",
                policy_text=json.dumps(s3_policy(account.account_id, region)),
                rotation_days=365,
                rotation_at=now + timedelta(days=365),
            )
            Alias.objects.create(account=account, region=region, name=S3_ALIAS, key=key, created_at=now, updated_at=now)
            return key
    except IntegrityError:  # another request made it in this moment
        return _by_alias(account, region, S3_ALIAS)


# -- finding ----------------------------------------------------------------------------------------


def _by_alias(account, region, name):
    rows = Alias.objects.select_related("key__account")
    alias = rows.filter(account=account, region=region, name=name).first()
    return alias.key if alias else None


def owner_of(account, name):
    """Return the account id that a key's name speaks of: the caller's own unless an ARN says otherwise."""
    found = ARN.fullmatch(name)
    return found["account"] if found else account.account_id


def find(account, region, name, now, *, aliases=True):
    """Return the Key that a caller names: by id, ARN, alias or alias ARN.

    account: the caller's; a name without account means theirs. aliases: False where the API takes no alias.
    Errors: NotFoundException, InvalidArnException.
    """
    local, foreign = name, False
    if name.startswith("arn:"):
        found = ARN.fullmatch(name)
        if not found:
            raise errors.InvalidArn(f"{name} is not a valid ARN.")
        if found["region"] != region:
            raise errors.NotFound(f"Invalid arn {found['region']}")
        local = found["rest"].removeprefix("key/")
        foreign = found["account"] != account.account_id
        if foreign:
            account = Account.objects.filter(account_id=found["account"]).first()
            if account is None:
                raise _missing(name)
    if local.startswith("alias/"):
        if not aliases:
            raise errors.InvalidArn("Key Aliases are not supported for this operation")
        if local == S3_ALIAS and not foreign:
            return managed_s3(account, region, now)
        key = _by_alias(account, region, local)
        arn = f"arn:aws:kms:{region}:{account.account_id}:{local}"
        key = settled(key, now) if key else None
        if key is None:
            raise errors.NotFound(f"Alias {arn} is not found.")
        return key
    if not KEY_ID.fullmatch(local):
        raise errors.NotFound(f"Invalid keyId {name}")
    return by_id(account.account_id, region, local, now)


def _missing(arn):
    return errors.NotFound(f"Key '{arn}' does not exist")


def by_id(account_id, region, key_id, now):
    """Return an account's Key. account_id: 12 digits. Errors: NotFoundException."""
    rows = Key.objects.select_related("account")
    key = rows.filter(account__account_id=account_id, region=region, key_id=key_id).first()
    key = settled(key, now) if key else None
    if key is None:
        raise _missing(f"arn:aws:kms:{region}:{account_id}:key/{key_id}")
    return key


def material_of(key, version):
    """Return one of a key's Materials, or None."""
    return key.materials.filter(version=version).first()


# -- what came due ----------------------------------------------------------------------------------


def settled(key, now):
    """Return a key as it is at a moment of the lab: rotated as often as was due; None when its deletion came."""
    if key.state == Key.State.PENDING_DELETION:
        if key.deletion_at <= now:
            key.delete()
            return None
        return key
    if key.state == Key.State.DISABLED or key.rotation_at is None or key.rotation_at > now:
        return key
    with transaction.atomic():
        locked = Key.objects.select_for_update(of=("self",)).select_related("account").filter(pk=key.pk).first()
        if locked is None:
            return None
        while locked.rotation_at is not None and locked.rotation_at <= now:
            add_material(locked, locked.rotation_at, "AUTOMATIC")
            locked.rotation_at += timedelta(days=locked.rotation_days)
        locked.save(update_fields=["rotation_at"])
    return locked


def rotate_late(key, now):
    """Do the rotation that came due while a key was disabled, once, and count on from now."""
    if key.rotation_at is not None and key.rotation_at <= now:
        add_material(key, now, "AUTOMATIC")
        key.rotation_at = now + timedelta(days=key.rotation_days)


def forget(account, now):
    """Delete every key of a lab at once, without the waiting of ScheduleKeyDeletion: a reset, not an operation."""
    with transaction.atomic():
        for key in Key.objects.select_related("account").filter(account=account):
            if key.state != Key.State.PENDING_DELETION:
                bill(key, False, now)
            key.delete()


def of_account(account, region, now):
    """Return an account's keys of a region (None: of all), settled, oldest first."""
    rows = Key.objects.select_related("account").filter(account=account).order_by("id")
    if region is not None:
        rows = rows.filter(region=region)
    return [key for key in (settled(row, now) for row in rows) if key is not None]


def check_usable(key):
    """Refuse to encrypt or decrypt with a key that is not enabled. Errors: DisabledException, KMSInvalidState."""
    if key.state == Key.State.DISABLED:
        raise errors.Disabled(f"{key.arn} is disabled.")
    if key.state == Key.State.PENDING_DELETION:
        raise errors.InvalidState(f"{key.arn} is pending deletion.")


def check_not_going(key):
    """Refuse what a key that waits for its deletion cannot have done. Errors: KMSInvalidStateException."""
    if key.state == Key.State.PENDING_DELETION:
        raise errors.InvalidState(f"{key.arn} is pending deletion.")
