"""S3's operations: one function each, named like the operation in snake_case.

buckets.py makes and lists buckets, policies.py says who may, objects.py writes and reads, copies.py and
deletions.py do what they say, listing.py lists keys, multipart.py uploads in parts, notifications.py events.
"""

from . import buckets, copies, deletions, listing, multipart, notifications, objects, policies

OPERATIONS = {
    "ListBuckets": buckets.list_buckets,
    "CreateBucket": buckets.create_bucket,
    "HeadBucket": buckets.head_bucket,
    "DeleteBucket": buckets.delete_bucket,
    "GetBucketLocation": buckets.get_bucket_location,
    "GetBucketVersioning": buckets.get_bucket_versioning,
    "PutBucketPolicy": policies.put_bucket_policy,
    "GetBucketPolicy": policies.get_bucket_policy,
    "GetBucketPolicyStatus": policies.get_bucket_policy_status,
    "DeleteBucketPolicy": policies.delete_bucket_policy,
    "PutPublicAccessBlock": policies.put_public_access_block,
    "GetPublicAccessBlock": policies.get_public_access_block,
    "DeletePublicAccessBlock": policies.delete_public_access_block,
    "PutObject": objects.put_object,
    "GetObject": objects.get_object,
    "HeadObject": objects.head_object,
    "CopyObject": copies.copy_object,
    "DeleteObject": deletions.delete_object,
    "DeleteObjects": deletions.delete_objects,
    "ListObjects": listing.list_objects,
    "ListObjectsV2": listing.list_objects_v2,
    "CreateMultipartUpload": multipart.create_multipart_upload,
    "UploadPart": multipart.upload_part,
    "UploadPartCopy": copies.upload_part_copy,
    "CompleteMultipartUpload": multipart.complete_multipart_upload,
    "AbortMultipartUpload": multipart.abort_multipart_upload,
    "ListParts": multipart.list_parts,
    "ListMultipartUploads": multipart.list_multipart_uploads,
    "PutBucketNotificationConfiguration": notifications.put_bucket_notification_configuration,
    "GetBucketNotificationConfiguration": notifications.get_bucket_notification_configuration,
}
PARTIAL = {
    "CreateBucket": "ACLs, object lock and ownership controls are not built; new buckets block public access.",
    "GetBucketVersioning": "Always answers that versioning was never enabled, which is true: it is not built.",
    "PutObject": "No versions, tags, ACLs or encryption at rest; bytes are stored as they are.",
    "GetObject": "No versions; x-amz-server-side-encryption is not answered, since nothing is encrypted at rest.",
    "HeadObject": "No versions; x-amz-server-side-encryption is not answered.",
    "CopyObject": "No versions, tags or encryption.",
    "PutBucketNotificationConfiguration": "Destinations are functions; queues, topics and EventBridge are refused.",
}
_WRITE = [
    "ACL", "GrantFullControl", "GrantRead", "GrantReadACP", "GrantWriteACP", "ServerSideEncryption", "SSEKMSKeyId",
    "SSEKMSEncryptionContext", "BucketKeyEnabled", "Tagging", "StorageClass", "WebsiteRedirectLocation",
    "ObjectLockMode", "ObjectLockRetainUntilDate", "ObjectLockLegalHoldStatus", "RequestPayer",
]  # fmt: skip
NO_EFFECT = {
    "CreateBucket": [
        "ACL",
        "GrantFullControl",
        "GrantRead",
        "GrantWrite",
        "ObjectLockEnabledForBucket",
        "ObjectOwnership",
    ],
    "PutObject": _WRITE,
    "CopyObject": [*_WRITE, "TaggingDirective"],
    "CreateMultipartUpload": _WRITE,
    "GetObject": ["RequestPayer"],
    "HeadObject": ["RequestPayer"],
}
