"""`Expect: 100-continue`, answered when the body is wanted and not before.

gunicorn says "100 Continue" before the application has seen the request, so a client sends gigabytes only to
be refused. S3 refuses first. An expectation that is none of HTTP's is passed over, as S3 does.
Source: RFC 9110 section 10.1.1.
"""

from gunicorn.http.message import Request

Request._policy_expect_continue = False  # gunicorn leaves the header to the application


class _Awaited:
    """A body whose first read lets the client send it."""

    def __init__(self, body, socket):
        self.body, self.socket, self.invited = body, socket, False

    def _invite(self):
        if not self.invited:
            self.invited = True
            self.socket.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

    def settle(self):
        """Answered without an invitation: the client sends no body, and the next request follows at once.

        gunicorn would wait for that body and take the next request for it.
        """
        if not self.invited and hasattr(self.body.reader, "length"):
            self.body.reader.length = 0

    def read(self, *size):
        self._invite()
        return self.body.read(*size)

    def readline(self, *size):
        self._invite()
        return self.body.readline(*size)

    def __iter__(self):
        self._invite()
        return iter(self.body)


def late_continue(application):
    """Return the WSGI application with its clients waiting for a "100 Continue" until it reads."""

    def answer(environ, start_response):
        waits = environ.get("HTTP_EXPECT", "").lower() == "100-continue"
        if not waits or environ.get("SERVER_PROTOCOL") != "HTTP/1.1" or "gunicorn.socket" not in environ:
            return application(environ, start_response)
        body = environ["wsgi.input"] = _Awaited(environ["wsgi.input"], environ["gunicorn.socket"])

        def start(status, headers, *more):
            body.settle()
            return start_response(status, headers, *more)

        return application(environ, start)

    return answer
