"""s3fs-fuse, Debian's: a bucket as a folder. It needs /dev/fuse, and says so where there is none."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from tests.sdk import tools
from tests.sdk.conftest import LARGE, MIB, SMALL, content, keys, run


@pytest.fixture
def mounted(account, bucket, folder):
    """Mount the bucket and return its folder."""
    s3fs, fusermount = tools.debian("s3fs", "s3fs"), tools.debian("fusermount", "fuse")
    if not os.access("/dev/fuse", os.R_OK | os.W_OK):
        raise tools.Missing("/dev/fuse is missing or closed to this user: modprobe fuse, or docker run --device /dev/fuse"
                            " --cap-add SYS_ADMIN")  # fmt: skip
    point, password = folder / "mounted", folder / "password"
    point.mkdir()
    password.write_text(f"{account.access_key}:{account.secret_key}")
    password.chmod(0o600)
    options = {
        "url": account.stack.aws_url,
        "endpoint": "us-east-1",
        "passwd_file": password,
        "multipart_size": 5,
        "use_path_request_style": None,
        "stat_cache_expire": 1,
        "retries": 1,
    }
    told = ",".join(name if value is None else f"{name}={value}" for name, value in options.items())
    log = folder / "s3fs.log"
    with log.open("w") as out:
        process = subprocess.Popen([s3fs, bucket, point, "-f", "-o", told], stdout=out, stderr=out)
    try:
        wait_mounted(point, process, log)
        yield point
    finally:
        run(fusermount, "-u", "-z", point, check=False)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_mounted(point, process, log, seconds=10):
    end = time.monotonic() + seconds
    while not os.path.ismount(point):
        assert process.poll() is None and time.monotonic() < end, f"s3fs did not mount:\n{log.read_text()}"
        time.sleep(0.05)


def test_files_are_written_read_listed_renamed_and_removed(mounted: Path, account, bucket):
    (mounted / "a").mkdir()
    (mounted / "a" / "small é+&.txt").write_bytes(SMALL)
    (mounted / "a" / "large.bin").write_bytes(LARGE)

    assert content(account, bucket, "a/small é+&.txt") == SMALL
    assert content(account, bucket, "a/large.bin") == LARGE
    assert "-" in account.client("s3").head_object(Bucket=bucket, Key="a/large.bin")["ETag"], "sent in parts"
    assert sorted(one.name for one in (mounted / "a").iterdir()) == ["large.bin", "small é+&.txt"]

    (mounted / "a" / "large.bin").rename(mounted / "a" / "moved.bin")
    assert (mounted / "a" / "moved.bin").read_bytes() == LARGE
    (mounted / "a" / "small é+&.txt").unlink()
    assert keys(account, bucket) == ["a/", "a/moved.bin"]


def test_what_others_wrote_is_read_from_any_byte_and_changed_in_place(mounted: Path, account, bucket):
    account.client("s3").put_object(Bucket=bucket, Key="large.bin", Body=LARGE)

    with (mounted / "large.bin").open("rb") as source:
        source.seek(9 * MIB - 3)
        assert source.read(10) == LARGE[9 * MIB - 3 :][:10]
    with (mounted / "large.bin").open("r+b") as target:
        target.seek(7 * MIB)
        target.write(b"changed")

    assert content(account, bucket, "large.bin") == LARGE[: 7 * MIB] + b"changed" + LARGE[7 * MIB + 7 :]


def test_modes_times_and_links_are_kept_in_metadata(mounted: Path, account, bucket):
    (mounted / "run.sh").write_bytes(b"#!/bin/sh\necho hi\n")
    (mounted / "run.sh").chmod(0o750)
    os.utime(mounted / "run.sh", (1_600_000_000, 1_600_000_000))
    (mounted / "link").symlink_to("run.sh")

    found = (mounted / "run.sh").stat()
    assert (found.st_mode & 0o777, int(found.st_mtime)) == (0o750, 1_600_000_000)
    assert (mounted / "link").read_bytes() == b"#!/bin/sh\necho hi\n"
    metadata = account.client("s3").head_object(Bucket=bucket, Key="run.sh")["Metadata"]
    assert int(metadata["mode"]) & 0o777 == 0o750
