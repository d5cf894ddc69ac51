"""Bytes on disk: written, synced and renamed before any row names them.

A blob is immutable, so a copy is a hard link and readers never see a mix. A kill at any instant leaves
either a temporary file or a file without a row; `sweep` removes both when they are old.
"""

import base64
import hashlib
import os
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.db import transaction

from apps.buckets.models import Blob
from playground.wire.body import CHECKSUMS

PIECE = 256 * 1024
ORPHAN_SECONDS = 3600  # older than any upload that could still be about to insert its row


@dataclass(slots=True)
class Stored:
    """A file that is safe on disk and has no row yet. md5: 16 bytes. checksums: {"CRC64NVME": base64}."""

    name: str
    size_bytes: int
    md5: bytes
    checksums: dict = field(default_factory=dict)

    def row(self):
        """Insert the row that makes the bytes ours; call it in the object's transaction."""
        return Blob.objects.create(name=self.name, size_bytes=self.size_bytes)


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


def _default_checksum(body):
    """Return the algorithm to compute when the client declared none: CRC64NVME, as S3 does since 2024."""
    return {} if getattr(body, "declared", None) else {"CRC64NVME": CHECKSUMS["CRC64NVME"]()}


def write(body, pieces=None):
    """Write a stream to disk and return Stored. body: an object with read(n), or bytes.

    pieces: an iterable of bytes to write instead (a copy that must be hashed). Whatever the stream raises
    (a bad digest at its end) leaves nothing behind.
    """
    md5, own = hashlib.md5(), _default_checksum(body)
    if isinstance(body, bytes | bytearray):
        pieces = [bytes(body)]
    elif pieces is None:
        pieces = iter(lambda: body.read(PIECE), b"")
    path, size = _temporary(), 0
    try:
        with open(path, "xb", buffering=0) as out:
            for piece in pieces:
                out.write(piece)
                size += len(piece)
                md5.update(piece)
                for digest in own.values():
                    digest.update(piece)
            if settings.FSYNC:
                os.fsync(out.fileno())
        checksums = {name: base64.b64encode(digest.digest()).decode() for name, digest in own.items()}
        checksums.update(getattr(body, "checksums", {}))
        return Stored(_place(path), size, md5.digest(), checksums)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def link(blob):
    """Return Stored for the same bytes under a new name: a hard link, no copying. md5 is left empty."""
    path = _temporary()
    os.link(blob.path, path)
    return Stored(_place(path), blob.size_bytes, b"")


def read(path, offset=0, length=None):
    """Yield a file's bytes in pieces."""
    with open(path, "rb") as file:
        file.seek(offset)
        left = length if length is not None else os.path.getsize(path) - offset
        while left > 0 and (piece := file.read(min(PIECE, left))):
            left -= len(piece)
            yield piece


def join(blobs):
    """Return Stored for several blobs one after the other, hashed on the way."""
    return write(b"" if not blobs else None, pieces=(piece for blob in blobs for piece in read(blob.path)))


def discard(stored):
    """Remove a file that will get no row after all."""
    (_folder() / stored.name).unlink(missing_ok=True)


def free(blob_ids):
    """Delete blobs' rows now and their files after the commit. Call it in the transaction that let go of them."""
    found = list(Blob.objects.filter(id__in=blob_ids))
    Blob.objects.filter(id__in=blob_ids).delete()
    paths = [blob.path for blob in found]

    def remove():
        for path in paths:
            Path(path).unlink(missing_ok=True)

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
