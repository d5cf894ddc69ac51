"""A function's code as the page's editor shows it: one file, out of its package and into a new one."""

import io
import zipfile
from pathlib import Path

from apps.functions import packages

STARTERS = Path(__file__).parent / "starters"
EDITABLE_BYTES = 256 * 1024
LABELS = {"hello": "Say hello", "thumbnail": "Make thumbnails of photos", "inspect_event": "Show the event"}


def starters():
    """Return [(name, label, source)] of the handlers to start from."""
    return [(name, label, (STARTERS / f"{name}.py").read_text()) for name, label in LABELS.items()]


def file_of(handler):
    """Return the file a handler lives in.

    >>> file_of("app.handler"), file_of("pkg/module.main")
    ('app.py', 'pkg/module.py')
    """
    return handler.rpartition(".")[0] + ".py"


def zipped(source, handler):
    """Return a package with one file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        # A fixed date, so that the same text is the same package.
        archive.writestr(zipfile.ZipInfo(file_of(handler), (2026, 1, 1, 0, 0, 0)), source.replace("\r\n", "\n"))
    return out.getvalue()


def opened(function):
    """Return (source or None, other files' names). None: no text file of that name, or too big to edit here."""
    with zipfile.ZipFile(packages.zip_path(function.code_digest)) as archive:
        names = [info.filename for info in archive.infolist() if not info.is_dir()]
        wanted = file_of(function.handler)
        others = [name for name in names if name != wanted]
        if wanted not in names or archive.getinfo(wanted).file_size > EDITABLE_BYTES:
            return None, others
        try:
            return archive.read(wanted).decode(), others
        except UnicodeDecodeError:
            return None, others
