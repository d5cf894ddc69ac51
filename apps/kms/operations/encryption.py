"""What keys are for: Encrypt, Decrypt, ReEncrypt and data keys. AES-256-GCM, the encryption context bound to it."""

import os

from apps.kms import ciphertext, errors, keys, root
from apps.kms.operations.keys import SYMMETRIC, named

DATA_KEY_BYTES = {"AES_256": 32, "AES_128": 16}


def _check(request, *algorithms):
    """Refuse what no symmetric key can do. algorithms: the members that name one."""
    if request.get("Recipient") or request.get("DryRunModifiers"):
        name = "Recipient" if request.get("Recipient") else "DryRunModifiers"
        raise errors.Unsupported(f"{name} is not built in this playground.")
    for member in algorithms:
        if request.get(member, SYMMETRIC) != SYMMETRIC:
            raise errors.InvalidKeyUsage(
                f"The algorithm {request[member]} is incompatible with the key spec {SYMMETRIC}."
            )


def _dry(request):
    if request.get("DryRun"):
        raise errors.DryRun()


def _sealed(key, plain, context):
    """Return (blob, material) of some bytes under a key's newest material."""
    material = key.current()
    head = ciphertext.Head(key.account.account_id, key.key_id, material.version)
    return ciphertext.seal(keys.secret_of(key, material), head, plain, context or {}), material


def _opened(key, blob, context):
    """Return (plain bytes, material) of a blob that a key encrypted. Errors: InvalidCiphertextException."""
    material = keys.material_of(key, ciphertext.read(blob).version)
    if material is None:
        raise errors.InvalidCiphertext()
    try:
        return ciphertext.unseal(keys.secret_of(key, material), blob, context or {}), material
    except root.CannotOpen:
        raise errors.InvalidCiphertext() from None


def encrypt(ctx, request):
    """Encrypt up to 4,096 bytes. Errors: DisabledException, KMSInvalidStateException. Source: Encrypt."""
    key = named(ctx, request)
    _check(request, "EncryptionAlgorithm")
    keys.check_usable(key)
    _dry(request)
    blob, _material = _sealed(key, request["Plaintext"], request.get("EncryptionContext"))
    return {"CiphertextBlob": blob, "KeyId": key.arn, "EncryptionAlgorithm": SYMMETRIC}


def decrypt(ctx, request):
    """Decrypt what a key of any age encrypted; the blob names it, KeyId may insist on one.

    Errors: InvalidCiphertextException (also for another encryption context), IncorrectKeyException,
    DisabledException, KMSInvalidStateException. Source: Decrypt.
    """
    key = ctx.found["kms", "source"]
    _check(request, "EncryptionAlgorithm")
    keys.check_usable(key)
    plain, material = _opened(key, request["CiphertextBlob"], request.get("EncryptionContext"))
    _dry(request)
    return {
        "KeyId": key.arn,
        "Plaintext": plain,
        "EncryptionAlgorithm": SYMMETRIC,
        "KeyMaterialId": material.material_id,
    }


def re_encrypt(ctx, request):
    """Decrypt and encrypt again, under another key or context, without showing the bytes. Source: ReEncrypt."""
    source, target = ctx.found["kms", "source"], named(ctx, request, "DestinationKeyId")
    _check(request, "SourceEncryptionAlgorithm", "DestinationEncryptionAlgorithm")
    keys.check_usable(source)
    keys.check_usable(target)
    plain, old = _opened(source, request["CiphertextBlob"], request.get("SourceEncryptionContext"))
    _dry(request)
    blob, new = _sealed(target, plain, request.get("DestinationEncryptionContext"))
    return {
        "CiphertextBlob": blob,
        "SourceKeyId": source.arn,
        "KeyId": target.arn,
        "SourceEncryptionAlgorithm": SYMMETRIC,
        "DestinationEncryptionAlgorithm": SYMMETRIC,
        "SourceKeyMaterialId": old.material_id,
        "DestinationKeyMaterialId": new.material_id,
    }


def generate_data_key(ctx, request):
    """Make a key for the caller's own encryption: once in the open, once encrypted. Source: GenerateDataKey."""
    key = named(ctx, request)
    _check(request)
    size, spec = request.get("NumberOfBytes"), request.get("KeySpec")
    if (size is None) == (spec is None):
        raise errors.Validation("Please specify either number of bytes or key spec.")
    keys.check_usable(key)
    _dry(request)
    plain = os.urandom(size or DATA_KEY_BYTES[spec])
    blob, material = _sealed(key, plain, request.get("EncryptionContext"))
    return {"CiphertextBlob": blob, "Plaintext": plain, "KeyId": key.arn, "KeyMaterialId": material.material_id}


def generate_data_key_without_plaintext(ctx, request):
    """Make a data key that is shown encrypted only. Source: GenerateDataKeyWithoutPlaintext."""
    plain_asked = request.get("NumberOfBytes") or request.get("KeySpec")
    made = generate_data_key(ctx, request if plain_asked else {**request, "KeySpec": "AES_256"})
    del made["Plaintext"]
    return made


def generate_random(_ctx, request):
    """Return up to 1,024 random bytes. Source: GenerateRandom."""
    _check(request)
    if request.get("CustomKeyStoreId"):
        raise errors.Unsupported("Custom key stores are not built in this playground.")
    if not request.get("NumberOfBytes"):
        raise errors.Validation(
            "1 validation error detected: Value null at 'numberOfBytes' failed to satisfy constraint: "
            "Member must not be null"
        )
    return {"Plaintext": os.urandom(request["NumberOfBytes"])}
