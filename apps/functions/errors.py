"""Lambda's documented errors, and the sentences it says them with."""

from playground.wire.errors import error

InvalidParameterValue = error(
    "InvalidParameterValueException", 400, "One of the parameters in the request is not valid."
)
ValidationError = error("ValidationException", 400, "1 validation error detected")
ResourceNotFound = error("ResourceNotFoundException", 404, "The resource you requested does not exist.")
ResourceConflict = error(
    "ResourceConflictException", 409, "The resource already exists, or another operation is in progress."
)
PreconditionFailed = error(
    "PreconditionFailedException",
    412,
    "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id",
)
AccessDenied = error("AccessDeniedException", 403, "The role is not one of this account.")
RequestTooLarge = error(
    "RequestTooLargeException", 413, "Request must be smaller than 6291456 bytes for the InvokeFunction operation"
)
InvalidRequestContent = error("InvalidRequestContentException", 400, "Could not parse request body into json")
PolicyLengthExceeded = error(
    "PolicyLengthExceededException", 400, "The final policy size is bigger than the limit (20480)."
)
TooManyRequests = error("TooManyRequestsException", 429, "Rate Exceeded.")
InvalidRuntime = error("InvalidRuntimeException", 502, "The runtime or runtime version specified is not supported.")
ServiceException = error("ServiceException", 500, "The service encountered an internal error.")

BAD_ZIP = "Could not unzip uploaded file. Please check your file, then try to upload again."
ROLE_NOT_ASSUMABLE = "The role defined for the function cannot be assumed by Lambda."


def not_found(arn):
    return ResourceNotFound(f"Function not found: {arn}")


def out_of_bounds(value, member, rule):
    """Return the ValidationException of a value outside its documented bounds."""
    return ValidationError(
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {rule}"
    )
