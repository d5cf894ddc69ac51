"""Deployment packages: a zip a student uploaded, kept whole and unpacked once for the sandbox.

Everything lies in DATA_DIR/functions/<sha256 of the zip>/: code.zip as it came, task/ as a sandbox
shows it. A folder appears whole or not at all; functions with the same zip share it. The zip is a
stranger's: its names, its sizes and its ratio are checked before a byte is written.
"""

import base64
import hashlib
import os
import re
import shutil
import stat
import tempfile
import time
import zipfile
import zlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePosixPath

from django.conf import settings

from .errors import BAD_ZIP, InvalidParameterValue, RequestTooLarge

ZIPPED_BYTES = 50 * 2**20  # by direct upload
UNZIPPED_BYTES = 250 * 2**20
ENTRIES = 50_000  # files and folders; the real service has no documented limit, a disk has inodes
NAME_BYTES = 1024
RATIO = 1000  # deflate's best is 1032 to 1: only a bomb is near it
KEPT_SECONDS = 3600  # an unused package stays this long: a function that names it may be about to be made
FOLDER = re.compile(r"[0-9a-f]{64}|building-.*")
RATIO_FREE_BYTES = 2**20  # below this a high ratio harms nobody


@dataclass(frozen=True)
class Package:
    """A stored zip. digest: sha256 as hex, its folder's name."""

    digest: str
    size_bytes: int


def wire_digest(digest):
    """Return CodeSha256 as the wire says it: base64 of the raw digest."""
    return base64.b64encode(bytes.fromhex(digest)).decode()


def folder(digest):
    return settings.DATA_DIR / "functions" / digest


def store(data):
    """Check a zip and keep it; return its Package.

    Raises InvalidParameterValueException for what is no zip or no honest one, RequestTooLargeException.
    """
    if len(data) > ZIPPED_BYTES:
        raise RequestTooLarge(f"Request must be smaller than {ZIPPED_BYTES} bytes for the CreateFunction operation")
    package = Package(hashlib.sha256(data).hexdigest(), len(data))
    target = folder(package.digest)
    if target.exists():
        os.utime(target)  # it is wanted again: the sweeper leaves it alone
        return package
    building = tempfile.mkdtemp(dir=settings.DATA_DIR / "functions", prefix="building-")
    try:
        _unpack(data, os.path.join(building, "task"))
        with open(os.path.join(building, "code.zip"), "wb") as out:
            out.write(data)
            out.flush()
            if settings.FSYNC:
                os.fsync(out.fileno())
        os.rename(building, target)
    except OSError:
        if not target.exists():  # else another request stored the same zip meanwhile
            raise
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return package


def _unpack(data, target):
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            entries = archive.infolist()
            _check(entries)
            os.mkdir(target, 0o755)
            written = 0
            for entry in entries:
                written += _write(archive, entry, target, UNZIPPED_BYTES - written)
    except (zipfile.BadZipFile, EOFError, RuntimeError, NotImplementedError, ValueError, zlib.error):
        # RuntimeError: encrypted; NotImplementedError: an unknown compression
        raise InvalidParameterValue(BAD_ZIP) from None


def _check(entries):
    """Refuse what must not be unpacked, from the listing alone."""
    if not entries:
        raise InvalidParameterValue("Uploaded file must be a non-empty zip")
    if len(entries) > ENTRIES:
        raise InvalidParameterValue(f"Unzipped code may hold at most {ENTRIES} files")
    if sum(entry.file_size for entry in entries) > UNZIPPED_BYTES:
        raise InvalidParameterValue(f"Unzipped size must be smaller than {UNZIPPED_BYTES} bytes")
    for entry in entries:
        path = PurePosixPath(entry.filename)
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if path.is_absolute() or ".." in path.parts or "\\" in entry.filename or "\0" in entry.filename:
            raise InvalidParameterValue(f"{BAD_ZIP} It names a path outside itself: {entry.filename[:100]!r}")
        if len(entry.filename.encode("utf-8", "replace")) > NAME_BYTES:
            raise InvalidParameterValue(f"{BAD_ZIP} It holds a name longer than {NAME_BYTES} bytes.")
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise InvalidParameterValue(f"{BAD_ZIP} It holds a link or a device: {entry.filename[:100]!r}")
        if entry.file_size > max(RATIO_FREE_BYTES, RATIO * entry.compress_size):
            raise InvalidParameterValue(f"{BAD_ZIP} {entry.filename[:100]!r} unpacks to far more than it holds.")


def _write(archive, entry, target, allowed):
    """Unpack one entry, readable by every user of the sandbox; return its size, whatever its header claimed."""
    path = os.path.join(target, *PurePosixPath(entry.filename).parts)
    try:
        if entry.is_dir():
            os.makedirs(path, 0o755, exist_ok=True)
            return 0
        os.makedirs(os.path.dirname(path), 0o755, exist_ok=True)
        size = _copy(archive, entry, path, allowed)
    except (IsADirectoryError, NotADirectoryError, FileExistsError):
        raise InvalidParameterValue(f"{BAD_ZIP} It holds a file where it also holds a folder.") from None
    executable = (entry.external_attr >> 16) & 0o111
    os.chmod(path, 0o755 if executable else 0o644)
    return size


def _copy(archive, entry, path, allowed):
    size = 0
    with archive.open(entry) as source, open(path, "wb") as out:
        while chunk := source.read(2**20):
            size += len(chunk)
            if size > allowed:
                raise InvalidParameterValue(f"Unzipped size must be smaller than {UNZIPPED_BYTES} bytes")
            out.write(chunk)
    return size


def sweep(wanted):
    """Delete packages that no function has had for an hour, and what an interrupted upload left.

    wanted: set of the digests that functions refer to.
    """
    before = time.time() - KEPT_SECONDS
    for path in (settings.DATA_DIR / "functions").iterdir():
        ours = FOLDER.fullmatch(path.name)
        if ours and path.name not in wanted and path.stat().st_mtime < before:
            shutil.rmtree(path, ignore_errors=True)


def task_folder(digest):
    """Return the folder that a sandbox shows as /var/task."""
    return folder(digest) / "task"


def zip_path(digest):
    return folder(digest) / "code.zip"
