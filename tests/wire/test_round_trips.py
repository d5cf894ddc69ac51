"""Our wire against botocore's: every operation, both ways.

botocore serialises, we parse: the same dict must come out. We render, botocore parses: the same again.
"""

import io
from urllib.parse import quote

import pytest
from botocore.awsrequest import prepare_request_dict
from botocore.model import StringShape
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from playground.wire import model, parse, render
from playground.wire.http import Request
from tests.wire.samples import sample

SERVICES = ("s3", "lambda", "cloudfront", "sts", "logs", "iam")
OPERATIONS = [
    (service, name)
    for service in SERVICES
    for name in model.load(service).model.operation_names
    if name not in model.overlay.RETIRED.get(service, ())
]
# Event streams, and one operation with a host name of its own: not built.
EVENT_STREAMS = {
    "WriteGetObjectResponse",
    "SelectObjectContent",
    "InvokeWithResponseStream",
    "StartLiveTail",
    "GetLogObject",
}


def sent(service, name, params):
    """Return the wire Request that botocore makes of these parameters."""
    wire = model.load(service)
    operation = wire.operation(name)
    made = create_serializer(wire.protocol, include_validation=False).serialize_to_request(params, operation)
    prepare_request_dict(made, "http://localhost", context={}, user_agent="t")
    body = made["body"]
    if isinstance(body, dict):
        body = "&".join(f"{_quoted(k)}={_quoted(str(v))}" for k, v in body.items())
    data = body.encode() if isinstance(body, str) else bytes(body or b"")
    target = made["url"].removeprefix("http://localhost")
    path, _, query = target.partition("?")
    headers = [(k, str(v)) for k, v in made["headers"].items()]
    return operation, Request(made["method"], path, query, headers, io.BytesIO(data)), data


def _quoted(text):
    return quote(text, safe="")


def parsed(service, operation, request):
    wire = model.load(service)
    if wire.protocol == "json":
        return parse.parse_json(operation, request)
    if wire.protocol == "query":
        return parse.parse_query(operation, parse.form_fields(request.body.read()))
    found, parameters = wire.match(request.method, request.raw_path, request.query, request.header_map)
    assert found.name == operation.name
    return parse.parse_rest(operation, request, parameters, wire.protocol == "rest-xml")


def normal(value):
    """Return a value in the form both sides agree on: streams read, empty containers dropped."""
    if hasattr(value, "read"):
        return value.read()
    if isinstance(value, dict):
        return {k: n for k, v in value.items() if (n := normal(v)) not in ({}, [], None, b"")}
    if isinstance(value, list):
        return [normal(item) for item in value]
    return value


@pytest.mark.parametrize(("service", "name"), OPERATIONS, ids=lambda v: v)
@pytest.mark.parametrize("required_only", [False, True], ids=["full", "least"])
def test_what_botocore_sends_is_what_we_read(service, name, required_only):
    shape = model.load(service).operation(name).input_shape
    if shape is None or name in EVENT_STREAMS:
        return
    params = sample(shape, required_only=required_only)
    for member, inner in shape.members.items():  # header values travel as latin-1 words; keep them plain
        if inner.serialization.get("location") in ("header", "headers") and isinstance(inner, StringShape):
            params[member] = inner.enum[0] if inner.enum else "plain" if member in params else None
            if params[member] is None:
                del params[member]

    operation, request, _data = sent(service, name, params)

    assert normal(parsed(service, operation, request)) == normal(params)


@pytest.mark.parametrize(("service", "name"), OPERATIONS, ids=lambda v: v)
def test_what_we_answer_is_what_botocore_reads(service, name):
    wire = model.load(service)
    operation = wire.operation(name)
    shape = operation.output_shape
    if shape is None or operation.has_event_stream_output:
        return
    result = sample(shape)
    for member, inner in shape.members.items():
        if inner.serialization.get("location") == "statusCode":
            result[member] = 200
        if inner.serialization.get("location") in ("header", "headers") and isinstance(inner, StringShape):
            result[member] = inner.enum[0] if inner.enum else "plain"

    answer = render.render(service, wire.protocol, operation, dict(result), "req-1")

    response = {"body": answer.body, "headers": _CaseBlind(answer.headers), "status_code": answer.status}
    read = create_parser(wire.protocol).parse(response, shape)
    read.pop("ResponseMetadata")
    if name == "GetBucketLocation":  # botocore reads its root's text in a handler of its own
        assert b">EU</LocationConstraint>" in answer.body or b"LocationConstraint>" in answer.body
        return
    for member, inner in shape.members.items():
        if inner.type_name == "blob" and member == shape.serialization.get("payload") and isinstance(read[member], str):
            read[member] = read[member].encode()
    assert normal(read) == normal(result)


class _CaseBlind(dict):
    def __init__(self, pairs):
        super().__init__({name.lower(): value for name, value in pairs})

    def get(self, name, default=None):
        return super().get(name.lower(), default)

    def __getitem__(self, name):
        return super().__getitem__(name.lower())

    def __contains__(self, name):
        return super().__contains__(name.lower())
