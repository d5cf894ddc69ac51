"""S3's errors. Source: Amazon S3 API Reference, "Error responses"."""

from playground.wire.errors import error

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
BucketNotEmpty = error("BucketNotEmpty", 409, "The bucket you tried to delete is not empty")
EntityTooSmall = error("EntityTooSmall", 400, "Your proposed upload is smaller than the minimum allowed size")
IllegalLocationConstraint = error(
    "IllegalLocationConstraintException",
    400,
    "The unspecified location constraint is incompatible for the region specific endpoint this request was sent to.",
)
InvalidArgument = error("InvalidArgument", 400, "Invalid Argument")
InvalidBucketName = error("InvalidBucketName", 400, "The specified bucket is not valid.")
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
InvalidRange = error("InvalidRange", 416, "The requested range is not satisfiable")
InvalidRequest = error("InvalidRequest", 400, "Invalid Request")
KeyTooLong = error("KeyTooLongError", 400, "Your key is too long")
MalformedPolicy = error("MalformedPolicy", 400, "Policies must be valid JSON and the first byte must be '{'")
MalformedXML = error(
    "MalformedXML", 400, "The XML you provided was not well-formed or did not validate against our published schema"
)
MetadataTooLarge = error("MetadataTooLarge", 400, "Your metadata headers exceed the maximum allowed metadata size")
NoSuchBucket = error("NoSuchBucket", 404, "The specified bucket does not exist")
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
PreconditionFailed = error("PreconditionFailed", 412, "At least one of the pre-conditions you specified did not hold")
TooManyParts = error("InvalidArgument", 400, "Part number must be an integer between 1 and 10000, inclusive")
