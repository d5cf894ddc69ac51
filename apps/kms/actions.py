"""Which action each KMS operation needs, on which key; the keys it finds on the way stay in ctx.found.

Source: KMS Developer Guide, "AWS KMS permissions"; Service Authorization Reference, "AWS Key Management Service".
"""

from apps.identity import authorize
from apps.identity.authorize import Authorization
from apps.identity.models import Account
from apps.kms import authority, ciphertext, errors, keys, root, validation
from apps.kms.models import Alias, Grant
from playground.wire.errors import AccessDenied

ACCOUNT_WIDE = ("CreateKey", "ListKeys", "ListAliases", "GenerateRandom", "ListRetirableGrants")
CRYPTOGRAPHIC = ("Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext")
WITH_ALIASES = (*CRYPTOGRAPHIC, "DescribeKey")
FOREIGN_TOO = (*WITH_ALIASES, "CreateGrant", "ListGrants", "RevokeGrant", "GetKeyRotationStatus")
UNREADABLE = (
    "The ciphertext refers to a customer master key that does not exist, does not exist in this region, "
    "or you are not allowed to access."
)


def authorization(ctx, operation, request):
    """Check a request's form and let it in or refuse it; nothing is left for the general rule to decide."""
    validation.check(operation, request)
    if operation in ACCOUNT_WIDE:
        tags = {f"aws:requesttag/{tag['TagKey']}": tag["TagValue"] for tag in request.get("Tags") or ()}
        require_own(ctx, operation, "*", **tags)
    elif operation == "Decrypt":
        _opens(ctx, request.get("CiphertextBlob"), request.get("KeyId"), "Decrypt", request.get("EncryptionContext"))
    elif operation == "ReEncrypt":
        _reencrypts(ctx, request)
    elif operation in ("CreateAlias", "UpdateAlias", "DeleteAlias"):
        _names(ctx, operation, request)
    elif operation == "RetireGrant":
        _retires(ctx, request)
    else:
        _uses(ctx, operation, request)
    return []


def require_own(ctx, action, arn, **conditions):
    """Refuse what the caller's own policies do not allow, where no key has a say. Errors: AccessDeniedException."""
    try:
        authorize.authorize(ctx, Authorization(f"kms:{action}", arn, owner=ctx.account, conditions=conditions))
    except AccessDenied as err:
        raise errors.AccessDenied(err.message) from None


def _alias_key(name):
    """Return kms:RequestAlias of a name that is an alias."""
    local = name.rpartition(":")[2]
    return {"kms:requestalias": local} if local.startswith("alias/") else {}


def _uses(ctx, operation, request):
    """Admit an operation on one key that is named by KeyId."""
    name = request["KeyId"]
    extra = _alias_key(name)
    for member, key in (
        ("PendingWindowInDays", "kms:schedulekeydeletionpendingwindowindays"),
        ("RotationPeriodInDays", "kms:rotationperiodindays"),
        ("Operations", "kms:grantoperations"),
        ("GranteePrincipal", "kms:granteeprincipal"),
        ("RetiringPrincipal", "kms:retiringprincipal"),
        ("PolicyName", "kms:policyname"),
    ):
        if request.get(member) is not None:
            extra[key] = request[member]
    authority.admit(
        ctx,
        name,
        operation,
        aliases=operation in WITH_ALIASES,
        foreign=operation in FOREIGN_TOO,
        context=request.get("EncryptionContext"),
        **extra,
    )


def _opens(ctx, blob, name, action, context, **extra):
    """Admit an operation on the key that encrypted a blob, which stays in ctx.found as "source".

    name: the key that the caller expects, or None. Errors: InvalidCiphertextException, IncorrectKeyException.
    """
    if blob is None:
        raise errors.Validation("1 validation error detected: Value at 'ciphertextBlob' failed to satisfy constraint: "
                                "Member must not be null")  # fmt: skip
    try:
        head = ciphertext.read(blob)
    except root.CannotOpen:
        raise errors.InvalidCiphertext() from None
    if name:
        key = authority.admit(ctx, name, action, context=context, **_alias_key(name), **extra)
        if (key.account.account_id, key.key_id) != (head.account_id, head.key_id):
            raise errors.IncorrectKey()
    else:
        foreign = head.account_id != ctx.account.account_id
        try:
            key = keys.by_id(head.account_id, ctx.region, head.key_id, ctx.now)
            authority.require(ctx, key, action, context=context, **extra)
        except errors.NotFound:
            raise errors.AccessDenied(UNREADABLE) from None
        except errors.AccessDenied:
            if foreign:
                raise errors.AccessDenied(UNREADABLE) from None
            raise
    ctx.found["kms", "source"] = key


def _reencrypts(ctx, request):
    target = request["DestinationKeyId"]
    _opens(ctx, request.get("CiphertextBlob"), request.get("SourceKeyId"), "ReEncryptFrom",
           request.get("SourceEncryptionContext"))  # fmt: skip
    authority.admit(
        ctx, target, "ReEncryptTo", context=request.get("DestinationEncryptionContext"), **_alias_key(target)
    )


def _names(ctx, operation, request):
    """Admit an operation on an alias: the caller's own policies for the alias, the key policies of its keys."""
    name = request["AliasName"]
    require_own(ctx, operation, f"arn:aws:kms:{ctx.region}:{ctx.account.account_id}:{name}")
    if request.get("TargetKeyId"):
        target = request["TargetKeyId"]
        if target.rpartition(":")[2].startswith("alias/"):
            raise errors.Validation("Aliases must refer to keys. Not aliases")
        authority.admit(ctx, target, operation, aliases=False, foreign=False, **{"kms:requestalias": name})
    if operation != "CreateAlias":
        rows = Alias.objects.select_related("key__account")
        alias = rows.filter(account=ctx.account, region=ctx.region, name=name).first()
        if alias is not None:
            authority.require(ctx, alias.key, operation)


def _retires(ctx, request):
    """Admit who may retire a grant: its retiring principal, its grantee if the grant says so, the key's account."""
    grant = _grant_of(ctx, request)
    names = authority.principal_names(ctx)
    by_grant = grant.retiring in names or (grant.grantee in names and "RetireGrant" in grant.operations)
    if not by_grant:
        if ctx.account.root_arn != grant.issuing_account:
            raise authority.hidden(ctx, "RetireGrant", request.get("KeyId") or grant.key.arn)
        require_own(ctx, "RetireGrant", grant.key.arn)
    ctx.found["kms", "grant"] = grant


def _grant_of(ctx, request):
    """Return the Grant that a token or a key and a grant id name. A token is a secret that says enough by itself."""
    token, name, grant_id = request.get("GrantToken"), request.get("KeyId"), request.get("GrantId")
    if bool(token) == bool(name and grant_id):
        raise errors.Validation("You must specify either a grant token or a key ID and grant ID.")
    rows = Grant.objects.select_related("key__account")
    if token:
        grant = rows.filter(token=token, key__region=ctx.region).first()
        if grant is None:
            raise errors.InvalidGrantToken()
        return grant
    owner = Account.objects.filter(account_id=keys.owner_of(ctx.account, name)).first()
    key_id = name.rpartition("/")[2]
    grant = rows.filter(key__account=owner, key__region=ctx.region, key__key_id=key_id, grant_id=grant_id).first()
    if grant is None:
        if owner != ctx.account:
            raise authority.hidden(ctx, "RetireGrant", name)
        raise errors.NotFound(f"Grant ID {grant_id} not found")
    return grant
