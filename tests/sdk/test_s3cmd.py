"""s3cmd, with the four lines of configuration it needs."""

import functools
import json
import urllib.request

import pytest

from tests.sdk import tools
from tests.sdk.conftest import LARGE, SMALL, content, keys, run


@pytest.fixture
def s3cmd(account, folder):
    """Return a function that runs s3cmd as the owner."""
    host = account.stack.aws_url.removeprefix("http://")
    settings = {
        "access_key": account.access_key,
        "secret_key": account.secret_key,
        "host_base": host,
        "host_bucket": host,  # the same as host_base: path style
        "use_https": "False",
    }
    lines = ["[default]", *(f"{name} = {value}" for name, value in settings.items())]
    (folder / "s3cfg").write_text("\n".join(lines) + "\n")
    return functools.partial(run, tools.beside_python("s3cmd"), "--no-progress", "-c", folder / "s3cfg")


def test_the_whole_way_round(s3cmd, account, folder):
    bucket = f"s3cmd-{account.account_id}"
    s3cmd("mb", f"s3://{bucket}")
    s3cmd("put", folder / "small.txt", f"s3://{bucket}/a é+&.txt")
    s3cmd("put", folder / "large.bin", f"s3://{bucket}/large.bin", "--multipart-chunk-size-mb=5")
    s3cmd("cp", "--acl-private", f"s3://{bucket}/large.bin", f"s3://{bucket}/copy.bin")
    s3cmd("mv", "--acl-private", f"s3://{bucket}/copy.bin", f"s3://{bucket}/moved.bin")
    s3cmd("get", f"s3://{bucket}/moved.bin", folder / "back.bin")

    assert (folder / "back.bin").read_bytes() == content(account, bucket, "large.bin") == LARGE
    assert content(account, bucket, "a é+&.txt") == SMALL
    assert keys(account, bucket) == ["a é+&.txt", "large.bin", "moved.bin"]
    assert f"s3://{bucket}/a é+&.txt" in s3cmd("ls", f"s3://{bucket}")
    assert "-" in account.client("s3").head_object(Bucket=bucket, Key="large.bin")["ETag"]
    with urllib.request.urlopen(s3cmd("signurl", f"s3://{bucket}/a é+&.txt", "+60").strip(), timeout=10) as answer:
        assert answer.read() == SMALL

    assert s3cmd("del", "--recursive", "--force", f"s3://{bucket}/").count("delete:") == 3
    s3cmd("rb", f"s3://{bucket}")
    assert bucket not in s3cmd("ls")


def test_a_copy_with_its_acl_is_refused_where_acls_are_off_as_by_the_real_service(s3cmd, account, bucket):
    account.client("s3").put_object(Bucket=bucket, Key="a", Body=SMALL)

    done = s3cmd("cp", f"s3://{bucket}/a", f"s3://{bucket}/b", check=False)

    assert "AccessControlListNotSupported" in done.stderr


def test_get_goes_on_where_it_stopped(s3cmd, account, bucket, folder):
    account.client("s3").put_object(Bucket=bucket, Key="large", Body=LARGE)
    (folder / "half").write_bytes(LARGE[:9_000_001])

    s3cmd("get", "--continue", f"s3://{bucket}/large", folder / "half")

    assert (folder / "half").read_bytes() == LARGE


def test_sync_both_ways(s3cmd, account, bucket, folder):
    site = folder / "site"
    for name in ("index.html", "css/plain.css", "old.html"):
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(name)
    s3cmd("sync", f"{site}/", f"s3://{bucket}/site/")
    (site / "old.html").unlink()
    (site / "index.html").write_text("a longer page")

    changed = s3cmd("sync", "--delete-removed", f"{site}/", f"s3://{bucket}/site/")
    s3cmd("sync", f"s3://{bucket}/site/", f"{folder / 'copy'}/")

    assert (changed.count("upload:"), changed.count("delete:")) == (1, 1)
    assert keys(account, bucket) == ["site/css/plain.css", "site/index.html"]
    assert (folder / "copy/index.html").read_text() == "a longer page"


def test_policies_and_what_info_tells(s3cmd, account, bucket, folder):
    everyone = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    (folder / "policy.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [everyone]}))
    account.client("s3").delete_public_access_block(Bucket=bucket)
    s3cmd("put", folder / "small.txt", f"s3://{bucket}/small.txt", "--mime-type=text/x-city")
    s3cmd("setpolicy", folder / "policy.json", f"s3://{bucket}")

    told = s3cmd("info", f"s3://{bucket}/small.txt")
    with urllib.request.urlopen(f"{account.stack.aws_url}/{bucket}/small.txt", timeout=10) as answer:
        assert (answer.read(), answer.headers["Content-Type"]) == (SMALL, "text/x-city")
    assert f"File size: {len(SMALL)}" in told
    assert '"s3:GetObject"' in s3cmd("info", f"s3://{bucket}")
    s3cmd("delpolicy", f"s3://{bucket}")
