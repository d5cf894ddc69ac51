"""CloudWatch Logs' errors. Source: Amazon CloudWatch Logs API Reference, "Common Errors" and each action."""

from playground.wire.errors import error

InvalidParameter = error("InvalidParameterException", 400, "A parameter is specified incorrectly.")
ResourceAlreadyExists = error("ResourceAlreadyExistsException", 400, "The specified resource already exists.")
ResourceNotFound = error("ResourceNotFoundException", 400, "The specified resource does not exist.")
GroupNotFound = error("ResourceNotFoundException", 400, "The specified log group does not exist.")
StreamNotFound = error("ResourceNotFoundException", 400, "The specified log stream does not exist.")
