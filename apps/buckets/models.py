"""Buckets, objects, uploads in parts, and the outbox of events.

Words: an *object* is a row per version (version id "null" until versioning comes); a *blob* is its
bytes, an immutable file; an *upload* collects *parts*; an *event* waits here until functions took it.
"""

from pathlib import Path

from django.conf import settings
from django.db import models

from apps.identity.models import Account

BLOCK_ALL = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}


def block_all():
    return dict(BLOCK_ALL)


class Bucket(models.Model):
    """A name in the one namespace of all accounts. New ones block public access, as since April 2023."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="buckets")
    name = models.CharField(max_length=63, unique=True)
    region = models.CharField(max_length=32)
    created_at = models.DateTimeField()
    policy = models.JSONField(null=True)  # the document; policy_text is what was sent
    policy_text = models.TextField(blank=True, default="")
    public_access_block = models.JSONField(null=True, default=block_all)
    notification = models.JSONField(default=dict)  # as PutBucketNotificationConfiguration gave it

    def __str__(self):
        return self.name

    @property
    def arn(self):
        return f"arn:aws:s3:::{self.name}"

    def blocks(self, setting):
        """Tell whether one of the four settings of block public access is on."""
        return bool((self.public_access_block or {}).get(setting))


class Blob(models.Model):
    """Bytes on disk, never changed. name: file name below the blobs folder."""

    name = models.CharField(max_length=80, unique=True)
    size_bytes = models.BigIntegerField()

    @property
    def path(self):
        return str(Path(settings.DATA_DIR, "blobs", self.name))


class Object(models.Model):
    """One version of a key."""

    bucket = models.ForeignKey(Bucket, on_delete=models.CASCADE, related_name="stored")
    key = models.CharField(max_length=1024)
    version_id = models.CharField(max_length=40, default="null")
    is_latest = models.BooleanField(default=True)
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    size_bytes = models.BigIntegerField()
    etag = models.CharField(max_length=64)  # without quotes
    last_modified = models.DateTimeField()
    content_type = models.CharField(max_length=256, default="binary/octet-stream")
    headers = models.JSONField(default=dict)  # CacheControl, ContentDisposition, ... by member name
    metadata = models.JSONField(default=dict)  # user metadata, names in lower case
    checksums = models.JSONField(default=dict)  # {"CRC64NVME": base64}
    checksum_type = models.CharField(max_length=12, default="FULL_OBJECT")
    storage_class = models.CharField(max_length=24, default="STANDARD")
    parts_count = models.PositiveIntegerField(default=0)
    part_sizes = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["bucket", "key", "version_id"], name="object_version_once")]


class MultipartUpload(models.Model):
    """An upload in progress."""

    upload_id = models.CharField(max_length=64, unique=True)
    bucket = models.ForeignKey(Bucket, on_delete=models.CASCADE, related_name="uploads")
    key = models.CharField(max_length=1024)
    initiated_at = models.DateTimeField()
    values = models.JSONField(default=dict)  # what the finished object takes over: content_type, headers, metadata
    checksum_algorithm = models.CharField(max_length=12, blank=True, default="")
    checksum_type = models.CharField(max_length=12, blank=True, default="")


class Part(models.Model):
    upload = models.ForeignKey(MultipartUpload, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")
    size_bytes = models.BigIntegerField()
    etag = models.CharField(max_length=64)
    checksums = models.JSONField(default=dict)
    last_modified = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["upload", "number"], name="part_once")]


class Event(models.Model):
    """The outbox: written with the object, removed by functions in the transaction that makes the invocation."""

    bucket = models.ForeignKey(Bucket, on_delete=models.CASCADE, related_name="events")
    destination_arn = models.CharField(max_length=256)
    event_name = models.CharField(max_length=64)
    record = models.JSONField()  # one of the event's Records
    request_id = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)
