"""A browser's upload form: its fields, its file as a stream, and the policy that says what may be posted. Pure.

Words: *fields* stand in front of the file, what follows it is ignored; the file is the part named "file", whatever
other parts carry a file name. A *policy* is the JSON that somebody with a key signed for whoever fills the form:
until when, and *conditions*, each on one field; a field that no condition *covers* may not be sent.
Source: S3 API Reference, "POST Object", "POST policy" and "Creating an HTML form"; RFC 7578 (multipart/form-data).
"""

import base64
import binascii
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from apps.buckets import errors
from playground.wire.errors import AccessDenied

FIELD_BYTES = 20 * 1024  # everything in front of the file's bytes
PIECE = 256 * 1024
UNCOVERED = ("policy", "signature", "awsaccesskeyid", "x-amz-signature", "file")
# S3's page on policies exempts only x-ignore-; clients send checksums that whoever signed could not know.
UNCOVERED_PREFIXES = ("x-ignore-", "x-amz-checksum-")
NOT_EXPANDED = ("policy", "signature", "awsaccesskeyid", "x-amz-signature", "x-amz-credential")
_PARAMETER = re.compile(r';\s*(name|filename\*?)\s*=\s*(?:"((?:\\"|[^"])*)"|([^;\s]*))', re.I)


# -- the stream -----------------------------------------------------------------------------------


class File:
    """The bytes of the file, up to the boundary; read(n) as of any stream.

    least, most: what a policy's content-length-range allows; set them before reading.
    Errors while reading: EntityTooLarge, EntityTooSmall, MalformedPOSTRequest (there is no boundary).
    """

    def __init__(self, source, pending, delimiter):
        self.source, self.pending, self.delimiter = source, pending, delimiter
        self.ready, self.last, self.size = b"", False, 0
        self.least, self.most = 0, None

    def _fill(self):
        """Make some bytes ready that are surely the file's: a boundary may be cut in two by the reads."""
        while not self.ready and not self.last:
            at = self.pending.find(self.delimiter)
            sure = at if at >= 0 else len(self.pending) - len(self.delimiter) + 1
            if sure > 0:
                self.ready, self.pending = self.pending[:sure], self.pending[sure:]
            self.last = at >= 0
            if not self.ready and not self.last:
                data = self.source.read(PIECE)
                if not data:
                    raise errors.MalformedPost()
                self.pending += data

    def read(self, size=-1):
        if size is None or size < 0:
            return b"".join(iter(lambda: self.read(PIECE), b""))
        self._fill()
        piece, self.ready = self.ready[:size], self.ready[size:]
        self.size += len(piece)
        if self.most is not None and self.size > self.most:
            raise errors.EntityTooLarge(ProposedSize=self._whole_size(), MaxSizeAllowed=self.most)
        if not piece and size and self.size < self.least:
            raise errors.EntityTooSmall(ProposedSize=self.size, MinSizeAllowed=self.least)
        return piece

    def _whole_size(self):
        size = self.size
        while True:
            self._fill()
            if not self.ready:
                return size
            size, self.ready = size + len(self.ready), b""


class _Parts:
    """Reads a multipart body from part to part; counts what stands in front of the file."""

    def __init__(self, source, boundary):
        self.source, self.delimiter = source, b"\r\n--" + boundary
        self.buffer, self.spent = b"\r\n", -2  # the first boundary has no line before it

    def until(self, marker):
        """Return what comes before a marker, and step over it. Errors: MalformedPOSTRequest, MaxPostPreDataLength..."""
        while (at := self.buffer.find(marker)) < 0:
            if self.spent + len(self.buffer) > FIELD_BYTES:
                raise errors.FieldsTooLarge(MaxPostPreDataLengthBytes=FIELD_BYTES)
            data = self.source.read(PIECE)
            if not data:
                raise errors.MalformedPost()
            self.buffer += data
        found, self.buffer = self.buffer[:at], self.buffer[at + len(marker) :]
        self.spent += at + len(marker)
        if self.spent > FIELD_BYTES:
            raise errors.FieldsTooLarge(MaxPostPreDataLengthBytes=FIELD_BYTES)
        return found


@dataclass(slots=True)
class Form:
    """fields: lower-case name -> value. sent: lower-case name -> name as sent. file: File."""

    fields: dict[str, str]
    sent: dict[str, str]
    file: File


def boundary_of(content_type):
    """Return the boundary of a Content-Type. Errors: PreconditionFailed (another type), MalformedPOSTRequest.

    >>> boundary_of('multipart/form-data; boundary="a b"')
    b'a b'
    """
    kind, _, parameters = (content_type or "").partition(";")
    if kind.strip().lower() != "multipart/form-data":
        raise errors.PreconditionFailed(Condition="Bucket POST must be of the enclosure-type multipart/form-data")
    found = re.search(r'(?:^|;)\s*boundary\s*=\s*(?:"([^"]{1,200})"|([^;\s"]{1,200}))', parameters, re.I)
    if not found:
        raise errors.MalformedPost()
    return (found[1] or found[2]).encode("latin-1", "replace")


def named(disposition):
    """Return (field name or None, file name or None) of a part's Content-Disposition.

    >>> named('form-data; name="file"; filename="C:\\\\photos\\\\a%22b.jpg"')
    ('file', 'a"b.jpg')
    >>> named("form-data; name=key"), named('attachment; name="file"')
    (('key', None), (None, None))
    """
    if disposition.partition(";")[0].strip().lower() != "form-data":
        return None, None
    found = {}
    for name, quoted, plain in _PARAMETER.findall(disposition):
        found[name.lower()] = quoted.replace('\\"', '"') or plain
    filename = found.get("filename")
    if filename is not None:
        filename = filename.replace("%22", '"')
    if "filename*" in found:
        filename = unquote(found["filename*"].rpartition("'")[2])
    if filename is not None:
        filename = re.split(r"[/\\]", filename)[-1]  # some browsers send the whole path
    return found.get("name"), filename


def read_form(source, boundary):
    """Return the Form of a body, read as far as the file's first byte.

    Errors: InvalidArgument (no file), MalformedPOSTRequest, MaxPostPreDataLengthExceeded.
    """
    parts = _Parts(source, boundary)
    parts.until(parts.delimiter)
    fields, sent = {}, {}
    while True:
        line = parts.until(b"\r\n")
        if line.startswith(b"--"):
            raise errors.InvalidArgument(
                "POST requires exactly one file upload per request.", ArgumentName="file", ArgumentValue="0"
            )
        if line.strip():
            raise errors.MalformedPost()
        headers = parts.until(b"\r\n\r\n").decode("utf-8", "replace").split("\r\n")
        pairs = (header.partition(":") for header in headers)
        disposition = next((value for name, _, value in pairs if name.strip().lower() == "content-disposition"), "")
        name, filename = named(disposition)
        if name is not None and name.lower() == "file":
            return Form(_expanded(fields, filename), sent, File(source, parts.buffer, parts.delimiter))
        value = parts.until(parts.delimiter).decode("utf-8", "replace")
        if name is not None:
            fields[name.lower()], sent[name.lower()] = value, name


def _expanded(fields, filename):
    """Put the file's name for ${filename}; where the part names no file S3 leaves the text as it is."""
    if filename is None:
        return fields
    return {
        name: value if name in NOT_EXPANDED else value.replace("${filename}", filename)
        for name, value in fields.items()
    }


# -- the policy -----------------------------------------------------------------------------------


@dataclass(slots=True, frozen=True)
class Condition:
    """operation: "eq", "starts-with" or "content-length-range". shown: as a refusal names it."""

    operation: str
    arguments: tuple[Any, Any]
    shown: str


@dataclass(slots=True, frozen=True)
class Policy:
    expiration: datetime
    conditions: tuple[Condition, ...]


def _invalid(what):
    return errors.InvalidPolicyDocument(f"Invalid Policy: {what}")


def read_policy(text):
    """Return the Policy of a form's field. Errors: InvalidPolicyDocument."""
    try:
        document = json.loads(base64.b64decode(text, validate=True))
    except binascii.Error:
        raise _invalid("invalid Base64 encoding.") from None
    except (ValueError, RecursionError):
        raise _invalid("Invalid JSON.") from None
    if not isinstance(document, dict):
        raise _invalid("Invalid JSON.")
    for name in document:
        if name not in ("expiration", "conditions"):
            raise _invalid(f"Unexpected: '{name.lower()}'")
    if "expiration" not in document:
        raise _invalid("Policy missing expiration.")
    expiration = _moment(document["expiration"])
    if "conditions" not in document:
        raise _invalid("Policy missing conditions.")
    if not isinstance(document["conditions"], list):
        raise _invalid("Invalid 'conditions' value: must be a List.")
    return Policy(expiration, tuple(_condition(one) for one in document["conditions"]))


def _moment(text):
    """Return an expiration, which must be in UTC."""
    if isinstance(text, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z", text):
        try:
            return datetime.fromisoformat(text[:19]).replace(tzinfo=UTC)
        except ValueError:
            pass
    raise _invalid(f"Invalid 'expiration' value: '{text}'")


def _condition(found):
    if isinstance(found, dict):
        if len(found) != 1:
            raise _invalid("Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.")
        ((name, value),) = found.items()
        if not isinstance(value, str):
            raise _invalid("Invalid Simple-Condition: value must be a string.")
        return Condition("eq", (f"${name}", value), _shown(["eq", f"${name}", value]))
    if not isinstance(found, list):
        raise _invalid("Invalid condition test: must be a List or Object.")
    if not found or not isinstance(found[0], str):
        raise _invalid("Invalid Condition: missing operation identifier.")
    operation = found[0].lower()
    if operation not in ("eq", "starts-with", "content-length-range"):
        raise _invalid(f"Invalid Condition: unknown operation '{found[0]}'.")
    if len(found) != 3:
        raise _invalid(f"Invalid {operation}: wrong number of arguments.")
    kinds = (int, str) if operation == "content-length-range" else (str,)
    if any(not isinstance(value, kinds) or isinstance(value, bool) for value in found[1:]):
        raise _invalid("Invalid JSON.")
    return Condition(operation, (found[1], found[2]), _shown(found))


def _shown(condition):
    return json.dumps(condition, ensure_ascii=False)


def check(policy, form, bucket_name, now):
    """Refuse a form that its policy does not allow. Returns (least, most) bytes of the file, most None for any.

    Errors: AccessDenied, for an expired policy, a condition that fails, a field that none covers.
    """
    if now > policy.expiration:
        raise AccessDenied("Invalid according to Policy: Policy expired.")
    values = {**form.fields, "bucket": bucket_name}  # the bucket that is posted to, whatever a field of that name says
    least, most, covered = 0, None, set()
    for condition in policy.conditions:
        if condition.operation == "content-length-range":
            low, high = (_bound(condition, value) for value in condition.arguments)
            least, most = max(least, low), high if most is None else min(most, high)
            continue
        name, wanted = condition.arguments
        field = name[1:].lower()
        if not name.startswith("$") or not _holds(condition.operation, field, values.get(field), wanted):
            raise _failed(condition)
        covered.add(field)
    for field in form.fields:
        if field not in covered and field not in UNCOVERED and not field.startswith(UNCOVERED_PREFIXES):
            raise AccessDenied(f"Invalid according to Policy: Extra input fields: {form.sent[field]}")
    return least, most


def _failed(condition):
    return AccessDenied(f"Invalid according to Policy: Policy Condition failed: {condition.shown}")


def _bound(condition, value):
    try:
        return int(value)
    except ValueError:
        raise _failed(condition) from None


def _holds(operation, field, value, wanted):
    if value is None:
        # A field that is not sent meets nothing, not even a start of ""; but how a bucket encrypts by default need
        # not be sent for a condition on it to hold.
        return operation == "starts-with" and not wanted and field.startswith("x-amz-server-side-encryption")
    if operation == "eq":
        return value == wanted
    values = value.split(",") if field == "content-type" else [value]  # a list: each of it must start so
    return all(one.strip().startswith(wanted) for one in values) if len(values) > 1 else value.startswith(wanted)
