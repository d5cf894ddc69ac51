"""What botocore's models lack: element names of answers, retired operations, telling headers.

Source: Amazon S3 API Reference, the response syntax of each operation.
"""

# Headers that decide which operation a request means.
TELLING_HEADERS = ("x-amz-copy-source",)

# Operations that newer ones replaced at the same address, and ones of directory buckets that share it.
RETIRED = {
    "s3": (
        "GetBucketLifecycle",
        "PutBucketLifecycle",
        "GetBucketNotification",
        "PutBucketNotification",
        "ListDirectoryBuckets",
    )
}

# The root element of an answer, where it is not the shape's own name.
ROOTS = {
    "ListBucketsOutput": "ListAllMyBucketsResult",
    "ListObjectsOutput": "ListBucketResult",
    "ListObjectsV2Output": "ListBucketResult",
    "ListObjectVersionsOutput": "ListVersionsResult",
    "CreateMultipartUploadOutput": "InitiateMultipartUploadResult",
    "CompleteMultipartUploadOutput": "CompleteMultipartUploadResult",
    "ListPartsOutput": "ListPartsResult",
    "ListMultipartUploadsOutput": "ListMultipartUploadsResult",
    "DeleteObjectsOutput": "DeleteResult",
    "GetBucketLocationOutput": "LocationConstraint",
    "GetBucketVersioningOutput": "VersioningConfiguration",
    "GetBucketTaggingOutput": "Tagging",
    "GetObjectTaggingOutput": "Tagging",
    "GetBucketAclOutput": "AccessControlPolicy",
    "GetObjectAclOutput": "AccessControlPolicy",
    "GetBucketCorsOutput": "CORSConfiguration",
    "GetBucketWebsiteOutput": "WebsiteConfiguration",
    "GetBucketLifecycleConfigurationOutput": "LifecycleConfiguration",
    "GetBucketRequestPaymentOutput": "RequestPaymentConfiguration",
    "GetBucketAccelerateConfigurationOutput": "AccelerateConfiguration",
    "GetBucketLoggingOutput": "BucketLoggingStatus",
    "GetObjectAttributesOutput": "GetObjectAttributesResponse",
}

NAMESPACES = {
    "s3": "http://s3.amazonaws.com/doc/2006-03-01/",
    "cloudfront": "http://cloudfront.amazonaws.com/doc/2020-05-31/",
    "sts": "https://sts.amazonaws.com/doc/2011-06-15/",
    "iam": "https://iam.amazonaws.com/doc/2010-05-08/",
}
