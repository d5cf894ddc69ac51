"""Rotation: new material for a key, by itself each so many days or at once. What older material encrypted opens still."""

from datetime import timedelta

from django.db import transaction

from apps.kms import errors, keys
from apps.kms.models import Key
from apps.kms.operations.keys import named
from apps.kms.operations.paging import page

PERIOD_DAYS = 365
MOST_ON_DEMAND = 25


def enable_key_rotation(ctx, request):
    """Rotate a key every so many days of the lab's time, 365 unless told. Source: EnableKeyRotation."""
    key = named(ctx, request)
    keys.check_usable(key)
    days = request.get("RotationPeriodInDays") or PERIOD_DAYS
    if key.rotation_days is None:
        key.rotation_at = ctx.now + timedelta(days=days)
    elif request.get("RotationPeriodInDays"):  # a new period counts from when the present one began
        began = key.rotation_at - timedelta(days=key.rotation_days)
        key.rotation_at = max(began + timedelta(days=days), ctx.now)
    else:
        days = key.rotation_days
    key.rotation_days = days
    key.save(update_fields=["rotation_days", "rotation_at"])
    return {}


def disable_key_rotation(ctx, request):
    """Stop rotating a key by itself. Source: DisableKeyRotation."""
    key = named(ctx, request)
    keys.check_usable(key)
    key.rotation_days = key.rotation_at = None
    key.save(update_fields=["rotation_days", "rotation_at"])
    return {}


def get_key_rotation_status(ctx, request):
    """Tell whether and when a key rotates; while it waits for its deletion it does not. Source: GetKeyRotationStatus."""
    key = named(ctx, request)
    on = key.rotation_days is not None and key.state != Key.State.PENDING_DELETION
    told = {"KeyId": key.key_id, "KeyRotationEnabled": on}
    if on:
        told |= {"RotationPeriodInDays": key.rotation_days, "NextRotationDate": key.rotation_at}
    return told


def rotate_key_on_demand(ctx, request):
    """Give a key new material at once; the automatic schedule stays.

    Errors: DisabledException, KMSInvalidStateException, LimitExceededException (25 of a key), UnsupportedOperation.
    Source: RotateKeyOnDemand.
    """
    key = named(ctx, request)
    keys.check_usable(key)
    if key.materials.filter(made_by="ON_DEMAND").count() >= MOST_ON_DEMAND:
        raise errors.LimitExceeded(
            f"The key {key.arn} was rotated on demand {MOST_ON_DEMAND} times, which is the most."
        )
    with transaction.atomic():
        keys.add_material(key, ctx.now, "ON_DEMAND")
    return {"KeyId": key.key_id}


def list_key_rotations(ctx, request):
    """List a key's rotations, oldest first; ALL_KEY_MATERIAL adds its first material. Source: ListKeyRotations."""
    key = named(ctx, request)
    rows = list(key.materials.order_by("version"))
    newest = rows[-1]
    if request.get("IncludeKeyMaterial") != "ALL_KEY_MATERIAL":
        rows = rows[1:]
    found, rest = page(rows, request, 100, 1000)
    return {"Rotations": [_told(key, material, newest) for material in found], **rest}


def _told(key, material, newest):
    told = {
        "KeyId": key.key_id,
        "KeyMaterialId": material.material_id,
        "KeyMaterialState": "CURRENT" if material == newest else "NON_CURRENT",
    }
    if material.made_by:
        told |= {"RotationDate": material.created_at, "RotationType": material.made_by}
    return told
