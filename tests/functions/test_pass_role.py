"""Giving a function a role is an act of its own: iam:PassRole."""

import json

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests import journey


def test_whoever_makes_a_function_must_be_allowed_to_pass_its_role(account):
    iam = account.client("iam")
    iam.create_user(UserName="maker")
    key = iam.create_access_key(UserName="maker")["AccessKey"]
    functions = boto3.client(
        "lambda",
        endpoint_url=account.stack.aws_url,
        region_name="us-east-1",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        config=Config(retries={"max_attempts": 1}),
    )
    role = f"arn:aws:iam::{account.account_id}:role/lambda-role"
    wanted = {"FunctionName": "f", "Runtime": "python3.11", "Handler": "app.handler", "Role": role}
    code = {"ZipFile": journey.zipped("def handler(event, context): return 1")}

    def may(*actions):
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName="maker", PolicyName="own", PolicyDocument=document)

    may("lambda:CreateFunction")
    with pytest.raises(ClientError, match="iam:PassRole"):
        functions.create_function(**wanted, Code=code)

    may("lambda:CreateFunction", "iam:PassRole")
    assert functions.create_function(**wanted, Code=code)["Role"] == role
