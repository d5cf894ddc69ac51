"""From a request to the dict that botocore's input shape describes.

One walk over shapes for each body format; where a member travels (path, query, header, body) is the
model's word. Raises the errors of errors.py; nothing of a bad body gets further than this file.
"""

import base64
import binascii
import json
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus, unquote_to_bytes
from xml.parsers import expat

from botocore.model import OperationModel, Shape

from playground.wire.dates import parse_timestamp
from playground.wire.errors import (
    EntityTooLarge,
    InvalidArgument,
    MalformedXML,
    SerializationException,
    ServiceError,
    error,
)
from playground.wire.http import Request

MAX_STRUCTURED_BODY = 80 * 2**20  # a 50 MB zip in base64 inside JSON, and some room
MAX_XML_BODY = 8 * 2**20  # 1,000 keys of 1,024 bytes to delete, each byte written as an entity
MAX_NODES = 250_000  # elements of one document: 10,000 parts with their checksums, twice over
RANGES = {"integer": 2**31, "long": 2**63}
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
InvalidUri = error("InvalidURI", 400, "Couldn't parse the specified URI.")
TooLong = error("MaxMessageLengthExceeded", 400, "Your request was too big.")


class Node:
    """An XML element: its local name, attributes, children, text."""

    __slots__ = ("name", "attributes", "children", "text")

    def __init__(self, name, attributes):
        self.name, self.attributes, self.children, self.text = name, attributes, [], ""

    def child(self, name):
        return next((c for c in self.children if c.name == name), None)


def read_xml(data: bytes, limit_depth: int = 32) -> Node:
    """Return the root element. No DTD, no entity declarations, bounded depth and count; else MalformedXML."""
    stack: list[Node] = []
    roots: list[Node] = []
    count = 0

    def start(name, attributes):
        nonlocal count
        count += 1
        node = Node(name.rsplit(":", 1)[-1], attributes)
        if len(stack) >= limit_depth or count > MAX_NODES:
            raise MalformedXML()
        (stack[-1].children if stack else roots).append(node)
        stack.append(node)

    def text(data):
        if stack:
            stack[-1].text += data

    def refuse(*_args):
        raise MalformedXML()

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _name: stack.pop()
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.buffer_text = True
    try:
        parser.Parse(data, True)
    except expat.ExpatError:
        raise MalformedXML() from None
    return roots[0]


def scalar(shape: Shape, text: str, where: str = "") -> Any:
    """Return one value from its text form."""
    kind = shape.type_name
    try:
        if kind in RANGES:
            return _integer(kind, text.strip())
        if kind in ("float", "double"):
            return float(text)
        if kind == "timestamp":
            default = {"header": "rfc822"}.get(where, "iso8601")
            return parse_timestamp(text, shape.serialization.get("timestampFormat", default))
        if kind == "blob":
            return base64.b64decode(text, validate=True)
    except (ValueError, OverflowError, OSError, binascii.Error):
        raise _bad_value(shape, text, where) from None
    if kind == "boolean":
        return text.strip().lower() == "true"
    if "\0" in text:  # no database column holds it
        raise _bad_value(shape, text, where)
    return text


def _integer(kind: str, text: str) -> int:
    """Return a number that its type can hold; int() alone takes "1_0" and digits of other scripts. Errors: ValueError."""
    if not _INTEGER.fullmatch(text):
        raise ValueError(text)
    return _in_range(kind, int(text))


def _in_range(kind: str, value: int) -> int:
    if not -RANGES[kind] <= value < RANGES[kind]:
        raise ValueError(value)
    return value


def _bad_value(shape, text, where) -> ServiceError:
    if where == "uri" and shape.type_name == "string":
        return InvalidUri()
    if where:
        return InvalidArgument(f"Provided value {text[:200]!r} is not a valid {shape.type_name}")
    return MalformedXML()


# -- XML ------------------------------------------------------------------------------------------


def from_xml(shape: Shape, node: Node) -> Any:
    """Return the value of an element."""
    kind = shape.type_name
    if kind == "structure":
        found = {}
        for name, member in shape.members.items():
            value = _xml_member(name, member, node)
            if value is not None:
                found[name] = value
        return found
    if kind == "list":
        item = shape.member.serialization.get("name", "member")
        return [from_xml(shape.member, child) for child in node.children if child.name == item]
    if kind == "map":
        return _xml_map(shape, node.children)
    return scalar(shape, node.text)


def _xml_member(name: str, member: Shape, node: Node) -> Any:
    wire_name = member.serialization.get("name", name)
    if member.serialization.get("xmlAttribute"):
        return node.attributes.get(wire_name)
    if member.type_name == "list" and member.serialization.get("flattened"):
        wire_name = member.serialization.get("name") or member.member.serialization.get("name", name)
        items = [from_xml(member.member, child) for child in node.children if child.name == wire_name]
        return items or None
    if member.type_name == "map" and member.serialization.get("flattened"):
        return _xml_map(member, [child for child in node.children if child.name == wire_name]) or None
    child = node.child(wire_name)
    return None if child is None else from_xml(member, child)


def _xml_map(shape: Shape, entries: list[Node]) -> dict:
    key_name = shape.key.serialization.get("name", "key")
    value_name = shape.value.serialization.get("name", "value")
    found = {}
    for entry in entries:
        key, value = entry.child(key_name), entry.child(value_name)
        if key is not None and value is not None:
            found[key.text] = from_xml(shape.value, value)
    return found


# -- JSON -----------------------------------------------------------------------------------------


def from_json(shape: Shape, value: Any, where: str = "") -> Any:
    """Return a JSON value as the shape's type; a wrong type is a SerializationException."""
    if value is None:
        return None
    kind = shape.type_name
    if kind == "structure":
        if shape.metadata.get("document"):
            return value
        _expect(value, dict, where)
        found = {}
        for name, member in shape.members.items():
            wire_name = member.serialization.get("name", name)
            if value.get(wire_name) is not None:
                found[name] = from_json(member, value[wire_name], f"{where}/{wire_name}")
        return found
    if kind == "list":
        _expect(value, list, where)
        return [from_json(shape.member, item, where) for item in value]
    if kind == "map":
        _expect(value, dict, where)
        return {key: from_json(shape.value, item, where) for key, item in value.items()}
    return _json_scalar(shape, value, where)


def _json_scalar(shape: Shape, value: Any, where: str) -> Any:
    kind = shape.type_name
    if kind == "timestamp":
        if isinstance(value, int | float) and not isinstance(value, bool):
            return _moment(value)
        _expect(value, str, where)
        return scalar(shape, value, where)
    if kind == "blob":
        _expect(value, str, where)
        try:
            return base64.b64decode(value, validate=True)
        except (ValueError, binascii.Error):
            raise SerializationException(f"{where or 'value'} is not valid base64") from None
    if kind == "boolean":
        _expect(value, bool, where)
    elif kind in ("integer", "long"):
        if isinstance(value, bool) or not isinstance(value, int):
            raise SerializationException(f"{type(value).__name__} can not be converted to an Integer")
        try:
            _in_range(kind, value)
        except ValueError:
            raise SerializationException(f"The number is out of the range of a {kind}") from None
    elif kind in ("float", "double"):
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise SerializationException(f"{type(value).__name__} can not be converted to a Double")
    else:
        _expect(value, str, where)
        _check_text(value, where)
    return value


def _moment(seconds: float) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise SerializationException("The number is out of the range of a timestamp") from None


def _check_text(text: str, where: str) -> None:
    """Refuse halves of surrogate pairs: JSON may spell them, and no text can hold them."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise SerializationException(f"Invalid Unicode{' at ' + where if where else ''}") from None


def _expect(value: Any, kind: type, where: str) -> None:
    if not isinstance(value, kind):
        names = {dict: "Map", list: "List", str: "String", bool: "Boolean"}
        raise SerializationException(f"Start of {names[kind]} expected{' at ' + where if where else ''}")


def read_json(data: bytes) -> Any:
    """Return the body's JSON; an empty body is {}."""
    if not data.strip():
        return {}
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise SerializationException("Could not parse request body into json") from None


# -- requests -------------------------------------------------------------------------------------


def _outside_body(shape: Shape, request: Request, path_parameters: dict[str, str]) -> dict:
    """Return the members that travel in path, query and headers."""
    found = {}
    headers = request.header_map
    for name, member in shape.members.items():
        where = member.serialization.get("location")
        if where is None:
            continue
        wire_name = member.serialization.get("name", name)
        if where == "uri":
            found[name] = scalar(member, path_parameters[wire_name], "uri")
        elif where == "querystring":
            if member.type_name == "map":
                found[name] = {key: values[0] for key, values in request.query.items()}
            elif wire_name in request.query:
                values = request.query[wire_name]
                if member.type_name == "list":
                    found[name] = [scalar(member.member, value, "query") for value in values]
                else:
                    found[name] = scalar(member, values[0], "query")
        elif where == "header" and wire_name.lower() in headers:
            value = headers[wire_name.lower()]
            if member.type_name == "list":
                found[name] = [
                    scalar(member.member, item.strip(), "header") for item in value.split(",") if item.strip()
                ]
            else:
                found[name] = scalar(member, value, "header")
        elif where == "headers":
            prefix = wire_name.lower()
            kept = {key[len(prefix) :]: value for key, value in headers.items() if key.startswith(prefix)}
            if kept:
                found[name] = kept
    return found


def read_all(request: Request, limit: int = MAX_STRUCTURED_BODY) -> bytes:
    """Return the whole body, bounded. Errors: EntityTooLarge, MaxMessageLengthExceeded (XML)."""
    pieces, size = [], 0
    while piece := request.body.read(65536):
        size += len(piece)
        if size > limit:
            raise TooLong(MaxMessageLengthBytes=limit) if limit == MAX_XML_BODY else EntityTooLarge()
        pieces.append(piece)
    return b"".join(pieces)


def parse_rest(operation: OperationModel, request: Request, path_parameters: dict[str, str], xml: bool) -> dict:
    """Return the input of a REST operation. A streaming member is request.body itself."""
    shape = operation.input_shape
    _check_path(request.address)
    limit = MAX_XML_BODY if xml else MAX_STRUCTURED_BODY
    if shape is None:
        read_all(request, limit)
        return {}
    found = _outside_body(shape, request, path_parameters)
    payload = shape.serialization.get("payload")
    if payload:
        member = shape.members[payload]
        if operation.has_streaming_input:
            found[payload] = request.body
        elif member.type_name in ("blob", "string"):
            data = read_all(request, limit)
            if data:
                found[payload] = data if member.type_name == "blob" else data.decode("utf-8", "replace")
        else:
            value = _structured(member, read_all(request, limit), xml)
            if value is not None:
                found[payload] = value
        return found
    data = read_all(request, limit)
    if any("location" not in member.serialization for member in shape.members.values()):
        value = _structured(shape, data, xml)
        if value:
            found.update({name: item for name, item in value.items() if name not in found})
    return found


def _check_path(raw_path: str) -> None:
    """Refuse a path that is no UTF-8: two such keys would become one. Errors: InvalidURI."""
    if "%" in raw_path or not raw_path.isascii():
        try:
            unquote_to_bytes(raw_path).decode()
        except UnicodeError:
            raise InvalidUri() from None


def _structured(shape: Shape, data: bytes, xml: bool) -> Any:
    if not data.strip():
        return None
    if not xml:
        return from_json(shape, read_json(data))
    root = read_xml(data)
    expected = shape.serialization.get("name")
    if expected and root.name != expected:
        raise MalformedXML()
    return from_xml(shape, root)


def parse_json(operation: OperationModel, request: Request) -> dict:
    """Return the input of a JSON 1.x operation."""
    value = read_json(read_all(request))
    return from_json(operation.input_shape, value) if operation.input_shape else {}


def parse_query(operation: OperationModel, fields: dict[str, str]) -> dict:
    """Return the input of a query operation from its form fields."""
    return _query_structure(operation.input_shape, fields, "") if operation.input_shape else {}


def form_fields(data: bytes) -> dict[str, str]:
    """Return an x-www-form-urlencoded body's fields."""
    found = {}
    for pair in data.decode("utf-8", "replace").split("&"):
        name, _, value = pair.partition("=")
        found[unquote_plus(name)] = unquote_plus(value)
    return found


def _query_structure(shape: Shape, fields: dict[str, str], prefix: str) -> dict:
    found = {}
    for name, member in shape.members.items():
        value = _query_value(member, fields, prefix + member.serialization.get("name", name))
        if value is not None:
            found[name] = value
    return found


def _query_value(shape: Shape, fields: dict[str, str], name: str) -> Any:
    if shape.type_name == "structure":
        if not any(key.startswith(name + ".") for key in fields):
            return None
        return _query_structure(shape, fields, name + ".")
    if shape.type_name == "list":
        item = shape.member.serialization.get("name")
        if not shape.serialization.get("flattened"):
            name = f"{name}.{item or 'member'}"
        elif item:  # a flattened list is called after its items
            name = f"{name.rpartition('.')[0]}.{item}".lstrip(".")
        found = []
        while (value := _query_value(shape.member, fields, f"{name}.{len(found) + 1}")) is not None:
            found.append(value)
        return found or None
    if shape.type_name == "map":
        entry = "" if shape.serialization.get("flattened") else "entry."
        key = shape.key.serialization.get("name", "key")
        value = shape.value.serialization.get("name", "value")
        pairs: dict[str, Any] = {}
        number = 1
        while (base := f"{name}.{entry}{number}") + f".{key}" in fields:
            pairs[fields[f"{base}.{key}"]] = _query_value(shape.value, fields, f"{base}.{value}")
            number += 1
        return pairs or None
    return scalar(shape, fields[name], "query") if name in fields else None
