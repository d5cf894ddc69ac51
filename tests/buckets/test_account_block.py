"""Block public access for a whole account, over S3 Control."""

import json
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError


def control(lab):
    """Return a client whose host names (ACCOUNT.127.0.0.1, which no resolver knows) lead to the playground."""
    client = boto3.client(
        "s3control",
        endpoint_url=lab.stack.aws_url,
        region_name="us-east-1",
        aws_access_key_id=lab.access_key,
        aws_secret_access_key=lab.secret_key,
        config=Config(retries={"max_attempts": 1}),
    )

    def lead(request, **_):
        url = urlsplit(request.url)
        request.headers["Host"] = url.netloc
        request.url = request.url.replace(url.netloc, urlsplit(lab.stack.aws_url).netloc)

    client.meta.events.register("before-send.s3-control.*", lead)
    return client


ALL = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}


def test_the_accounts_switches_hold_for_a_bucket_that_has_none(account):
    s3 = account.client("s3")
    s3.create_bucket(Bucket=(bucket := f"whole-{account.account_id}"))
    s3.delete_public_access_block(Bucket=bucket)
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})

    control(account).put_public_access_block(AccountId=account.account_id, PublicAccessBlockConfiguration=ALL)
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_bucket_policy(Bucket=bucket, Policy=document)

    found = control(account).get_public_access_block(AccountId=account.account_id)
    assert found["PublicAccessBlockConfiguration"] == ALL
    control(account).delete_public_access_block(AccountId=account.account_id)
    s3.put_bucket_policy(Bucket=bucket, Policy=document)
    with pytest.raises(ClientError, match="NoSuchPublicAccessBlockConfiguration"):
        control(account).get_public_access_block(AccountId=account.account_id)


def test_a_classmate_cannot_speak_for_the_account(account, classmate):
    for act in ("get_public_access_block", "delete_public_access_block"):
        with pytest.raises(ClientError, match="AccessDenied"):
            getattr(control(classmate), act)(AccountId=account.account_id)
