"""AWS Signature Version 4, verified: header and presigned. Pure: time and secrets are arguments.

Words: the *credential scope* is date/region/service/aws4_request; the *canonical request* is what both
sides hash; S3 encodes the path once, the other services encode it twice.
Source: AWS General Reference, "Signature Version 4"; Amazon S3 API Reference, "Authenticating Requests".
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from urllib.parse import quote, unquote

from playground.wire.dates import iso8601
from playground.wire.errors import (
    AccessDenied,
    AuthorizationHeaderMalformed,
    AuthorizationQueryParametersError,
    RequestTimeTooSkewed,
    SignatureDoesNotMatch,
)
from playground.wire.http import Request

ALGORITHM = "AWS4-HMAC-SHA256"
SKEW = timedelta(minutes=15)
MAX_EXPIRES = 604800  # seconds, a week
UNSIGNED = "UNSIGNED-PAYLOAD"
EMPTY_HASH = hashlib.sha256(b"").hexdigest()


@dataclass(slots=True, frozen=True)
class Claim:
    """What a request says of its signer, before it is believed.

    presigned: the signature is in the query. expires: seconds a presigned URL lives.
    """

    access_key_id: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str
    timestamp: str
    session_token: str | None
    presigned: bool
    expires: int = 0

    @property
    def scope(self) -> str:
        return f"{self.date}/{self.region}/{self.service}/aws4_request"


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


@lru_cache(maxsize=512)
def signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    """Return the key of one day, region and service: derived once, used for every signature of that day."""
    key = _hmac(("AWS4" + secret).encode(), date)
    for part in (region, service, "aws4_request"):
        key = _hmac(key, part)
    return key


# -- reading --------------------------------------------------------------------------------------


def claim(request: Request) -> Claim | None:
    """Return who the request says it is, or None when it is anonymous. Errors: malformed authorization."""
    header = request.header("authorization")
    if header is not None:
        return _header_claim(request, header)
    if "X-Amz-Algorithm" in request.query or "X-Amz-Credential" in request.query:
        return _query_claim(request)
    return None


def _header_claim(request: Request, header: str) -> Claim:
    algorithm, _, rest = header.partition(" ")
    if algorithm != ALGORITHM:
        raise AuthorizationHeaderMalformed(
            "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."
        )
    parts = dict(item.strip().partition("=")[::2] for item in rest.split(","))
    for name in ("Credential", "SignedHeaders", "Signature"):
        if not parts.get(name):
            raise AuthorizationHeaderMalformed(f"The authorization header is malformed; missing {name}.")
    key_id, date, region, service = _scope(parts["Credential"], AuthorizationHeaderMalformed)
    timestamp = request.header("x-amz-date") or _http_date(request.header("date"))
    if not timestamp:
        raise AccessDenied("AWS authentication requires a valid Date or x-amz-date header")
    signed = tuple(parts["SignedHeaders"].split(";"))
    token = request.header("x-amz-security-token")
    return Claim(key_id, date, region, service, signed, parts["Signature"], timestamp, token, False)


def _query_claim(request: Request) -> Claim:
    found = {}
    for name in (
        "X-Amz-Algorithm",
        "X-Amz-Credential",
        "X-Amz-Date",
        "X-Amz-Expires",
        "X-Amz-SignedHeaders",
        "X-Amz-Signature",
    ):
        value = request.first(name)
        if not value:
            raise AuthorizationQueryParametersError(
                "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, "
                "X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."
            )
        found[name] = value
    if found["X-Amz-Algorithm"] != ALGORITHM:
        raise AuthorizationQueryParametersError('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"')
    key_id, date, region, service = _scope(found["X-Amz-Credential"], AuthorizationQueryParametersError)
    if not re.fullmatch(r"-?\d+", found["X-Amz-Expires"]):
        raise AuthorizationQueryParametersError("X-Amz-Expires should be a number")
    expires = int(found["X-Amz-Expires"])
    if expires < 0:
        raise AuthorizationQueryParametersError("X-Amz-Expires must be non-negative")
    if expires > MAX_EXPIRES:
        raise AuthorizationQueryParametersError(
            "X-Amz-Expires must be less than a week (in seconds) that is, the given X-Amz-Expires must be less than 604800 seconds"
        )
    signed = tuple(found["X-Amz-SignedHeaders"].split(";"))
    token = request.first("X-Amz-Security-Token")
    return Claim(
        key_id, date, region, service, signed, found["X-Amz-Signature"], found["X-Amz-Date"], token, True, expires
    )


def _scope(credential: str, refusal) -> tuple[str, str, str, str]:
    pieces = credential.rsplit("/", 4)
    # A client that knows of an endpoint and no region leaves the region empty, and signs all the same.
    said = len(pieces) == 5 and pieces[0] and pieces[3]
    if not said or pieces[4] != "aws4_request" or not re.fullmatch(r"\d{8}", pieces[1]):
        raise refusal(
            "The authorization header is malformed; the Credential is mal-formed; expecting "
            '"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".'
        )
    return pieces[0], pieces[1], pieces[2], pieces[3]


def _http_date(text: str | None) -> str | None:
    if not text:
        return None
    for pattern in ("%a, %d %b %Y %H:%M:%S GMT", "%a, %d %b %Y %H:%M:%S %z"):
        try:
            return datetime.strptime(text, pattern).strftime("%Y%m%dT%H%M%SZ")
        except ValueError:
            continue
    return None


# -- the canonical form ---------------------------------------------------------------------------


def canonical_path(raw_path: str, service: str) -> str:
    """Return the path as the signer wrote it: S3 encodes once, others encode the sent form again.

    >>> canonical_path("/b/plus%2Band%2525", "s3")
    '/b/plus%2Band%2525'
    >>> canonical_path("/2015-03-31/functions/arn%3Aaws", "lambda")
    '/2015-03-31/functions/arn%253Aaws'
    """
    if service == "s3":
        return quote(unquote(raw_path, errors="surrogateescape").encode("utf-8", "surrogateescape"), safe="/~")
    return quote(raw_path or "/", safe="/~")


def canonical_query(query_string: str) -> str:
    """Return the query as signed: each part encoded the same way, sorted, without the signature itself."""
    pairs = []
    for pair in query_string.split("&"):
        if pair:
            name, _, value = pair.partition("=")
            name = quote(unquote(name.replace("+", "%20")), safe="-_.~")
            if name != "X-Amz-Signature":
                pairs.append((name, quote(unquote(value.replace("+", "%20")), safe="-_.~")))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def canonical_request(method, raw_path, query_string, headers: Iterable[tuple[str, str]], payload_hash, service) -> str:
    """Return the text both sides hash. headers: the signed ones, lower-case name and value, in order."""
    lines = "".join(f"{name}:{' '.join(value.split())}\n" for name, value in headers)
    names = ";".join(name for name, _ in headers)
    path, query = canonical_path(raw_path, service), canonical_query(query_string)
    return f"{method}\n{path}\n{query}\n{lines}\n{names}\n{payload_hash}"


def string_to_sign(canonical: str, timestamp: str, scope: str) -> str:
    return f"{ALGORITHM}\n{timestamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"


# -- verifying ------------------------------------------------------------------------------------


def check_time(who: Claim, now: datetime) -> None:
    """Refuse a header signature 15 minutes off, and a presigned URL before its time or past its end."""
    try:
        sent = datetime.strptime(who.timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        if who.presigned:
            raise AuthorizationQueryParametersError(
                "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\""
            ) from None
        raise AccessDenied("AWS authentication requires a valid Date or x-amz-date header") from None
    if not who.timestamp.startswith(who.date):
        raise AuthorizationHeaderMalformed(
            f'Invalid credential date "{who.date}". This date is not the same as X-Amz-Date: "{who.timestamp[:8]}".'
        )
    if who.presigned:
        end = sent + timedelta(seconds=who.expires)
        if now > end:
            raise AccessDenied(
                "Request has expired",
                **{"X-Amz-Expires": who.expires, "Expires": iso8601(end), "ServerTime": iso8601(now)},
            )
        if sent > now + SKEW:
            raise AccessDenied("Request is not valid yet", ServerTime=iso8601(now))
    elif abs(now - sent) > SKEW:
        raise RequestTimeTooSkewed(
            RequestTime=who.timestamp,
            ServerTime=iso8601(now),
            MaxAllowedSkewMilliseconds=int(SKEW.total_seconds() * 1000),
        )


def payload_hash(request: Request, who: Claim, body_hash: Callable[[], str]) -> str:
    """Return what stands in the canonical request for the body. body_hash: called when nothing declared it."""
    declared = request.header("x-amz-content-sha256")
    if who.presigned and who.service == "s3":
        return declared or UNSIGNED
    return declared or body_hash()


def verify(request: Request, who: Claim, secret: str, hashed_payload: str) -> None:
    """Check the signature itself. Errors: SignatureDoesNotMatch with both sides' texts, AccessDenied for unsigned headers."""
    if "host" not in who.signed_headers:
        raise AccessDenied("There were headers present in the request which were not signed", HeadersNotSigned="host")
    given = request.header_map
    unsigned = [n for n in given if n.startswith("x-amz-") and n not in who.signed_headers and n not in _FREE_HEADERS]
    if unsigned and who.service == "s3":
        raise AccessDenied(
            "There were headers present in the request which were not signed",
            HeadersNotSigned=", ".join(sorted(unsigned)),
        )
    headers = [(name, given.get(name, "")) for name in who.signed_headers]
    canonical = canonical_request(
        request.method, request.raw_path, request.query_string, headers, hashed_payload, who.service
    )
    text = string_to_sign(canonical, who.timestamp, who.scope)
    key = signing_key(secret, who.date, who.region, who.service)
    expected = hmac.new(key, text.encode(), "sha256").hexdigest()
    if not hmac.compare_digest(expected.encode(), who.signature.encode()):
        raise SignatureDoesNotMatch(
            AWSAccessKeyId=who.access_key_id,
            StringToSign=text,
            SignatureProvided=who.signature,
            StringToSignBytes=text.encode().hex(" "),
            CanonicalRequest=canonical,
            CanonicalRequestBytes=canonical.encode().hex(" "),
        )


# Sent by proxies and SDKs without being signed; they decide nothing.
_FREE_HEADERS = ("x-amz-user-agent", "x-amz-cf-id", "x-amz-content-sha256", "x-amz-te")


class Chunks:
    """The chain of chunk signatures of an aws-chunked body.

    Source: Amazon S3 API Reference, "Signature Calculations for the Authorization Header: Transferring
    Payload in Multiple Chunks" and "... with trailing headers".
    """

    def __init__(self, who: Claim, secret: str):
        self.key = signing_key(secret, who.date, who.region, who.service)
        self.prefix = f"{who.timestamp}\n{who.scope}"
        self.previous = who.signature

    def _next(self, algorithm: str, parts: str) -> str:
        text = f"{algorithm}\n{self.prefix}\n{self.previous}\n{parts}"
        self.previous = hmac.new(self.key, text.encode(), "sha256").hexdigest()
        return self.previous

    def check_chunk(self, digest: str, given: str) -> None:
        expected = self._next("AWS4-HMAC-SHA256-PAYLOAD", f"{EMPTY_HASH}\n{digest}")
        if not hmac.compare_digest(expected.encode(), given.encode()):
            raise SignatureDoesNotMatch()

    def check_trailer(self, trailer: bytes, given: str) -> None:
        expected = self._next("AWS4-HMAC-SHA256-TRAILER", hashlib.sha256(trailer).hexdigest())
        if not hmac.compare_digest(expected.encode(), given.encode()):
            raise SignatureDoesNotMatch()
