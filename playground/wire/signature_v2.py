"""Presigned URLs of Signature Version 2, which boto3 still makes by default for S3 in us-east-1. Pure.

Only the query form: a URL carries AWSAccessKeyId, Expires (seconds since 1970) and Signature (HMAC-SHA1).
Source: Amazon S3 developer guide, "Signing and authenticating REST requests", query string alternative.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import unquote_plus

from playground.wire.dates import iso8601
from playground.wire.errors import AccessDenied, SignatureDoesNotMatch
from playground.wire.http import Request

# Query parameters that are part of what is asked for, and therefore signed.
SIGNED = {
    "accelerate", "acl", "cors", "defaultObjectAcl", "delete", "lifecycle", "location", "logging", "notification",
    "partNumber", "policy", "replication", "requestPayment", "restore", "tagging", "torrent", "uploadId", "uploads",
    "versionId", "versioning", "versions", "website", "response-cache-control", "response-content-disposition",
    "response-content-encoding", "response-content-language", "response-content-type", "response-expires",
}  # fmt: skip


@dataclass(slots=True, frozen=True)
class Claim:
    """What a URL says of its signer, before it is believed. expires: seconds since 1970, as sent."""

    access_key_id: str
    expires: str
    signature: str
    session_token: str | None


def claim(request: Request) -> Claim | None:
    """Return the claim of a version 2 URL, or None when this is none. Errors: AccessDenied for half a one."""
    found = [request.first(name) for name in ("AWSAccessKeyId", "Expires", "Signature")]
    if found == [None, None, None]:
        return None
    if not all(found):
        raise AccessDenied("Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters")
    key_id, expires, given = found
    return Claim(str(key_id), str(expires), str(given), request.first("x-amz-security-token"))


def string_to_sign(request: Request, expires: str) -> str:
    """Return the text both sides sign."""
    special = {n: v.strip() for n, v in request.header_map.items() if n.startswith("x-amz-")}
    token = request.first("x-amz-security-token")
    if token:
        special["x-amz-security-token"] = token
    lines = "".join(f"{name}:{special[name]}\n" for name in sorted(special))
    pairs = []
    for pair in sorted(request.query_string.split("&")):
        name, equals, value = pair.partition("=")
        if unquote_plus(name) in SIGNED:
            pairs.append(f"{name}={unquote_plus(value)}" if equals else name)
    resource = request.address + ("?" + "&".join(pairs) if pairs else "")
    kind, digest = request.header("content-type", ""), request.header("content-md5", "")
    return f"{request.method}\n{digest}\n{kind}\n{expires}\n{lines}{resource}"


def verify(request: Request, who: Claim, secret: str, now: datetime) -> None:
    """Check end and signature. Errors: AccessDenied (expired), SignatureDoesNotMatch."""
    if not who.expires.isdigit():
        raise AccessDenied(f"Invalid date (should be seconds since epoch): {who.expires}")
    end = datetime.fromtimestamp(min(int(who.expires), 2**33), UTC)
    if now > end:
        raise AccessDenied("Request has expired", Expires=iso8601(end), ServerTime=iso8601(now))
    text = string_to_sign(request, who.expires)
    expected = base64.b64encode(hmac.digest(secret.encode(), text.encode(), hashlib.sha1)).decode()
    if not hmac.compare_digest(expected.encode(), who.signature.encode()):
        raise SignatureDoesNotMatch(
            AWSAccessKeyId=who.access_key_id, StringToSign=text, SignatureProvided=who.signature
        )
