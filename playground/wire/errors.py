"""Errors as the real services say them: code, status, message and extra fields.

An app's errors.py is a table of `error(...)` lines. Raise where found; wire/endpoint.py alone
turns them into XML or JSON.
"""


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
