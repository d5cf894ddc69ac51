"""What a worker does with one invocation, top to bottom: claim, run, write down, answer.

The order of the last steps matters: logs, meters and the finished row are kept before the caller
hears of them, so a kill in between repeats an attempt (as the real service may) but never loses one.
"""

import logging
import time
import uuid

from django.conf import settings
from django.db import transaction

from apps.billing import meters
from apps.identity import roles, sessions
from apps.observability import logs, traces
from playground import clock
from playground.wire.context import Context, Principal

from . import image, invocations, packages, reports, runtimes
from .models import Invocation
from .sandbox import Busy, Call, SandboxError, Spec

log = logging.getLogger(__name__)
CREDENTIAL_SECONDS = 6 * 3600  # longer than an environment may live


def run(invocation_id, node):
    """Run one invocation to its end. node: worker.WorkerNode, which owns the pool."""
    invocation = invocations.claim(invocation_id, node.boot)
    if invocation is None:
        return
    function = invocation.function
    if function is None:
        return _fail(invocation, "the function was deleted")
    if not node.ready(function.runtime):
        return _fail(invocation, f"the runtime {function.runtime} did not pass its self-test on this node")
    try:
        _run(invocation, function, node)
    except Busy as error:
        log.warning("invocation %s: %s", invocation_id, error)
        _fail(invocation, str(error), busy=True)
    except SandboxError as error:
        log.error("invocation %s: %s", invocation_id, error)
        _fail(invocation, str(error))
    except Exception as error:
        log.exception("invocation %s failed on our side", invocation_id)
        _fail(invocation, f"internal error: {type(error).__name__}")


def _fail(invocation, why, busy=False):
    """Our fault, not the handler's: give the event back or tell the caller."""
    invocations.give_back(invocation, why)
    if invocation.kind == Invocation.Kind.SYNCHRONOUS:
        invocations.reply(invocation.invocation_id, {"failed": why, "busy": busy})


def _run(invocation, function, node):
    claimed_at = clock.now(invocation.account)
    began = time.time()
    queued_ms = max(0.0, (claimed_at - max(invocation.accepted_at, invocation.due_at)).total_seconds() * 1000)
    call = Call(
        invocation.invocation_id,
        bytes(invocation.event) or b"{}",
        function.arn,
        function.timeout_seconds,
        trace_id=_trace_id(),
        client_context=invocation.client_context,
    )
    stream = f"{claimed_at:%Y/%m/%d}/[$LATEST]{uuid.uuid4().hex}"
    outcome, warm = node.pool.run((function.pk, function.revision_id), lambda w: spec(function, w), call, stream)
    numbers = reports.report(outcome, function.memory_mib)
    version = f"python:{function.runtime.removeprefix('python')}"
    made = reports.events(
        call.request_id, outcome, numbers, version, int(began * 1000), max(int(time.time() * 1000), int(began * 1000))
    )
    phases = reports.phases(queued_ms, outcome)
    results = {
        "function_error": "Unhandled" if outcome.error_type else "",
        "error_type": outcome.error_type,
        "result": outcome.payload,
        "log_tail": reports.tail(made),
        "log_stream": warm.log_stream,
        "phases": phases,
        "duration_ms": str(numbers.duration_ms),
        "init_ms": "" if numbers.init_ms is None else str(numbers.init_ms),
        "billed_ms": numbers.billed_ms,
        "memory_mib": numbers.memory_mib,
        "memory_used_mib": numbers.memory_used_mib,
        "environment_id": warm.environment_id,
    }
    _write_down(invocation, function, numbers, made, results)
    if invocation.kind == Invocation.Kind.SYNCHRONOUS:
        head = {"function_error": results["function_error"], "log_tail": results["log_tail"], "phases": phases}
        invocations.reply(invocation.invocation_id, head, outcome.payload)


def _write_down(invocation, function, numbers, made, results):
    """Keep what happened: meters, logs, trace, the row."""
    ctx = _context(invocation, function)
    requests = reports.requests_billed(invocation.kind, len(invocation.event))
    written = sum(len(text.encode("utf-8", "replace")) for _, text in made)
    meters.record(ctx, "lambda.requests", requests, function.arn)
    meters.record(ctx, "lambda.duration.x86", numbers.gb_seconds, function.arn)
    meters.record(ctx, "logs.ingest.lambda", written, function.log_group)
    _trace(ctx, invocation, results)
    offset_ms = int(function.account.clock_offset_seconds * 1000)
    entries = [{"timestamp": at + offset_ms, "message": text} for at, text in made]
    with transaction.atomic():
        logs.put(function.account, function.region, function.log_group, results["log_stream"], entries)
        if results["function_error"] and invocations.retry_later(invocation, **results):
            return
        invocations.finish(invocation, **results)


def _trace(ctx, invocation, results):
    """Trace an event that no request of a caller stands for; a request has its own trace."""
    if invocation.source == "lambda:Invoke":
        return
    for phase in results["phases"]:
        ctx.trace.step(phase["name"], "done", f"{phase['duration_ms']} ms", at_ms=phase["start_ms"])
    duration = float(results["duration_ms"]) + float(results["init_ms"] or 0)
    error = results["error_type"][:80] or None
    traces.record(ctx, 200, duration, len(invocation.event), len(results["result"]), error, invocation.function.arn)


def _context(invocation, function):
    """Return the Context of an invocation: the function's account, its lab's time, its own request id."""
    principal = Principal(
        "service", name=invocation.source.split(":")[0] + ".amazonaws.com", source_arn=invocation.source_arn
    )
    return Context(
        function.account,
        principal,
        function.region,
        invocation.invocation_id,
        clock.now(function.account),
        service="lambda",
        operation="Invoke",
        via="worker",
    )


def _trace_id():
    """Return an X-Ray trace header, not sampled: nothing here collects segments."""
    text = uuid.uuid4().hex
    return f"Root=1-{int(time.time()):08x}-{text[:24]};Parent={text[8:24]};Sampled=0"


def spec(function, warm):
    """Return what a new environment of a function needs. Raises SandboxError when its role is gone."""
    code = packages.task_folder(function.code_digest)
    if not code.is_dir():
        raise SandboxError("the function's code is not on this node")
    return Spec(
        image=image.python_image(),
        code=code,
        handler=function.handler,
        variables=_variables(function, warm),
        memory_mib=function.memory_mib,
        tmp_mib=function.tmp_mib,
        aws_host=runtimes.aws_host(),
        aws_port=settings.AWS_PORT,
    )


def _variables(function, warm):
    """Return the handler's environment: the documented variables, its credentials, the student's own."""
    role = roles.by_arn(function.account, function.role_arn)
    if role is None:
        raise SandboxError(f"the role {function.role_arn} does not exist any more")
    session = Principal(
        "role",
        arn=f"arn:aws:sts::{function.account.account_id}:assumed-role/{role.name}/{function.name}",
        user_id=f"{role.role_id}:{function.name}",
        name=role.name,
    )
    # Signatures and sessions use real time: a lab's advanced clock must not lock its functions out.
    key, secret, token = sessions.issue(function.account, session, CREDENTIAL_SECONDS, clock.real_now())
    return {
        **function.variables,
        **runtimes.base_variables(function.runtime, function.handler, function.memory_mib),
        **({"TZ": function.variables["TZ"]} if "TZ" in function.variables else {}),
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": warm.log_stream,
        "AWS_REGION": function.region,
        "AWS_DEFAULT_REGION": function.region,
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{settings.AWS_PORT}",
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_SESSION_TOKEN": token,
    }
