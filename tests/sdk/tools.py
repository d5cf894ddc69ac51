"""What the tests of real clients run, and where it is: a missing tool is a failure that says what to install.

pip's test requirements bring most clients. Two cannot come that way: the JavaScript SDK (npm), and s3fs,
whose aiobotocore pins another botocore than ours and so lives in an environment of its own. Both are
installed once below this folder, ignored by git. `python -m tests.sdk.tools` installs them ahead (CI does).
"""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
JAVASCRIPT = HERE / "javascript"
S3FS = HERE / "s3fs"
OLDEST_NODE = 20


class Missing(AssertionError):
    """A tool that a test needs is not on this machine."""


def beside_python(name):
    """Return the path of a program that requirements-test.txt installs."""
    path = Path(sys.executable).parent / name
    if not path.exists():
        raise Missing(f"{name} is missing: .venv/bin/python -m pip install -r requirements-test.txt")
    return str(path)


def debian(program, package):
    """Return the path of a program that Debian packages."""
    path = shutil.which(program)
    if path is None:
        raise Missing(f"{program} is missing: sudo apt-get install -y {package}")
    return path


def node():
    """Return node, with the packages of javascript/package-lock.json installed."""
    path, npm = shutil.which("node"), shutil.which("npm")
    if path is None or npm is None:
        raise Missing("node and npm are missing: sudo apt-get install -y nodejs npm")
    version = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=60).stdout.strip()
    if int(version.lstrip("v").partition(".")[0]) < OLDEST_NODE:
        raise Missing(f"node {version} is too old for the JavaScript SDK: it needs {OLDEST_NODE} or newer (nodejs.org)")
    _once(
        JAVASCRIPT / "node_modules",
        (JAVASCRIPT / "package-lock.json").read_bytes(),
        lambda: _run("npm ci", [npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"], JAVASCRIPT),
    )
    return path


def s3fs_python():
    """Return the Python of an environment with s3fs/requirements.txt installed."""
    folder, wanted = S3FS / "venv", S3FS / "requirements.txt"
    python = folder / "bin" / "python"

    def install():
        venv.create(folder, clear=True, with_pip=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(wanted)]
        _run("pip install", pip, S3FS)

    _once(folder, wanted.read_bytes() + sys.version.encode(), install)
    return str(python)


def terraform():
    """Return Terraform and the folder of its providers, or None: no registry that CI may use has either.

    The folder is TERRAFORM_PLUGIN_DIR: a mirror with hashicorp/aws in it, so that nothing is fetched.
    """
    path, plugins = shutil.which("terraform"), os.environ.get("TERRAFORM_PLUGIN_DIR")
    return (path, plugins) if path and plugins else None


def _once(folder, wanted, install):
    """Install unless the folder says that it holds what is wanted."""
    stamp, digest = folder / ".installed", hashlib.sha256(wanted).hexdigest()
    if not stamp.exists() or stamp.read_text() != digest:
        install()
        stamp.write_text(digest)


def _run(what, command, folder):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600)
    if done.returncode:
        raise Missing(f"{what} in {folder.name} failed:\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    node()
    s3fs_python()
