"""What another account, or nobody, may see or touch of a bucket: nothing, by any operation, until a policy says so.

The requests are made from the operations there are and the service's model, so a new operation is asked here too.
"""

import hashlib
import json
from datetime import UTC, datetime, timedelta

import botocore.session
import pytest
from botocore import xform_name
from botocore.exceptions import ClientError

from apps.buckets.models import Bucket, Event, FinishedUpload, MultipartUpload, Object, Part
from apps.buckets.operations import OPERATIONS
from apps.identity import accounts
from tests import journey
from tests.buckets.asking import new_bucket, nobody

KEY = "private/report.txt"
MODEL = botocore.session.get_session().get_service_model("s3")
OF_NO_BUCKET = {"ListBuckets", "ListDirectoryBuckets"}
# A member's value where the model alone does not lead to a request that would do something.
VALUES = {
    "Key": KEY,
    "Body": b"theirs",
    "Status": "Enabled",
    "ObjectAttributes": ["ETag"],
    "PartNumber": 1,
    "ObjectOwnership": "ObjectWriter",
    "Suffix": "index.html",
    "AllowedMethods": ["GET"],
    "SSEAlgorithm": "AES256",
    "Permission": "FULL_CONTROL",
    "Payer": "Requester",
    "Days": 1,
}
# Operations whose model asks for less than they need to do something.
MORE = {
    "PutBucketAcl": {"ACL": "public-read-write"},
    "PutObjectAcl": {"ACL": "public-read-write"},
    "PutBucketLifecycleConfiguration": {
        "LifecycleConfiguration": {
            "Rules": [{"Status": "Enabled", "Prefix": "", "Expiration": {"Days": 1}}],
        }
    },
    "PutObjectLegalHold": {"LegalHold": {"Status": "ON"}},
    "PutObjectRetention": {
        "Retention": {"Mode": "COMPLIANCE", "RetainUntilDate": datetime.now(UTC) + timedelta(days=9)},
        "BypassGovernanceRetention": True,
    },
    "PutObjectLockConfiguration": {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}},
    "PutBucketVersioning": {"VersioningConfiguration": {"Status": "Suspended"}},
    "PutBucketTagging": {"Tagging": {"TagSet": [{"Key": "a", "Value": "b"}]}},
    "PutObjectTagging": {"Tagging": {"TagSet": [{"Key": "a", "Value": "b"}]}},
    "PutBucketAccelerateConfiguration": {"AccelerateConfiguration": {"Status": "Enabled"}},
    "PutBucketEncryption": {
        "ServerSideEncryptionConfiguration": {
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}],
        }
    },
    "PutBucketWebsite": {"WebsiteConfiguration": {"IndexDocument": {"Suffix": "index.html"}}},
    "CopyObject": {"MetadataDirective": "REPLACE"},
    "CompleteMultipartUpload": {
        "MultipartUpload": {"Parts": [{"PartNumber": 1, "ETag": hashlib.md5(b"mine").hexdigest()}]}
    },
    "DeleteObject": {"BypassGovernanceRetention": True},
}


def value_of(shape, name=""):
    """Return a value of a shape, with every member that the model requires."""
    if name in VALUES:
        return VALUES[name]
    kind = shape.type_name
    if kind == "structure":
        return {one: value_of(shape.members[one], one) for one in shape.required_members}
    if kind == "list":
        return [value_of(shape.member)]
    if kind == "map":
        return {}
    if kind == "timestamp":
        return datetime(2030, 1, 1, tzinfo=UTC)
    return {"integer": 1, "long": 1, "boolean": True, "blob": b"x"}.get(
        kind, (getattr(shape, "enum", None) or ["x"])[0]
    )


def requests_on(operation, place):
    """Yield the inputs with which an operation is asked about a bucket: plainly, and of a version.

    place: {"Bucket", "UploadId", "VersionId"}.
    """
    shape = MODEL.operation_model(operation).input_shape
    found = {**value_of(shape), **MORE.get(operation, {}), "Bucket": place["Bucket"]}
    if "Policy" in shape.members:
        found["Policy"] = json.dumps(allow(place["Bucket"], "*", "s3:*"))
    if "UploadId" in shape.members:
        found.update(Key="big", UploadId=place["UploadId"])
    if "CopySource" in shape.members:
        found["CopySource"] = f"{place['Bucket']}/{KEY}"
    if operation == "DeleteObjects":
        found["Delete"] = {"Objects": [{"Key": KEY}, {"Key": KEY, "VersionId": place["VersionId"]}]}
    yield found
    if "VersionId" in shape.members:
        yield {**found, "VersionId": place["VersionId"]}


def state(name):
    """Return everything that is kept of a bucket."""
    of_bucket = {"bucket__name": name}
    asked = (
        Bucket.objects.filter(name=name),
        *(model.objects.filter(**of_bucket) for model in (Object, MultipartUpload, FinishedUpload, Event)),
        Part.objects.filter(upload__bucket__name=name),
    )
    return [list(rows.order_by("pk").values()) for rows in asked]


def made(s3, **parameters):
    """Make a bucket with an object in two versions and an upload. Returns {"Bucket", "UploadId", "VersionId"}."""
    name = new_bucket(s3, **parameters)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=name, Key=KEY, Body=b"older")["VersionId"]
    s3.put_object(Bucket=name, Key=KEY, Body=b"mine")
    upload = s3.create_multipart_upload(Bucket=name, Key="big")["UploadId"]
    s3.upload_part(Bucket=name, Key="big", UploadId=upload, PartNumber=1, Body=b"mine")
    return {"Bucket": name, "UploadId": upload, "VersionId": version}


@pytest.fixture(scope="module", params=["today", "with ACLs", "with object lock"])
def place(module_account, request):
    more = {
        "today": {},
        "with ACLs": {"ObjectOwnership": "ObjectWriter"},
        "with object lock": {"ObjectLockEnabledForBucket": True},
    }[request.param]
    return made(module_account.client("s3"), **more)


@pytest.fixture(scope="module")
def strangers(stack, module_account):
    """Return the clients that have no business here."""
    other = accounts.create(name="stranger")
    return {"another account": type(module_account)(other, stack).client("s3"), "nobody": nobody(stack)}


def refusal(client, operation, parameters):
    """Return what an operation was refused with, as (status, code); (200, "") when it was not."""
    try:
        answer = getattr(client, xform_name(operation))(**parameters)
    except ClientError as error:
        told = error.response
        return told["ResponseMetadata"]["HTTPStatusCode"], told["Error"]["Code"]
    if operation == "DeleteObjects" and "Deleted" not in answer:
        codes = {one["Code"] for one in answer["Errors"]}
        return 403, codes.pop() if len(codes) == 1 else str(codes)
    return 200, ""


@pytest.mark.parametrize("who", ["another account", "nobody"])
@pytest.mark.parametrize("operation", sorted(set(OPERATIONS) - OF_NO_BUCKET))
def test_a_stranger_is_refused_and_changes_nothing(place, strangers, operation, who):
    before = state(place["Bucket"])

    for parameters in requests_on(operation, place):
        status, code = refusal(strangers[who], operation, parameters)
        if operation == "CreateBucket" and who == "another account":
            assert (status, code) == (409, "BucketAlreadyExists")
        else:
            assert status == 403 and code in ("AccessDenied", "403"), f"{parameters}: {status} {code}"

    assert state(place["Bucket"]) == before


@pytest.mark.parametrize("operation", sorted(set(OPERATIONS) - OF_NO_BUCKET))
def test_the_same_requests_are_the_owners_to_make(module_account, operation):
    """What strangers are refused is no nonsense: whoever may gets further, as a rule to a success."""
    s3 = module_account.client("s3")
    lock = {"ObjectLockEnabledForBucket": True} if operation.endswith(("Retention", "LegalHold")) else {}

    place = made(s3, ObjectOwnership="ObjectWriter", **lock)
    s3.delete_public_access_block(Bucket=place["Bucket"])

    for parameters in requests_on(operation, place):
        status, code = refusal(s3, operation, parameters)
        not_empty = operation == "DeleteBucket" and code == "BucketNotEmpty"
        assert status in (200, 404) or not_empty, f"{parameters}: {status} {code}"


@pytest.mark.parametrize("operation", ["CopyObject", "UploadPartCopy"])
def test_a_stranger_copies_nothing_out(stack, classmate, place, operation):
    """Into a bucket of their own, whoever may write there."""
    theirs = classmate.client("s3")
    own = made(theirs)
    source = place["Bucket"]

    for version in ("", f"?versionId={place['VersionId']}"):
        for parameters in requests_on(operation, own):
            parameters["CopySource"] = f"{source}/{KEY}{version}"
            assert refusal(theirs, operation, parameters) == (403, "AccessDenied")


@pytest.fixture
def bucket(account):
    made_here = made(account.client("s3"))
    return made_here["Bucket"], made_here["UploadId"]


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
