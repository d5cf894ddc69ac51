"""Encryption at rest as S3 offers it: SSE-S3 (always, when nothing else is asked), SSE-KMS, SSE-C.

Every write gets a data key of its own; what is kept in a row's `encryption` is the algorithm asked for,
that data key wrapped (under the account's S3 key, a KMS key or the customer's key), and what answers tell.
Rotating a key wraps new data keys under new material; no object is written again.
Source: S3 User Guide, "Protecting data with encryption"; API Reference, PutObject.
"""

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass

from apps.buckets import errors
from apps.kms import envelope

AES, KMS, DSSE, CUSTOMER = "AES256", "aws:kms", "aws:kms:dsse", "SSE-C"
CUSTOMER_MEMBERS = ("SSECustomerAlgorithm", "SSECustomerKey", "SSECustomerKeyMD5")


@dataclass(slots=True, frozen=True)
class Sealing:
    """The key for a write's bytes, and what the row keeps of it."""

    data_key: bytes
    kept: dict


def customer_key(request, prefix=""):
    """Return (32 bytes, MD5 in base64) of an SSE-C key, or None when the request names none.

    prefix: "CopySource" for the key of a copy's source. Errors: InvalidArgument, InvalidEncryptionAlgorithmError.
    """
    algorithm, key, digest = (request.get(prefix + name) for name in CUSTOMER_MEMBERS)
    if algorithm is None and key is None and digest is None:
        return None
    with_keys = "Requests specifying Server Side Encryption with Customer provided keys must provide"
    if not algorithm:
        raise errors.InvalidArgument(f"{with_keys} a valid encryption algorithm.")
    if algorithm != AES:
        raise errors.InvalidEncryptionAlgorithm(ArgumentName="x-amz-server-side-encryption", ArgumentValue=algorithm)
    if not key:
        raise errors.InvalidArgument(f"{with_keys} an appropriate secret key.")
    if not digest:
        raise errors.InvalidArgument(f"{with_keys} the client calculated MD5 of the secret key.")
    try:
        raw = base64.b64decode(key, validate=True)
    except (ValueError, binascii.Error):
        raw = b""
    if len(raw) != 32:
        raise errors.InvalidArgument("The secret key was invalid for the specified algorithm.")
    if base64.b64encode(hashlib.md5(raw).digest()).decode() != digest:
        raise errors.InvalidArgument("The calculated MD5 hash of the key did not match the hash that was provided.")
    return raw, digest


def default_of(bucket):
    """Return the bucket's default: {"SSEAlgorithm", "KMSMasterKeyID"?} and whether it uses bucket keys."""
    rules = (bucket.configurations.get("Encryption") or {}).get("Rules") or [{}]
    chosen = rules[0].get("ApplyServerSideEncryptionByDefault") or {"SSEAlgorithm": AES}
    return chosen, bool(rules[0].get("BucketKeyEnabled"))


def wish(bucket, request):
    """Return how a write is to be encrypted: {"algorithm", "key", "context", "bucket_key"} or {"algorithm": SSE-C, ...}.

    Errors: InvalidArgument for members that contradict each other.
    """
    given, key_id = request.get("ServerSideEncryption"), request.get("SSEKMSKeyId")
    customer = customer_key(request)
    if customer:
        if given:
            raise errors.InvalidArgument(
                "Server Side Encryption with Customer provided key is incompatible with the encryption method specified",
                ArgumentName="x-amz-server-side-encryption",
                ArgumentValue=given,
            )
        return {"algorithm": CUSTOMER, "customer": customer}
    if given is not None and given not in (AES, KMS, DSSE):
        raise errors.InvalidArgument(
            "The encryption method specified is not supported",
            ArgumentName="x-amz-server-side-encryption",
            ArgumentValue=given,
        )
    if key_id is not None and given not in (KMS, DSSE):
        raise errors.InvalidArgument(
            "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms",
            ArgumentName="x-amz-server-side-encryption",
        )
    default, bucket_key = default_of(bucket)
    if given is None:
        given, key_id = default["SSEAlgorithm"], default.get("KMSMasterKeyID")
    elif given == KMS and not key_id and default["SSEAlgorithm"] == KMS:
        key_id = default.get("KMSMasterKeyID")
    asked = request.get("BucketKeyEnabled")
    found = {"algorithm": given, "key": key_id or None, "bucket_key": bucket_key if asked is None else asked}
    return {**found, "context": _context(request.get("SSEKMSEncryptionContext"))} if given != AES else found


def _context(text):
    """Return the caller's encryption context. Errors: InvalidArgument."""
    if not text:
        return {}
    try:
        value = json.loads(base64.b64decode(text, validate=True))
        if isinstance(value, dict) and all(isinstance(v, str) for v in value.values()):
            return value
    except (ValueError, binascii.Error):
        pass
    raise errors.InvalidArgument(
        "The header 'x-amz-server-side-encryption-context' shall be Base64 encoded UTF-8 string holding JSON which "
        "represents a string-string map",
        ArgumentName="x-amz-server-side-encryption-context",
    )


def seal(ctx, bucket, key, wanted):
    """Return the Sealing for a write to a key. wanted: from wish(). Errors: KMS's, in S3's words."""
    way = wanted["algorithm"]
    if way == AES:
        data_key, wrapped = envelope.seal_account(bucket.account)
        return Sealing(data_key, {"algorithm": AES, "wrapped": wrapped})
    if way == CUSTOMER:
        raw, digest = wanted["customer"]
        data_key, wrapped = envelope.seal_customer(raw)
        return Sealing(data_key, {"algorithm": CUSTOMER, "wrapped": wrapped, "md5": digest})
    arn = bucket.arn if wanted["bucket_key"] else f"{bucket.arn}/{key}"
    context = {**wanted["context"], "aws:s3:arn": arn}
    # A key without an account is the requester's; its region is the bucket's, whatever the request was signed for.
    whose = ctx.account or bucket.account
    data_key, wrapped, key_arn = envelope.seal_kms(ctx, whose, wanted["key"], context, bucket.region)
    kept = {"algorithm": way, "wrapped": wrapped, "key": key_arn, "context": context}
    return Sealing(data_key, {**kept, "bucket_key": True} if wanted["bucket_key"] else kept)


def seal_for(ctx, bucket, request):
    """Return the Sealing that a write's request asks for."""
    return seal(ctx, bucket, request["Key"], wish(bucket, request))


def check_customer(kept, request, prefix=""):
    """Return the customer's key of SSE-C bytes, None for others; the same for reads with and without bytes.

    Errors: InvalidRequest (a key is missing, another one, or none is needed).
    """
    customer = customer_key(request, prefix)
    if kept.get("algorithm") != CUSTOMER:
        if customer is not None:
            raise errors.InvalidRequest("The encryption parameters are not applicable to this object.")
        return None
    if customer is None:
        raise errors.InvalidRequest(
            "The object was stored using a form of Server Side Encryption. The correct parameters must be "
            "provided to retrieve the object."
        )
    if customer[1] != kept["md5"]:
        raise errors.InvalidRequest("The provided encryption parameters did not match the ones used originally.")
    return customer[0]


def open_key(ctx, bucket, kept, request, prefix=""):
    """Return the data key of stored bytes, None for bytes from before encryption at rest.

    kept: a row's `encryption`. request: may carry the customer's key. Errors: InvalidRequest, KMS's.
    """
    customer = check_customer(kept, request, prefix)
    if not kept:
        return None
    if customer is not None:
        return envelope.open_customer(customer, kept["wrapped"])
    if kept["algorithm"] == AES:
        return envelope.open_account(bucket.account.account_id, kept["wrapped"])
    return envelope.open_kms(ctx, kept["wrapped"], kept["context"], kept["key"].split(":")[3])


def told(kept):
    """Return the members that an answer tells of how an object is encrypted."""
    way = kept.get("algorithm")
    if way is None:
        return {}
    if way == CUSTOMER:
        return {"SSECustomerAlgorithm": AES, "SSECustomerKeyMD5": kept["md5"]}
    found = {"ServerSideEncryption": way}
    if "key" in kept:
        found["SSEKMSKeyId"] = kept["key"]
    return {**found, "BucketKeyEnabled": True} if kept.get("bucket_key") else found
