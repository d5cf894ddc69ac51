"""AWS's Lambda Runtime API, served to one sandbox by the worker outside it.

The runtime asks for the `next` invocation and waits; it answers with a `response` or an `error` for
that id, and for no other. The socket belongs to the sandbox's own network, so nobody else can reach
it. Everything that arrives is a stranger's: sizes are bounded, nonsense gets a 4xx.
Source: Lambda developer guide, "Using the Lambda runtime API".
"""

import asyncio
import json
import time
from dataclasses import dataclass

PREFIX = "/2018-06-01/runtime/"
PAYLOAD_BYTES = 6 * 2**20 + 100  # what a handler may answer: 6,291,556
ERROR_BYTES = 2**20  # of an error object: stack traces stay far below
HEAD_BYTES = 2**21  # X-Ray's cause travels in a header of up to 1 MiB
DRAIN_BYTES = 64 * 2**20  # of a body that is too large we still read this much, to answer politely
CONNECTIONS = 16


@dataclass
class Answer:
    """What the runtime said about an invocation: its result, or the JSON of its error."""

    payload: bytes
    error_type: str = ""
    too_large: bool = False


class BadRequest(Exception):
    """The client spoke no HTTP/1.1 that we care to follow."""


class RuntimeApi:
    """Serves one environment. `asked` is set while the runtime waits for an event."""

    def __init__(self):
        self.asked = asyncio.Event()
        self.init_error = None  # Answer, when the runtime could not load the handler
        self._call = None
        self._deliverable = asyncio.Event()
        self._answer = None
        self._server = None
        self._tasks = set()

    async def listen(self, door):
        self._server = await asyncio.start_server(self._serve, sock=door, limit=HEAD_BYTES)

    def close(self):
        if self._server:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()

    def deliver(self, call):
        """Hand a call to the waiting runtime; return a future of its Answer."""
        self._answer = asyncio.get_running_loop().create_future()
        self._call = call
        self.asked.clear()
        self._deliverable.set()
        return self._answer

    def forget(self):
        """The invocation is over: late answers for it are refused."""
        self._call = self._answer = None

    async def _serve(self, reader, writer):
        task = asyncio.current_task()
        self._tasks.add(task)
        try:
            while len(self._tasks) <= CONNECTIONS and await self._one_request(reader, writer):
                pass
        except (BadRequest, ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # its own connection, its own loss
        except asyncio.CancelledError:
            pass  # the environment ends
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _one_request(self, reader, writer):
        """Answer one request; return whether the connection may carry another."""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return False
        method, path, headers = _parse_head(head)
        if headers.get("expect", "").lower() == "100-continue":
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        limit = PAYLOAD_BYTES if path.endswith("/response") else ERROR_BYTES
        body = await _read_body(reader, headers, limit)
        if method == "GET" and path == PREFIX + "invocation/next":
            await self._next(writer)
        elif method == "POST" and path == PREFIX + "init/error":
            self.init_error = Answer(body or b"{}", _error_type(headers, body))
            _reply(writer, 202, b'{"status":"OK"}')
            self.asked.set()
        elif method == "POST" and path.startswith(PREFIX + "invocation/"):
            self._result(writer, path, headers, body)
        else:
            _reply(writer, 404, b'{"errorMessage":"Not found","errorType":"NotFound"}')
        await writer.drain()
        return headers.get("connection", "").lower() != "close"

    async def _next(self, writer):
        self.asked.set()
        await self._deliverable.wait()
        self._deliverable.clear()
        call = self._call
        headers = [
            ("Content-Type", "application/json"),
            ("Lambda-Runtime-Aws-Request-Id", call.request_id),
            ("Lambda-Runtime-Deadline-Ms", str(int((time.time() + call.timeout_seconds) * 1000))),
            ("Lambda-Runtime-Invoked-Function-Arn", call.function_arn),
        ]
        if call.trace_id:
            headers.append(("Lambda-Runtime-Trace-Id", call.trace_id))
        if call.client_context:
            headers.append(("Lambda-Runtime-Client-Context", call.client_context))
        _reply(writer, 200, call.event, headers)

    def _result(self, writer, path, headers, body):
        request_id, _, verb = path[len(PREFIX + "invocation/") :].partition("/")
        if verb not in ("response", "error"):
            return _reply(writer, 404, b'{"errorMessage":"Not found","errorType":"NotFound"}')
        if not self._call or request_id != self._call.request_id or self._answer.done():
            return _reply(writer, 400, b'{"errorMessage":"Invalid request ID","errorType":"InvalidRequestID"}')
        if body is None:
            told = f"Exceeded maximum allowed payload size ({PAYLOAD_BYTES} bytes)."
            _reply(writer, 413, json.dumps({"errorMessage": told, "errorType": "RequestEntityTooLarge"}).encode())
            self._answer.set_result(Answer(b"", too_large=True))
            return None
        error_type = _error_type(headers, body) if verb == "error" else ""
        _reply(writer, 202, b'{"status":"OK"}')
        self._answer.set_result(Answer(body, error_type))
        return None


def _parse_head(head):
    """Return (method, path, {header in lower case: value})."""
    try:
        first, *rest = head.decode("latin-1").split("\r\n")
        method, path, version = first.split(" ")
        headers = {}
        for line in rest:
            if line:
                name, colon, value = line.partition(":")
                if not colon:
                    raise ValueError
                headers[name.strip().lower()] = value.strip()
    except ValueError:
        raise BadRequest from None
    if not version.startswith("HTTP/1."):
        raise BadRequest
    return method, path, headers


async def _read_body(reader, headers, limit):
    """Return a body, or None when it is larger than limit."""
    if headers.get("transfer-encoding", "").lower() == "chunked":
        return await _read_chunks(reader, limit)
    try:
        length = int(headers.get("content-length", "0"))
    except ValueError:
        raise BadRequest from None
    if length < 0 or length > DRAIN_BYTES:
        raise BadRequest
    if length <= limit:
        return await reader.readexactly(length)
    while length:
        length -= len(await reader.readexactly(min(length, 65536)))
    return None


async def _read_chunks(reader, limit):
    """Return a chunked body, or None when it is larger than limit."""
    parts, total = [], 0
    while True:
        try:
            size = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
        except ValueError:
            raise BadRequest from None
        total += size
        if size < 0 or total > DRAIN_BYTES:
            raise BadRequest
        if size == 0:
            break
        data = await reader.readexactly(size)
        if total <= limit:
            parts.append(data)
        await reader.readexactly(2)
    while await reader.readuntil(b"\r\n") != b"\r\n":
        pass  # trailers
    return b"".join(parts) if total <= limit else None


def _error_type(headers, body):
    """Return the error's name: from its header, else from its JSON, else a plain word."""
    told = headers.get("lambda-runtime-function-error-type", "")
    if not told and body:
        try:
            told = str(json.loads(body).get("errorType") or "")
        except (ValueError, AttributeError, RecursionError):
            told = ""
    return told[:200] or "Unknown"


REASONS = {200: "OK", 202: "Accepted", 400: "Bad Request", 404: "Not Found", 413: "Payload Too Large"}


def _reply(writer, status, body, headers=(("Content-Type", "application/json"),)):
    lines = [f"HTTP/1.1 {status} {REASONS[status]}", *(f"{name}: {value}" for name, value in headers)]
    lines.append(f"Content-Length: {len(body)}")
    writer.write("\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n" + body)
