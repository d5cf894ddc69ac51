"""From an operation's dict to a response, and from an error to the service's own words.

Writers of XML shapes are compiled once per shape into closures: a listing of 1000 keys is the case
that matters. Source of the formats: the services' models and API references.
"""

import base64
import json
import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any
from xml.sax.saxutils import quoteattr

from botocore.model import OperationModel, Shape

from playground.wire import model, overlay
from playground.wire.dates import iso8601, rfc822
from playground.wire.errors import ServiceError
from playground.wire.http import Response

Writer = Callable[[Any, list[str]], None]
XML_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
# XML 1.0 has no way to write these; a listing of keys that hold them asks for encoding-type=url.
_CONTROLS = {code: f"&#{code};" for code in range(32) if code not in (9, 10)}
# Most texts need no change, and finding that out is several times cheaper than changing them.
_SPECIAL = re.compile(r'[&<>"\x00-\x08\x0b-\x1f]')
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")


def escape(text: str) -> str:
    """Return a text as XML writes it."""
    if not _SPECIAL.search(text):
        return text
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    return text.translate(_CONTROLS) if _CONTROL.search(text) else text


def text_of(shape: Shape, value: Any, where: str = "body") -> str:
    """Return a scalar's text form."""
    if shape.type_name == "boolean":
        return "true" if value else "false"
    if shape.type_name == "timestamp" and isinstance(value, datetime):
        spelling = shape.serialization.get("timestampFormat", "rfc822" if where == "header" else "iso8601")
        if spelling == "unixTimestamp":
            return str(int(value.timestamp()))
        return rfc822(value) if spelling == "rfc822" else iso8601(value)
    if shape.type_name == "blob":
        return base64.b64encode(value).decode()
    return str(value)


# -- XML ------------------------------------------------------------------------------------------


def _compiled() -> Callable[[Shape, str], Writer]:
    cache: dict[tuple[str, str, int], Writer] = {}

    def writer(shape: Shape, tag: str) -> Writer:
        """Return a function that writes <tag>value</tag> for this shape."""
        key = (shape.name, tag, id(shape._shape_model))
        if key in cache:
            return cache[key]
        cache[key] = lambda value, out: cache[key](value, out)  # a shape may hold itself
        kind = shape.type_name
        make = {"structure": _structure, "list": _list, "map": _map}.get(kind, _scalar)
        cache[key] = make(shape, tag)
        return cache[key]

    def _structure(shape, tag):
        members, attributes = [], []
        for name, member in shape.members.items():
            if "location" in member.serialization:
                continue
            wire_name = member.serialization.get("name", name)
            if member.serialization.get("xmlAttribute"):
                attributes.append((name, wire_name, member))
            elif member.type_name in ("list", "map") and member.serialization.get("flattened"):
                inner = member.member if member.type_name == "list" else member.value
                flat = member.serialization.get("name") or inner.serialization.get("name") or name
                members.append((name, _flat(member, flat)))
            else:
                members.append((name, writer(member, wire_name)))
        namespace = shape.serialization.get("xmlNamespace") or {}
        prefix = namespace.get("prefix")
        opening = f"<{tag}" + (f" xmlns:{prefix}={quoteattr(namespace['uri'])}" if prefix else "")

        def write(value, out):
            out.append(opening)
            for name, wire_name, _member in attributes:
                if value.get(name) is not None:
                    out.append(f" {wire_name}={quoteattr(str(value[name]))}")
            out.append(">")
            for name, inner in members:
                item = value.get(name)
                if item is not None:
                    inner(item, out)
            out.append(f"</{tag}>")

        return write

    def _flat(shape, tag):
        if shape.type_name == "map":
            return _map(shape, None, tag)
        item = writer(shape.member, tag)

        def write(value, out):
            for entry in value:
                item(entry, out)

        return write

    def _list(shape, tag):
        item = writer(shape.member, shape.member.serialization.get("name", "member"))

        def write(value, out):
            out.append(f"<{tag}>")
            for entry in value:
                item(entry, out)
            out.append(f"</{tag}>")

        return write

    def _map(shape, tag, entry="entry"):
        key_tag = shape.key.serialization.get("name", "key")
        item = writer(shape.value, shape.value.serialization.get("name", "value"))

        def write(value, out):
            if tag:
                out.append(f"<{tag}>")
            for name, entry_value in value.items():
                out.append(f"<{entry}><{key_tag}>{escape(name)}</{key_tag}>")
                item(entry_value, out)
                out.append(f"</{entry}>")
            if tag:
                out.append(f"</{tag}>")

        return write

    def _scalar(shape, tag):
        opening, closing = f"<{tag}>", f"</{tag}>"
        if shape.type_name == "string":

            def write(value, out):
                out.append(opening + escape(str(value)) + closing)
        elif shape.type_name in ("integer", "long"):

            def write(value, out):
                out.append(f"{opening}{value}{closing}")
        else:

            def write(value, out):
                out.append(opening + escape(text_of(shape, value)) + closing)

        return write

    return writer


xml_writer = _compiled()


def to_xml(shape: Shape, value: dict, root: str, namespace: str) -> bytes:
    """Return a document with one root element in the service's namespace."""
    out: list[str] = []
    xml_writer(shape, root)(value, out)
    out[0] = f'{out[0]} xmlns="{namespace}"'
    return (XML_HEAD + "".join(out)).encode()


# -- JSON -----------------------------------------------------------------------------------------


def to_json(shape: Shape, value: Any) -> Any:
    """Return a JSON-ready value; timestamps as epoch seconds unless the model says otherwise."""
    if value is None:
        return None
    kind = shape.type_name
    if kind == "structure":
        if shape.metadata.get("document"):
            return value
        return {
            member.serialization.get("name", name): to_json(member, value[name])
            for name, member in shape.members.items()
            if value.get(name) is not None and "location" not in member.serialization
        }
    if kind == "list":
        return [to_json(shape.member, item) for item in value]
    if kind == "map":
        return {key: to_json(shape.value, item) for key, item in value.items()}
    if kind == "timestamp" and isinstance(value, datetime):
        if shape.serialization.get("timestampFormat") == "iso8601":
            return iso8601(value)
        return round(value.timestamp(), 3)
    if kind == "blob":
        return base64.b64encode(value).decode()
    return float(value) if isinstance(value, Decimal) else value


# -- responses ------------------------------------------------------------------------------------


def _header_text(value: str) -> str:
    """Return a header value that HTTP can carry: other characters as RFC 2047 words, as S3 does."""
    try:
        value.encode("latin-1")
        if value.isprintable() or not value:
            return value
    except UnicodeEncodeError:
        pass
    return "=?UTF-8?B?" + base64.b64encode(value.encode()).decode() + "?="


@cache
def _plan(shape: Shape) -> tuple[list, Shape | None, str | None, str | None]:
    headers, payload_name, status_name = [], shape.serialization.get("payload"), None
    for name, member in shape.members.items():
        where = member.serialization.get("location")
        if where in ("header", "headers"):
            headers.append((name, member.serialization.get("name", name), member, where))
        elif where == "statusCode":
            status_name = name
    return headers, shape.members[payload_name] if payload_name else None, payload_name, status_name


_output_shapes: dict[tuple[str, str, str], Shape | None] = {}


def _output(service: str, protocol: str, operation: OperationModel) -> Shape | None:
    key = (service, protocol, operation.name)
    if key not in _output_shapes:
        _output_shapes[key] = operation.output_shape
    return _output_shapes[key]


def render(service: str, protocol: str, operation: OperationModel, result: dict, request_id: str) -> Response:
    """Return the response of an operation that succeeded."""
    shape = _output(service, protocol, operation)
    status = result.pop("__status__", None) or operation.http.get("responseCode", 200)
    extra = result.pop("__headers__", None) or {}
    headers: list[tuple[str, str]] = []
    if shape is None:
        body, kind = _empty(service, protocol, operation, request_id)
    elif protocol in ("query", "json"):
        body, kind = _body(service, protocol, operation, shape, result, request_id)
    else:
        plan, payload, payload_name, status_name = _plan(shape)
        status = result.get(status_name, status) if status_name else status
        for name, wire_name, member, where in plan:
            value = result.get(name)
            if value is None:
                continue
            if where == "headers":
                headers += [(wire_name + key, _header_text(str(item))) for key, item in value.items()]
            elif member.type_name == "list":
                headers.append((wire_name, ", ".join(text_of(member.member, item, "header") for item in value)))
            else:
                headers.append((wire_name, _header_text(text_of(member, value, "header"))))
        if payload is not None and payload.type_name in ("blob", "string"):
            value = result.get(payload_name)
            body = b"" if value is None else value.encode() if isinstance(value, str) else value
            kind = None if operation.has_streaming_output else "application/json"
        elif payload is not None:
            value = result.get(payload_name)
            if value is None:
                body, kind = b"", None
            else:
                body, kind = _body(service, protocol, operation, payload, value, request_id)
        else:
            body, kind = _body(service, protocol, operation, shape, result, request_id)
    if kind and body != b"" and not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", kind))
    headers += list(extra.items())
    return Response(status, headers, body)


def _empty(service, protocol, operation, request_id):
    if protocol == "query":
        return _query_document(service, operation, None, {}, request_id), "text/xml"
    return (b"{}", _json_type(service)) if protocol == "json" else (b"", None)


def _json_type(service):
    return overlay.JSON_TYPES.get(service, "application/x-amz-json-1.1")


def _body(service, protocol, operation, shape, value, request_id):
    if protocol == "rest-xml":
        if not any("location" not in member.serialization for member in shape.members.values()):
            return b"", None
        if shape.name == "GetBucketLocationOutput":  # its one member is the root's own text
            place = value.get("LocationConstraint")
            space = overlay.NAMESPACES[service]
            text = f">{escape(place)}</LocationConstraint>" if place else "/>"
            return f'{XML_HEAD}<LocationConstraint xmlns="{space}"{text}'.encode(), "application/xml"
        root = overlay.ROOTS.get(shape.name) or shape.serialization.get("name") or shape.name
        return to_xml(shape, value, root, overlay.NAMESPACES[service]), "application/xml"
    if protocol == "query":
        return _query_document(service, operation, shape, value, request_id), "text/xml"
    if protocol == "json":
        return json.dumps(to_json(shape, value)).encode(), _json_type(service)
    if not any("location" not in member.serialization for member in shape.members.values()):
        return b"", None
    return json.dumps(to_json(shape, value)).encode(), "application/json"


def _query_document(service, operation, shape, value, request_id) -> bytes:
    out = [f'<{operation.name}Response xmlns="{overlay.NAMESPACES[service]}">']
    if shape is not None:
        xml_writer(shape, shape.serialization.get("resultWrapper", f"{operation.name}Result"))(value, out)
    out.append(f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{operation.name}Response>")
    return "".join(out).encode()


# -- errors ---------------------------------------------------------------------------------------


def _error_type(service: str, code: str) -> str:
    """Return an error's name in JSON; some services put the name space of their model before it."""
    if service not in overlay.JSON_SPACE:
        return code
    modelled = code in model.load(service).model.shape_names
    return (overlay.JSON_SPACE[service] if modelled else overlay.FRAMEWORK_SPACE) + code


def render_error(
    service: str, protocol: str, err: ServiceError, request_id: str, resource: str, host_id: str
) -> Response:
    """Return an error as the service spells it."""
    headers = list(err.headers.items())
    fields = "".join(
        f"<{name}>{escape(str(value))}</{name}>" for name, value in err.fields.items() if value is not None
    )
    if service == "s3":
        body = (
            f"{XML_HEAD}<Error><Code>{escape(err.code)}</Code><Message>{escape(err.message)}</Message>{fields}"
            f"<Resource>{escape(resource)}</Resource><RequestId>{request_id}</RequestId><HostId>{host_id}</HostId></Error>"
        )
        return Response(err.status, [*headers, ("Content-Type", "application/xml")], body.encode())
    kind = "Sender" if err.status < 500 else "Receiver"
    if protocol in ("query", "rest-xml"):
        detail = "<Detail/>" if service in overlay.QUERY_NAMES else ""
        body = (
            f'<ErrorResponse xmlns="{overlay.NAMESPACES[service]}"><Error><Type>{kind}</Type><Code>{escape(err.code)}'
            f"</Code><Message>{escape(err.message)}</Message>{detail}</Error><RequestId>{request_id}</RequestId></ErrorResponse>"
        )
        return Response(err.status, [*headers, ("Content-Type", "text/xml")], (XML_HEAD + body).encode())
    if protocol == "json":
        body = json.dumps({"__type": _error_type(service, err.code), "message": err.message})
        return Response(err.status, [*headers, ("Content-Type", _json_type(service))], body.encode())
    told = {
        "Type": "User" if err.status < 500 else "Service",
        "Message": err.message,
        "message": err.message,
        **err.fields,
    }
    headers += [("x-amzn-ErrorType", err.code), ("Content-Type", "application/json")]
    return Response(err.status, headers, json.dumps(told).encode())
