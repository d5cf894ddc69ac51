"""Pages of lists: Limit and Marker in, NextMarker and Truncated out."""

import base64
import binascii

from apps.kms import errors


def page(found, request, default, most):
    """Return (this page's items, {"Truncated", "NextMarker"?}). default, most: items of a page.

    Errors: InvalidMarkerException, ValidationException.
    """
    limit = request.get("Limit") or default
    if limit > most:
        raise errors.Validation(
            f"1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: "
            f"Member must have value less than or equal to {most}"
        )
    start = _start(request.get("Marker"))
    rest = {"Truncated": len(found) > start + limit}
    if rest["Truncated"]:
        rest["NextMarker"] = base64.b64encode(f"from:{start + limit}".encode()).decode()
    return found[start : start + limit], rest


def _start(marker):
    if not marker:
        return 0
    try:
        word, _, number = base64.b64decode(marker, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise errors.InvalidMarker() from None
    if word != "from" or not number.isdecimal():
        raise errors.InvalidMarker()
    return int(number)
