"""Keys: made, described, switched off and on, deleted after a wait."""

from datetime import timedelta

from django.db import transaction

from apps.kms import errors, keys, policies, tagging
from apps.kms.models import Key
from apps.kms.operations.paging import page

SYMMETRIC = "SYMMETRIC_DEFAULT"
NOT_BUILT = ("CustomKeyStoreId", "XksKeyId", "MultiRegion")
WINDOW_DAYS = (7, 30)


def named(ctx, request, member="KeyId"):
    """Return the Key that authorisation admitted for a request."""
    return ctx.found["kms", request[member]]


def metadata(key):
    """Return a key's KeyMetadata."""
    told = {
        "AWSAccountId": key.account.account_id,
        "KeyId": key.key_id,
        "Arn": key.arn,
        "CreationDate": key.created_at,
        "Enabled": key.state == Key.State.ENABLED,
        "Description": key.description,
        "KeyUsage": "ENCRYPT_DECRYPT",
        "KeyState": key.state,
        "Origin": "AWS_KMS",
        "KeyManager": key.manager,
        "CustomerMasterKeySpec": SYMMETRIC,
        "KeySpec": SYMMETRIC,
        "EncryptionAlgorithms": [SYMMETRIC],
        "MultiRegion": False,
        "CurrentKeyMaterialId": key.current().material_id,
    }
    if key.deletion_at is not None:
        told["DeletionDate"] = key.deletion_at
    return told


def create_key(ctx, request):
    """Make a symmetric key that encrypts and decrypts.

    Errors: UnsupportedOperationException (other kinds of key), MalformedPolicyDocumentException, TagException.
    Source: CreateKey.
    """
    spec = request.get("KeySpec") or request.get("CustomerMasterKeySpec") or SYMMETRIC
    if request.get("KeySpec") and request.get("CustomerMasterKeySpec"):
        raise errors.Validation(
            "You cannot specify KeySpec and CustomerMasterKeySpec in the same request. "
            "CustomerMasterKeySpec is deprecated."
        )
    usage = request.get("KeyUsage") or "ENCRYPT_DECRYPT"
    if (spec, usage) != (SYMMETRIC, "ENCRYPT_DECRYPT"):
        raise errors.Unsupported(
            f"A key of {spec} for {usage} is not built in this playground: only symmetric keys that encrypt and "
            "decrypt (SYMMETRIC_DEFAULT, ENCRYPT_DECRYPT)."
        )
    asked = [name for name in NOT_BUILT if request.get(name)]
    if asked or request.get("Origin", "AWS_KMS") != "AWS_KMS":
        raise errors.Unsupported(f"{asked[0] if asked else 'Origin'} is not built in this playground.")
    fields = {"description": request.get("Description", ""), "tags": tagging.read(request.get("Tags"), {})}
    if request.get("Policy"):
        fields["policy_text"] = policies.read(request["Policy"])
    with transaction.atomic():
        key = keys.make(ctx.account, ctx.region, ctx.now, **fields)
        if not request.get("BypassPolicyLockoutSafetyCheck"):
            policies.check_not_locked_out(ctx, key)
    return {"KeyMetadata": metadata(key)}


def describe_key(ctx, request):
    """Tell everything of a key but its material. Errors: NotFoundException. Source: DescribeKey."""
    return {"KeyMetadata": metadata(named(ctx, request))}


def list_keys(ctx, request):
    """List the account's keys of this region, AWS's own among them. Source: ListKeys."""
    if "OTHER_ACCOUNTS_VIA_RAM" in request.get("ResourceOwners", ()):
        raise errors.Unsupported("Keys shared through Resource Access Manager are not built in this playground.")
    found, rest = page(keys.of_account(ctx.account, ctx.region, ctx.now), request, 100, 1000)
    return {"Keys": [{"KeyId": key.key_id, "KeyArn": key.arn} for key in found], **rest}


def update_key_description(ctx, request):
    """Change a key's description. Errors: KMSInvalidStateException. Source: UpdateKeyDescription."""
    key = named(ctx, request)
    keys.check_not_going(key)
    key.description = request["Description"]
    key.save(update_fields=["description"])
    return {}


def enable_key(ctx, request):
    """Let a key encrypt again; a rotation that came due meanwhile is done now. Source: EnableKey."""
    key = named(ctx, request)
    keys.check_not_going(key)
    with transaction.atomic():
        if key.state == Key.State.DISABLED:
            keys.rotate_late(key, ctx.now)
        key.state = Key.State.ENABLED
        key.save(update_fields=["state", "rotation_at"])
    return {}


def disable_key(ctx, request):
    """Stop a key from encrypting and decrypting. Source: DisableKey."""
    key = named(ctx, request)
    keys.check_not_going(key)
    key.state = Key.State.DISABLED
    key.save(update_fields=["state"])
    return {}


def schedule_key_deletion(ctx, request):
    """Delete a key after 7 to 30 days of the lab's time. Errors: KMSInvalidState. Source: ScheduleKeyDeletion."""
    key = named(ctx, request)
    days = request.get("PendingWindowInDays", WINDOW_DAYS[1])
    low, high = WINDOW_DAYS
    if not low <= days <= high:
        rule = f"greater than or equal to {low}" if days < low else f"less than or equal to {high}"
        raise errors.Validation(
            f"1 validation error detected: Value '{days}' at 'pendingWindowInDays' failed to satisfy constraint: "
            f"Member must have value {rule}"
        )
    keys.check_not_going(key)
    key.state = Key.State.PENDING_DELETION
    key.deletion_asked_at, key.deletion_at = ctx.now, ctx.now + timedelta(days=days)
    with transaction.atomic():
        key.save(update_fields=["state", "deletion_asked_at", "deletion_at"])
        keys.bill(key, False, ctx.now)
    return {"KeyId": key.arn, "DeletionDate": key.deletion_at, "KeyState": key.state, "PendingWindowInDays": days}


def cancel_key_deletion(ctx, request):
    """Keep a key that waited for its deletion; it is disabled then. Source: CancelKeyDeletion."""
    key = named(ctx, request)
    if key.state != Key.State.PENDING_DELETION:
        raise errors.InvalidState(f"{key.arn} is not pending deletion.")
    with transaction.atomic():
        keys.bill(key, True, key.deletion_asked_at)
        key.state, key.deletion_asked_at, key.deletion_at = Key.State.DISABLED, None, None
        key.save(update_fields=["state", "deletion_asked_at", "deletion_at"])
    return {"KeyId": key.arn}


# -- policies -----------------------------------------------------------------------------------------


def get_key_policy(ctx, request):
    """Return a key's policy as it was put. Errors: NotFoundException (another name). Source: GetKeyPolicy."""
    key = named(ctx, request)
    if request.get("PolicyName", "default") != "default":
        raise errors.NotFound("No such policy exists")
    return {"Policy": key.policy_text, "PolicyName": "default"}


def put_key_policy(ctx, request):
    """Replace a key's policy. Errors: MalformedPolicyDocument, LimitExceeded. Source: PutKeyPolicy."""
    key = named(ctx, request)
    if request.get("PolicyName", "default") != "default":
        raise errors.Validation("Policy name must be default")
    key.policy_text = policies.read(request["Policy"])
    if not request.get("BypassPolicyLockoutSafetyCheck"):
        policies.check_not_locked_out(ctx, key)
    key.save(update_fields=["policy_text"])
    return {}


def list_key_policies(ctx, request):
    """List the names of a key's policies: it has one. Source: ListKeyPolicies."""
    named(ctx, request)
    found, rest = page(["default"], request, 100, 1000)
    return {"PolicyNames": found, **rest}


# -- tags ---------------------------------------------------------------------------------------------


def tag_resource(ctx, request):
    """Add or change tags of a key. Errors: TagException, LimitExceededException. Source: TagResource."""
    key = named(ctx, request)
    keys.check_not_going(key)
    key.tags = tagging.read(request["Tags"], key.tags)
    key.save(update_fields=["tags"])
    return {}


def untag_resource(ctx, request):
    """Remove tags of a key. Errors: TagException. Source: UntagResource."""
    key = named(ctx, request)
    keys.check_not_going(key)
    key.tags = {name: value for name, value in key.tags.items() if name not in request["TagKeys"]}
    key.save(update_fields=["tags"])
    return {}


def list_resource_tags(ctx, request):
    """List a key's tags. Source: ListResourceTags."""
    found, rest = page(sorted(named(ctx, request).tags.items()), request, 50, 50)
    return {"Tags": [{"TagKey": name, "TagValue": value} for name, value in found], **rest}
