"""One AWS request from arrival to answer: authenticate, parse, authorise, operate, render. One page.

The wire knows no app: who a key belongs to, who may do what, and the operations themselves come in
as `Joined`, which playground/endpoints.py fills. Every refusal of every step ends here, once.
"""

import base64
import hashlib
import io
import logging
import os
import secrets
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from playground.wire import body as bodies
from playground.wire import model, overlay, parse, render, signature, signature_v2
from playground.wire.context import ANONYMOUS, Context, Trace
from playground.wire.errors import (
    AccessDenied,
    ExpiredToken,
    InternalError,
    InvalidAccessKeyId,
    MethodNotAllowed,
    MissingAuthenticationToken,
    MissingRequiredParameter,
    NotImplementedOperation,
    ServiceError,
    UnknownOperation,
    spoken,
)
from playground.wire.http import Request, Response, Stream

log = logging.getLogger(__name__)
HOST_ID = base64.b64encode(hashlib.sha384(os.urandom(16)).digest()).decode()


@dataclass
class Joined:
    """A service and what the apps bring to it.

    operations: wire name -> function(ctx, request). no_effect: wire name -> parameters that are
    stored but do nothing. credentials(key id, token, now) -> an object with secret, account,
    principal, or None. authorize(ctx, request) raises a refusal. now() is real time; lab_now(account)
    the lab's. record(ctx, status, ms, bytes_in, bytes_out, error, resource) keeps the trace.
    outside(request) -> function(joined, request, ctx) that answers a request which no model knows (a preflight, a
    browser's form, a page), or None. refuse(request, ctx, failure) -> the Response of a refusal, where it is not the
    service's usual one. dress(request, ctx, response) adds headers to any answer.
    """

    name: str
    operations: dict[str, Callable]
    no_effect: dict[str, list[str]]
    credentials: Callable
    authorize: Callable
    now: Callable
    lab_now: Callable
    record: Callable
    anonymous: bool = False
    partial: dict[str, str] = field(default_factory=dict)
    outside: Callable | None = None
    refuse: Callable | None = None
    dress: Callable | None = None


def new_request_id(service: str) -> str:
    """Return an id as the service writes them: S3's are 16 characters, the others' UUIDs."""
    return secrets.token_hex(8).upper() if service == "s3" else str(uuid.uuid4())


def authenticate(request: Request, joined: Joined, ctx: Context) -> signature.Chunks | None:
    """Put the caller into ctx, or refuse. Returns the chain of chunk signatures of a signed stream."""
    now = joined.now()
    who = signature.claim(request)
    if who is None:
        old = signature_v2.claim(request) if joined.anonymous else None
        if old is not None:
            found = caller(joined, ctx, old.access_key_id, old.session_token, now)
            signature_v2.verify(request, old, found.secret, now)
            # Version 2 signs an end, not a beginning: there is no age.
            ctx.auth = {"type": "REST-QUERY-STRING", "version": "AWS", "issued": getattr(found, "issued", None)}
            ctx.trace.step(
                "signature", "valid", f"Signature Version 2 in the query (presigned) by {old.access_key_id}."
            )
            return None
        if not joined.anonymous:
            raise MissingAuthenticationToken()
        ctx.trace.step("signature", "anonymous", "The request carries no signature.")
        return None
    if joined.name == "s3":
        signature.check_region(who)
    ctx.region = who.region or ctx.region
    found = caller(joined, ctx, who.access_key_id, who.session_token, now)
    signature.check_time(who, now)
    signature.verify(request, who, found.secret, signature.payload_hash(request, who, lambda: _hash_body(request)))
    way = "in the query (presigned)" if who.presigned else "in the header"
    told = f"Signature Version 4 {way} by {who.access_key_id}."
    ctx.trace.step("signature", "valid", told, principal=found.principal.arn)
    declared = request.header("x-amz-content-sha256") or ""
    ctx.auth = {
        "type": "REST-QUERY-STRING" if who.presigned else "REST-HEADER",
        "version": signature.ALGORITHM,
        "age_ms": _age_ms(who.timestamp, now),
        "content_sha256": declared or (signature.UNSIGNED if who.presigned else None),
        "issued": getattr(found, "issued", None),
    }
    return signature.Chunks(who, found.secret) if declared.startswith("STREAMING-AWS4") else None


def _age_ms(timestamp: str, now: datetime) -> int:
    """Return how long ago a signature was made, in milliseconds; never negative, clocks may differ a little."""
    return max(0, int((now - datetime.fromisoformat(timestamp)).total_seconds() * 1000))


def caller(joined: Joined, ctx: Context, access_key_id: str, token: str | None, now: Any) -> Any:
    """Put the owner of a key into ctx and return its credentials. Errors: unknown, expired or stopped."""
    found = joined.credentials(access_key_id, token)
    if found is None:
        raise InvalidAccessKeyId(AWSAccessKeyId=access_key_id)
    ctx.account, ctx.principal = found.account, found.principal
    ctx.now = joined.lab_now(found.account)
    if found.expires and found.expires < now:
        raise ExpiredToken()
    if found.account.suspended:
        raise AccessDenied("This lab was stopped by an administrator.")
    return found


def _hash_body(request: Request) -> str:
    """Return the SHA-256 of a body whose hash the client did not declare; the body is kept for parsing."""
    length = request.header("content-length", "0")
    data = bodies.Limited(request.body, int(length) if length.isdigit() else 0)
    kept = b"".join(iter(lambda: data.read(65536), b""))
    if len(kept) > parse.MAX_STRUCTURED_BODY:
        raise parse.EntityTooLarge()
    request.body = io.BytesIO(kept)
    return hashlib.sha256(kept).hexdigest()


def _route(request: Request, wire: model.Wire) -> tuple[Any, Callable[[], dict]]:
    """Return the operation and a function that parses its input."""
    if wire.protocol.startswith("rest"):
        found = wire.match(request.method, request.address, request.query, request.header_map)
        if found is None:
            raise MethodNotAllowed(Method=request.method) if wire.name == "s3" else UnknownOperation()
        operation, path_parameters = found
        return operation, lambda: parse.parse_rest(operation, request, path_parameters, wire.protocol == "rest-xml")
    if wire.protocol == "json":
        name = (request.header("x-amz-target") or "").rpartition(".")[2]
        fields: dict[str, str] = {}
    else:
        fields = {name: values[0] for name, values in request.query.items()}
        if request.method == "POST":
            fields.update(parse.form_fields(parse.read_all(request)))
        name = fields.get("Action", "")
        addressed = overlay.ADDRESSED.get(wire.name)
        if addressed and request.raw_path.strip("/"):
            fields.setdefault(addressed, f"{request.scheme}://{request.host}{request.raw_path}")
    if name not in wire.model.operation_names:
        where = "endpoint" if wire.name in overlay.QUERY_NAMES else "web service"
        raise UnknownOperation(f"The action {name or '(none)'} is not valid for this {where}.")
    operation = wire.operation(name)
    if wire.protocol == "json":
        return operation, lambda: parse.parse_json(operation, request)
    return operation, lambda: parse.parse_query(operation, fields)


def serve(request: Request, joined: Joined, region: str = "us-east-1") -> Response:
    """Answer one request of one service. Never raises."""
    started = time.perf_counter()
    speaks_query = joined.name in overlay.QUERY_NAMES and not request.header("x-amz-target")
    wire = model.load(joined.name, speaks_query)
    ctx = Context(
        None, ANONYMOUS, region, new_request_id(joined.name), joined.now(), Trace(), joined.name,
        source_ip=request.remote, host=request.host, scheme=request.scheme, headers=request.header_map,
        user_agent=request.header("user-agent", ""), referer=request.header("referer", ""),
    )  # fmt: skip
    failure = None
    try:
        response = _answer(request, joined, wire, ctx)
    except ServiceError as err:
        failure = spoken(err, joined.name, wire.protocol)
    except Exception:
        log.exception("%s %s failed: request %s", joined.name, ctx.operation, ctx.request_id)
        failure = spoken(InternalError(), joined.name, wire.protocol)
    if failure is not None:
        ctx.trace.step("error", failure.code, failure.message)
        response = _refusal(request, joined, wire, ctx, failure)
    return _finish(request, response, joined, ctx, started, failure)


def _refusal(request: Request, joined: Joined, wire: model.Wire, ctx: Context, failure: ServiceError) -> Response:
    if joined.refuse:
        return joined.refuse(request, ctx, failure)
    return render.render_error(joined.name, wire.protocol, failure, ctx.request_id, request.address, HOST_ID)


def _answer(request: Request, joined: Joined, wire: model.Wire, ctx: Context) -> Response:
    own = joined.outside(request) if joined.outside else None
    if own is not None:
        return own(joined, request, ctx)
    chunks = authenticate(request, joined, ctx)
    request.body = reader = bodies.open_body(request, chunks)
    operation, parsed = _route(request, wire)
    ctx.operation = operation.name
    run = joined.operations.get(operation.name)
    if run is None:
        raise NotImplementedOperation(f"{joined.name}:{operation.name} is not built in this playground yet.")
    reader.expect(operation)
    params = parsed()
    if not operation.has_streaming_input:
        reader.drain()
    check_required(operation, params, joined.name)
    joined.authorize(ctx, params)
    ctx.no_effect = [
        name for name in joined.no_effect.get(operation.name, ()) if params.get(name) not in (None, "", [], {})
    ]
    result = run(ctx, params)
    return render.render(joined.name, wire.protocol, operation, dict(result or {}), ctx.request_id)


def check_required(operation: Any, params: dict, service: str) -> None:
    """Refuse input that lacks a required member, in the service's words."""
    shape = operation.input_shape
    for name in shape.required_members if shape else ():
        if name not in params:
            member = shape.members[name]
            if service == "s3":
                raise _s3_missing(member, name)
            if service in overlay.QUERY_NAMES:
                raise MissingRequiredParameter(f"The request must contain the parameter {name}.")
            raise ServiceErrorMissing(
                f"1 validation error detected: Value at '{name[0].lower() + name[1:]}' failed to satisfy constraint: Member must not be null"
            )


class ServiceErrorMissing(ServiceError):
    """A required member is missing."""

    code = "ValidationException"
    status = 400


def _s3_missing(member: Any, name: str) -> ServiceError:
    if member.serialization.get("location") in ("header", "querystring"):
        return parse.InvalidArgument(f"Missing required parameter: {member.serialization.get('name', name)}")
    return parse.MalformedXML()


def _finish(request, response, joined, ctx, started, failure) -> Response:
    """Add what every answer carries, and keep the trace."""
    if joined.dress:
        joined.dress(request, ctx, response)
    if joined.name == "s3":
        response.headers += [("x-amz-request-id", ctx.request_id), ("x-amz-id-2", HOST_ID)]
    else:
        response.headers.append(("x-amzn-RequestId", ctx.request_id))
    if ctx.no_effect:
        response.headers.append(("x-playground-no-effect", ", ".join(ctx.no_effect)))
        ctx.trace.step("no effect", "stored", f"Stored, no effect here: {', '.join(ctx.no_effect)}.")
    size = (
        response.body.length
        if isinstance(response.body, Stream)
        else len(response.body)
        if isinstance(response.body, bytes)
        else 0
    )
    reader = request.body
    joined.record(
        ctx,
        response.status,
        round((time.perf_counter() - started) * 1000, 3),
        bytes_in=getattr(reader, "size", 0),
        bytes_out=0 if request.method == "HEAD" else size,
        error=failure.code if failure else None,
        resource=request.address,
    )
    return response
