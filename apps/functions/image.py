"""What a Python environment finds in /var/runtime: AWS's runtime client, boto3, Pillow, nothing else.

The packages are those installed beside the project, hard-linked (or copied, across devices) once into
a folder of their own under the data directory, so that a sandbox needs one mount and never sees the
project, Django or the rest of site-packages.
"""

import hashlib
import os
import shutil
import tempfile
from importlib import metadata
from pathlib import Path

from django.conf import settings

BOOTSTRAP = Path(__file__).parent / "sandbox" / "bootstrap.py"
DISTRIBUTIONS = (
    "awslambdaric",
    "simplejson",
    "snapshot-restore-py",
    "boto3",
    "botocore",
    "s3transfer",
    "jmespath",
    "python-dateutil",
    "six",
    "urllib3",
    "pillow",
)


def _top_level(distribution):
    """Return the names in site-packages that belong to a distribution, its metadata included."""
    names = {file.parts[0] for file in distribution.files if file.parts[0] not in ("..", "__pycache__")}
    return sorted(names)


def _link(source, target):
    """Show a file or a tree at another place, without doubling its bytes where that is possible."""
    if source.is_dir():
        target.mkdir(mode=0o755)
        for entry in sorted(source.iterdir()):
            _link(entry, target / entry.name)
        return
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
        target.chmod(0o755 if source.suffix == ".so" else 0o644)


def python_image():
    """Return the folder for /var/runtime, made on first use. Its name tells its content."""
    found = [metadata.distribution(name) for name in DISTRIBUTIONS]
    digest = hashlib.sha256(BOOTSTRAP.read_bytes())
    for distribution in found:
        digest.update(f"{distribution.name}={distribution.version};{distribution.locate_file('')}".encode())
    target = settings.DATA_DIR / "functions" / f"python-{digest.hexdigest()[:16]}"
    if target.exists():
        return target
    building = Path(tempfile.mkdtemp(dir=settings.DATA_DIR / "functions", prefix="building-"))
    building.chmod(0o755)
    for distribution in found:
        for name in _top_level(distribution):
            _link(Path(distribution.locate_file(name)), building / name)
    shutil.copyfile(BOOTSTRAP, building / "bootstrap.py")
    (building / "bootstrap.py").chmod(0o644)
    try:
        building.rename(target)
    except OSError:  # another process was faster
        shutil.rmtree(building)
    return target
