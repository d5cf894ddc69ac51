"""Bytes at rest: encrypted, synced and named before any row shows them.

Words: *inline* bytes are few and live in the object's own row (one sync for all); more become a *blob*, an
immutable file, so a copy is a hard link and readers never see a mix. What a row keeps of a blob is
[file name, size in bytes, nonce]; the data key that opens it stands wrapped in the object's `encryption`.
A kill at any instant leaves either a temporary file or a file without a row; `sweep` removes both when they
are old.
"""

import base64
import hashlib
import os
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.db import transaction

from apps.buckets.models import Blob
from apps.kms import cipher
from playground.wire.body import CHECKSUMS
from playground.wire.http import Stream

PIECE = 256 * 1024
INLINE_BYTES = 4096  # a row of this size costs one page of the database; a file costs two syncs more
OPEN_FILES = 64  # of one answer at a time, where an object is made of many
ORPHAN_SECONDS = 3600  # older than any upload that could still be about to insert its row


@dataclass(slots=True)
class Stored:
    """Bytes that are safe (or will be with the row) and have no row yet.

    blobs: [[file name, size, nonce]]. inline: the encrypted bytes themselves, with the one nonce, or None.
    md5: 16 bytes of the plain text. checksums: {"CRC64NVME": base64}.
    """

    blobs: list
    size_bytes: int
    md5: bytes = b""
    checksums: dict = field(default_factory=dict)
    inline: bytes | None = None

    def rows(self):
        """Insert the rows that make the files ours; call it in the object's transaction."""
        if self.inline is None:
            Blob.objects.bulk_create(Blob(name=name, size_bytes=size) for name, size, _nonce in self.blobs)


def _folder():
    return Path(settings.DATA_DIR, "blobs")


def _sync_folder(path):
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _place(temporary):
    """Give a finished file its final name. Returns the name below the blobs folder."""
    name = uuid.uuid4().hex
    shard = _folder() / name[:2]
    new_shard = not shard.exists()
    if new_shard:
        shard.mkdir(exist_ok=True)
    os.rename(temporary, shard / name)
    if settings.FSYNC:
        _sync_folder(shard)
        if new_shard:
            _sync_folder(_folder())
    return f"{name[:2]}/{name}"


def _temporary():
    return Path(settings.DATA_DIR, "tmp", f"put-{uuid.uuid4().hex}")


def _own_checksum(body, algorithm):
    """Return the hash to compute when the client declared none: CRC64NVME, as S3 does since 2024."""
    if getattr(body, "declared", None):
        return {}
    name = algorithm or "CRC64NVME"
    return {name: CHECKSUMS[name]()}


def _pieces_of(body):
    if isinstance(body, bytes | bytearray):
        return iter([bytes(body)])
    return iter(lambda: body.read(PIECE), b"")


def write(body, data_key, pieces=None, algorithm=""):
    """Encrypt a stream and keep it. Returns Stored.

    body: an object with read(n), or bytes. data_key: 32 bytes. pieces: an iterable of plain bytes to write
    instead. algorithm: of the checksum to compute where the body declares none. Whatever the stream raises (a bad digest at its end) leaves nothing behind.
    """
    source = iter(pieces) if pieces is not None else _pieces_of(body)
    digests = {"MD5": hashlib.md5(), **_own_checksum(body, algorithm)}
    first, ended = _begin(source)
    nonce = cipher.new_nonce()
    if ended:
        stored = Stored([["", len(first), _text(nonce)]], len(first))
        stored.inline = cipher.Writer(data_key, nonce).update(first) if first else b""
        for digest in digests.values():
            digest.update(first)
    else:
        stored = _write_file(first, source, digests, cipher.Writer(data_key, nonce))
        stored.blobs[0][2] = _text(nonce)
    stored.md5 = digests.pop("MD5").digest()
    stored.checksums = {name: base64.b64encode(digest.digest()).decode() for name, digest in digests.items()}
    stored.checksums.update(getattr(body, "checksums", {}))
    return stored


def _text(nonce):
    return base64.b64encode(nonce).decode()


def _begin(source):
    """Return (the first bytes, is that all)."""
    kept = b""
    for piece in source:
        kept += piece
        if len(kept) > INLINE_BYTES:
            return kept, False
    return kept, True


def _write_file(first, source, digests, writer):
    path, size, piece = _temporary(), 0, first
    try:
        with open(path, "xb", buffering=0) as out:
            while piece:
                out.write(writer.update(piece))
                size += len(piece)
                for digest in digests.values():
                    digest.update(piece)
                piece = next(source, b"")
            if settings.FSYNC:
                os.fsync(out.fileno())
        return Stored([[_place(path), size, ""]], size)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def to_file(stored):
    """Give inline bytes a file of their own: parts become blobs of an object made of many."""
    if stored.inline is None:
        return stored
    path = _temporary()
    with open(path, "xb", buffering=0) as out:
        out.write(stored.inline)
        if settings.FSYNC:
            os.fsync(out.fileno())
    stored.blobs[0][0], stored.inline = _place(path), None
    return stored


def link(row):
    """Return Stored for the same bytes under new names: hard links, no copying. md5 is left empty. Errors: Gone."""
    if row.inline is not None:
        return Stored([list(blob) for blob in row.blobs], row.size_bytes, inline=bytes(row.inline))
    blobs = []
    for name, size, nonce in row.blobs:
        path = _temporary()
        try:
            os.link(_folder() / name, path)
        except FileNotFoundError:
            raise Gone(name) from None
        blobs.append([_place(path), size, nonce])
    return Stored(blobs, row.size_bytes)


class Gone(Exception):
    """An object's file is not there any more: its row was replaced or deleted since it was read."""


def read(row, data_key, offset=0, length=None) -> Iterable[bytes]:
    """Return an iterator of an object's (or a part's) plain bytes from an offset, in pieces.

    What is to be read is open when this returns, so a write that replaces the object meanwhile does not cut it
    short. Errors: Gone.
    """
    left = row.size_bytes - offset if length is None else length
    if getattr(row, "inline", None) is not None:
        nonce = base64.b64decode(row.blobs[0][2])
        return iter([cipher.reader(data_key, nonce, offset).update(bytes(row.inline)[offset : offset + left])])
    pieces = _read_files(list(_spans(row, offset, left)), data_key)
    next(pieces)  # opens the files
    return pieces


def _spans(row, offset, left):
    """Yield (file name, nonce, first byte, count) of the files that a range of an object touches."""
    for name, size, nonce in row.blobs:
        if offset >= size:
            offset -= size
        elif left > 0:
            count = min(left, size - offset)
            yield name, nonce, offset, count
            left, offset = left - count, 0


def _read_files(spans, data_key):
    """Yield b"" once the first files are open, then the bytes. Errors: Gone."""
    ahead = {}
    try:
        for name, *_ in spans[:OPEN_FILES]:
            ahead[name] = _open(name)
        yield b""
        for name, nonce, offset, left in spans:
            with ahead.pop(name, None) or _open(name) as file:
                # Files from before encryption at rest have no nonce.
                opened = cipher.reader(data_key, base64.b64decode(nonce), offset) if nonce else None
                file.seek(offset)
                while left > 0 and (piece := file.read(min(PIECE, left))):
                    left -= len(piece)
                    yield opened.update(piece) if opened else piece
    finally:
        for file in ahead.values():
            file.close()


def _open(name):
    try:
        return open(_folder() / name, "rb", buffering=0)
    except FileNotFoundError:
        raise Gone(name) from None


def stream(row, data_key, offset, length):
    """Return the body of an answer: so many plain bytes from an offset."""
    return Stream(length, read(row, data_key, offset, length))


def discard(stored):
    """Remove files that will get no row after all."""
    for name, _size, _nonce in stored.blobs:
        if name:
            (_folder() / name).unlink(missing_ok=True)


def free(names):
    """Forget blobs' rows now and remove their files after the commit. Call it in the transaction that let go of them."""
    names = [name for name in names if name]
    if not names:
        return
    Blob.objects.filter(name__in=names).delete()

    def remove():
        for name in names:
            (_folder() / name).unlink(missing_ok=True)

    # robust: after the commit nothing may fail the request any more, or its new bytes would be discarded too.
    transaction.on_commit(remove, robust=True)


def sweep(older_than_seconds=ORPHAN_SECONDS):
    """Remove temporary files and files without a row that are older than that. Returns how many."""
    edge, removed = time.time() - older_than_seconds, 0
    for path in Path(settings.DATA_DIR, "tmp").glob("put-*"):
        if path.stat().st_mtime < edge:
            path.unlink(missing_ok=True)
            removed += 1
    for shard in _folder().iterdir():
        old = [p for p in shard.iterdir() if p.stat().st_ctime < edge]
        names = {f"{shard.name}/{p.name}" for p in old}
        known = set(Blob.objects.filter(name__in=names).values_list("name", flat=True))
        for path in old:
            if f"{shard.name}/{path.name}" not in known:
                path.unlink(missing_ok=True)
                removed += 1
    return removed
