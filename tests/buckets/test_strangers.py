"""What another account may never see or touch of a bucket: nothing, by any operation, until a policy says so."""

import json

import pytest
from botocore.exceptions import ClientError

from tests import journey

KEY = "private/report.txt"


@pytest.fixture
def bucket(account):
    name = f"strangers-{account.account_id}"
    s3 = account.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key=KEY, Body=b"mine")
    upload = s3.create_multipart_upload(Bucket=name, Key="big")
    return name, upload["UploadId"]


def operations(name, upload_id):
    """Yield (operation, parameters) of every operation on a bucket or its objects."""
    on = {"Bucket": name}
    one = {**on, "Key": KEY}
    part = {**on, "Key": "big", "UploadId": upload_id}
    block = {
        "BlockPublicAcls": False,
        "IgnorePublicAcls": False,
        "BlockPublicPolicy": False,
        "RestrictPublicBuckets": False,
    }
    yield "head_bucket", on
    yield "list_objects", on
    yield "list_objects_v2", on
    yield "list_multipart_uploads", on
    yield "get_bucket_location", on
    yield "get_bucket_policy", on
    yield "get_bucket_policy_status", on
    yield "put_bucket_policy", {**on, "Policy": json.dumps(allow(name, "*", "s3:*"))}
    yield "delete_bucket_policy", on
    yield "get_public_access_block", on
    yield "put_public_access_block", {**on, "PublicAccessBlockConfiguration": block}
    yield "delete_public_access_block", on
    yield "get_bucket_notification_configuration", on
    yield "put_bucket_notification_configuration", {**on, "NotificationConfiguration": {}}
    yield "get_object", one
    yield "head_object", one
    yield "put_object", {**one, "Body": b"theirs"}
    yield "copy_object", {**one, "CopySource": f"{name}/{KEY}"}
    yield "delete_object", one
    yield "create_multipart_upload", one
    yield "upload_part", {**part, "PartNumber": 1, "Body": b"theirs"}
    yield "list_parts", part
    yield "complete_multipart_upload", {**part, "MultipartUpload": {"Parts": [{"PartNumber": 1, "ETag": "x"}]}}
    yield "abort_multipart_upload", part
    yield "delete_bucket", on


def allow(name, principal, action, resource="*"):
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": principal,
                "Action": action,
                "Resource": f"arn:aws:s3:::{name}/{resource}" if resource else f"arn:aws:s3:::{name}",
            }
        ],
    }


def test_no_operation_lets_a_classmate_in(account, classmate, bucket):
    name, upload_id = bucket
    theirs = classmate.client("s3")
    let_in = []
    for operation, parameters in operations(name, upload_id):
        try:
            getattr(theirs, operation)(**parameters)
            let_in.append(operation)
        except ClientError as refused:
            if refused.response["ResponseMetadata"]["HTTPStatusCode"] != 403:
                let_in.append(f"{operation}: {refused}")

    assert not let_in
    assert account.client("s3").get_object(Bucket=name, Key=KEY)["Body"].read() == b"mine"


def test_a_batch_deletion_by_a_classmate_deletes_nothing(account, classmate, bucket):
    name, _upload_id = bucket

    answer = classmate.client("s3").delete_objects(Bucket=name, Delete={"Objects": [{"Key": KEY}]})

    assert [error["Code"] for error in answer["Errors"]] == ["AccessDenied"]
    account.client("s3").head_object(Bucket=name, Key=KEY)


def test_a_classmate_does_not_see_the_bucket_nor_get_its_name(account, classmate, bucket):
    name, _upload_id = bucket
    theirs = classmate.client("s3")

    assert name not in [one["Name"] for one in theirs.list_buckets()["Buckets"]]
    with pytest.raises(ClientError, match="BucketAlreadyExists"):
        theirs.create_bucket(Bucket=name)


def test_a_copy_needs_the_right_to_read_its_source(account, classmate, bucket):
    name, _upload_id = bucket
    theirs = classmate.client("s3")
    own = f"own-{classmate.account_id}"
    theirs.create_bucket(Bucket=own)

    with pytest.raises(ClientError, match="AccessDenied"):
        theirs.copy_object(Bucket=own, Key="stolen", CopySource=f"{name}/{KEY}")


def test_a_policy_that_names_a_classmate_lets_them_read_and_nothing_more(account, classmate, bucket):
    name, _upload_id = bucket
    principal = {"AWS": f"arn:aws:iam::{classmate.account_id}:root"}
    account.client("s3").put_bucket_policy(Bucket=name, Policy=json.dumps(allow(name, principal, "s3:GetObject")))

    assert classmate.client("s3").get_object(Bucket=name, Key=KEY)["Body"].read() == b"mine"
    with pytest.raises(ClientError, match="AccessDenied"):
        classmate.client("s3").put_object(Bucket=name, Key=KEY, Body=b"theirs")


def test_without_the_right_to_list_a_missing_key_is_403_and_with_it_404(account, classmate, bucket):
    name, _upload_id = bucket
    principal = {"AWS": classmate.account_id}
    s3, theirs = account.client("s3"), classmate.client("s3")
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps(allow(name, principal, "s3:GetObject")))

    with pytest.raises(ClientError) as hidden:
        theirs.get_object(Bucket=name, Key="no-such")
    with pytest.raises(ClientError) as told:
        s3.get_object(Bucket=name, Key="no-such")

    assert hidden.value.response["Error"]["Code"] == "AccessDenied"
    assert told.value.response["Error"]["Code"] == "NoSuchKey"


def test_a_public_policy_is_refused_while_it_is_blocked_and_works_after(account, stack, bucket):
    name, _upload_id = bucket
    s3 = account.client("s3")
    public = json.dumps(allow(name, "*", "s3:GetObject"))
    with pytest.raises(ClientError, match="BlockPublicPolicy"):
        s3.put_bucket_policy(Bucket=name, Policy=public)

    s3.delete_public_access_block(Bucket=name)
    s3.put_bucket_policy(Bucket=name, Policy=public)

    assert journey.request(f"{stack.aws_url}/{name}/{KEY}").body == b"mine"
    s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration={"RestrictPublicBuckets": True})
    assert journey.request(f"{stack.aws_url}/{name}/{KEY}").status == 403
