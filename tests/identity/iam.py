"""What the tests of IAM share: documents, users with keys, clients that speak as them."""

import json

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError


def document(*statements):
    """Return a policy's text. statements: each (effect, action, resource) or a dict."""
    made = [
        one if isinstance(one, dict) else dict(zip(("Effect", "Action", "Resource"), one, strict=True))
        for one in statements
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": made})


def trust(*principals, service=None, **more):
    """Return a trust policy's text that lets ARNs (or a service) assume."""
    who = {"Service": service} if service else {"AWS": list(principals)}
    return document({"Effect": "Allow", "Principal": who, "Action": "sts:AssumeRole", **more})


ALLOW_ALL = document(("Allow", "*", "*"))


def client(lab, service, keys, region="us-east-1"):
    """Return a client that speaks with keys: a CreateAccessKey's answer or STS's Credentials."""
    config = Config(retries={"max_attempts": 1}, s3={"addressing_style": "path"} if service == "s3" else None)
    return boto3.client(
        service,
        endpoint_url=lab.stack.aws_url,
        region_name=region,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys.get("SessionToken"),
        config=config,
    )


def user(lab, name="mary", policy=None, **given):
    """Return (ARN, keys) of a new user, with an inline policy when one is given."""
    iam = lab.client("iam")
    arn = iam.create_user(UserName=name, **given)["User"]["Arn"]
    if policy:
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=policy)
    return arn, iam.create_access_key(UserName=name)["AccessKey"]


def refusal(run, *args, **request):
    """Return (status, code, message) of a refused call."""
    with pytest.raises(ClientError) as err:
        run(*args, **request)
    told = err.value.response
    return told["ResponseMetadata"]["HTTPStatusCode"], told["Error"]["Code"], told["Error"]["Message"]
