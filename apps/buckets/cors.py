"""Cross-origin requests: which pages' scripts may call a bucket, asked before (preflight) and told after.

A *rule* is one of CORSRules; the first that fits origin, method and asked-for headers decides. S3 refuses only a
preflight: the request itself is answered in any case, and without the headers a browser keeps the answer from the page.
Source: S3 User Guide, "Using cross-origin resource sharing (CORS)"; API Reference, "OPTIONS object"; Fetch standard.
"""

import re
from urllib.parse import unquote

from apps.billing import meters
from apps.buckets import errors
from apps.buckets.actions import bucket_of
from playground.wire.http import Response

VARY = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"
_NAME = re.compile(r"[A-Za-z0-9._-]{1,255}")
NOT_ENABLED = "CORSResponse: CORS is not enabled for this bucket."
NOT_ALLOWED = (  # the spelling is the service's own
    "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / "
    "Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted by the resource's CORS spec."
)


# -- rules: pure ----------------------------------------------------------------------------------


def fits(pattern, text):
    """Tell whether a text is what a pattern with at most one * means.

    >>> fits("http://*.example.com", "http://a.b.example.com"), fits("start*end", "startend"), fits("*", "null")
    (True, True, True)
    >>> fits("http://*.example.com", "http://example.com/"), fits("a.c", "abc")
    (False, False)
    """
    return re.fullmatch(".*".join(re.escape(piece) for piece in pattern.split("*")), text, re.S) is not None


def names(header):
    """Return the header names of Access-Control-Request-Headers, in lower case."""
    return [name.strip().lower() for name in (header or "").split(",") if name.strip()]


def rule_for(rules, origin, method, asked_headers=()):
    """Return (number from 1, rule) of the first rule that fits, or None.

    rules: CORSRules as PutBucketCors gives them. asked_headers: lower-case names a preflight asks for.
    """
    for number, rule in enumerate(rules, 1):
        allowed = [pattern.lower() for pattern in rule.get("AllowedHeaders") or ()]
        if (
            method in rule["AllowedMethods"]
            and any(fits(pattern, origin) for pattern in rule["AllowedOrigins"])
            and all(any(fits(pattern, name) for pattern in allowed) for name in asked_headers)
        ):
            return number, rule
    return None


def told(rule, origin, asked_headers=()):
    """Return the headers that a fitting rule adds to an answer."""
    everyone = "*" in rule["AllowedOrigins"]
    headers = [("Access-Control-Allow-Origin", "*" if everyone else origin)]
    headers.append(("Access-Control-Allow-Methods", ", ".join(rule["AllowedMethods"])))
    if asked_headers:
        headers.append(("Access-Control-Allow-Headers", ", ".join(asked_headers)))
    if rule.get("ExposeHeaders"):
        headers.append(("Access-Control-Expose-Headers", ", ".join(rule["ExposeHeaders"])))
    if rule.get("MaxAgeSeconds") is not None:
        headers.append(("Access-Control-Max-Age", str(rule["MaxAgeSeconds"])))
    if not everyone:
        headers.append(("Access-Control-Allow-Credentials", "true"))
    return [*headers, ("Vary", VARY)]


# -- requests -------------------------------------------------------------------------------------


def _asked(request):
    """Return (origin, method, header names) that a request wants; the method it announces goes before its own."""
    method = request.header("access-control-request-method") or request.method
    return request.header("origin"), method, names(request.header("access-control-request-headers"))


def _bucket(ctx, request):
    """Return the bucket that a request addresses. Errors: NoSuchBucket."""
    name = unquote(request.address.split("/")[1])
    if not _NAME.fullmatch(name):  # this is asked of any request, before anything else has looked at it
        raise errors.NoSuchBucket(BucketName=name)
    return bucket_of(ctx, {"Bucket": name})


def _rules(bucket):
    return (bucket.configurations.get("CORS") or {}).get("CORSRules") or []


def preflight(_joined, request, ctx):
    """Answer OPTIONS on a bucket or an object: 200 where a rule fits. It needs no signature and reads no object.

    Errors: BadRequest (a header is missing), AccessForbidden. The headers themselves come from dress().
    """
    ctx.operation = "Preflight"
    origin, _method, headers = _asked(request)
    method = request.header("access-control-request-method")
    if not origin:
        raise errors.BadRequest("Insufficient information. Origin request header needed.")
    refused = {"Method": method or "OPTIONS", "ResourceType": "BUCKET"}
    try:
        bucket = _bucket(ctx, request)
    except errors.NoSuchBucket:
        raise errors.AccessForbidden("CORSResponse: Bucket not found", **refused) from None
    if not _rules(bucket):
        raise errors.AccessForbidden(NOT_ENABLED, **refused)
    if not method:
        raise errors.BadRequest("Invalid Access-Control-Request-Method: null")
    if rule_for(_rules(bucket), origin, method, headers) is None:
        key = request.address.removeprefix("/").partition("/")[2]
        raise errors.AccessForbidden(NOT_ALLOWED, **{**refused, "ResourceType": "OBJECT" if key else "BUCKET"})
    meters.record(ctx, "s3.requests.standard.get_select_other", 1, bucket.arn, account=bucket.account)
    return Response(200)


def dress(request, ctx, response):
    """Add the headers of the rule that fits to any answer, refusals too; nothing where no page asks."""
    origin, method, headers = _asked(request)
    if not origin:
        return
    try:
        bucket = _bucket(ctx, request)
    except errors.NoSuchBucket:
        return
    found = rule_for(_rules(bucket), origin, method, headers)
    asked = f"a page of {origin} with {method}" + (f" and {', '.join(headers)}" if headers else "")
    if found is None:
        why = f"No CORS rule of the bucket allows {asked}: a browser keeps this answer from the page."
        ctx.trace.step("cors", "not allowed", why)
        return
    number, rule = found
    ctx.trace.step("cors", "allowed", f"CORS rule {number} of the bucket allows {asked}.")
    response.headers += told(rule, origin, headers)
