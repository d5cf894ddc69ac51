"""What Encrypt returns: a blob that names its key and the version of its material, so that old ones always open.

Layout: format 1 byte, account 8, key id 16, version 4, then nonce, ciphertext and tag. The head and the encryption
context are bound to the ciphertext: change either and it does not open.
"""

import struct
import uuid
from dataclasses import dataclass

from apps.kms import root

FORMAT = 1
HEAD = struct.Struct(">BQ16sI")
SHORTEST = HEAD.size + root.NONCE_BYTES + 16


@dataclass(slots=True, frozen=True)
class Head:
    """Whose key encrypted a blob, and with which material."""

    account_id: str
    key_id: str
    version: int

    def packed(self):
        return HEAD.pack(FORMAT, int(self.account_id), uuid.UUID(self.key_id).bytes, self.version)


def _bound(head, context):
    """Return the bytes that a ciphertext is bound to. Lengths go first, so that no two contexts look alike."""
    parts = [head.packed()]
    for name, value in sorted(context.items()):
        for text in (name.encode(), value.encode()):
            parts.append(len(text).to_bytes(4, "big") + text)
    return b"".join(parts)


def seal(material, head, plain, context):
    """Return a blob. material: 32 bytes. context: {name: value}, the encryption context."""
    return head.packed() + root.seal(material, plain, _bound(head, context))


def read(blob):
    """Return the Head of a blob. Errors: CannotOpen for what is no blob of ours."""
    if len(blob) < SHORTEST or blob[0] != FORMAT:
        raise root.CannotOpen("It is no ciphertext of this service.")
    _format, account, key_id, version = HEAD.unpack_from(blob)
    return Head(f"{account:012d}", str(uuid.UUID(bytes=bytes(key_id))), version)


def unseal(material, blob, context):
    """Return what was encrypted. Errors: CannotOpen: another key, another context or a changed blob."""
    return root.unseal(material, blob[HEAD.size :], _bound(read(blob), context))
