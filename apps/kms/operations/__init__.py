"""KMS's operations for symmetric keys. Each one that succeeds is metered as a request."""

from functools import wraps

from apps.billing import meters

from . import aliases, encryption, grants, keys, rotation

SKU = "kms.requests"


def _metered(run):
    """Return an operation that meters itself once it succeeded, on the key that it used."""

    @wraps(run)
    def metered(ctx, request):
        result = run(ctx, request)
        used = [key for name, key in ctx.found.items() if name[0] == "kms" and hasattr(key, "arn")]
        meters.record(ctx, SKU, 1, used[0].arn if used else f"arn:aws:kms:{ctx.region}:{ctx.account.account_id}:*")
        return result

    return metered


OPERATIONS = {
    name: _metered(run)
    for name, run in {
        "CreateKey": keys.create_key,
        "DescribeKey": keys.describe_key,
        "ListKeys": keys.list_keys,
        "UpdateKeyDescription": keys.update_key_description,
        "EnableKey": keys.enable_key,
        "DisableKey": keys.disable_key,
        "ScheduleKeyDeletion": keys.schedule_key_deletion,
        "CancelKeyDeletion": keys.cancel_key_deletion,
        "GetKeyPolicy": keys.get_key_policy,
        "PutKeyPolicy": keys.put_key_policy,
        "ListKeyPolicies": keys.list_key_policies,
        "TagResource": keys.tag_resource,
        "UntagResource": keys.untag_resource,
        "ListResourceTags": keys.list_resource_tags,
        "CreateAlias": aliases.create_alias,
        "UpdateAlias": aliases.update_alias,
        "DeleteAlias": aliases.delete_alias,
        "ListAliases": aliases.list_aliases,
        "EnableKeyRotation": rotation.enable_key_rotation,
        "DisableKeyRotation": rotation.disable_key_rotation,
        "GetKeyRotationStatus": rotation.get_key_rotation_status,
        "RotateKeyOnDemand": rotation.rotate_key_on_demand,
        "ListKeyRotations": rotation.list_key_rotations,
        "Encrypt": encryption.encrypt,
        "Decrypt": encryption.decrypt,
        "ReEncrypt": encryption.re_encrypt,
        "GenerateDataKey": encryption.generate_data_key,
        "GenerateDataKeyWithoutPlaintext": encryption.generate_data_key_without_plaintext,
        "GenerateRandom": encryption.generate_random,
        "CreateGrant": grants.create_grant,
        "ListGrants": grants.list_grants,
        "ListRetirableGrants": grants.list_retirable_grants,
        "RevokeGrant": grants.revoke_grant,
        "RetireGrant": grants.retire_grant,
    }.items()
}
PARTIAL = {
    "CreateKey": "Symmetric keys for ENCRYPT_DECRYPT only; other specs, usages and origins, custom key stores and "
    "MultiRegion are refused with UnsupportedOperationException.",
    "Decrypt": "Recipient and DryRunModifiers are refused.",
    "ReEncrypt": "DryRunModifiers are refused.",
    "GenerateDataKey": "Recipient is refused.",
    "GenerateRandom": "Recipient and custom key stores are refused.",
    "CreateGrant": "A grant works at once, so its token is not needed to use it.",
    "ListKeys": "ResourceOwners knows SELF only.",
    "ListAliases": "alias/aws/s3 appears once it was used; other services' aliases do not exist.",
}
NO_EFFECT = {
    name: ["GrantTokens"]
    for name in (
        "CreateGrant", "Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext",
        "ReEncrypt",
    )
}  # fmt: skip
