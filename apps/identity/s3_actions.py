"""What a bucket policy may speak of: S3's actions, each for a kind of resource, and its condition keys. Pure.

Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon S3".
"""

from apps.identity.patterns import matches


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


OBJECT = _words("""
    AbortMultipartUpload BypassGovernanceRetention DeleteObject DeleteObjectTagging DeleteObjectVersion
    DeleteObjectVersionTagging GetObject GetObjectAcl GetObjectAttributes GetObjectLegalHold GetObjectRetention
    GetObjectTagging GetObjectTorrent GetObjectVersion GetObjectVersionAcl GetObjectVersionAttributes
    GetObjectVersionForReplication GetObjectVersionTagging GetObjectVersionTorrent InitiateReplication
    ListMultipartUploadParts ObjectOwnerOverrideToBucketOwner PutObject PutObjectAcl PutObjectLegalHold
    PutObjectRetention PutObjectTagging PutObjectVersionAcl PutObjectVersionTagging ReplicateDelete ReplicateObject
    ReplicateTags RestoreObject UpdateObjectEncryption
""")
BUCKET = _words("""
    CreateBucket CreateBucketMetadataTableConfiguration DeleteBucket DeleteBucketMetadataTableConfiguration
    DeleteBucketPolicy DeleteBucketWebsite GetAccelerateConfiguration GetAnalyticsConfiguration GetBucketAbac
    GetBucketAcl GetBucketCORS GetBucketLocation GetBucketLogging GetBucketMetadataTableConfiguration
    GetBucketNotification GetBucketObjectLockConfiguration GetBucketOwnershipControls GetBucketPolicy
    GetBucketPolicyStatus GetBucketPublicAccessBlock GetBucketRequestPayment GetBucketTagging GetBucketVersioning
    GetBucketWebsite GetEncryptionConfiguration GetIntelligentTieringConfiguration GetInventoryConfiguration
    GetLifecycleConfiguration GetMetricsConfiguration GetReplicationConfiguration ListBucket
    ListBucketMultipartUploads ListBucketVersions ListTagsForResource PauseReplication PutAccelerateConfiguration
    PutAnalyticsConfiguration PutBucketAbac PutBucketAcl PutBucketCORS PutBucketLogging PutBucketNotification
    PutBucketObjectLockConfiguration PutBucketOwnershipControls PutBucketPolicy PutBucketPublicAccessBlock
    PutBucketRequestPayment PutBucketTagging PutBucketVersioning PutBucketWebsite PutEncryptionConfiguration
    PutIntelligentTieringConfiguration PutInventoryConfiguration PutLifecycleConfiguration PutMetricsConfiguration
    PutReplicationConfiguration TagResource UntagResource UpdateBucketMetadataInventoryTableConfiguration
    UpdateBucketMetadataJournalTableConfiguration
""")
ACCOUNT = _words("""
    CreateAccessPoint CreateJob DeleteAccessPoint DeleteAccessPointPolicy DescribeJob GetAccessPoint
    GetAccessPointPolicy GetAccessPointPolicyStatus GetAccountPublicAccessBlock ListAccessPoints ListAllMyBuckets
    ListJobs PutAccessPointPolicy PutAccountPublicAccessBlock UpdateJobPriority UpdateJobStatus
""")
KINDS = (
    {f"s3:{name}": "object" for name in OBJECT}
    | {f"s3:{name}": "bucket" for name in BUCKET}
    | {f"s3:{name}": "account" for name in ACCOUNT}
)

_LISTS = ("ListBucket", "ListBucketVersions")
_GRANTS = ("CreateBucket", "PutBucketAcl", "PutObject", "PutObjectAcl", "PutObjectVersionAcl")
_PUTS = ("PutObject", "ReplicateObject")
_TAGGING = (*_PUTS, "PutObjectTagging", "PutObjectVersionTagging", "ReplicateTags")
_LOCKS = (*_PUTS, "PutObjectRetention", "PutObjectLegalHold", "BypassGovernanceRetention", "PutBucketObjectLockConfiguration")  # fmt: skip
_ALL = OBJECT + BUCKET + ACCOUNT
# Condition key in lower case (up to its slash) -> the actions it can belong to.
KEYS = {
    **dict.fromkeys(("s3:delimiter", "s3:max-keys", "s3:prefix"), _LISTS),
    **dict.fromkeys(
        ("s3:x-amz-acl", "s3:x-amz-grant-full-control", "s3:x-amz-grant-read", "s3:x-amz-grant-read-acp",
         "s3:x-amz-grant-write", "s3:x-amz-grant-write-acp"), _GRANTS),
    **dict.fromkeys(
        ("s3:objectcreationoperation", "s3:x-amz-copy-source", "s3:x-amz-metadata-directive",
         "s3:x-amz-server-side-encryption", "s3:x-amz-server-side-encryption-aws-kms-key-id",
         "s3:x-amz-server-side-encryption-customer-algorithm", "s3:x-amz-storage-class",
         "s3:x-amz-website-redirect-location"), (*_PUTS, "UpdateObjectEncryption")),
    **dict.fromkeys(("s3:requestobjecttag/", "s3:requestobjecttagkeys"), _TAGGING),
    **dict.fromkeys(
        ("s3:object-lock-legal-hold", "s3:object-lock-mode", "s3:object-lock-remaining-retention-days",
         "s3:object-lock-retain-until-date"), _LOCKS),
    **dict.fromkeys(("s3:if-match", "s3:if-none-match"), (*_PUTS, "DeleteObject")),
    **dict.fromkeys(("s3:existingobjecttag/", "s3:versionid"), OBJECT),
    "s3:x-amz-object-ownership": ("CreateBucket", "PutBucketOwnershipControls"),
    "s3:locationconstraint": ("CreateBucket",),
    "s3:inventoryaccessibleoptionalfields": ("PutInventoryConfiguration",),
    **dict.fromkeys(
        ("s3:accessgrantsinstancearn", "s3:accesspointnetworkorigin", "s3:accesspointtag/", "s3:authtype",
         "s3:buckettag/", "s3:dataaccesspointaccount", "s3:dataaccesspointarn", "s3:resourceaccount",
         "s3:signatureage", "s3:signatureversion", "s3:tlsversion", "s3:x-amz-content-sha256"), _ALL),
}  # fmt: skip


def meant(pattern: str) -> list[str]:
    """Return the actions that a pattern of a policy means.

    >>> meant("s3:listbucket?ersions")
    ['s3:ListBucketVersions']
    """
    return [name for name in KINDS if matches(pattern, name, True)]


def actions_of(key: str) -> tuple | None:
    """Return the actions that a condition key of S3 can belong to, without their prefix; None for an unknown key."""
    name, slash, _ = key.lower().partition("/")
    return KEYS.get(name + slash)
