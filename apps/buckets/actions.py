"""Which IAM action and resource each S3 operation needs, and the policy of the bucket it asks.

Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3".
"""

from urllib.parse import unquote

from apps.buckets import errors
from apps.buckets.models import Bucket
from apps.identity.authorize import Authorization
from playground.wire.errors import AccessDenied, InvalidArgument

# Operation -> (IAM action, "object" | "bucket" | "account").
TABLE = {
    "ListBuckets": ("ListAllMyBuckets", "account"),
    "CreateBucket": ("CreateBucket", "new"),
    "HeadBucket": ("ListBucket", "bucket"),
    "DeleteBucket": ("DeleteBucket", "bucket"),
    "GetBucketLocation": ("GetBucketLocation", "bucket"),
    "ListObjects": ("ListBucket", "bucket"),
    "ListObjectsV2": ("ListBucket", "bucket"),
    "ListObjectVersions": ("ListBucketVersions", "bucket"),
    "ListMultipartUploads": ("ListBucketMultipartUploads", "bucket"),
    "GetBucketPolicy": ("GetBucketPolicy", "bucket"),
    "GetBucketPolicyStatus": ("GetBucketPolicyStatus", "bucket"),
    "PutBucketPolicy": ("PutBucketPolicy", "bucket"),
    "DeleteBucketPolicy": ("DeleteBucketPolicy", "bucket"),
    "GetPublicAccessBlock": ("GetBucketPublicAccessBlock", "bucket"),
    "PutPublicAccessBlock": ("PutBucketPublicAccessBlock", "bucket"),
    "DeletePublicAccessBlock": ("PutBucketPublicAccessBlock", "bucket"),
    "GetBucketNotificationConfiguration": ("GetBucketNotification", "bucket"),
    "PutBucketNotificationConfiguration": ("PutBucketNotification", "bucket"),
    "GetBucketVersioning": ("GetBucketVersioning", "bucket"),
    "GetObject": ("GetObject", "object"),
    "HeadObject": ("GetObject", "object"),
    "PutObject": ("PutObject", "object"),
    "CopyObject": ("PutObject", "object"),
    "DeleteObject": ("DeleteObject", "object"),
    "DeleteObjects": (None, "bucket"),  # asked for each key by the operation itself
    "CreateMultipartUpload": ("PutObject", "object"),
    "UploadPart": ("PutObject", "object"),
    "UploadPartCopy": ("PutObject", "object"),
    "CompleteMultipartUpload": ("PutObject", "object"),
    "AbortMultipartUpload": ("AbortMultipartUpload", "object"),
    "ListParts": ("ListMultipartUploadParts", "object"),
}
NEVER_LOCKED_OUT = ("GetBucketPolicy", "PutBucketPolicy", "DeleteBucketPolicy")
LIST_KEYS = {"Prefix": "s3:prefix", "Delimiter": "s3:delimiter", "MaxKeys": "s3:max-keys"}


def bucket_of(ctx, request):
    """Return the Bucket that a request names, loaded once a request. Errors: NoSuchBucket, AccessDenied (owner)."""
    name = request["Bucket"]
    bucket = ctx.found.get(("bucket", name))
    if bucket is None:
        bucket = Bucket.objects.select_related("account").filter(name=name).first()
        if bucket is None:
            raise errors.NoSuchBucket(BucketName=name)
        ctx.found["bucket", name] = bucket
    expected = request.get("ExpectedBucketOwner")
    if expected and expected != bucket.account.account_id:
        raise AccessDenied()
    return bucket


def on_object(bucket, action, key, **conditions):
    """Return the Authorization of an action on one key."""
    return Authorization(
        f"s3:{action}",
        f"{bucket.arn}/{key}",
        resource_policy=bucket.policy,
        owner=bucket.account,
        public_block=bucket.blocks("RestrictPublicBuckets"),
        conditions=conditions,
    )


def on_bucket(bucket, action, owner_may_always=False, **conditions):
    """Return the Authorization of an action on a bucket."""
    return Authorization(
        f"s3:{action}",
        bucket.arn,
        resource_policy=bucket.policy,
        owner=bucket.account,
        public_block=bucket.blocks("RestrictPublicBuckets"),
        conditions=conditions,
        owner_may_always=owner_may_always,
    )


def copy_source(text):
    """Return (bucket name, key, version id or None) of x-amz-copy-source. Errors: InvalidArgument."""
    path, _, version = text.partition("?versionId=")
    name, _, key = unquote(path).removeprefix("/").partition("/")
    if not name or not key:
        raise InvalidArgument("Invalid copy source object key", ArgumentName="x-amz-copy-source", ArgumentValue=text)
    return name, key, version or None


def authorization(ctx, operation, request):
    """Return what a request must be allowed to do."""
    action, kind = TABLE[operation]
    if kind == "account":
        _signed(ctx)
        return Authorization("s3:ListAllMyBuckets", "arn:aws:s3:::*", owner=ctx.account)
    if kind == "new":
        _signed(ctx)
        return Authorization("s3:CreateBucket", f"arn:aws:s3:::{request['Bucket']}", owner=ctx.account)
    bucket = bucket_of(ctx, request)
    if action is None:
        return []
    if kind == "bucket":
        conditions = {LIST_KEYS[name]: str(request[name]) for name in LIST_KEYS if request.get(name) is not None}
        return on_bucket(bucket, action, operation in NEVER_LOCKED_OUT, **conditions)
    asked = [on_object(bucket, action, request["Key"])]
    if request.get("CopySource"):
        name, key, _version = copy_source(request["CopySource"])
        source = bucket_of(ctx, {"Bucket": name, "ExpectedBucketOwner": request.get("ExpectedSourceBucketOwner")})
        asked.append(on_object(source, "GetObject", key))
    return asked


def _signed(ctx):
    if ctx.account is None or ctx.principal.kind == "anonymous":
        raise AccessDenied()
