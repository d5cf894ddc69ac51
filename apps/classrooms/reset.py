"""Empty a lab: every distribution, function, bucket, queue, key, log group, user and role in it.

What was used stays on the bill; the root user's keys, the role `lambda-role` and the budget stay.
"""

import uuid

from apps.buckets import keeping as buckets
from apps.cdn import operations as cloudfront
from apps.cdn.models import Distribution, OriginAccessControl
from apps.classrooms import progress
from apps.functions import operations as functions
from apps.functions.models import Function
from apps.identity import accounts
from apps.kms import keys
from apps.observability import operations as logs
from apps.observability.models import LogGroup
from apps.queues import keeping as queues
from playground import clock
from playground.wire.context import Context, Principal
from playground.wire.errors import ServiceError


def context(account, region):
    """Return the context of a lab's root user, as the operations want it."""
    return Context(
        account=account,
        principal=Principal("root", account.root_arn, account.account_id, "root"),
        region=region,
        request_id=str(uuid.uuid4()),
        now=clock.now(account),
        via="console",
    )


def empty(account):
    """Empty a lab. Returns the sentences that say what could not be removed; usually none."""
    ctx = context(account, account.default_region)
    left = []
    for part in (_distributions, _functions, _buckets, _queues, _keys, _log_groups, _identities):
        try:
            part(ctx, account)
        except ServiceError as err:
            left.append(f"{part.__name__.strip('_').replace('_', ' ')}: {err.message}")
    progress.forget(account)
    return left


def _distributions(ctx, account):
    run = cloudfront.OPERATIONS
    for distribution_id in Distribution.objects.filter(account=account).values_list("distribution_id", flat=True):
        found = run["GetDistributionConfig"](ctx, {"Id": distribution_id})
        etag, config = found["ETag"], found["DistributionConfig"]
        if config["Enabled"]:
            off = {"Id": distribution_id, "IfMatch": etag, "DistributionConfig": {**config, "Enabled": False}}
            etag = run["UpdateDistribution"](ctx, off)["ETag"]
        run["DeleteDistribution"](ctx, {"Id": distribution_id, "IfMatch": etag})
    for control in OriginAccessControl.objects.filter(account=account):
        run["DeleteOriginAccessControl"](ctx, {"Id": control.access_control_id, "IfMatch": control.etag})


def _functions(ctx, account):
    for function in Function.objects.filter(account=account):
        functions.OPERATIONS["DeleteFunction"](context(account, function.region), {"FunctionName": function.name})


def _buckets(ctx, account):
    buckets.empty(account, ctx.now)


def _queues(_ctx, account):
    queues.empty(account)


def _keys(ctx, account):
    keys.forget(account, ctx.now)


def _log_groups(ctx, account):
    for group in LogGroup.objects.filter(account=account):
        logs.OPERATIONS["DeleteLogGroup"](context(account, group.region), {"logGroupName": group.name})


def _identities(_ctx, account):
    accounts.empty(account)
