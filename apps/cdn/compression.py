"""Compress what CloudFront would compress, once, on its way into the cache. Pure: standard library only.

Gzip only: what a viewer takes is part of the cache key, so each form is stored under its own.
Source: CloudFront Developer Guide, "Serve compressed files".
"""

import zlib

from apps.cdn import key

COMPRESS_BYTES = (1_000, 10_000_000)  # CloudFront compresses bodies of these sizes
# The types CloudFront compresses, but for some rare ones ("Serving compressed files").
COMPRESSIBLE = (
    "text/", "application/javascript", "application/json", "application/xml", "application/xhtml+xml",
    "application/rss+xml", "application/wasm", "application/x-javascript", "application/vnd.ms-fontobject",
    "application/manifest+json", "application/ld+json", "application/x-font", "font/", "image/svg+xml",
)  # fmt: skip


def applies(policy, request_headers, status, headers):
    """Tell whether CloudFront would compress an answer ("Serving compressed files")."""
    accepted = key.accepted_encodings(key.header(request_headers, "accept-encoding"), policy.gzip, False)
    length = key.header(headers, "content-length") or ""
    kind = (key.header(headers, "content-type") or "").lower()
    return (
        accepted == "gzip"
        and status in (200, 403, 404)
        and key.header(headers, "content-encoding") is None
        and length.isdigit()
        and COMPRESS_BYTES[0] <= int(length) <= COMPRESS_BYTES[1]
        and kind.startswith(COMPRESSIBLE)
    )


def begin(headers):
    """Return the fields of the compressed answer and its encoder; a strong ETag becomes a weak one."""
    kept = []
    for name, value in headers:
        if name == "etag" and not value.startswith("W/"):
            value = "W/" + value
        if name not in ("content-length", "accept-ranges"):
            kept.append((name, value))
    if "accept-encoding" not in (key.header(headers, "vary") or "").lower():
        kept.append(("vary", "Accept-Encoding"))
    return [*kept, ("content-encoding", "gzip")], zlib.compressobj(6, zlib.DEFLATED, 31)
