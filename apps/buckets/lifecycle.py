"""Run lifecycle rules on a lab's clock: expire, remove old versions and lone delete markers, give up uploads.

Beat asks for every bucket with rules; a lab whose clock was moved forward is asked at once. Each act is
one transaction of its own, so a kill in between loses nothing and the next run goes on. Locked versions stay.
Transitions to other storage classes are kept in the rules and not acted on yet.
"""

import logging

from django.db import transaction

from apps.buckets import errors, events, lifecycle_rules, versions
from apps.buckets.models import Bucket, MultipartUpload, Object
from apps.buckets.operations import multipart
from apps.buckets.services import service_context
from playground import clock
from playground.wire.errors import ServiceError

log = logging.getLogger(__name__)
BATCH = 500
SERVICE = "lifecycle.s3.amazonaws.com"


def run_all():
    """Run the rules of every bucket that has some. Returns how many acts that were."""
    found = Bucket.objects.select_related("account").filter(configurations__has_key="Lifecycle")
    return sum(run(bucket) for bucket in found.iterator())


def run(bucket):
    """Run a bucket's rules at its lab's present time. Returns how many acts that were."""
    now = clock.now(bucket.account)
    ctx = service_context(SERVICE, bucket)
    acts = 0
    for rule in lifecycle_rules.enabled(bucket):
        prefix = lifecycle_rules.conditions(rule)[0]
        rows = Object.objects.filter(bucket=bucket, key__startswith=prefix)
        acts += _expire(ctx, bucket, rule, rows, now)
        acts += _expire_noncurrent(ctx, bucket, rule, rows, now)
        acts += _remove_markers(ctx, bucket, rule, rows, now)
    for upload in MultipartUpload.objects.filter(bucket=bucket):
        due = lifecycle_rules.abort_rule(bucket, upload)
        if due and due[0] <= now:
            acts += _give_up(bucket, upload)
    return acts


def _give_up(bucket, upload):
    """Abort an upload. Returns 1, or 0 when it was finished this moment."""
    try:
        multipart.abort(bucket, upload)
    except errors.NoSuchUpload:
        return 0
    return 1


def _each(rows):
    """Yield rows in batches by id, so that a bucket of a million keys is never in memory."""
    after = 0
    while batch := list(rows.filter(id__gt=after).order_by("id")[:BATCH]):
        yield from batch
        after = batch[-1].pk


def _expire(ctx, bucket, rule, rows, now):
    """Expire current versions: remove them, or put a delete marker on them where versions are kept."""
    action, acts = rule.get("Expiration") or {}, 0
    if not (action.get("Days") or action.get("Date")):
        return 0
    for row in _each(rows.filter(is_latest=True, is_delete_marker=False)):
        if lifecycle_rules.means(rule, row) and lifecycle_rules.due_at(action, row.last_modified) <= now:
            acts += _act(ctx, bucket, row, None, now)
    return acts


def _expire_noncurrent(ctx, bucket, rule, rows, now):
    """Remove versions that have been noncurrent long enough, but the newest few the rule keeps."""
    action, acts = rule.get("NoncurrentVersionExpiration") or {}, 0
    days, keep = action.get("NoncurrentDays"), action.get("NewerNoncurrentVersions") or 0
    if not days:
        return 0
    for row in _each(rows.filter(is_latest=False, noncurrent_since__isnull=False)):
        due = lifecycle_rules.midnight_after(row.noncurrent_since, days) <= now
        if not (due and lifecycle_rules.means(rule, row)):
            continue
        newer = versions.of(bucket, row.key).filter(is_latest=False, id__gt=row.pk).count()
        if newer >= keep:
            acts += _act(ctx, bucket, row, row.version_id, now)
    return acts


def _remove_markers(ctx, bucket, rule, rows, now):
    """Remove delete markers that hide nothing any more: at once, or when they are as old as the rule's objects."""
    action, acts = rule.get("Expiration") or {}, 0
    if not (action.get("ExpiredObjectDeleteMarker") or action.get("Days") or action.get("Date")):
        return 0
    for row in _each(rows.filter(is_latest=True, is_delete_marker=True)):
        due = lifecycle_rules.due_at(action, row.last_modified)
        if (due is not None and due > now) or not lifecycle_rules.means(rule, row):
            continue
        if not versions.of(bucket, row.key).exclude(pk=row.pk).exists():
            acts += _act(ctx, bucket, row, row.version_id, now)
    return acts


def _act(ctx, bucket, row, version_id, now):
    """Delete one version, or mark a key as deleted. Returns 1, or 0 when it is locked or another took its place."""
    try:
        with transaction.atomic():
            versions.one_writer(bucket, row.key)
            # The row was chosen outside: a client may have written the key (or its version "null") since.
            if not Object.objects.filter(pk=row.pk, is_latest=row.is_latest).exists():
                return 0
            gone, marked = versions.delete(ctx, bucket, row.key, version_id, now)
            what = "DeleteMarkerCreated" if marked else "Delete"
            events.emit(ctx, bucket, f"LifecycleExpiration:{what}", gone)
        return 1
    except ServiceError as err:
        log.info("lifecycle leaves %s of %s: %s", row.key, bucket.name, err.message)
        return 0
