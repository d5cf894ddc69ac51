"""Temporary credentials that need no row: the session token carries who they are for, signed.

A function's role and a service acting for a resource (an edge reading a private bucket) sign their
requests with them. The secret is derived from the key id and the installation's secret key.
"""

import base64
import hashlib
import hmac
import secrets
from datetime import timedelta

from django.conf import settings
from django.core import signing

from apps.identity.models import ALPHABET
from playground.wire.context import Principal

SALT = "playground.sessions"


def _secret(access_key_id):
    digest = hmac.digest(settings.SECRET_KEY.encode(), f"session:{access_key_id}".encode(), "sha256")
    return base64.b64encode(digest).decode().rstrip("=")[:40]


def issue(account, principal, seconds, now):
    """Return (access key id, secret, session token) of a principal.

    account: whose it is. principal: Principal of kind "role" or "service". seconds: how long. now: real time.
    """
    access_key_id = "ASIA" + "".join(secrets.choice(ALPHABET) for _ in range(16))
    told = {
        "key": access_key_id,
        "account": account.account_id,
        "expires": (now + timedelta(seconds=seconds)).timestamp(),
        "principal": [principal.kind, principal.arn, principal.user_id, principal.name, principal.source_arn],
    }
    return access_key_id, _secret(access_key_id), signing.dumps(told, salt=SALT, compress=True)


def read(access_key_id, token):
    """Return (secret, account id, Principal, expiry as a timestamp) of a token we issued for this key, or None."""
    try:
        told = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return None
    if not hmac.compare_digest(
        hashlib.sha256(told["key"].encode()).digest(), hashlib.sha256(access_key_id.encode()).digest()
    ):
        return None
    return _secret(access_key_id), told["account"], Principal(*told["principal"]), told["expires"]
