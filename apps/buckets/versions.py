"""The versions of a key: which one a request means, adding one, removing one.

A bucket that never had versioning, or suspended it, writes the version "null"; one with versioning writes
a new id. The newest is latest; a plain delete adds a delete marker instead of removing anything.
Every function that writes is called inside the caller's transaction.
Source: S3 User Guide, "Working with objects in a versioning-enabled bucket" and "... versioning-suspended bucket".
"""

import re
import secrets
import string

from django.db import connection

from apps.billing import levels
from apps.buckets import errors, locks, store
from apps.buckets.models import Bucket, Object
from playground.prepared import Prepared, delete_row, save_fields

STORAGE = "s3.storage.standard"
NULL = "null"
_LETTERS = string.ascii_letters + string.digits
_ROWS = Object.objects.defer("inline")
_LATEST = Prepared(lambda bucket, key: _ROWS.filter(bucket=bucket, key=key, is_latest=True), int, str)
_STATE = Prepared(lambda bucket: Bucket.objects.only("versioning", "object_lock").filter(pk=bucket), int)
_ID = re.compile(r"[A-Za-z0-9._-]{32}|null")


def opaque(length):
    """Return an id of letters and digits alone: one that began with a hyphen would be an option to a shell's tools."""
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def new_id():
    """Return a version id: 32 letters and digits, as S3's own are opaque strings."""
    return opaque(32)


def is_id(text):
    """Tell whether a text could be a version id of ours."""
    return _ID.fullmatch(text) is not None


def of(bucket, key):
    return Object.objects.filter(bucket=bucket, key=key)


def latest(bucket, key):
    """Return the newest version, be it a delete marker, or None."""
    return _LATEST.first(bucket.pk, key)


def named(bucket, key, version_id):
    """Return one version. Errors: InvalidArgument (no version id at all), NoSuchVersion."""
    if not is_id(version_id):
        raise errors.InvalidArgument("Invalid version id specified", ArgumentName="versionId", ArgumentValue=version_id)
    row = of(bucket, key).filter(version_id=version_id).first()
    if row is None:
        raise errors.NoSuchVersion(Key=key, VersionId=version_id)
    return row


def shown_id(bucket, row):
    """Return the version id that a read tells: none for a bucket that never had versioning."""
    return row.version_id if bucket.versioning else None


def written_id(bucket, row):
    """Return the version id that a write tells: only where it made a version of its own."""
    return row.version_id if bucket.versioning == "Enabled" else None


def held(row):
    """Return a version as it is now, locked until the transaction ends. Errors: NoSuchKey, when it went meanwhile."""
    found = Object.objects.select_for_update().filter(pk=row.pk).first()
    if found is None:
        raise errors.NoSuchKey(Key=row.key)
    return found


def change(row, **columns):
    """Set columns of a version and nothing else. Errors: NoSuchKey, when it went meanwhile."""
    if not Object.objects.filter(pk=row.pk).update(**columns):
        raise errors.NoSuchKey(Key=row.key)
    for name, value in columns.items():
        setattr(row, name, value)


def state_of(bucket):
    """Take over the bucket's versioning as it is now. Errors: NoSuchBucket.

    An upload may take minutes, and what it replaces depends on the state at its end, not at its start.
    """
    found = _STATE.first(bucket.pk)
    if found is None:
        raise errors.NoSuchBucket(BucketName=bucket.name)
    bucket.versioning, bucket.object_lock = found.versioning, found.object_lock


def one_writer(bucket, key):
    """Let no other transaction change this key until ours ends. SQLite has one writer in all."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, %s))", [key, bucket.pk])


def add(bucket, key, now, values):
    """Insert a version as the latest, displacing what it replaces. values: columns. Returns the Object."""
    one_writer(bucket, key)
    state_of(bucket)
    fresh = bucket.versioning == "Enabled"
    previous = latest(bucket, key)
    delta = values.get("size_bytes", 0)
    if previous is not None:
        if not fresh and previous.version_id == NULL:
            delta -= _erase(previous)
        else:
            previous.is_latest, previous.noncurrent_since = False, now
            save_fields(previous, "is_latest", "noncurrent_since")
            if not fresh:
                older = of(bucket, key).filter(version_id=NULL).first()
                delta -= _erase(older) if older else 0
    version_id = new_id() if fresh else NULL
    row = Object.objects.create(bucket=bucket, key=key, version_id=version_id, last_modified=now, **values)
    if delta:
        levels.change(bucket.account, STORAGE, bucket.arn, delta, now)
    return row


def _erase(row):
    """Delete a row and its bytes. Returns how many bytes that frees."""
    store.free(row.blob_names)
    delete_row(row)
    return row.size_bytes


def remove(bucket, row, now):
    """Remove one version for good; the next older one becomes latest."""
    freed, was_latest, key = _erase(row), row.is_latest, row.key
    if was_latest:
        following = of(bucket, key).order_by("-id").first()
        if following is not None:
            change(following, is_latest=True, noncurrent_since=None)
    if freed:
        levels.change(bucket.account, STORAGE, bucket.arn, -freed, now)


def delete(ctx, bucket, key, version_id, now, bypass=False):
    """Do what DeleteObject does to a key. Returns (the row removed or the marker added, or None; was a marker added).

    bypass: the caller may and wants to override governance retention. Errors: AccessDenied (locked).
    """
    one_writer(bucket, key)
    state_of(bucket)
    if version_id is not None:
        row = of(bucket, key).select_for_update().filter(version_id=version_id).first()
        if row is None:
            return None, False
        locks.check_removal(ctx, bucket, row, now, bypass)
        remove(bucket, row, now)
        return row, False
    if not bucket.versioning:
        row = latest(bucket, key)
        if row is not None:
            remove(bucket, row, now)
        return row, False
    return add(bucket, key, now, {"is_delete_marker": True}), True
