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
    "s3control": "http://awss3control.amazonaws.com/doc/2018-08-20/",
    "cloudfront": "http://cloudfront.amazonaws.com/doc/2020-05-31/",
    "sts": "https://sts.amazonaws.com/doc/2011-06-15/",
    "iam": "https://iam.amazonaws.com/doc/2010-05-08/",
    "sqs": "http://queue.amazonaws.com/doc/2012-11-05/",
}

JSON_TYPES = {"sqs": "application/x-amz-json-1.0"}  # the others speak 1.1

# -- services that speak JSON and still answer the query protocol they began with -------------------
# The model says what JSON needs; here is what the query protocol calls the same things.
# Source: Amazon SQS API Reference, version 2012-11-05, "Making query API requests" and each action's example.

_ENTRIES = ("SendMessageBatch", "DeleteMessageBatch", "ChangeMessageVisibilityBatch")
QUERY_NAMES = {  # service -> "Shape.member", "List.member", "Map.key" or "Map.value" -> its name as a form field
    "sqs": {
        "AWSAccountIdList.member": "AWSAccountId",
        "ActionNameList.member": "ActionName",
        "AttributeNameList.member": "AttributeName",
        "MessageAttributeNameList.member": "MessageAttributeName",
        "MessageSystemAttributeList.member": "MessageSystemAttributeName",
        "TagKeyList.member": "TagKey",
        "QueueUrlList.member": "QueueUrl",
        "MessageList.member": "Message",
        "BatchResultErrorEntryList.member": "BatchResultErrorEntry",
        "ListMessageMoveTasksResultEntryList.member": "ListMessageMoveTasksResultEntry",
        **{f"{name}{kind}EntryList.member": f"{name}{kind}Entry" for name in _ENTRIES for kind in ("Request", "Result")},
        **{
            f"{name}.{part}": part_name
            for name in ("QueueAttributeMap", "MessageBodyAttributeMap", "MessageBodySystemAttributeMap",
                         "MessageSystemAttributeMap")
            for part, part_name in (("key", "Name"), ("value", "Value"))
        },
        "TagMap.key": "Key",
        "TagMap.value": "Value",
        "CreateQueueRequest.Attributes": "Attribute",
        "CreateQueueRequest.tags": "Tag",
        "SetQueueAttributesRequest.Attributes": "Attribute",
        "GetQueueAttributesResult.Attributes": "Attribute",
        "TagQueueRequest.Tags": "Tag",
        "ListQueueTagsResult.Tags": "Tag",
        "SendMessageRequest.MessageAttributes": "MessageAttribute",
        "SendMessageRequest.MessageSystemAttributes": "MessageSystemAttribute",
        "SendMessageBatchRequestEntry.MessageAttributes": "MessageAttribute",
        "SendMessageBatchRequestEntry.MessageSystemAttributes": "MessageSystemAttribute",
        "Message.Attributes": "Attribute",
        "Message.MessageAttributes": "MessageAttribute",
        "MessageAttributeValue.StringListValues": "StringListValue",
        "MessageAttributeValue.BinaryListValues": "BinaryListValue",
    }
}  # fmt: skip

# What the address itself says, when the form does not: a queue is asked at its own URL.
ADDRESSED = {"sqs": "QueueUrl"}

# An error's shape in JSON -> its code in the query protocol, which JSON repeats in x-amzn-query-error.
QUERY_CODES = {
    "sqs": {
        **{
            name: f"AWS.SimpleQueueService.{name}"
            for name in (
                "BatchEntryIdsNotDistinct", "BatchRequestTooLong", "EmptyBatchRequest", "InvalidBatchEntryId",
                "MessageNotInflight", "PurgeQueueInProgress", "QueueDeletedRecently", "TooManyEntriesInBatchRequest",
                "UnsupportedOperation",
            )
        },
        "QueueDoesNotExist": "AWS.SimpleQueueService.NonExistentQueue",
        "QueueNameExists": "QueueAlreadyExists",
        "InvalidParameterValueException": "InvalidParameterValue",
        "MissingRequiredParameterException": "MissingParameter",
        "AccessDeniedException": "AccessDenied",
        "UnknownOperationException": "InvalidAction",
        "MissingAuthenticationTokenException": "MissingAuthenticationToken",
        "IncompleteSignatureException": "IncompleteSignature",
        "InvalidSignatureException": "SignatureDoesNotMatch",
        "UnrecognizedClientException": "InvalidClientTokenId",
        "ExpiredTokenException": "ExpiredToken",
    }
}  # fmt: skip
QUERY_MESSAGES = {
    "The specified queue does not exist.": "The specified queue does not exist for this wsdl version.",
}
JSON_SPACE = {"sqs": "com.amazonaws.sqs#"}  # before the shape's name; errors that no model lists are the framework's:
FRAMEWORK_SPACE = "com.amazon.coral.service#"
