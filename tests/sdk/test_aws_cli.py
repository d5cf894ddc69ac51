"""The AWS CLI, unchanged: AWS_ENDPOINT_URL is all it is told."""

import functools
import json
import re
import urllib.error
import urllib.request

import pytest

from tests.sdk import tools
from tests.sdk.conftest import LARGE, MIB, SMALL, content, keys, run


@pytest.fixture
def aws(account):
    """Return a function that runs the CLI as the owner and returns what it printed."""
    return functools.partial(run, tools.beside_python("aws"), env=account.env)


def asked(aws, *arguments):
    """Return a command's answer, read from JSON."""
    printed = aws(*arguments, "--output", "json")
    return json.loads(printed) if printed.strip() else {}


def test_buckets_are_made_listed_and_removed(aws, account):
    name = f"made-{account.account_id}"

    aws("s3", "mb", f"s3://{name}", "--region", "eu-west-1")
    assert name in aws("s3", "ls")
    assert asked(aws, "s3api", "get-bucket-location", "--bucket", name) == {"LocationConstraint": "eu-west-1"}
    aws("s3", "rb", f"s3://{name}", "--region", "eu-west-1")

    assert name not in aws("s3", "ls")


def test_files_go_up_across_and_down_again(aws, account, bucket, folder):
    aws("s3", "cp", folder / "small.txt", f"s3://{bucket}/a/small.txt")
    aws("s3", "cp", folder / "large.bin", f"s3://{bucket}/a/large.bin")
    aws("s3", "cp", f"s3://{bucket}/a/large.bin", f"s3://{bucket}/b/large.bin")
    aws("s3", "mv", f"s3://{bucket}/b/large.bin", f"s3://{bucket}/c/large.bin")
    aws("s3", "cp", f"s3://{bucket}/c/large.bin", folder / "back.bin")

    listed = aws("s3", "ls", f"s3://{bucket}/", "--recursive", "--summarize")
    assert (folder / "back.bin").read_bytes() == LARGE
    assert content(account, bucket, "a/small.txt") == SMALL
    assert keys(account, bucket) == ["a/large.bin", "a/small.txt", "c/large.bin"]
    assert f"Total Size: {2 * len(LARGE) + len(SMALL)}" in listed
    assert "-" in account.client("s3").head_object(Bucket=bucket, Key="a/large.bin")["ETag"], "sent in parts"


def test_a_stream_goes_up_and_down(aws, account, bucket):
    done = run("sh", "-c", f"head -c {10 * MIB} /dev/zero | {tools.beside_python('aws')} s3 cp - s3://{bucket}/zeros",
               env=account.env)  # fmt: skip

    assert done == ""
    assert content(account, bucket, "zeros") == bytes(10 * MIB)
    assert aws("s3", "cp", f"s3://{bucket}/zeros", "-") == "\0" * 10 * MIB


def test_sync_sends_what_changed_and_deletes_what_went(aws, account, bucket, folder):
    site = folder / "site"
    for name in ("index.html", "css/plain.css", "odd names/plus+and & 100% ü.txt"):
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(name)

    first = aws("s3", "sync", site, f"s3://{bucket}/site")
    again = aws("s3", "sync", site, f"s3://{bucket}/site")
    (site / "css/plain.css").unlink()
    (site / "index.html").write_text("a longer page")
    changed = aws("s3", "sync", site, f"s3://{bucket}/site", "--delete")
    aws("s3", "sync", f"s3://{bucket}/site", folder / "copy")

    assert first.count("upload:") == 3
    assert again == ""
    assert (changed.count("upload:"), changed.count("delete:")) == (1, 1)
    assert keys(account, bucket) == ["site/index.html", "site/odd names/plus+and & 100% ü.txt"]
    assert (folder / "copy/odd names/plus+and & 100% ü.txt").read_text() == "odd names/plus+and & 100% ü.txt"


def test_rm_deletes_a_prefix_and_rb_force_the_rest(aws, account, bucket):
    for number in range(3):
        account.client("s3").put_object(Bucket=bucket, Key=f"logs/{number}", Body=SMALL)
    account.client("s3").put_object(Bucket=bucket, Key="kept", Body=SMALL)

    removed = aws("s3", "rm", f"s3://{bucket}/logs/", "--recursive", "--exclude", "*2")

    assert removed.count("delete:") == 2
    assert keys(account, bucket) == ["kept", "logs/2"]
    aws("s3", "rb", f"s3://{bucket}", "--force")
    assert bucket not in aws("s3", "ls")


@pytest.mark.parametrize(("version", "ends_in"), [("s3", "Expires"), ("s3v4", "X-Amz-Expires")])
def test_a_presigned_url_opens_for_anyone_until_it_ends(account, bucket, folder, version, ends_in):
    account.client("s3").put_object(Bucket=bucket, Key="a key+", Body=SMALL)
    (folder / "config").write_text(f"[default]\ns3 =\n  signature_version = {version}\n")
    environment = {**account.env, "AWS_CONFIG_FILE": str(folder / "config")}

    url = run(tools.beside_python("aws"), "s3", "presign", f"s3://{bucket}/a key+", env=environment).strip()

    with urllib.request.urlopen(url, timeout=10) as answer:
        assert answer.read() == SMALL
    later = re.sub(rf"\b{ends_in}=(\d+)", lambda found: f"{ends_in}={int(found[1]) + 60}", url)
    assert later != url
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(later, timeout=10)


def test_website_is_stored_and_told(aws, bucket):
    aws("s3", "website", f"s3://{bucket}", "--index-document", "index.html", "--error-document", "sorry.html")

    assert asked(aws, "s3api", "get-bucket-website", "--bucket", bucket) == {
        "IndexDocument": {"Suffix": "index.html"},
        "ErrorDocument": {"Key": "sorry.html"},
    }


def test_s3api_reads_ranges_and_old_versions(aws, account, bucket, folder):
    aws("s3api", "put-bucket-versioning", "--bucket", bucket, "--versioning-configuration", "Status=Enabled")
    old = asked(aws, "s3api", "put-object", "--bucket", bucket, "--key", "note", "--body", folder / "small.txt")
    (folder / "small.txt").write_bytes(b"new")
    aws("s3api", "put-object", "--bucket", bucket, "--key", "note", "--body", folder / "small.txt")
    gone = asked(aws, "s3api", "delete-object", "--bucket", bucket, "--key", "note")

    listed = asked(aws, "s3api", "list-object-versions", "--bucket", bucket)
    part = asked(aws, "s3api", "get-object", "--bucket", bucket, "--key", "note", "--version-id", old["VersionId"],
                 "--range", "bytes=8-14", folder / "part")  # fmt: skip

    assert gone["DeleteMarker"] is True
    assert [one["IsLatest"] for one in listed["Versions"]] == [False, False]
    assert listed["DeleteMarkers"][0]["VersionId"] == gone["VersionId"]
    assert (folder / "part").read_bytes() == SMALL[8:15]
    assert part["ContentRange"] == f"bytes 8-14/{len(SMALL)}"


def test_s3api_uploads_in_parts_by_hand(aws, account, bucket, folder):
    (folder / "one").write_bytes(LARGE[: 5 * MIB])
    (folder / "two").write_bytes(LARGE[5 * MIB : 6 * MIB])
    where = ("--bucket", bucket, "--key", "parts")

    begun = asked(aws, "s3api", "create-multipart-upload", *where)["UploadId"]
    parts = [
        {
            "PartNumber": number,
            "ETag": asked(aws, "s3api", "upload-part", *where, "--upload-id", begun, "--part-number", str(number),
                          "--body", folder / name)["ETag"],
        }
        for number, name in ((1, "one"), (2, "two"))
    ]  # fmt: skip
    listed = asked(aws, "s3api", "list-parts", *where, "--upload-id", begun)["Parts"]
    aws("s3api", "complete-multipart-upload", *where, "--upload-id", begun,
        "--multipart-upload", json.dumps({"Parts": parts}))  # fmt: skip
    left = asked(aws, "s3api", "create-multipart-upload", *where)["UploadId"]
    aws("s3api", "abort-multipart-upload", *where, "--upload-id", left)

    assert [one["Size"] for one in listed] == [5 * MIB, MIB]
    assert content(account, bucket, "parts") == LARGE[: 6 * MIB]
    assert "Uploads" not in asked(aws, "s3api", "list-multipart-uploads", "--bucket", bucket)


def test_errors_are_told_in_the_services_words(aws, account, bucket):
    missing = aws("s3api", "get-object", "--bucket", bucket, "--key", "none", "/dev/null", check=False)
    foreign = aws("s3", "ls", "s3://no-such-bucket-at-all-x", check=False)

    assert "(NoSuchKey) when calling the GetObject operation: The specified key does not exist." in missing.stderr
    assert "(NoSuchBucket) when calling the ListObjectsV2 operation" in foreign.stderr


def test_sqs_sends_receives_and_deletes(account, stack):
    # Version 1 of the CLI has an endpoint of its own for SQS, which only the option overrides.
    aws = functools.partial(run, tools.beside_python("aws"), "--endpoint-url", stack.aws_url, env=account.env)

    url = asked(aws, "sqs", "create-queue", "--queue-name", "jobs")["QueueUrl"]
    sent = asked(aws, "sqs", "send-message", "--queue-url", url, "--message-body", "wash up")
    got = asked(aws, "sqs", "receive-message", "--queue-url", url, "--wait-time-seconds", "5")["Messages"]
    aws("sqs", "delete-message", "--queue-url", url, "--receipt-handle", got[0]["ReceiptHandle"])
    counted = asked(aws, "sqs", "get-queue-attributes", "--queue-url", url, "--attribute-names", "All")["Attributes"]
    aws("sqs", "delete-queue", "--queue-url", url)

    assert [(one["Body"], one["MessageId"]) for one in got] == [("wash up", sent["MessageId"])]
    assert (counted["ApproximateNumberOfMessages"], counted["ApproximateNumberOfMessagesNotVisible"]) == ("0", "0")


def test_iam_makes_a_user_who_may_what_its_policy_says(aws, account, bucket, folder):
    account.client("s3").put_object(Bucket=bucket, Key="note", Body=SMALL)
    asked(aws, "iam", "create-user", "--user-name", "ada")
    key = asked(aws, "iam", "create-access-key", "--user-name", "ada")["AccessKey"]
    named = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    as_ada = functools.partial(run, tools.beside_python("aws"), env=account.env | named)
    read = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [read]})

    before = as_ada("s3", "cp", f"s3://{bucket}/note", folder / "note", check=False)
    aws("iam", "put-user-policy", "--user-name", "ada", "--policy-name", "reads", "--policy-document", policy)
    as_ada("s3", "cp", f"s3://{bucket}/note", folder / "note")
    written = as_ada("s3", "cp", folder / "note", f"s3://{bucket}/more", check=False)

    who = asked(as_ada, "sts", "get-caller-identity")
    assert "(403)" in before.stderr
    assert (folder / "note").read_bytes() == SMALL
    assert "AccessDenied" in written.stderr and "s3:PutObject" in written.stderr
    assert (who["Account"], who["Arn"]) == (account.account_id, f"arn:aws:iam::{account.account_id}:user/ada")
    assert [one["UserName"] for one in asked(aws, "iam", "list-users")["Users"]] == ["ada"]
