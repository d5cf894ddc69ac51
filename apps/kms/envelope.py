"""Keys for stored bytes: every object has a data key of its own, and the object keeps it wrapped.

Three kinds of wrapping, as S3 has them: under the account's own key, which costs nothing and asks nobody (SSE-S3);
under a key of KMS, which asks the key's policy each time (SSE-KMS); under a key that the customer sends along
(SSE-C). `seal_...` makes a new data key and wraps it, `open_...` unwraps it. The data key then goes to cipher.py.
A *wrapped* key is a short text that names its kind; it may be stored in the open.
"""

import base64
import os
import time

from apps.billing import meters
from apps.kms import authority, ciphertext, errors, keys, root
from apps.kms.models import Generation
from playground import clock
from playground.wire.errors import AccessDenied, InvalidArgument, ServiceError

DATA_KEY_BYTES = 32
REMEMBERED_SECONDS = 2.0
S3, KMS, CUSTOMER = "s3", "kms", "c"
NEEDS_SIGNATURE = (
    "Requests specifying Server Side Encryption with AWS KMS managed keys require AWS Signature Version 4."
)


_generations: dict = {}  # account's row -> (until when, number)


def _text(kind, sealed, generation=1):
    return f"{kind}.{generation}.{base64.urlsafe_b64encode(sealed).decode()}"


def _parts(kind, wrapped):
    """Return (generation, sealed bytes) of a wrapped key. Errors: CannotOpen when it is of another kind."""
    found, _, rest = wrapped.partition(".")
    generation, _, sealed = rest.partition(".")
    if found != kind or not generation.isdecimal():
        raise root.CannotOpen(f"It is no data key of the kind {kind}.")
    return int(generation), base64.urlsafe_b64decode(sealed)


# -- SSE-S3: under the account's own key --------------------------------------------------------------


def _own(account_id, generation):
    return root.derive(f"s3/{account_id}/{generation}"), f"{S3}.{generation}.{account_id}".encode()


def generation_of(account):
    """Return the number of the account's own key that wraps new data keys.

    Every write of an object asks, so it is remembered for a moment: what the generation before wraps opens as well.
    """
    known = _generations.get(account.pk)
    if known and known[0] > time.monotonic():
        return known[1]
    number = Generation.objects.filter(account=account).values_list("number", flat=True).first() or 1
    if len(_generations) > 2000:
        _generations.clear()
    _generations[account.pk] = (time.monotonic() + REMEMBERED_SECONDS, number)
    return number


def rotate(account):
    """Start a new generation of the account's own key; what older ones wrapped opens as before. Returns its number."""
    row, _made = Generation.objects.get_or_create(account=account, defaults={"started_at": clock.now(account)})
    row.number += 1
    row.started_at = clock.now(account)
    row.save(update_fields=["number", "started_at"])
    _generations.pop(account.pk, None)
    return row.number


def seal_account(account):
    """Return (data key, wrapped) under the account's own S3 key. account: identity.Account."""
    generation = generation_of(account)
    data_key = os.urandom(DATA_KEY_BYTES)
    under, bound = _own(account.account_id, generation)
    return data_key, _text(S3, root.seal(under, data_key, bound), generation)


def open_account(account_id, wrapped):
    """Return the data key. account_id: 12 digits. Errors: CannotOpen for another account's."""
    generation, sealed = _parts(S3, wrapped)
    under, bound = _own(account_id, generation)
    return root.unseal(under, sealed, bound)


# -- SSE-C: under the customer's key ------------------------------------------------------------------


def seal_customer(customer_key):
    """Return (data key, wrapped) under a key that the customer keeps. customer_key: 32 bytes."""
    data_key = os.urandom(DATA_KEY_BYTES)
    return data_key, _text(CUSTOMER, root.seal(customer_key, data_key, b"customer"))


def open_customer(customer_key, wrapped):
    """Return the data key. Errors: AccessDenied when the customer sent another key than at first."""
    _generation, sealed = _parts(CUSTOMER, wrapped)
    try:
        return root.unseal(customer_key, sealed, b"customer")
    except root.CannotOpen:
        raise AccessDenied() from None


# -- SSE-KMS: under a key of KMS ----------------------------------------------------------------------


def _via(region):
    return f"s3.{region}.amazonaws.com"


def _meter(ctx, key):
    """Meter the request that S3 makes of KMS: the caller pays, or the key's owner when a service calls."""
    meters.record(ctx, "kms.requests", 1, key.arn, account=ctx.account or key.account, region=key.region)


def seal_kms(ctx, account, name, context, region=None):
    """Return (data key, wrapped, the key's ARN) under a KMS key, if the caller in ctx may kms:GenerateDataKey.

    account: whose key a name without an account means (the one who stores). name: key id, ARN, alias, alias ARN, or
    None for aws/s3. context: {name: value}, the encryption context. region: the bucket's; ctx.region by default.
    Errors: KMS.NotFoundException, KMS.DisabledException, KMS.KMSInvalidStateException, AccessDenied, InvalidArgument.
    """
    region = region or ctx.region
    if ctx.principal.kind == "anonymous":
        raise InvalidArgument(NEEDS_SIGNATURE)
    try:
        key = authority.admit(
            ctx,
            name or keys.S3_ALIAS,
            "GenerateDataKey",
            account=account,
            region=region,
            context=context,
            via=_via(region),
        )
        keys.check_usable(key)
    except ServiceError as err:
        raise errors.for_s3(err) from None
    material = key.current()
    data_key = os.urandom(DATA_KEY_BYTES)
    head = ciphertext.Head(key.account.account_id, key.key_id, material.version)
    blob = ciphertext.seal(keys.secret_of(key, material), head, data_key, context)
    _meter(ctx, key)
    return data_key, _text(KMS, blob), key.arn


def open_kms(ctx, wrapped, context, region=None):
    """Return the data key, if the caller in ctx may kms:Decrypt. context: the same as at sealing.

    Errors: as seal_kms, and KMS.InvalidCiphertextException for another context.
    """
    region = region or ctx.region
    if ctx.principal.kind == "anonymous":
        raise InvalidArgument(NEEDS_SIGNATURE)
    blob = _parts(KMS, wrapped)[1]
    head = ciphertext.read(blob)
    try:
        key = keys.by_id(head.account_id, region, head.key_id, ctx.now)
        authority.require(ctx, key, "Decrypt", context=context, via=_via(region))
        keys.check_usable(key)
        material = keys.material_of(key, head.version)
        data_key = ciphertext.unseal(keys.secret_of(key, material), blob, context)
    except root.CannotOpen:
        raise errors.for_s3(errors.InvalidCiphertext()) from None
    except ServiceError as err:
        raise errors.for_s3(err) from None
    _meter(ctx, key)
    return data_key
