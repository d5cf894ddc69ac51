"""Temporary credentials that need no row: the session token carries who they are for, signed and compressed.

STS hands them out; a function's role and a service acting for a resource (an edge reading a private bucket) sign
their requests with them. The secret is derived from the key id and the installation's secret key. What limits a
session (its policies, its tags) travels in the token too, so its size is bounded: `packed_percent`.
"""

import base64
import hashlib
import hmac
import json
import secrets
import zlib
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.core import signing

from apps.identity.models import ALPHABET
from playground.wire.context import Principal

SALT = "playground.sessions"
PACKED_BYTES = 3072  # of policies and tags, compressed: with the signature a token stays under the server's 8 KB header


@dataclass(slots=True, frozen=True)
class Session:
    """What a token says. expires, issued: aware, real time."""

    secret: str
    account_id: str
    principal: Principal
    issued: datetime
    expires: datetime


def _secret(access_key_id):
    digest = hmac.digest(settings.SECRET_KEY.encode(), f"session:{access_key_id}".encode(), "sha256")
    return base64.b64encode(digest).decode().rstrip("=")[:40]


def _told(principal):
    """Return the fields of a Principal that say anything."""
    found = {one.name: getattr(principal, one.name) for one in fields(principal)}
    return {name: value for name, value in found.items() if value and name not in ("key_id", "temporary")}


def packed_percent(principal):
    """Return how much of the room for policies and tags a session takes, in percent; more than 100 is refused."""
    told = [principal.session_policies, principal.tags]
    if not any(told):
        return 0
    size = len(zlib.compress(json.dumps(told, separators=(",", ":")).encode()))
    return -(-100 * size // PACKED_BYTES)


def issue(account, principal, seconds, now):
    """Return (access key id, secret, session token) of a principal.

    account: whose it is. principal: Principal of any kind but "anonymous". seconds: how long. now: real time.
    """
    access_key_id = "ASIA" + "".join(secrets.choice(ALPHABET) for _ in range(16))
    told = {
        "key": access_key_id,
        "account": account.account_id,
        "issued": now.timestamp(),
        "expires": (now + timedelta(seconds=seconds)).timestamp(),
        "principal": _told(principal),
    }
    return access_key_id, _secret(access_key_id), signing.dumps(told, salt=SALT, compress=True)


def read(access_key_id, token):
    """Return the Session of a token that we issued for this key, or None."""
    try:
        told = signing.loads(token, salt=SALT)
    except (signing.BadSignature, ValueError, zlib.error):
        return None
    if not hmac.compare_digest(
        hashlib.sha256(told["key"].encode()).digest(), hashlib.sha256(access_key_id.encode()).digest()
    ):
        return None
    principal = Principal(**told["principal"], key_id=access_key_id, temporary=True)
    issued, expires = (datetime.fromtimestamp(told[name], UTC) for name in ("issued", "expires"))
    return Session(_secret(access_key_id), told["account"], principal, issued, expires)
