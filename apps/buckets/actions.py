"""Which IAM action and resource each S3 operation needs, and the policy and ACL of the bucket it asks.

Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3"; S3 User Guide,
"Required permissions for Amazon S3 API operations".
"""

from dataclasses import replace
from urllib.parse import parse_qsl, unquote

from apps.buckets import acl, errors
from apps.buckets.models import Bucket, Object
from apps.identity.authorize import Authorization, decide
from playground.prepared import Prepared
from playground.wire.errors import AccessDenied, InvalidArgument

# Operation -> (IAM action, "object" | "bucket" | "account" | "new").
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
    "PutBucketVersioning": ("PutBucketVersioning", "bucket"),
    "GetBucketAcl": ("GetBucketAcl", "bucket"),
    "PutBucketAcl": ("PutBucketAcl", "bucket"),
    "GetBucketOwnershipControls": ("GetBucketOwnershipControls", "bucket"),
    "PutBucketOwnershipControls": ("PutBucketOwnershipControls", "bucket"),
    "DeleteBucketOwnershipControls": ("PutBucketOwnershipControls", "bucket"),
    "GetBucketTagging": ("GetBucketTagging", "bucket"),
    "PutBucketTagging": ("PutBucketTagging", "bucket"),
    "DeleteBucketTagging": ("PutBucketTagging", "bucket"),
    "GetBucketEncryption": ("GetEncryptionConfiguration", "bucket"),
    "PutBucketEncryption": ("PutEncryptionConfiguration", "bucket"),
    "DeleteBucketEncryption": ("PutEncryptionConfiguration", "bucket"),
    "GetBucketCors": ("GetBucketCORS", "bucket"),
    "PutBucketCors": ("PutBucketCORS", "bucket"),
    "DeleteBucketCors": ("PutBucketCORS", "bucket"),
    "GetBucketWebsite": ("GetBucketWebsite", "bucket"),
    "PutBucketWebsite": ("PutBucketWebsite", "bucket"),
    "DeleteBucketWebsite": ("DeleteBucketWebsite", "bucket"),
    "GetBucketLogging": ("GetBucketLogging", "bucket"),
    "PutBucketLogging": ("PutBucketLogging", "bucket"),
    "GetBucketLifecycleConfiguration": ("GetLifecycleConfiguration", "bucket"),
    "PutBucketLifecycleConfiguration": ("PutLifecycleConfiguration", "bucket"),
    "DeleteBucketLifecycle": ("PutLifecycleConfiguration", "bucket"),
    "GetBucketRequestPayment": ("GetBucketRequestPayment", "bucket"),
    "PutBucketRequestPayment": ("PutBucketRequestPayment", "bucket"),
    "GetBucketAccelerateConfiguration": ("GetAccelerateConfiguration", "bucket"),
    "PutBucketAccelerateConfiguration": ("PutAccelerateConfiguration", "bucket"),
    "GetBucketReplication": ("GetReplicationConfiguration", "bucket"),
    "DeleteBucketReplication": ("PutReplicationConfiguration", "bucket"),
    "GetObjectLockConfiguration": ("GetBucketObjectLockConfiguration", "bucket"),
    "PutObjectLockConfiguration": ("PutBucketObjectLockConfiguration", "bucket"),
    "GetObject": ("GetObject", "object"),
    "HeadObject": ("GetObject", "object"),
    "GetObjectAttributes": ("GetObject", "object"),
    "GetObjectTorrent": ("GetObjectTorrent", "object"),
    "GetObjectAcl": ("GetObjectAcl", "object"),
    "PutObjectAcl": ("PutObjectAcl", "object"),
    "GetObjectTagging": ("GetObjectTagging", "object"),
    "PutObjectTagging": ("PutObjectTagging", "object"),
    "DeleteObjectTagging": ("DeleteObjectTagging", "object"),
    "GetObjectRetention": ("GetObjectRetention", "object"),
    "PutObjectRetention": ("PutObjectRetention", "object"),
    "GetObjectLegalHold": ("GetObjectLegalHold", "object"),
    "PutObjectLegalHold": ("PutObjectLegalHold", "object"),
    "PutObject": ("PutObject", "object"),
    "PostObject": ("PutObject", "object"),  # a browser's form: not an operation of the model, but asked like one
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
for _kind in ("Analytics", "Inventory", "Metrics", "IntelligentTiering"):
    for _verb, _needs in (("Put", "Put"), ("Get", "Get"), ("Delete", "Put"), ("List", "Get")):
        _plural = "s" if _verb == "List" else ""
        TABLE[f"{_verb}Bucket{_kind}Configuration{_plural}"] = (f"{_needs}{_kind}Configuration", "bucket")
# With a version id the same act is another action.
OF_A_VERSION = {
    "GetObject": "GetObjectVersion",
    "GetObjectAcl": "GetObjectVersionAcl",
    "PutObjectAcl": "PutObjectVersionAcl",
    "GetObjectTagging": "GetObjectVersionTagging",
    "PutObjectTagging": "PutObjectVersionTagging",
    "DeleteObjectTagging": "DeleteObjectVersionTagging",
    "DeleteObject": "DeleteObjectVersion",
    "GetObjectTorrent": "GetObjectVersionTorrent",
}
NEVER_LOCKED_OUT = ("GetBucketPolicy", "PutBucketPolicy", "DeleteBucketPolicy")
CONDITION_KEYS = {
    "ACL": "s3:x-amz-acl",
    "GrantFullControl": "s3:x-amz-grant-full-control",
    "GrantRead": "s3:x-amz-grant-read",
    "GrantReadACP": "s3:x-amz-grant-read-acp",
    "GrantWrite": "s3:x-amz-grant-write",
    "GrantWriteACP": "s3:x-amz-grant-write-acp",
    "MetadataDirective": "s3:x-amz-metadata-directive",
    "ServerSideEncryption": "s3:x-amz-server-side-encryption",
    "SSEKMSKeyId": "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "SSECustomerAlgorithm": "s3:x-amz-server-side-encryption-customer-algorithm",
    "StorageClass": "s3:x-amz-storage-class",
    "WebsiteRedirectLocation": "s3:x-amz-website-redirect-location",
    "ObjectLockMode": "s3:object-lock-mode",
    "ObjectLockLegalHoldStatus": "s3:object-lock-legal-hold",
    "ObjectOwnership": "s3:x-amz-object-ownership",
    "IfMatch": "s3:if-match",
    "IfNoneMatch": "s3:if-none-match",
    "VersionId": "s3:versionid",
    "Prefix": "s3:prefix",
    "Delimiter": "s3:delimiter",
    "MaxKeys": "s3:max-keys",
}

_BUCKET = Prepared(lambda name: Bucket.objects.select_related("account__bucket_defaults").filter(name=name), str)
_OBJECTS = Object.objects.select_related("owner")
_LATEST = Prepared(lambda bucket, key: _OBJECTS.filter(bucket=bucket, key=key, is_latest=True), int, str)
_VERSION = Prepared(lambda b, key, version: _OBJECTS.filter(bucket=b, key=key, version_id=version), int, str, str)


def bucket_of(ctx, request):
    """Return the Bucket that a request names, loaded once a request. Errors: NoSuchBucket, AccessDenied (owner)."""
    name = request["Bucket"]
    bucket = ctx.found.get(("bucket", name))
    if bucket is None:
        bucket = _BUCKET.first(name)
        if bucket is None:
            raise errors.NoSuchBucket(BucketName=name)
        ctx.found["bucket", name] = bucket
    expected = request.get("ExpectedBucketOwner")
    if expected and expected != bucket.account.account_id:
        raise AccessDenied()
    return bucket


def row_of(ctx, bucket, key, version_id=None):
    """Return the version that a key (and version id) names, or None; looked up once a request."""
    place = ("object", bucket.pk, key, version_id)
    if place not in ctx.found:
        found = _VERSION.first(bucket.pk, key, version_id) if version_id else _LATEST.first(bucket.pk, key)
        ctx.found[place] = found
    return ctx.found[place]


def _caller_id(ctx):
    """Return the canonical id of the asking account, "" when anonymous or a service."""
    return ctx.account.canonical_id if ctx.account is not None and ctx.principal.kind != "service" else ""


def _by_acl(ctx, bucket, stored, owner, permission):
    """Return the members of Authorization that say what an ACL allows the caller.

    Within the owner's own account policies decide, and only grants to everyone count.
    """
    if not bucket.has_acls:
        return {}
    grants = acl.grants_of(stored, owner.canonical_id)
    if ctx.account is not None and ctx.account.pk == owner.pk:
        grants = [grant for grant in grants if "uri" in grant]
    ignored = bucket.blocks("IgnorePublicAcls")
    grant = acl.allows(grants, owner.canonical_id, permission, _caller_id(ctx), ignore_public=ignored)
    return {"acl_allows": acl.sentence(grant), "acl_everyone": "uri" in grant} if grant else {}


def on_object(ctx, bucket, action, key, version_id=None, row=None, **conditions):
    """Return the Authorization of an action on one key.

    Where ACLs count, an object that another account wrote is that account's: the bucket's policy does not open it.
    """
    owner, by_acl = bucket.account, {}
    there = None
    if action in acl.OF_THE_OBJECT:
        there = row or row_of(ctx, bucket, key, version_id)  # the operation finds it again in ctx
    if there is not None and not there.is_delete_marker:
        conditions.update({f"s3:existingobjecttag/{name}": value for name, value in there.tags.items()})
        if bucket.has_acls:
            owner = there.owner or bucket.account
    if action in acl.ON_OBJECT and bucket.has_acls:
        if there is not None and not there.is_delete_marker:
            by_acl = _by_acl(ctx, bucket, there.acl, owner, acl.ON_OBJECT[action])
        elif decide(ctx, on_bucket(ctx, bucket, "ListBucket", **{"s3:prefix": key})).allowed:
            told = "The key does not exist, which whoever may list the bucket may know."
            by_acl = {"acl_allows": told, "acl_everyone": True}
    elif action in acl.ON_BUCKET:
        by_acl = _by_acl(ctx, bucket, bucket.acl, bucket.account, acl.ON_BUCKET[action])
    return Authorization(
        f"s3:{action}",
        f"{bucket.arn}/{key}",
        resource_policy=bucket.policy if owner.pk == bucket.account_id else None,
        owner=owner,
        public_block=bucket.blocks("RestrictPublicBuckets"),
        conditions=conditions,
        **by_acl,
    )


def on_bucket(ctx, bucket, action, owner_may_always=False, **conditions):
    """Return the Authorization of an action on a bucket."""
    permission = acl.ON_BUCKET.get(action)
    return Authorization(
        f"s3:{action}",
        bucket.arn,
        resource_policy=bucket.policy,
        owner=bucket.account,
        public_block=bucket.blocks("RestrictPublicBuckets"),
        conditions=conditions,
        owner_may_always=owner_may_always,
        **(_by_acl(ctx, bucket, bucket.acl, bucket.account, permission) if permission else {}),
    )


def copy_source(text):
    """Return (bucket name, key, version id or None) of x-amz-copy-source. Errors: InvalidArgument."""
    path, _, query = text.partition("?")
    version = dict(parse_qsl(query)).get("versionId")
    if query and version is None:  # a question mark that belongs to the key
        path = text
    name, _, key = unquote(path).removeprefix("/").partition("/")
    if not name or not key:
        raise InvalidArgument("Invalid copy source object key", ArgumentName="x-amz-copy-source", ArgumentValue=text)
    return name, key, version or None


def _conditions(request):
    """Return the condition keys that a request's members give."""
    found = {key: str(request[name]) for name, key in CONDITION_KEYS.items() if request.get(name) is not None}
    if request.get("CopySource"):
        found["s3:x-amz-copy-source"] = unquote(request["CopySource"]).removeprefix("/")
    if request.get("ObjectLockRetainUntilDate"):
        found["s3:object-lock-retain-until-date"] = request["ObjectLockRetainUntilDate"].isoformat()
    tags = _request_tags(request.get("Tagging"))
    if tags:
        found.update({f"s3:requestobjecttag/{name}": value for name, value in tags})
        found["s3:requestobjecttagkeys"] = [name for name, _ in tags]
    return found


def _request_tags(tagging):
    if isinstance(tagging, str):
        return parse_qsl(tagging, keep_blank_values=True)
    return [(tag["Key"], tag.get("Value", "")) for tag in (tagging or {}).get("TagSet", []) if "Key" in tag]


def _with_writing(request):
    """Return the further actions that a write's headers need."""
    more = []
    if request.get("Tagging") and isinstance(request["Tagging"], str):
        more.append("PutObjectTagging")
    if request.get("ObjectLockMode"):
        more.append("PutObjectRetention")
    if request.get("ObjectLockLegalHoldStatus"):
        more.append("PutObjectLegalHold")
    return more


def authorization(ctx, operation, request):
    """Return what a request must be allowed to do."""
    action, kind = TABLE[operation]
    if kind == "account":
        _signed(ctx)
        return Authorization("s3:ListAllMyBuckets", "arn:aws:s3:::*", owner=ctx.account)
    conditions = _conditions(request)
    if kind == "new":
        _signed(ctx)
        name = f"arn:aws:s3:::{request['Bucket']}"
        return Authorization("s3:CreateBucket", name, owner=ctx.account, conditions=conditions)
    bucket = bucket_of(ctx, request)
    if action is None:
        return []
    if kind == "bucket":
        return on_bucket(ctx, bucket, action, operation in NEVER_LOCKED_OUT, **conditions)
    key, version = request["Key"], request.get("VersionId")
    if version is not None:
        action = OF_A_VERSION.get(action, action)
    more = _with_writing(request)
    if operation == "GetObjectAttributes":
        more.append("GetObjectAttributes" if version is None else "GetObjectVersionAttributes")
    asked = [on_object(ctx, bucket, one, key, version, **conditions) for one in [action, *more]]
    if operation == "PostObject":
        # An ACL knows no tags: one that lets a form write an object lets it write that object's tags with it.
        by_acl = {"acl_allows": asked[0].acl_allows, "acl_everyone": asked[0].acl_everyone}
        asked = [replace(one, **by_acl) if one.action == "s3:PutObjectTagging" else one for one in asked]
    if request.get("CopySource"):
        name, key, version = copy_source(request["CopySource"])
        source = bucket_of(ctx, {"Bucket": name, "ExpectedBucketOwner": request.get("ExpectedSourceBucketOwner")})
        asked.append(on_object(ctx, source, "GetObjectVersion" if version else "GetObject", key, version))
    return asked


def _signed(ctx):
    if ctx.account is None or ctx.principal.kind == "anonymous":
        raise AccessDenied()
