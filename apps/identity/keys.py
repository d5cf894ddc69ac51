"""Whose key is this? Long-lived keys from their rows, temporary ones from their tokens."""

import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from apps.identity import sessions
from apps.identity.models import AccessKey, Account
from playground.wire.context import Principal
from playground.wire.errors import InvalidToken

TTL_SECONDS = 2.0  # how long a key may still work after it was deactivated


@dataclass(slots=True, frozen=True)
class Credentials:
    """secret: for the signature. expires: aware datetime, None for a long-lived key."""

    secret: str
    account: Any
    principal: Principal
    expires: datetime | None = None


_cache: dict = {}
_lock = threading.Lock()


def _cached(key, load):
    """Return what load() finds, remembered for a moment: every request asks."""
    now = time.monotonic()
    found = _cache.get(key)
    if found and found[0] > now:
        return found[1]
    value = load()
    with _lock:
        if len(_cache) > 2000:
            _cache.clear()
        if value is not None:
            _cache[key] = (now + TTL_SECONDS, value)
    return value


def _long_lived(access_key_id):
    row = AccessKey.objects.select_related("account").filter(access_key_id=access_key_id, active=True).first()
    if row is None:
        return None
    account = row.account
    principal = Principal("root", account.root_arn, account.account_id, "root")
    return Credentials(row.secret_access_key, account, principal)


def credentials(access_key_id, session_token):
    """Return Credentials of a key, or None when nobody has it. Errors: InvalidToken for a token not of ours."""
    if session_token is None:
        return _cached(("key", access_key_id), lambda: _long_lived(access_key_id))
    found = sessions.read(access_key_id, session_token)
    if found is None:
        raise InvalidToken()
    secret, account_id, principal, expires = found
    account = _cached(("account", account_id), lambda: Account.objects.filter(account_id=account_id).first())
    if account is None:
        return None
    return Credentials(secret, account, principal, datetime.fromtimestamp(expires, UTC))
