"""The root key: one secret of the installation, under which every other key is sealed or from which it is derived.

It lives in a file of the data directory, is made at its first use and read once a process. Whoever loses it
loses every encrypted object; a backup of the data directory carries it.
"""

import os
import secrets
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

KEY_BYTES = 32
NONCE_BYTES = 12


class CannotOpen(ValueError):
    """A sealed value that this key did not seal, or that was changed."""


def _path():
    return settings.DATA_DIR / "root-key"


def _make(path):
    """Put a new root key in its place, whole or not at all; of two processes that try, one wins."""
    draft = path.with_name(f"root-key.{os.getpid()}.{secrets.token_hex(4)}")
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(file, secrets.token_bytes(KEY_BYTES))
        os.fsync(file)
    finally:
        os.close(file)
    try:
        os.link(draft, path)  # unlike a rename, it refuses to replace
    except FileExistsError:
        return
    finally:
        os.unlink(draft)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # a key that a power cut takes away would take every object with it
    finally:
        os.close(folder)


@lru_cache(maxsize=1)
def key():
    """Return the root key's 32 bytes."""
    path = _path()
    if not path.exists():
        _make(path)
    found = path.read_bytes()
    if len(found) != KEY_BYTES:
        raise ImproperlyConfigured(f"{path} must hold {KEY_BYTES} bytes, not {len(found)}: it is damaged.")
    return found


@lru_cache(maxsize=2048)
def derive(purpose):
    """Return the 32 bytes for one purpose ("s3/000000000000/1"). Source: RFC 5869 (HKDF)."""
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=f"playground/{purpose}".encode()).derive(key())


def seal(under, plain, bound):
    """Return nonce, ciphertext and tag of some bytes: AES-256-GCM.

    under: 32 bytes. bound: bytes that must be the same again to open it.
    """
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(under).encrypt(nonce, plain, bound)


def unseal(under, sealed, bound):
    """Return what was sealed. Errors: CannotOpen."""
    try:
        return AESGCM(under).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound)
    except (InvalidTag, ValueError):
        raise CannotOpen("It was sealed under another key, or changed since.") from None
