"""rclone, Debian's, told by RCLONE_CONFIG_* variables what a remote in its configuration file would say."""

import functools
import json
import os
import urllib.request

import pytest

from tests.sdk import tools
from tests.sdk.conftest import LARGE, SMALL, content, keys, run


@pytest.fixture
def rclone(account):
    """Return a function that runs rclone as the owner, with a remote called lab."""
    remote = {
        "TYPE": "s3",
        "PROVIDER": "Other",  # with AWS it insists on names below the endpoint's, whatever FORCE_PATH_STYLE says
        "ENDPOINT": account.stack.aws_url,
        "REGION": "us-east-1",
        "FORCE_PATH_STYLE": "true",
        "ACCESS_KEY_ID": account.access_key,
        "SECRET_ACCESS_KEY": account.secret_key,
    }
    # Without the caller's AWS_* variables: this version does not start where AWS_CA_BUNDLE is set.
    plain = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment = plain | {"RCLONE_CONFIG": "/dev/null"}
    environment |= {f"RCLONE_CONFIG_LAB_{name}": value for name, value in remote.items()}
    return functools.partial(run, tools.debian("rclone", "rclone"), "--retries=1", env=environment)


def test_the_whole_way_round(rclone, account, folder):
    bucket = f"rclone-{account.account_id}"
    rclone("mkdir", f"lab:{bucket}")
    rclone("copyto", folder / "small.txt", f"lab:{bucket}/a é+&.txt")
    rclone("copyto", folder / "large.bin", f"lab:{bucket}/large.bin", "--s3-upload-cutoff=5M", "--s3-chunk-size=5M")
    rclone("copyto", f"lab:{bucket}/large.bin", f"lab:{bucket}/copy.bin", "--s3-copy-cutoff=5M")
    rclone("moveto", f"lab:{bucket}/copy.bin", f"lab:{bucket}/moved.bin")
    rclone("copyto", f"lab:{bucket}/moved.bin", folder / "back.bin")

    assert (folder / "back.bin").read_bytes() == content(account, bucket, "large.bin") == LARGE
    assert content(account, bucket, "a é+&.txt") == SMALL
    listed = json.loads(rclone("lsjson", "--hash", f"lab:{bucket}"))
    assert {one["Path"]: one["Size"] for one in listed} == {
        "a é+&.txt": len(SMALL),
        "large.bin": len(LARGE),
        "moved.bin": len(LARGE),
    }
    assert rclone("cat", f"lab:{bucket}/a é+&.txt", "--offset", 8, "--count", 7) == SMALL[8:15].decode()
    with urllib.request.urlopen(rclone("link", f"lab:{bucket}/a é+&.txt", "--expire=1m").strip(), timeout=10) as got:
        assert got.read() == SMALL
    rclone("purge", f"lab:{bucket}")
    assert rclone("lsd", "lab:") == ""


def test_sync_deletes_and_check_agrees(rclone, account, bucket, folder):
    site = folder / "site"
    for name in ("index.html", "css/plain.css", "old.html"):
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(name)
    rclone("sync", site, f"lab:{bucket}/site")
    (site / "old.html").unlink()
    (site / "index.html").write_text("a longer page")

    rclone("sync", site, f"lab:{bucket}/site")

    assert keys(account, bucket) == ["site/css/plain.css", "site/index.html"]
    assert run_check(rclone, site, f"lab:{bucket}/site") == (0, "2 matching files")
    (site / "index.html").write_text("A longer page")
    assert run_check(rclone, site, f"lab:{bucket}/site") == (1, "1 matching files")


def run_check(rclone, here, there):
    """Return rclone check's exit code and how many files it found the same, by MD5."""
    done = rclone("check", here, there, check=False)
    matching = [line.split(": ")[-1] for line in done.stderr.splitlines() if "matching files" in line]
    return done.returncode, matching[0]


def test_a_stream_and_old_versions(rclone, account, bucket, folder):
    s3 = account.client("s3")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for text in ("old", "new"):
        rclone("rcat", f"lab:{bucket}/note.txt", input=text)

    names = rclone("lsf", f"lab:{bucket}", "--s3-versions").split()
    old = next(name for name in names if name != "note.txt")

    assert (len(names), rclone("cat", f"lab:{bucket}/note.txt")) == (2, "new")
    assert rclone("cat", f"lab:{bucket}/{old}", "--s3-versions") == "old"
