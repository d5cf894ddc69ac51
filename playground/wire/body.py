"""Readers of a request's body, each an object with read(n): plain, and aws-chunked with trailers.

A reader hashes what passes through it and, at the end, checks what the client declared: length,
Content-MD5, x-amz-content-sha256, x-amz-checksum-*, chunk signatures. A mismatch raises at the last
read, so whoever writes the bytes to a temporary file never commits them.
Source: Amazon S3 API Reference, "Transferring Payload in Multiple Chunks"; user guide, "Checking object integrity".
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable
from typing import Any

from playground.wire.errors import (
    BadDigest,
    EntityTooLarge,
    IncompleteBody,
    InvalidArgument,
    InvalidDigest,
    InvalidRequest,
    MissingContentLength,
    XAmzContentSHA256Mismatch,
)
from playground.wire.http import Request
from playground.wire.signature import Chunks

MAX_BODY = 5 * 2**30  # bytes of one PUT
CHUNK_SIZE = re.compile(rb"[0-9A-Fa-f]{1,16}")
MAX_LINE = 8192  # bytes of one chunk header or trailer line
# Name on the wire -> a function making a hash with update() and digest(). endpoints.py adds the native CRCs.
CHECKSUMS: dict[str, Callable[[], Any]] = {
    "SHA1": hashlib.sha1,
    "SHA256": hashlib.sha256,
    "SHA512": hashlib.sha512,
    "MD5": hashlib.md5,
}
STREAMING = "STREAMING-"
PAYLOAD = re.compile(
    r"[0-9A-Fa-f]{64}|UNSIGNED-PAYLOAD|STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    r"|STREAMING-AWS4-(HMAC-SHA256|ECDSA-P256-SHA256)-PAYLOAD(-TRAILER)?"
)


def _received(stream: Any, size: int) -> bytes:
    """Return what a connection gives. A server says with an OSError that the framing is broken or the client gone."""
    try:
        return stream.read(size)
    except OSError:
        raise IncompleteBody() from None


class Unlimited:
    """Bytes of a stream that ends when it ends."""

    def __init__(self, stream: Any):
        self.stream = stream

    def read(self, size: int = -1) -> bytes:
        return _received(self.stream, size)


class Limited:
    """Bytes of a stream up to a declared length; fewer is IncompleteBody."""

    def __init__(self, stream: Any, length: int):
        self.stream, self.left = stream, length

    def read(self, size: int = -1) -> bytes:
        want = self.left if size is None or size < 0 else min(size, self.left)
        if want == 0:
            return b""
        data = _received(self.stream, want)
        if not data:
            raise IncompleteBody()
        self.left -= len(data)
        return data


class Chunked:
    """The bytes inside aws-chunked framing; verifies chunk signatures and keeps the trailers."""

    def __init__(self, stream: Any, decoded_length: int, chunks: Chunks | None, trailing: bool):
        self.stream, self.left, self.chunks, self.trailing = stream, decoded_length, chunks, trailing
        self.buffer, self.in_chunk, self.ended = b"", 0, False
        self.digest, self.signature = None, ""
        self.trailers: dict[str, str] = {}

    def _fill(self) -> None:
        data = _received(self.stream, 65536)
        if not data:
            raise IncompleteBody()
        self.buffer += data

    def _line(self) -> bytes:
        while (end := self.buffer.find(b"\r\n", 0, MAX_LINE)) < 0:
            if len(self.buffer) >= MAX_LINE:
                raise IncompleteBody()
            self._fill()
        line, self.buffer = self.buffer[:end], self.buffer[end + 2 :]
        return line

    def _begin(self) -> None:
        size, _, extension = self._line().partition(b";")
        if not CHUNK_SIZE.fullmatch(size):  # int() would take "-5", "0x5" and "1_0" too
            raise IncompleteBody()
        self.in_chunk = int(size, 16)
        self.digest = hashlib.sha256() if self.chunks else None
        self.signature = extension.partition(b"=")[2].decode("latin-1").strip()
        if self.in_chunk == 0:
            self._close_chunk()
            self._finish()

    def _close_chunk(self) -> None:
        if self.chunks:
            self.chunks.check_chunk(self.digest.hexdigest(), self.signature)

    def _finish(self) -> None:
        signed = b""
        while self.trailing:
            try:
                line = self._line()
            except IncompleteBody:
                break  # some clients end right after the last trailer
            if not line:
                break
            name, _, value = line.decode("latin-1").partition(":")
            if name.strip().lower() == "x-amz-trailer-signature":
                if self.chunks:
                    self.chunks.check_trailer(signed, value.strip())
            else:
                signed += line.strip() + b"\n"
                if len(signed) > MAX_LINE:
                    raise IncompleteBody()
                self.trailers[name.strip().lower()] = value.strip()
        self.ended = True
        if self.left:
            raise IncompleteBody()

    def read(self, size: int = -1) -> bytes:
        out = []
        wanted = size if size is not None and size >= 0 else 2**62
        while wanted and not self.ended:
            if self.in_chunk == 0:
                self._begin()
                continue
            if not self.buffer:
                self._fill()
            piece = self.buffer[: min(wanted, self.in_chunk)]
            self.buffer = self.buffer[len(piece) :]
            self.in_chunk -= len(piece)
            self.left -= len(piece)
            wanted -= len(piece)
            if self.left < 0:
                raise IncompleteBody()
            if self.digest:
                self.digest.update(piece)
            out.append(piece)
            if self.in_chunk == 0:
                self._close_chunk()
                if self._line():
                    raise IncompleteBody()
                if self.left == 0:
                    self._begin()  # read the closing chunk and the trailers now: the caller may not ask again
        return b"".join(out)


class Body:
    """What an operation reads: checks at the end what the client declared.

    checksums: after the end, {"CRC32": base64, ...} of the declared algorithm. length: decoded bytes, or None.
    """

    def __init__(self, source: Any, length: int | None, request: Request):
        self.source, self.length, self.size = source, length, 0
        self.checksums: dict[str, str] = {}
        self.declared: dict[str, str | None] = {}
        self._hashes: dict[str, Any] = {}
        self._sha256 = None
        self._md5_wanted = _digest_of(request.header("content-md5"), 16)
        self._md5 = hashlib.md5() if self._md5_wanted else None
        declared = request.header("x-amz-content-sha256", "")
        if declared and not PAYLOAD.fullmatch(declared):
            raise InvalidArgument(
                "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
                "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, or a valid sha256 value.",
                ArgumentName="x-amz-content-sha256",
                ArgumentValue=declared,
            )
        if len(declared) == 64:
            self._sha256, self._sha256_wanted = hashlib.sha256(), declared.lower()
        self._declare(request)
        self.ended = False
        self.unsized = False  # neither a length nor chunks: nothing was said of a body

    def _declare(self, request: Request) -> None:
        for name, value in request.header_map.items():
            algorithm = name.removeprefix("x-amz-checksum-").upper()
            if name.startswith("x-amz-checksum-") and algorithm in CHECKSUMS:
                self.declared[algorithm] = value
        for name in (request.header("x-amz-trailer") or "").split(","):
            algorithm = name.strip().lower().removeprefix("x-amz-checksum-").upper()
            if algorithm in CHECKSUMS:
                self.declared[algorithm] = None
        if len(self.declared) > 1:
            raise InvalidRequest("Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
        self._hashes = {algorithm: CHECKSUMS[algorithm]() for algorithm in self.declared}

    def expect(self, operation: Any) -> None:
        """Settle what the body must be, once the operation is known. Errors: MissingContentLength.

        Where an operation's model does not say that a checksum is the body's (CompleteMultipartUpload), it is the
        object's and none of ours to check.
        """
        if operation.has_streaming_input and self.unsized:
            raise MissingContentLength()
        if not operation.http_checksum and self.declared:
            self.declared, self._hashes = {}, {}

    def read(self, size: int = -1) -> bytes:
        data = self.source.read(size)
        if data:
            self.size += len(data)
            if self.size > MAX_BODY:
                raise EntityTooLarge()
            for digest in (self._md5, self._sha256, *self._hashes.values()):
                if digest is not None:
                    digest.update(data)
            if self.length is not None and self.size >= self.length:
                self._check()
        else:
            self._check()
        return data

    def drain(self) -> None:
        """Read what is left, so that the declarations are checked and the connection can be used again."""
        while self.read(65536):
            pass

    def _check(self) -> None:
        if self.ended:
            return
        self.ended = True
        if self.length is not None and self.size < self.length:
            raise IncompleteBody()
        if self._md5 and self._md5.digest() != self._md5_wanted:
            raise BadDigest()
        if self._sha256 and not hmac.compare_digest(self._sha256.hexdigest(), self._sha256_wanted):
            raise XAmzContentSHA256Mismatch(
                ClientComputedContentSHA256=self._sha256_wanted, S3ComputedContentSHA256=self._sha256.hexdigest()
            )
        trailers = getattr(self.source, "trailers", {})
        for algorithm, digest in self._hashes.items():
            wanted = self.declared[algorithm] or trailers.get(f"x-amz-checksum-{algorithm.lower()}")
            found = base64.b64encode(digest.digest()).decode()
            if wanted is None:
                raise InvalidRequest("The x-amz-trailer header names a checksum that the body's trailer lacks.")
            if wanted != found:
                raise BadDigest(f"The {algorithm} you specified did not match the calculated checksum.")
            self.checksums[algorithm] = found


def is_number(text: str) -> bool:
    """Tell whether a header's text is a length that we could mean; isdigit() alone takes "²" too."""
    return text.isascii() and text.isdigit() and len(text) < 20


def _digest_of(text: str | None, size: int) -> bytes | None:
    if text is None:
        return None
    try:
        value = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        value = b""
    if len(value) != size:
        raise InvalidDigest()
    return value


def open_body(request: Request, chunks: Chunks | None) -> Body:
    """Return the reader of a request's body by its headers. chunks: the signature chain of a signed stream."""
    declared = request.header("x-amz-content-sha256", "")
    length_text = request.header("content-length")
    if declared.startswith(STREAMING):
        decoded = request.header("x-amz-decoded-content-length")
        if decoded is None or not is_number(decoded):
            raise MissingContentLength()
        signed = declared.startswith("STREAMING-AWS4-HMAC-SHA256-PAYLOAD")
        known = length_text is not None and is_number(length_text)
        stream = Limited(request.body, int(length_text)) if known else request.body
        source = Chunked(stream, int(decoded), chunks if signed else None, declared.endswith("-TRAILER"))
        return Body(source, None, request)
    if length_text is None:
        if (request.header("transfer-encoding") or "").lower() == "chunked":
            return Body(Unlimited(request.body), None, request)
        found = Body(Limited(request.body, 0), 0, request)
        found.unsized = True
        return found
    if not is_number(length_text):
        raise InvalidRequest("Content-Length is not a number")
    return Body(Limited(request.body, int(length_text)), int(length_text), request)
