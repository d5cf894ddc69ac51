"""What a stored answer is filed under, and what of a viewer's request goes on to the origin.

CloudFront's rule: what is in the cache key is what the origin may see, so that an answer can depend
on nothing the key does not hold. A cache policy names the headers, cookies and query strings.
The policy `Playground-RFC9111` keys by scheme, host, path and whole query, and sends everything on;
there Vary keeps answers apart (freshness.py). Pure: standard library only.
Source: CloudFront Developer Guide, "Understand cache policies" and "Request and response behavior".
"""

import re
from urllib.parse import unquote_plus

# RFC 9110 section 7.6.1 and the fields that are about one connection only.
HOP_BY_HOP = frozenset(
    [
        "connection",
        "proxy-connection",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-authentication-info",
    ]
)
CONDITIONAL = frozenset(["if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range"])
# Fields about a body, which travel with it whatever the policy says.
BODY_FIELDS = frozenset(["content-type", "content-encoding", "content-language", "content-md5", "content-disposition"])
GZIP = re.compile(r"(?:^|,)\s*(gzip|br|\*)\s*(?:;\s*q=([0-9.]+))?\s*(?=,|$)", re.IGNORECASE)


def header(headers, name):
    """Return the combined value of a field, or None. headers: [(lower-case name, value)]."""
    found = [value for key, value in headers if key == name]
    return ", ".join(found) if found else None


def accepted_encodings(value, gzip, brotli):
    """Return CloudFront's normalised Accept-Encoding: "br,gzip", "br", "gzip" or "".

    >>> accepted_encodings("gzip, deflate, br", True, True), accepted_encodings("gzip;q=0", True, True)
    ('br,gzip', '')
    """
    if not value or not (gzip or brotli):
        return ""
    named = {name.lower() for name, quality in GZIP.findall(value) if not quality or _quality(quality) > 0}
    parts = [word for word, wanted in (("br", brotli), ("gzip", gzip)) if wanted and word in named]
    return ",".join(parts)


def _quality(text):
    try:
        return float(text)
    except ValueError:
        return 0.0


def chosen_query(query, mode, names):
    """Return the part of a raw query string that a policy keeps, order and spelling untouched.

    mode: "none", "all", "whitelist" or "allExcept". names: frozenset of parameter names.

    >>> chosen_query("b=2&a=1&c=3", "whitelist", frozenset({"a", "b"}))
    'b=2&a=1'
    """
    if mode == "none" or not query:
        return ""
    if mode == "all":
        return query
    keep = mode == "whitelist"
    return "&".join(pair for pair in query.split("&") if (unquote_plus(pair.partition("=")[0]) in names) == keep)


def chosen_cookies(value, mode, names):
    """Return the cookies that a policy keeps, as a Cookie field's value, sorted by name."""
    if mode == "none" or not value:
        return ""
    pairs = [pair.strip() for pair in value.split(";") if pair.strip()]
    if mode != "all":
        keep = mode == "whitelist"
        pairs = [pair for pair in pairs if (pair.partition("=")[0] in names) == keep]
    return "; ".join(sorted(pairs))


def cache_key(policy, method, path, query, headers, scheme, host):
    """Return the text that files an answer, within one distribution at one edge.

    policy: CachePolicy. path, query: raw, as the viewer sent them. HEAD shares GET's key.
    """
    if policy.rfc9111:
        # Without its port: the port says which playground, not which resource.
        return f"{scheme}://{host.partition(':')[0].lower()}{path}" + (f"?{query}" if query else "")
    key = path
    kept = chosen_query(query, policy.query_strings, policy.query_string_names)
    if kept:
        key += "?" + kept
    if method == "OPTIONS":
        key += " OPTIONS"
    encodings = accepted_encodings(header(headers, "accept-encoding"), policy.gzip, policy.brotli)
    if encodings:
        key += " accept-encoding=" + encodings
    for name in policy.headers:
        value = header(headers, name)
        if value is not None:
            key += f" {name}={' '.join(value.split())}"
    cookies = chosen_cookies(header(headers, "cookie"), policy.cookies, policy.cookie_names)
    if cookies:
        key += " cookie=" + cookies
    return key


def connection_fields(headers):
    """Return the names of fields that this connection alone is about."""
    listed = header(headers, "connection")
    if not listed:
        return HOP_BY_HOP
    return HOP_BY_HOP | {name.strip().lower() for name in listed.split(",")}


def end_to_end(headers):
    """Return the fields that may be forwarded or stored."""
    drop = connection_fields(headers)
    return [(name, value) for name, value in headers if name not in drop]


def forwarded(policy, method, headers):
    """Return the viewer's fields that the origin gets, without Host and without conditions.

    Conditions are the edge's own business: it asks the origin for the whole answer or for a
    validation of what it has, and then answers the viewer's condition itself.
    """
    if policy.rfc9111 or policy.all_headers:
        return [(n, v) for n, v in end_to_end(headers) if n not in CONDITIONAL and n not in ("host", "content-length")]
    kept = []
    for name in policy.headers:
        value = header(headers, name)
        if value is not None and name != "host":
            kept.append((name, value))
    encodings = accepted_encodings(header(headers, "accept-encoding"), policy.gzip, policy.brotli)
    if encodings:
        kept.append(("accept-encoding", encodings))
    cookies = chosen_cookies(header(headers, "cookie"), policy.cookies, policy.cookie_names)
    if cookies:
        kept.append(("cookie", cookies))
    if method not in ("GET", "HEAD"):
        kept += [(n, v) for n, v in headers if n in BODY_FIELDS and n not in policy.headers]
    if method == "OPTIONS":
        cors = ("origin", "access-control-request-method", "access-control-request-headers")
        kept += [(n, v) for n, v in headers if n in cors and n not in policy.headers]
    return kept
