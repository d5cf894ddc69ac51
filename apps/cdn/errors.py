"""CloudFront's errors, as its API documents them."""

from playground.wire.errors import error

AccessDenied = error("AccessDenied", 403, "Access denied.")
BatchTooLarge = error("BatchTooLarge", 413, "Invalidation batch specified is too large.")
CNAMEAlreadyExists = error(
    "CNAMEAlreadyExists",
    409,
    "One or more of the CNAMEs you provided are already associated with a different resource.",
)
DistributionAlreadyExists = error(
    "DistributionAlreadyExists",
    409,
    "The caller reference that you are using to create a distribution is associated with another distribution.",
)
DistributionNotDisabled = error(
    "DistributionNotDisabled", 409, "The distribution you are trying to delete has not been disabled."
)
IllegalUpdate = error("IllegalUpdate", 400, "The update contains modifications that are not allowed.")
InconsistentQuantities = error(
    "InconsistentQuantities", 400, "The value of Quantity and the size of Items don't match."
)
InvalidArgument = error("InvalidArgument", 400, "The argument is invalid.")
InvalidDefaultRootObject = error(
    "InvalidDefaultRootObject",
    400,
    "The parameter DefaultRootObject contains an invalid character or is too long, or begins with a slash.",
)
InvalidDomainNameForOriginAccessControl = error(
    "InvalidDomainNameForOriginAccessControl",
    400,
    "An origin access control is associated with an origin whose domain name is not supported.",
)
InvalidErrorCode = error("InvalidErrorCode", 400, "The parameter ErrorCode contains an unsupported error code.")
InvalidIfMatchVersion = error(
    "InvalidIfMatchVersion", 400, "The If-Match version is missing or not valid for the resource."
)
InvalidOriginAccessControl = error("InvalidOriginAccessControl", 400, "The origin access control is not valid.")
InvalidRelativePath = error(
    "InvalidRelativePath", 400, "The relative path is too long, is not URL-encoded, or does not begin with a slash (/)."
)
InvalidResponseCode = error("InvalidResponseCode", 400, "The parameter ResponseCode contains an unsupported code.")
InvalidTTLOrder = error("InvalidTTLOrder", 400, "The parameters MinTTL, DefaultTTL and MaxTTL are out of order.")
MalformedInput = error("MalformedInput", 400, "The request is not complete.")
NoSuchCachePolicy = error("NoSuchCachePolicy", 404, "The specified cache policy does not exist.")
NoSuchDistribution = error("NoSuchDistribution", 404, "The specified distribution does not exist.")
NoSuchInvalidation = error("NoSuchInvalidation", 404, "The specified invalidation does not exist.")
NoSuchOrigin = error("NoSuchOrigin", 404, "One or more of your origins or origin groups do not exist.")
NoSuchOriginAccessControl = error(
    "NoSuchOriginAccessControl", 404, "The specified origin access control does not exist."
)
NoSuchOriginRequestPolicy = error(
    "NoSuchOriginRequestPolicy", 404, "The specified origin request policy does not exist."
)
NoSuchResponseHeadersPolicy = error(
    "NoSuchResponseHeadersPolicy", 404, "The specified response headers policy does not exist."
)
OriginAccessControlAlreadyExists = error(
    "OriginAccessControlAlreadyExists", 409, "An origin access control with this name already exists."
)
OriginAccessControlInUse = error(
    "OriginAccessControlInUse",
    409,
    "Cannot delete the origin access control because it's in use by one or more distributions.",
)
PreconditionFailed = error(
    "PreconditionFailed",
    412,
    "The request failed because it didn't meet the preconditions in one or more request-header fields.",
)
TooManyCacheBehaviors = error(
    "TooManyCacheBehaviors", 400, "You cannot create more cache behaviors for the distribution."
)
TooManyDistributionCNAMEs = error(
    "TooManyDistributionCNAMEs", 400, "Your request contains more CNAMEs than are allowed per distribution."
)
TooManyDistributions = error(
    "TooManyDistributions",
    400,
    "Processing your request would cause you to exceed the maximum number of distributions allowed.",
)
TooManyInvalidationsInProgress = error(
    "TooManyInvalidationsInProgress",
    400,
    "Processing your request would cause you to exceed the maximum number of in-progress wildcard invalidations.",
)
TooManyOrigins = error("TooManyOrigins", 400, "You cannot create more origins for the distribution.")
