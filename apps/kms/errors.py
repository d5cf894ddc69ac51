"""KMS's errors, and the names S3 gives them. Source: AWS KMS API Reference, each action's "Errors"."""

from playground.wire import errors as wire
from playground.wire.errors import error

AccessDenied = error("AccessDeniedException", 400, "You are not authorized to perform this action.")
AlreadyExists = error("AlreadyExistsException", 400, "An alias with that name already exists.")
Disabled = error("DisabledException", 400, "The key is disabled.")
DryRun = error("DryRunOperationException", 412, "The request would have succeeded, but the DryRun option is set.")
IncorrectKey = error(
    "IncorrectKeyException",
    400,
    "The key ID in the request does not identify a CMK that can perform this operation.",
)
InvalidAliasName = error("InvalidAliasNameException", 400, "The alias name is not valid.")
InvalidArn = error("InvalidArnException", 400, "The ARN is not valid.")
InvalidCiphertext = error("InvalidCiphertextException", 400, "The ciphertext is not valid.")
InvalidGrantId = error("InvalidGrantIdException", 400, "The grant ID is not valid.")
InvalidGrantToken = error("InvalidGrantTokenException", 400, "The grant token is not valid.")
InvalidKeyUsage = error("InvalidKeyUsageException", 400, "The key cannot be used for this.")
InvalidMarker = error("InvalidMarkerException", 400, "The marker is not valid.")
InvalidState = error("KMSInvalidStateException", 400, "The key's state does not allow this.")
LimitExceeded = error("LimitExceededException", 400, "A quota was reached.")
MalformedPolicy = error("MalformedPolicyDocumentException", 400, "The policy is not valid.")
NotAuthorized = error("NotAuthorizedException", 400, "Aliases that begin with alias/aws/ are AWS's own.")
NotFound = error("NotFoundException", 400, "The key does not exist.")
Tag = error("TagException", 400, "A tag is not valid.")
Unsupported = error("UnsupportedOperationException", 400, "The key does not support this operation.")
Validation = error("ValidationException", 400, "The request is not valid.")

# What a caller of S3 is told of its key. Source: Amazon S3 API Reference, "Error responses"; S3 User Guide,
# "Troubleshooting access denied" and re:Post on KMS.* codes.
_FOR_S3 = {
    name: error(f"KMS.{name}", 400, "The key cannot be used.")
    for name in ("NotFoundException", "DisabledException", "KMSInvalidStateException", "InvalidCiphertextException")
}


def for_s3(err):
    """Return a refusal of KMS as S3 tells it: KMS.NotFoundException, AccessDenied, ..."""
    if err.code == AccessDenied.code:
        return wire.AccessDenied(err.message)
    if err.code in _FOR_S3:
        return _FOR_S3[err.code](err.message)
    return wire.InvalidArgument(err.message)
