"""Function packages to fetch: GetFunction answers a URL that works for ten minutes, for whoever holds it."""

from django.core import signing

from . import packages

PREFIX = "/_playground/functions/code/"  # on the AWS port
SECONDS = 600
_signer = signing.TimestampSigner(salt="functions.code")


def token(digest):
    return _signer.sign(digest)


def zip_file(given):
    """Return the path of the zip that a token stands for, None when it is false or expired."""
    try:
        path = packages.zip_path(_signer.unsign(given, max_age=SECONDS))
    except signing.BadSignature:
        return None
    return path if path.is_file() else None
