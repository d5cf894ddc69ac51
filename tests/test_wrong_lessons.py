"""Five wrong lessons that today's emulators teach, and this must not (README has the table)."""

import json

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests import journey


@pytest.fixture
def bucket(account):
    name = f"lessons-{account.account_id}"
    account.client("s3").create_bucket(Bucket=name)
    account.client("s3").put_object(Bucket=name, Key="secret.txt", Body=b"mine", CacheControl="max-age=60")
    return name


def test_an_anonymous_get_of_a_private_object_is_refused(stack, bucket):
    answer = journey.request(f"{stack.aws_url}/{bucket}/secret.txt")

    assert answer.status == 403
    assert b"<Code>AccessDenied</Code>" in answer.body


def test_a_wrong_secret_is_refused(stack, account, bucket):
    liar = boto3.client(
        "s3",
        endpoint_url=stack.aws_url,
        region_name="us-east-1",
        aws_access_key_id=account.access_key,
        aws_secret_access_key="not-the-secret",
        config=Config(s3={"addressing_style": "path"}),
    )

    with pytest.raises(ClientError) as refused:
        liar.get_object(Bucket=bucket, Key="secret.txt")

    assert refused.value.response["Error"]["Code"] == "SignatureDoesNotMatch"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_an_explicit_deny_in_the_bucket_policy_is_obeyed(account, bucket):
    s3 = account.client("s3")
    deny = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/secret*"}
        ],
    }
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(deny))

    with pytest.raises(ClientError) as refused:
        s3.get_object(Bucket=bucket, Key="secret.txt")

    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert "explicit deny" in refused.value.response["Error"]["Message"]


def test_the_second_request_at_the_same_edge_is_a_hit_with_an_age(stack, account, bucket):
    domain = journey.distribution_over(account, bucket)["DomainName"]

    first = journey.visit(stack, domain, "/secret.txt", "Tokyo")
    second = journey.visit(stack, domain, "/secret.txt", "Tokyo")

    assert first.headers["x-cache"] == "Miss from cloudfront" and "age" not in first.headers
    assert second.headers["x-cache"] == "Hit from cloudfront" and int(second.headers["age"]) >= 0


def test_a_setting_that_does_nothing_says_so(account, bucket):
    answer = account.client("s3").put_object(Bucket=bucket, Key="cold", Body=b"", StorageClass="GLACIER")

    assert "StorageClass" in answer["ResponseMetadata"]["HTTPHeaders"]["x-playground-no-effect"]
