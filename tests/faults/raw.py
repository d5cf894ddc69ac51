"""Requests as bytes, signed by hand, over sockets kept open: what no client library would send.

A Sent is a request before its last form: mutations change it, `sign` signs whatever it has become, `encode` writes it.
"""

import hashlib
import hmac
import socket
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from urllib.parse import quote, unquote

ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass
class Sent:
    """A request. target: raw path; query: raw, without "?"; headers: pairs; text is latin-1 on the wire.

    cut: how many bytes of the body are really sent, None for all; less means that the client hangs up.
    """

    method: str
    target: str
    query: str = ""
    headers: list = field(default_factory=list)
    body: bytes = b""
    cut: int | None = None
    note: str = ""

    def copy(self, **changes):
        return replace(self, headers=list(self.headers), **changes)

    def header(self, name):
        return next((value for key, value in self.headers if key.lower() == name), None)

    def put(self, name, value):
        """Set a header, replacing one of that name."""
        self.headers = [(key, old) for key, old in self.headers if key.lower() != name.lower()] + [(name, value)]

    def encode(self):
        """Return (head, body) in bytes."""
        target = self.target + ("?" + self.query if self.query else "")
        lines = "".join(f"{name}: {value}\r\n" for name, value in self.headers)
        head = f"{self.method} {target} HTTP/1.1\r\n{lines}\r\n".encode("latin-1", "replace")
        return head, self.body if self.cut is None else self.body[: self.cut]


@dataclass(frozen=True)
class Key:
    """Who signs, and when they say it is."""

    access_key: str
    secret: str
    offset: float = 0

    def moment(self):
        return datetime.fromtimestamp(datetime.now(UTC).timestamp() + self.offset, UTC).strftime("%Y%m%dT%H%M%SZ")

    def signing_key(self, day, region="us-east-1"):
        found = ("AWS4" + self.secret).encode()
        for part in (day, region, "s3", "aws4_request"):
            found = hmac.digest(found, part.encode(), "sha256")
        return found


def _canonical_query(query):
    pairs = [pair.partition("=")[::2] for pair in query.split("&") if pair]
    coded = [tuple(quote(unquote(text.replace("+", "%20")), safe="-_.~") for text in pair) for pair in pairs]
    return "&".join(f"{name}={value}" for name, value in sorted(coded) if name != "X-Amz-Signature")


def _canonical(sent, signed, payload):
    # What is not ASCII is signed as the UTF-8 that it stands for on the wire.
    values = {name.lower(): value for name, value in sent.headers}
    lines = "".join(f"{name}:{' '.join(values[name].split())}\n" for name in signed)
    path = quote(unquote(sent.target, errors="surrogateescape").encode("utf-8", "surrogateescape"), safe="/~")
    return f"{sent.method}\n{path}\n{_canonical_query(sent.query)}\n{lines}\n{';'.join(signed)}\n{payload}"


def _signature(key, canonical, moment):
    scope = f"{moment[:8]}/us-east-1/s3/aws4_request"
    hashed = hashlib.sha256(canonical.encode("utf-8", "surrogateescape")).hexdigest()
    return hmac.new(
        key.signing_key(moment[:8]), f"{ALGORITHM}\n{moment}\n{scope}\n{hashed}".encode(), "sha256"
    ).hexdigest()


def sign(sent, key):
    """Return a request with its Authorization header. What it declares of its body's hash stays."""
    sent, moment = sent.copy(), key.moment()
    sent.put("x-amz-date", moment)
    if sent.header("x-amz-content-sha256") is None:
        sent.put("x-amz-content-sha256", hashlib.sha256(sent.body).hexdigest())
    signed = sorted({n.lower() for n, _v in sent.headers if n.lower() == "host" or n.lower().startswith("x-amz-")})
    signature = _signature(key, _canonical(sent, signed, sent.header("x-amz-content-sha256")), moment)
    scope = f"{key.access_key}/{moment[:8]}/us-east-1/s3/aws4_request"
    told = f"{ALGORITHM} Credential={scope}, SignedHeaders={';'.join(signed)}, Signature={signature}"
    sent.put("Authorization", told)
    return sent


def presign(sent, key, expires="600"):
    """Return a request that carries its signature in the query."""
    moment = key.moment()
    scope = quote(f"{key.access_key}/{moment[:8]}/us-east-1/s3/aws4_request", safe="")
    more = f"X-Amz-Algorithm={ALGORITHM}&X-Amz-Credential={scope}&X-Amz-Date={moment}&X-Amz-Expires={expires}&X-Amz-SignedHeaders=host"
    sent = sent.copy(query="&".join(filter(None, [sent.query, more])))
    sent.query += f"&X-Amz-Signature={_signature(key, _canonical(sent, ['host'], 'UNSIGNED-PAYLOAD'), moment)}"
    return sent


def chunked(sent, key, data, sizes, trailer=""):
    """Return a signed request whose body is aws-chunked. sizes: of the chunks; signed ones unless there is a trailer."""
    sent = sent.copy()
    way = "STREAMING-UNSIGNED-PAYLOAD-TRAILER" if trailer else "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
    sent.put("x-amz-content-sha256", way)
    sent.put("x-amz-decoded-content-length", str(len(data)))
    sent.put("content-encoding", "aws-chunked")
    if trailer:
        sent.put("x-amz-trailer", trailer.partition(":")[0])
    sent = sign(sent, key)
    moment = sent.header("x-amz-date")
    before, out, place = sent.header("authorization").rpartition("=")[2], b"", 0
    signing = key.signing_key(moment[:8])
    for size in [*sizes, 0]:
        piece, place = data[place : place + size], place + size
        extension = ""
        if not trailer:
            empty, digest = hashlib.sha256(b"").hexdigest(), hashlib.sha256(piece).hexdigest()
            scope = f"{moment[:8]}/us-east-1/s3/aws4_request"
            text = f"AWS4-HMAC-SHA256-PAYLOAD\n{moment}\n{scope}\n{before}\n{empty}\n{digest}"
            before = hmac.new(signing, text.encode(), "sha256").hexdigest()
            extension = f";chunk-signature={before}"
        out += f"{len(piece):x}{extension}\r\n".encode() + piece + (b"\r\n" if piece or not trailer else b"")
    sent.body = out + (f"{trailer}\r\n\r\n".encode() if trailer else b"")
    sent.put("Content-Length", str(len(sent.body)))
    return sent


# -- sending --------------------------------------------------------------------------------------


class Broken(Exception):
    """The server closed the connection without an answer, or answered what is no HTTP."""


class Connection:
    """One connection, kept open as long as the server keeps it."""

    def __init__(self, host, port, timeout=10):
        self.address, self.timeout, self.socket, self.buffer = (host, port), timeout, None, b""

    def close(self):
        if self.socket:
            self.socket.close()
        self.socket, self.buffer = None, b""

    def send(self, sent):
        """Return (status, headers, body) of the answer. Errors: Broken, TimeoutError."""
        head, body = sent.encode()
        fresh = self.socket is None
        try:
            return self._ask(sent, head, body)
        except (Broken, ConnectionError, BrokenPipeError) as error:
            self.close()
            if fresh:
                raise Broken(str(error)) from None
            return self._ask(sent, head, body)  # the server had closed an idle connection
        finally:
            if sent.cut is not None:
                self.close()

    def _ask(self, sent, head, body):
        if self.socket is None:
            self.socket, self.buffer = socket.create_connection(self.address, self.timeout), b""
        try:
            self.socket.sendall(head + body)
            if sent.cut is not None:
                self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it answers before it has read all, perhaps
        return self._answer(sent.method)

    def _more(self):
        try:
            data = self.socket.recv(65536)
        except ConnectionError as error:
            raise Broken(str(error)) from None
        if not data:
            raise Broken("closed")
        self.buffer += data

    def _answer(self, method):
        while b"\r\n\r\n" not in self.buffer:
            self._more()
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        version, _, rest = lines[0].partition(" ")
        if not version.startswith("HTTP/1.") or not rest[:3].isdigit():
            raise Broken(lines[0])
        status = int(rest[:3])
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        if status == 100:
            return self._answer(method)
        body = b""
        if method != "HEAD" and status not in (204, 304):
            body = self._body(headers)
        if headers.get("connection", "").lower() == "close" or version == "HTTP/1.0":
            self.close()
        return status, headers, body

    def _body(self, headers):
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return self._chunks()
        if "content-length" not in headers:
            return self._to_the_end()
        length = int(headers["content-length"])
        while len(self.buffer) < length:
            self._more()
        body, self.buffer = self.buffer[:length], self.buffer[length:]
        return body

    def _to_the_end(self):
        try:
            while True:
                self._more()
        except Broken:
            body = self.buffer
            self.close()
            return body

    def _chunks(self):
        body = b""
        while True:
            while b"\r\n" not in self.buffer:
                self._more()
            line, _, self.buffer = self.buffer.partition(b"\r\n")
            size = int(line, 16)
            while len(self.buffer) < size + 2:
                self._more()
            body, self.buffer = body + self.buffer[:size], self.buffer[size + 2 :]
            if size == 0:
                return body
