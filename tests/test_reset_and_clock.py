"""What the contract offers beside AWS: emptying a lab over the wire, and moving its clock."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest

from tests.conftest import ROOT


def reset(lab, access_key, secret_key):
    url = f"{lab.stack.aws_url}/_playground/reset"
    request = botocore.awsrequest.AWSRequest("POST", url, data=b"")
    credentials = botocore.credentials.Credentials(access_key, secret_key)
    botocore.auth.S3SigV4Auth(credentials, "s3", "us-east-1").add_auth(request)
    sent = urllib.request.Request(url, b"", dict(request.headers), method="POST")
    with urllib.request.urlopen(sent, timeout=30) as answer:
        return json.load(answer)


def test_a_labs_root_key_empties_the_lab_and_no_other(account, classmate):
    for lab in (account, classmate):
        lab.client("s3").create_bucket(Bucket=f"kept-{lab.account_id}")
    account.client("s3").put_object(Bucket=f"kept-{account.account_id}", Key="k", Body=b"x")
    account.client("sqs").create_queue(QueueName="q")

    assert reset(account, account.access_key, account.secret_key)["left"] == []

    assert account.client("s3").list_buckets()["Buckets"] == []
    assert account.client("sqs").list_queues().get("QueueUrls", []) == []
    assert len(classmate.client("s3").list_buckets()["Buckets"]) == 1


def test_a_users_key_or_a_wrong_secret_empties_nothing(account):
    account.client("s3").create_bucket(Bucket=f"kept-{account.account_id}")
    account.client("iam").create_user(UserName="u")
    key = account.client("iam").create_access_key(UserName="u")["AccessKey"]

    for pair in ((key["AccessKeyId"], key["SecretAccessKey"]), (account.access_key, "wrong")):
        with pytest.raises(urllib.error.HTTPError, match="403"):
            reset(account, *pair)

    assert len(account.client("s3").list_buckets()["Buckets"]) == 1


def advance(account, by):
    command = [sys.executable, "manage.py", "clock", "--account", account.account_id, "advance", by]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_ninety_days_later_the_lifecycle_has_run(account):
    s3 = account.client("s3")
    s3.create_bucket(Bucket=(bucket := f"aging-{account.account_id}"))
    s3.put_object(Bucket=bucket, Key="tmp/old", Body=b"x")
    s3.put_object(Bucket=bucket, Key="kept", Body=b"x")
    rule = {"ID": "r", "Status": "Enabled", "Filter": {"Prefix": "tmp/"}, "Expiration": {"Days": 30}}
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})

    told = advance(account, "90d")

    assert told.returncode == 0 and "had due: 1." in told.stdout, told.stderr
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["kept"]
    account.model.refresh_from_db()
    moved = datetime.now(UTC) + timedelta(seconds=account.model.clock_offset_seconds)
    assert timedelta(days=89) < moved - datetime.now(UTC) < timedelta(days=91)


@pytest.mark.parametrize("by", ["90", "-1d", "0d", "99999d", "soon"])
def test_a_span_that_is_none_is_refused_in_a_sentence(account, by):
    told = advance(account, by)
    assert told.returncode != 0 and "Traceback" not in told.stderr
