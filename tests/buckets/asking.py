"""What the tests of buckets share: fresh buckets, refusals, a lab whose clock moves, bytes on disk."""

import json
import uuid
from contextlib import contextmanager
from datetime import timedelta

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from apps.identity.models import Account

MIB = 2**20


@contextmanager
def refused(code, status=None):
    """Expect a refusal by its code, and perhaps its status."""
    with pytest.raises(ClientError) as caught:
        yield caught
    told = caught.value.response
    assert told["Error"]["Code"] == code, told
    assert status is None or told["ResponseMetadata"]["HTTPStatusCode"] == status, told


def new_bucket(s3, **parameters):
    """Make a bucket with a name of its own. Returns the name."""
    name = f"b-{uuid.uuid4().hex[:20]}"
    s3.create_bucket(Bucket=name, **parameters)
    return name


def versioned(s3, status="Enabled"):
    """Make a bucket with versioning. Returns the name."""
    name = new_bucket(s3)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": status})
    return name


def with_acls(s3, ownership="ObjectWriter"):
    """Make a bucket where ACLs count and nothing is blocked. Returns the name."""
    name = new_bucket(s3, ObjectOwnership=ownership)
    s3.delete_public_access_block(Bucket=name)
    return name


def allow(s3, bucket, principal, action, resource="/*", effect="Allow", **more):
    """Set a bucket's policy to one statement."""
    resources = [f"arn:aws:s3:::{bucket}{one}" for one in ([resource] if isinstance(resource, str) else resource)]
    statement = {"Effect": effect, "Principal": principal, "Action": action, "Resource": resources, **more}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))


def nobody(stack):
    """Return an S3 client that signs nothing."""
    config = Config(signature_version=UNSIGNED, s3={"addressing_style": "path"}, retries={"max_attempts": 1})
    return boto3.client("s3", endpoint_url=stack.aws_url, region_name="us-east-1", config=config)


def advance(lab, **by):
    """Move a lab's clock forward (days=, hours=, ...); what is due is not run."""
    row = Account.objects.get(pk=lab.model.pk)
    row.clock_offset_seconds += int(timedelta(**by).total_seconds())
    row.save(update_fields=["clock_offset_seconds"])


def body_of(s3, bucket, key, **parameters):
    """Return an object's bytes."""
    return s3.get_object(Bucket=bucket, Key=key, **parameters)["Body"].read()


def upload(s3, bucket, key, bodies, **parameters):
    """Upload in parts. Returns the answer of the completion."""
    customer = {name: value for name, value in parameters.items() if name.startswith("SSECustomer")}
    made = s3.create_multipart_upload(Bucket=bucket, Key=key, **parameters)["UploadId"]
    where = {"Bucket": bucket, "Key": key, "UploadId": made}
    parts = [
        {"PartNumber": n, "ETag": s3.upload_part(**where, **customer, PartNumber=n, Body=body)["ETag"]}
        for n, body in enumerate(bodies, 1)
    ]
    return s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})


def versions_of(s3, bucket, prefix=""):
    """Return [(key, version id, is latest, is a delete marker)], as listed: by key, newest first."""
    answer = s3.list_object_versions(Bucket=bucket, Prefix=prefix)
    found = [(one, False) for one in answer.get("Versions", [])]
    found += [(one, True) for one in answer.get("DeleteMarkers", [])]
    return [(one["Key"], one["VersionId"], one["IsLatest"], marker) for one, marker in found]
