"""Buckets, objects and their versions, uploads in parts, and the outbox of events.

Words: an *object* is a row per version of a key; the one that reads mean is *latest*; a *delete marker* is
a version without bytes. A *blob* is a file of (encrypted) bytes, never changed; an object's `blobs` name
its files in order: one for a plain write, one for each part of an upload. A *grant* is a line of an ACL.
An *event* waits here until functions or queues took it.
"""

from datetime import datetime

from django.db import models, transaction

from apps.buckets import errors
from apps.identity.models import Account
from playground.wire.dates import iso8601

BLOCK_ALL = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
OWNER_ENFORCED, OWNER_PREFERRED, OBJECT_WRITER = "BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"


def block_all():
    return dict(BLOCK_ALL)


def plain(value):
    """Return a configuration as JSON can hold it: times as ISO 8601."""
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return iso8601(value) if isinstance(value, datetime) else value


class Bucket(models.Model):
    """A name in the one namespace of all accounts. New ones block public access and have no ACLs, as since 2023."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="buckets")
    name = models.CharField(max_length=63, unique=True)
    region = models.CharField(max_length=32)
    created_at = models.DateTimeField()
    policy = models.JSONField(null=True)  # the document; policy_text is what was sent
    policy_text = models.TextField(blank=True, default="")
    public_access_block = models.JSONField(null=True, default=block_all)
    notification = models.JSONField(default=dict)  # as PutBucketNotificationConfiguration gave it
    versioning = models.CharField(max_length=10, blank=True, default="")  # "", "Enabled" or "Suspended"
    object_lock = models.BooleanField(default=False)
    ownership = models.CharField(max_length=24, blank=True, default=OWNER_ENFORCED)  # "": no controls, as ObjectWriter
    acl = models.JSONField(null=True)  # grants (acl.py); None: the owner alone
    configurations = models.JSONField(default=dict)  # "CORS", "Website", "Lifecycle", ...: as Put gave them

    def __str__(self):
        return self.name

    @property
    def arn(self):
        return f"arn:aws:s3:::{self.name}"

    @property
    def has_acls(self):
        """Tell whether ACLs count here at all (they do not under BucketOwnerEnforced)."""
        return self.ownership != OWNER_ENFORCED

    def blocks(self, setting):
        """Tell whether one of the four settings of block public access is on, for the bucket or its account."""
        if (self.public_access_block or {}).get(setting):
            return True
        whole = getattr(self.account, "bucket_defaults", None)
        return bool(whole and (whole.public_access_block or {}).get(setting))

    def held(self):
        """Return the row as it is now, locked; call it in a transaction. Errors: NoSuchBucket, when it went meanwhile."""
        found = Bucket.objects.select_for_update().filter(pk=self.pk).first()
        if found is None:
            raise errors.NoSuchBucket(BucketName=self.name)
        return found

    def change(self, **columns):
        """Set columns and nothing else. Errors: NoSuchBucket, when it went meanwhile."""
        if not Bucket.objects.filter(pk=self.pk).update(**columns):
            raise errors.NoSuchBucket(BucketName=self.name)
        for name, value in columns.items():
            setattr(self, name, value)

    def keep(self, name, configuration):
        """Set one configuration, whatever another request sets at the same time."""
        with transaction.atomic():
            self.change(configurations={**self.held().configurations, name: plain(configuration)})

    def drop(self, name):
        """Remove one configuration, if it is there."""
        with transaction.atomic():
            kept = self.held().configurations
            if kept.pop(name, None) is not None:
                self.change(configurations=kept)


class AccountDefaults(models.Model):
    """What holds for all buckets of a lab."""

    account = models.OneToOneField(Account, on_delete=models.CASCADE, related_name="bucket_defaults")
    public_access_block = models.JSONField(null=True)


class Blob(models.Model):
    """A file below the blobs folder that some object or part names: what the sweep must leave alone."""

    name = models.CharField(max_length=80, unique=True)
    size_bytes = models.BigIntegerField()


class Object(models.Model):
    """One version of a key, or a delete marker. A later version has a higher id."""

    bucket = models.ForeignKey(Bucket, on_delete=models.CASCADE, related_name="stored")
    key = models.CharField(max_length=1024)
    version_id = models.CharField(max_length=40, default="null")
    is_latest = models.BooleanField(default=True)
    is_delete_marker = models.BooleanField(default=False)
    blobs = models.JSONField(default=list)  # [[file name, size in bytes, nonce], ...]; see store.Stored
    inline = models.BinaryField(null=True)  # the encrypted bytes themselves when they are few
    size_bytes = models.BigIntegerField(default=0)
    etag = models.CharField(max_length=64, blank=True, default="")  # without quotes
    last_modified = models.DateTimeField()
    content_type = models.CharField(max_length=256, default="binary/octet-stream")
    headers = models.JSONField(default=dict)  # CacheControl, ContentDisposition, ... by member name
    metadata = models.JSONField(default=dict)  # user metadata, names in lower case
    checksums = models.JSONField(default=dict)  # {"CRC64NVME": base64}
    checksum_type = models.CharField(max_length=12, default="FULL_OBJECT")
    storage_class = models.CharField(max_length=24, default="STANDARD")
    parts = models.JSONField(default=list)  # [{"number", "size", "checksums"}] of an upload in parts
    encryption = models.JSONField(default=dict)  # encryption.py: how, under which key, the wrapped data key
    tags = models.JSONField(default=dict)
    owner = models.ForeignKey(Account, null=True, on_delete=models.CASCADE, related_name="+")  # None: the bucket's
    acl = models.JSONField(null=True)  # grants; None: the owner alone
    lock_mode = models.CharField(max_length=12, blank=True, default="")  # "", "GOVERNANCE" or "COMPLIANCE"
    retain_until = models.DateTimeField(null=True)
    legal_hold = models.CharField(max_length=3, blank=True, default="")  # "", "ON" or "OFF"
    noncurrent_since = models.DateTimeField(null=True)  # when a newer version came, of the lab's time

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["bucket", "key", "version_id"], name="object_version_once"),
            models.UniqueConstraint(
                fields=["bucket", "key"], condition=models.Q(is_latest=True), name="object_latest_once"
            ),
        ]
        indexes = [models.Index(fields=["bucket", "key", "-id"], name="object_versions_in_order")]

    @property
    def blob_names(self):
        return [blob[0] for blob in self.blobs]


class MultipartUpload(models.Model):
    """An upload in progress."""

    upload_id = models.CharField(max_length=64, unique=True)
    bucket = models.ForeignKey(Bucket, on_delete=models.CASCADE, related_name="uploads")
    key = models.CharField(max_length=1024)
    initiated_at = models.DateTimeField()
    values = models.JSONField(default=dict)  # what the finished object takes over: content_type, headers, tags, ...
    checksum_algorithm = models.CharField(max_length=12, blank=True, default="")
    checksum_type = models.CharField(max_length=12, blank=True, default="")
    encryption = models.JSONField(default=dict)
    owner = models.ForeignKey(Account, null=True, on_delete=models.CASCADE, related_name="+")
    initiator = models.JSONField(default=dict)  # {"ID", "DisplayName"} as listed

    class Meta:
        indexes = [models.Index(fields=["bucket", "key", "initiated_at"], name="uploads_in_order")]


class FinishedUpload(models.Model):
    """What the completion of an upload answered, kept for a day."""

    upload_id = models.CharField(max_length=64, unique=True)
    bucket = models.ForeignKey(Bucket, on_delete=models.CASCADE, related_name="+")
    answer = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)


class Part(models.Model):
    upload = models.ForeignKey(MultipartUpload, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    blobs = models.JSONField(default=list)
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
