"""S3's operations: one function each, named like the operation in snake_case.

buckets.py makes and lists buckets; objects.py writes and reads, copies.py and deletions.py do what they say,
listing.py and version_listing.py list, multipart.py uploads in parts; policies.py and access.py say who may,
retention.py keeps (versions, locks), tagging.py tags, notifications.py tells, logging.py logs; configurations.py
keeps the rest.
"""

from . import (
    access,
    buckets,
    configurations,
    copies,
    deletions,
    listing,
    logging,
    multipart,
    notifications,
    objects,
    policies,
    retention,
    tagging,
    version_listing,
)

_MODULES = (
    buckets, objects, copies, deletions, listing, version_listing, multipart, policies, access, retention, tagging,
    notifications, logging, configurations,
)  # fmt: skip
_NAMES = (
    "ListBuckets", "CreateBucket", "HeadBucket", "DeleteBucket", "GetBucketLocation",
    "PutObject", "GetObject", "HeadObject", "GetObjectAttributes", "CopyObject", "DeleteObject", "DeleteObjects",
    "ListObjects", "ListObjectsV2", "ListObjectVersions",
    "CreateMultipartUpload", "UploadPart", "UploadPartCopy", "CompleteMultipartUpload", "AbortMultipartUpload",
    "ListParts", "ListMultipartUploads",
    "PutBucketPolicy", "GetBucketPolicy", "GetBucketPolicyStatus", "DeleteBucketPolicy",
    "PutPublicAccessBlock", "GetPublicAccessBlock", "DeletePublicAccessBlock",
    "PutBucketAcl", "GetBucketAcl", "PutObjectAcl", "GetObjectAcl",
    "PutBucketOwnershipControls", "GetBucketOwnershipControls", "DeleteBucketOwnershipControls",
    "PutBucketVersioning", "GetBucketVersioning", "PutObjectLockConfiguration", "GetObjectLockConfiguration",
    "PutObjectRetention", "GetObjectRetention", "PutObjectLegalHold", "GetObjectLegalHold",
    "PutObjectTagging", "GetObjectTagging", "DeleteObjectTagging",
    "PutBucketTagging", "GetBucketTagging", "DeleteBucketTagging",
    "PutBucketNotificationConfiguration", "GetBucketNotificationConfiguration",
    "PutBucketLogging", "GetBucketLogging",
    "PutBucketEncryption", "GetBucketEncryption", "DeleteBucketEncryption",
    "PutBucketCors", "GetBucketCors", "DeleteBucketCors",
    "PutBucketWebsite", "GetBucketWebsite", "DeleteBucketWebsite",
    "PutBucketLifecycleConfiguration", "GetBucketLifecycleConfiguration", "DeleteBucketLifecycle",
    "PutBucketRequestPayment", "GetBucketRequestPayment",
    "PutBucketAccelerateConfiguration", "GetBucketAccelerateConfiguration",
    "GetBucketReplication", "DeleteBucketReplication",
)  # fmt: skip


def _snake(name):
    """Return the function's name of an operation's.

    >>> _snake("ListObjectsV2"), _snake("GetBucketAcl")
    ('list_objects_v2', 'get_bucket_acl')
    """
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


def _function(name):
    return next(found for module in _MODULES if (found := vars(module).get(_snake(name))))


OPERATIONS = {**{name: _function(name) for name in _NAMES}, **configurations.KEPT_OPERATIONS}
PARTIAL = {
    "PutBucketNotificationConfiguration": "Destinations are functions and queues; topics and EventBridge are refused.",
    "PutBucketVersioning": "MFA delete is refused: there is no MFA device.",
    "PutBucketLifecycleConfiguration": "Expirations and aborts run; transitions to other classes are kept, not run.",
    "PutBucketRequestPayment": "The setting is kept; requests are billed to the bucket's owner.",
    "GetBucketReplication": "Replication is not built, so there is never a configuration.",
    "PutObject": "A storage class is kept and told; its bytes are stored and billed as STANDARD.",
}
_KEPT_ONLY = "is stored and told again; nothing acts on it here."
PARTIAL.update(
    {
        f"PutBucket{kind}Configuration": f"The configuration {_KEPT_ONLY}"
        for kind in ("Analytics", "Inventory", "Metrics", "IntelligentTiering")
    }
)
PARTIAL["PutBucketAccelerateConfiguration"] = f"The state {_KEPT_ONLY}"
_WRITE = ["StorageClass", "RequestPayer"]
NO_EFFECT = {
    "CreateBucket": ["BucketNamespace"],
    "PutObject": _WRITE,
    "CopyObject": _WRITE,
    "CreateMultipartUpload": _WRITE,
    "GetObject": ["RequestPayer"],
    "HeadObject": ["RequestPayer"],
    "PutBucketAccelerateConfiguration": ["AccelerateConfiguration"],
    "PutBucketRequestPayment": ["RequestPaymentConfiguration"],
    "PutBucketAnalyticsConfiguration": ["AnalyticsConfiguration"],
    "PutBucketInventoryConfiguration": ["InventoryConfiguration"],
    "PutBucketMetricsConfiguration": ["MetricsConfiguration"],
    "PutBucketIntelligentTieringConfiguration": ["IntelligentTieringConfiguration"],
}
