"""Invoke: a synchronous caller waits for the worker's answer, an asynchronous one for the committed row."""

import json
import threading

from django.conf import settings
from django.db import transaction

from apps.functions import invocations, names, reports, runtimes
from apps.functions.errors import (
    InvalidParameterValue,
    InvalidRequestContent,
    RequestTooLarge,
    ServiceException,
    TooManyRequests,
)

SYNCHRONOUS_BYTES = 6 * 2**20
ASYNCHRONOUS_BYTES = 2**20
CONTEXT_BYTES = 3583  # of ClientContext, base64
# Callers who wait hold a thread of the web server; the handlers they wait for need others for S3.
_waiting = threading.BoundedSemaphore(settings.FUNCTIONS_MAX_WAITING)
START_SECONDS = 15  # a caller waits this long for the first worker
MARGIN_SECONDS = 45  # above the function's timeout: init phase, start, and waiting for room on the node


def invoke(ctx, request):
    """Run a function.

    request: {"FunctionName", "InvocationType": "RequestResponse" | "Event" | "DryRun", "LogType": "None" |
    "Tail", "Payload": bytes or a stream, "ClientContext": base64 text}
    Errors: ResourceNotFoundException, InvalidRequestContentException, RequestTooLargeException,
    InvalidRuntimeException, TooManyRequestsException (no room), ServiceException (our side failed).
    Source: Lambda API Reference, Invoke.
    """
    function = names.resolve(ctx, request["FunctionName"], request.get("Qualifier"))
    kind = request.get("InvocationType") or "RequestResponse"
    event = _event(request, ASYNCHRONOUS_BYTES if kind == "Event" else SYNCHRONOUS_BYTES)
    client_context = request.get("ClientContext") or ""
    if len(client_context) > CONTEXT_BYTES:
        raise InvalidParameterValue(f"Client context must be no more than {CONTEXT_BYTES} bytes when base64-encoded.")
    if kind == "DryRun":
        return {"StatusCode": 204}
    runtimes.check_ready(function.runtime)
    if kind == "Event":
        _accept(ctx, function, event, kind, client_context)
        return {"StatusCode": 202}
    if not _waiting.acquire(blocking=False):
        raise throttled()
    try:
        return _answer(ctx, request, function, _accept(ctx, function, event, kind, client_context))
    finally:
        _waiting.release()


def throttled():
    return TooManyRequests(Reason="ConcurrentInvocationLimitExceeded", headers={"Retry-After": "1"})


def _accept(ctx, function, event, kind, client_context):
    """Write the invocation down under the request's id; committed when this returns."""
    context = invocations.decoded_context(client_context)
    with transaction.atomic():
        return invocations.accept(function, event, kind, invocation_id=ctx.request_id, client_context=context)


def _event(request, limit):
    """Return the payload as bytes, refused when it is too long or no JSON."""
    payload = request.get("Payload") or b""
    if hasattr(payload, "read"):
        payload = payload.read(limit + 1)
    if isinstance(payload, str):
        payload = payload.encode()
    if len(payload) > limit:
        raise RequestTooLarge(f"Request must be smaller than {limit} bytes for the InvokeFunction operation")
    if not payload.strip():
        return b"{}"
    try:
        json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise InvalidRequestContent(
            f"Could not parse request body into json: Could not parse payload into json: {error}"
        ) from None
    return bytes(payload)


def _answer(ctx, request, function, invocation):
    """Wait for the worker and put its answer into the wire's shape."""
    found = None
    if not invocations.live_boots():  # the playground may be starting
        found = invocations.wait(invocation.invocation_id, START_SECONDS)
        if found is None and not invocations.live_boots():
            invocations.abandon(invocation.invocation_id)
            raise ServiceException("No worker is running: functions cannot run until one is started.")
    found = found or invocations.wait(invocation.invocation_id, function.timeout_seconds + MARGIN_SECONDS)
    if found is None:
        invocations.abandon(invocation.invocation_id)
        raise ServiceException("The invocation was not answered in time.")
    head, payload = found
    if head.get("busy"):
        raise throttled()
    if "failed" in head:
        raise ServiceException(f"The sandbox failed, not the function: {head['failed']}")
    for phase in head["phases"]:
        ctx.trace.step(phase["name"], "done", f"{phase['duration_ms']} ms", at_ms=phase["start_ms"])
    answer = {"StatusCode": 200, "Payload": payload, "ExecutedVersion": "$LATEST"}
    if head["function_error"]:
        answer["FunctionError"] = head["function_error"]
    if request.get("LogType") == "Tail":
        answer["LogResult"] = reports.wire_tail(head["log_tail"])
    return answer
