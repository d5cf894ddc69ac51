"""The only place that joins wire, identity and operations.

SERVICES is what is built, by service; `serve` answers a wire request, `call` runs the same operation
for the console, with the same authorisation and the same trace.
"""

import json
import time
import uuid

import awscrt.checksums
import crc32c

from apps.buckets import actions as s3_actions
from apps.buckets import control, cors, website
from apps.buckets import operations as s3
from apps.buckets.operations import forms
from apps.cdn import actions as cloudfront_actions
from apps.cdn import operations as cloudfront
from apps.classrooms import reset
from apps.functions import actions as lambda_actions
from apps.functions import operations as lambda_
from apps.identity import actions as identity_actions
from apps.identity import authorize, keys
from apps.identity.operations import iam, sts
from apps.kms import actions as kms_actions
from apps.kms import operations as kms
from apps.observability import actions as logs_actions
from apps.observability import operations as logs
from apps.observability import traces
from apps.queues import actions as sqs_actions
from apps.queues import operations as sqs
from playground import clock, hosts
from playground.wire import body, endpoint, model
from playground.wire.context import Context, Principal, Trace
from playground.wire.errors import AccessDenied, NotImplementedOperation, ServiceError
from playground.wire.http import Response


class _Crc:
    """A CRC as hashlib spells a hash. function(data, previous) -> int."""

    def __init__(self, function, size):
        self.function, self.size, self.value = function, size, 0

    def update(self, data):
        self.value = self.function(data, self.value)

    def digest(self):
        return self.value.to_bytes(self.size, "big")


body.CHECKSUMS.update(
    CRC32=lambda: _Crc(awscrt.checksums.crc32, 4),
    CRC32C=lambda: _Crc(crc32c.crc32c, 4),
    CRC64NVME=lambda: _Crc(awscrt.checksums.crc64nvme, 8),
)


def _authorizer(actions):
    def check(ctx, request):
        keys.note_use(ctx)
        asked = actions.authorization(ctx, ctx.operation, request)
        for one in asked if isinstance(asked, list) else [asked]:
            authorize.authorize(ctx, one)

    return check


def _join(name, operations, actions, anonymous=False, **hooks):
    return endpoint.Joined(
        name=name,
        operations=operations.OPERATIONS,
        no_effect=operations.NO_EFFECT,
        partial=operations.PARTIAL,
        credentials=keys.credentials,
        authorize=_authorizer(actions),
        now=clock.real_now,
        lab_now=clock.now,
        record=traces.record,
        anonymous=anonymous,
        **hooks,
    )


def _reset(joined, request, ctx):
    """Empty the lab whose root key signed, for suites that begin anew with each test. Errors: AccessDenied."""
    endpoint.authenticate(request, joined, ctx)
    ctx.operation = "Reset"
    if ctx.principal.kind != "root":
        raise AccessDenied("Only the root user's key empties its lab.")
    told = json.dumps({"account": ctx.account.account_id, "left": reset.empty(ctx.account)})
    return Response(200, [("Content-Type", "application/json")], told.encode())


def _outside(request):
    """Return what answers a request of a bucket's address that no operation of S3's model is, or None."""
    if request.method == "POST" and request.address == hosts.RESET:
        return _reset
    if request.method == "OPTIONS":
        return cors.preflight
    return forms.post_object if forms.is_form(request) else None


SERVICES = {
    "s3": _join("s3", s3, s3_actions, anonymous=True, outside=_outside, dress=cors.dress),
    "s3control": _join("s3control", control, control),
    "lambda": _join("lambda", lambda_, lambda_actions),
    "cloudfront": _join("cloudfront", cloudfront, cloudfront_actions),
    "iam": _join("iam", iam, identity_actions),
    "sts": _join("sts", sts, identity_actions),
    "logs": _join("logs", logs, logs_actions),
    "sqs": _join("sqs", sqs, sqs_actions, anonymous=True),
    "kms": _join("kms", kms, kms_actions),
}
# A bucket's website: S3 too, for traces and bills, but every request is a page's and every refusal is one.
WEBSITE = _join(
    "s3",
    s3,
    s3_actions,
    anonymous=True,
    outside=lambda _request: website.answer,
    refuse=website.refuse,
    dress=cors.dress,
)
serve = endpoint.serve


def context(account, *, via="console", principal=None, region=None):
    """Return a Context for work inside the house: by default as the root user of a lab.

    account: identity.Account. via: "console", "worker". principal: who acts, when not the root user.
    """
    return Context(
        account,
        principal or Principal("root", account.root_arn, account.account_id, "root"),
        region or account.default_region,
        str(uuid.uuid4()),
        clock.now(account),
        Trace(),
        via=via,
    )


def call(ctx, service, operation, request):
    """Authorise, run and trace one operation; what the wire does minus parsing and rendering.

    request: the dict of botocore's input shape. Returns the output dict. Errors: ServiceError.
    """
    joined = SERVICES[service]
    started = time.perf_counter()
    ctx.service, ctx.operation = service, operation
    ctx.found.clear()
    failure = None
    status = 200
    try:
        run = joined.operations.get(operation)
        if run is None:
            raise NotImplementedOperation(f"{service}:{operation} is not built in this playground yet.")
        endpoint.check_required(model.load(service).operation(operation), request, service)
        joined.authorize(ctx, request)
        ctx.no_effect = [name for name in joined.no_effect.get(operation, ()) if request.get(name)]
        result = dict(run(ctx, request) or {})
        status = result.pop("__status__", None) or 200
        result.pop("__headers__", None)
        return result
    except ServiceError as err:
        failure, status = err.code, err.status
        ctx.trace.step("error", err.code, err.message)
        raise
    finally:
        spent = round((time.perf_counter() - started) * 1000, 3)
        traces.record(ctx, status, spent, error=failure, resource=_resource(request))


def _resource(request):
    """Return what a request is about, for the list of requests."""
    if "Bucket" in request:
        return f"/{request['Bucket']}" + (f"/{request['Key']}" if "Key" in request else "")
    for name in ("FunctionName", "Id", "DistributionId", "logGroupName", "QueueUrl", "QueueName"):
        if name in request:
            return str(request[name])
    return ""
