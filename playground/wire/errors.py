"""Errors as the real services say them: code, status, message and extra fields.

An app's errors.py is a table of `error(...)` lines. Raise where found; wire/endpoint.py alone
turns them into XML or JSON.
"""

from playground.wire import overlay


class ServiceError(Exception):
    """A refusal that a client may see.

    code, status, message: as the service documents them. fields: extra elements of the error
    (`BucketName`, `Key`, ...). headers: extra response headers.
    """

    code = "InternalError"
    status = 500
    message = "We encountered an internal error. Please try again."

    def __init__(self, message=None, *, headers=None, **fields):
        self.message = message or type(self).message
        self.fields = fields
        self.headers = headers or {}
        super().__init__(f"{self.code}: {self.message}")


def error(code, status, message):
    """Make the class of one documented error, for a table of them."""
    return type(code.replace(".", "_"), (ServiceError,), {"code": code, "status": status, "message": message})


InternalError = error("InternalError", 500, ServiceError.message)
NotImplementedOperation = error("NotImplemented", 501, "This operation is not implemented")


# -- errors that the wire itself raises: authentication and form (S3 API Reference, "Error responses") ----

AccessDenied = error("AccessDenied", 403, "Access Denied")
AuthorizationHeaderMalformed = error("AuthorizationHeaderMalformed", 400, "The authorization header is malformed")
AuthorizationQueryParametersError = error(
    "AuthorizationQueryParametersError", 400, "Error parsing the X-Amz-Credential parameter"
)
BadDigest = error("BadDigest", 400, "The Content-MD5 you specified did not match what we received.")
EntityTooLarge = error("EntityTooLarge", 413, "Your proposed upload exceeds the maximum allowed size")
ExpiredToken = error("ExpiredToken", 400, "The provided token has expired.")
IncompleteBody = error("IncompleteBody", 400, "The request body terminated unexpectedly")
InvalidAccessKeyId = error(
    "InvalidAccessKeyId", 403, "The AWS Access Key Id you provided does not exist in our records."
)
InvalidArgument = error("InvalidArgument", 400, "Invalid Argument")
InvalidDigest = error("InvalidDigest", 400, "The Content-MD5 you specified is not valid.")
InvalidRequest = error("InvalidRequest", 400, "Invalid Request")
InvalidToken = error("InvalidToken", 400, "The provided token is malformed or otherwise invalid.")
MalformedXML = error(
    "MalformedXML", 400, "The XML you provided was not well-formed or did not validate against our published schema"
)
MethodNotAllowed = error("MethodNotAllowed", 405, "The specified method is not allowed against this resource.")
MissingRequiredParameter = error(
    "MissingRequiredParameterException", 400, "A required parameter for the specified action is not supplied."
)
MissingContentLength = error("MissingContentLength", 411, "You must provide the Content-Length HTTP header.")
RequestTimeTooSkewed = error(
    "RequestTimeTooSkewed", 403, "The difference between the request time and the current time is too large."
)
SerializationException = error("SerializationException", 400, "Could not parse request body")
SignatureDoesNotMatch = error(
    "SignatureDoesNotMatch",
    403,
    "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
)
UnknownOperation = error("UnknownOperationException", 404, "The requested operation does not exist")
XAmzContentSHA256Mismatch = error(
    "XAmzContentSHA256Mismatch",
    400,
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
)

# The other services call the same refusals by other names (Common Error Types of each API).
SPOKEN = {
    "AccessDenied": ("AccessDeniedException", 403),
    "AuthorizationHeaderMalformed": ("IncompleteSignatureException", 400),
    "AuthorizationQueryParametersError": ("IncompleteSignatureException", 400),
    "ExpiredToken": ("ExpiredTokenException", 403),
    "InvalidAccessKeyId": ("UnrecognizedClientException", 403),
    "InvalidToken": ("UnrecognizedClientException", 403),
    "RequestTimeTooSkewed": ("InvalidSignatureException", 403),
    "SignatureDoesNotMatch": ("InvalidSignatureException", 403),
    "InternalError": ("ServiceException", 500),
}
SPOKEN_XML = {  # query and REST-XML services other than S3: STS, IAM, CloudFront
    "AuthorizationHeaderMalformed": ("IncompleteSignature", 400),
    "AuthorizationQueryParametersError": ("IncompleteSignature", 400),
    "ExpiredToken": ("ExpiredToken", 403),
    "InvalidAccessKeyId": ("InvalidClientTokenId", 403),
    "InvalidToken": ("InvalidClientTokenId", 403),
    "RequestTimeTooSkewed": ("SignatureDoesNotMatch", 403),
    "InternalError": ("InternalFailure", 500),
}
SPOKEN_QUERY = {  # of those, STS and IAM
    **SPOKEN_XML,
    "UnknownOperationException": ("InvalidAction", 400),
    "ValidationException": ("ValidationError", 400),
}
MESSAGES = {
    "UnrecognizedClientException": "The security token included in the request is invalid.",
    "InvalidClientTokenId": "The security token included in the request is invalid.",
    "ExpiredTokenException": "The security token included in the request is expired",
}
MissingAuthenticationToken = error("MissingAuthenticationTokenException", 403, "Missing Authentication Token")


def spoken(err: ServiceError, service: str, protocol: str) -> ServiceError:
    """Return an error of the wire in the words of the service that was asked; its own errors pass unchanged."""
    if service in overlay.QUERY_CODES:
        return _compatible(err, service, protocol)
    by_protocol = {"rest-json": SPOKEN, "json": SPOKEN, "query": SPOKEN_QUERY}
    table = {} if service == "s3" else by_protocol.get(protocol, SPOKEN_XML)
    if err.code == "MissingAuthenticationTokenException" and table in (SPOKEN_XML, SPOKEN_QUERY):
        return error("MissingAuthenticationToken", 403, "Request is missing Authentication Token")()
    if err.code not in table:
        return err
    code, status = table[err.code]
    return error(code, status, err.message)(MESSAGES.get(code, err.message), headers=err.headers)


COMMON = {  # of services that answer both JSON and query: what the wire says, in the framework's words
    **SPOKEN,
    "InternalError": ("InternalFailure", 500),
    "InvalidArgument": ("InvalidParameterValueException", 400),
}


def _compatible(err: ServiceError, service: str, protocol: str) -> ServiceError:
    """Return an error of a service that answers both protocols: the shape's name in JSON, its code in query.

    JSON carries the query code too, in x-amzn-query-error: old clients look for it.
    """
    code, status = COMMON.get(err.code, (err.code, err.status))
    query_code = overlay.QUERY_CODES[service].get(code, code)
    message = MESSAGES.get(code, err.message)
    if protocol == "query":
        status = 400 if query_code == "InvalidAction" else status
        return error(query_code, status, overlay.QUERY_MESSAGES.get(message, message))(headers=err.headers)
    fault = "Sender" if status < 500 else "Receiver"
    told = {**err.headers, "x-amzn-query-error": f"{query_code};{fault}"}
    return error(code, status, message)(headers=told)
