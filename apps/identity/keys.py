"""Whose key is this? Long-lived keys from their rows, temporary ones from their tokens.

The root user's keys are remembered for a moment, since every request asks. A user's key and a session are looked up
each time, in one query: with them comes the account's iam_version, by which attached.py knows what it may still use.
"""

import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import OperationalError
from django.db.models import Q

from apps.identity import sessions
from apps.identity.models import AccessKey, Account, Role
from playground.wire.context import Principal
from playground.wire.errors import InvalidToken

TTL_SECONDS = 2.0  # how long the root user's key may still work after it was deactivated
USE_SECONDS = 60  # how often at most the last use of a key or a role is written


@dataclass(slots=True, frozen=True)
class Credentials:
    """secret: for the signature. expires, issued: aware datetimes, None for a long-lived key."""

    secret: str
    account: Any
    principal: Principal
    expires: datetime | None = None
    issued: datetime | None = None


_cache: dict = {}
_used: dict = {}
_lock = threading.Lock()


def _long_lived(access_key_id):
    row = AccessKey.objects.select_related("account", "user").filter(access_key_id=access_key_id, active=True).first()
    if row is None:
        return None
    account = row.account
    if row.user is None:
        principal = Principal("root", account.root_arn, account.account_id, "root", key_id=access_key_id)
    else:
        row.user.account = account  # the same row, not loaded again for the ARN
        principal = Principal("user", row.user.arn, row.user.unique_id, row.user.name, key_id=access_key_id)
    return Credentials(row.secret_access_key, account, principal)


def _remembered(access_key_id):
    now = time.monotonic()
    found = _cache.get(access_key_id)
    if found and found[0] > now:
        return found[1]
    value = _long_lived(access_key_id)
    if value is not None and value.principal.kind == "root":
        with _lock:
            if len(_cache) > 2000:
                _cache.clear()
            _cache[access_key_id] = (now + TTL_SECONDS, value)
    return value


def forget(access_key_id):
    """Let a key that was changed not be remembered in this process."""
    with _lock:
        _cache.pop(access_key_id, None)


def credentials(access_key_id, session_token):
    """Return Credentials of a key, or None when nobody has it. Errors: InvalidToken for a token not of ours."""
    if session_token is None:
        return _remembered(access_key_id)
    found = sessions.read(access_key_id, session_token)
    if found is None:
        raise InvalidToken()
    account = Account.objects.filter(account_id=found.account_id).first()
    if account is None:
        return None
    return Credentials(found.secret, account, found.principal, found.expires, found.issued)


def note_use(ctx):
    """Keep when and for what a key, or a role, was used last: at most one write a minute each."""
    principal = ctx.principal
    if principal.kind == "role":
        key = principal.user_id.partition(":")[0]
    else:
        key = "" if principal.temporary else principal.key_id
    now = time.monotonic()
    if not key or now - _used.get(key, -USE_SECONDS) < USE_SECONDS:
        return
    with _lock:
        if len(_used) > 2000:
            _used.clear()
        _used[key] = now
    told = {"last_used_at": ctx.now, "last_used_region": ctx.region}
    due = Q(last_used_at=None) | Q(last_used_at__lt=ctx.now - timedelta(seconds=USE_SECONDS))
    # Should the database be busy for too long, the request matters more than this note of it.
    with suppress(OperationalError):
        if principal.kind == "role":
            Role.objects.filter(due, account=ctx.account, role_id=key).update(**told)
        else:
            rows = AccessKey.objects.filter(due, account=ctx.account, access_key_id=key)
            rows.update(**told, last_used_service=ctx.service)
