"""S3's errors. Source: Amazon S3 API Reference, "Error responses"."""

from playground.wire.errors import error

AccessForbidden = error("AccessForbidden", 403, "CORSResponse: This CORS request is not allowed.")
AclNotSupported = error("AccessControlListNotSupported", 400, "The bucket does not allow ACLs")
BadDigest = error(
    "BadDigest", 400, "The Content-MD5 or checksum value that you specified did not match what the server received."
)
BucketAlreadyExists = error(
    "BucketAlreadyExists",
    409,
    "The requested bucket name is not available. The bucket namespace is shared by all users of the system. "
    "Please select a different name and try again.",
)
BucketAlreadyOwnedByYou = error(
    "BucketAlreadyOwnedByYou", 409, "Your previous request to create the named bucket succeeded and you already own it."
)
BadRequest = error("BadRequest", 400, "Bad Request")
BucketNotEmpty = error("BucketNotEmpty", 409, "The bucket you tried to delete is not empty")
EntityTooLarge = error("EntityTooLarge", 400, "Your proposed upload exceeds the maximum allowed size")
EntityTooSmall = error("EntityTooSmall", 400, "Your proposed upload is smaller than the minimum allowed size")
FieldsTooLarge = error(  # the spelling is the service's own
    "MaxPostPreDataLengthExceeded", 400, "Your POST request fields preceeding the upload file was too large."
)
IllegalVersioning = error("IllegalVersioningConfigurationException", 400, "The Versioning element must be specified")
IllegalLocationConstraint = error(
    "IllegalLocationConstraintException",
    400,
    "The unspecified location constraint is incompatible for the region specific endpoint this request was sent to.",
)
InvalidAclWithOwnership = error(
    "InvalidBucketAclWithObjectOwnership",
    400,
    "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
)
InvalidArgument = error("InvalidArgument", 400, "Invalid Argument")
InvalidBucketName = error("InvalidBucketName", 400, "The specified bucket is not valid.")
InvalidBucketState = error("InvalidBucketState", 409, "The request is not valid with the current state of the bucket.")
InvalidEncryptionAlgorithm = error(
    "InvalidEncryptionAlgorithmError",
    400,
    "The encryption request you specified is not valid. The valid value is AES256.",
)
InvalidLocationConstraint = error("InvalidLocationConstraint", 400, "The specified location-constraint is not valid")
InvalidPart = error(
    "InvalidPart",
    400,
    "One or more of the specified parts could not be found. The part may not have been uploaded, "
    "or the specified entity tag may not match the part's entity tag.",
)
InvalidPartNumber = error("InvalidPartNumber", 416, "The requested partnumber is not satisfiable")
InvalidPartOrder = error(
    "InvalidPartOrder", 400, "The list of parts was not in ascending order. Parts must be ordered by part number."
)
InvalidPolicyDocument = error(
    "InvalidPolicyDocument",
    400,
    "The content of the form does not meet the conditions specified in the policy document.",
)
InvalidRange = error("InvalidRange", 416, "The requested range is not satisfiable")
InvalidRequest = error("InvalidRequest", 400, "Invalid Request")
InvalidRedirectLocation = error(
    "InvalidRedirectLocation",
    400,
    "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.",
)
InvalidStorageClass = error("InvalidStorageClass", 400, "The storage class you specified is not valid")
InvalidRetentionPeriod = error(
    "InvalidRetentionPeriod", 400, "Default retention period must be a positive integer value."
)
InvalidTag = error("InvalidTag", 400, "The tag provided was not a valid tag.")
InvalidTargetBucketForLogging = error(
    "InvalidTargetBucketForLogging", 400, "The target bucket for logging does not exist"
)
KeyTooLong = error("KeyTooLongError", 400, "Your key is too long")
MalformedAcl = error(
    "MalformedACLError",
    400,
    "The XML you provided was not well-formed or did not validate against our published schema",
)
MalformedPolicy = error("MalformedPolicy", 400, "Policies must be valid JSON and the first byte must be '{'")
MalformedPost = error(
    "MalformedPOSTRequest", 400, "The body of your POST request is not well-formed multipart/form-data."
)
MalformedXML = error(
    "MalformedXML", 400, "The XML you provided was not well-formed or did not validate against our published schema"
)
MethodNotAllowed = error("MethodNotAllowed", 405, "The specified method is not allowed against this resource.")
MissingSecurityHeader = error("MissingSecurityHeader", 400, "Your request was missing a required header")
MetadataTooLarge = error("MetadataTooLarge", 400, "Your metadata headers exceed the maximum allowed metadata size")
NoSuchBucket = error("NoSuchBucket", 404, "The specified bucket does not exist")
NoLifecycle = error("NoSuchLifecycleConfiguration", 404, "The lifecycle configuration does not exist")
NoSuchConfiguration = error("NoSuchConfiguration", 404, "The specified configuration does not exist.")
NoSuchCors = error("NoSuchCORSConfiguration", 404, "The CORS configuration does not exist")
NoSuchEncryption = error(
    "ServerSideEncryptionConfigurationNotFoundError", 404, "The server side encryption configuration was not found"
)
NoSuchLock = error(
    "ObjectLockConfigurationNotFoundError", 404, "Object Lock configuration does not exist for this bucket"
)
NoSuchObjectLock = error(
    "NoSuchObjectLockConfiguration", 404, "The specified object does not have a ObjectLock configuration"
)
NoSuchOwnership = error("OwnershipControlsNotFoundError", 404, "The bucket ownership controls were not found")
NoSuchReplication = error("ReplicationConfigurationNotFoundError", 404, "The replication configuration was not found")
NoSuchTags = error("NoSuchTagSet", 404, "The TagSet does not exist")
NoSuchWebsite = error("NoSuchWebsiteConfiguration", 404, "The specified bucket does not have a website configuration")
NoSuchBucketPolicy = error("NoSuchBucketPolicy", 404, "The bucket policy does not exist")
NoSuchKey = error("NoSuchKey", 404, "The specified key does not exist.")
NoSuchPublicAccessBlock = error(
    "NoSuchPublicAccessBlockConfiguration", 404, "The public access block configuration was not found"
)
NoSuchUpload = error(
    "NoSuchUpload",
    404,
    "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.",
)
NoSuchVersion = error("NoSuchVersion", 404, "The specified version does not exist.")
NotImplementedHere = error("NotImplemented", 501, "A header you provided implies functionality that is not implemented")
OperationAborted = error(
    "OperationAborted",
    409,
    "A conflicting conditional operation is currently in progress against this resource. Please try again.",
)
PreconditionFailed = error("PreconditionFailed", 412, "At least one of the pre-conditions you specified did not hold")
UnresolvableGrant = error(
    "UnresolvableGrantByEmailAddress", 400, "The e-mail address you provided does not match any account on record."
)
TooManyParts = error("InvalidArgument", 400, "Part number must be an integer between 1 and 10000, inclusive")
