"""Use, kept exactly: single meters, hourly sums, and levels of stored bytes."""

from django.db import models

from apps.billing.fields import ExactDecimalField
from apps.identity.models import Account


class Meter(models.Model):
    """One act of use, as recorded. The newest are kept; the hourly sums are for ever."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="meters")
    at = models.DateTimeField()  # the lab's time
    sku = models.CharField(max_length=80)
    resource = models.CharField(max_length=256)
    region = models.CharField(max_length=32)
    quantity = ExactDecimalField()
    request_id = models.CharField(max_length=64)

    class Meta:
        indexes = [
            models.Index(fields=["account", "sku", "-id"], name="meter_of_account"),
            models.Index(fields=["request_id"], name="meter_of_request"),
        ]


class MeterHour(models.Model):
    """The exact sum of an hour's use of one resource."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="meter_hours")
    hour = models.DateTimeField()
    sku = models.CharField(max_length=80)
    resource = models.CharField(max_length=256)
    region = models.CharField(max_length=32)
    quantity = ExactDecimalField()
    count = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "hour", "sku", "resource", "region"], name="meter_hour_once")
        ]


class StorageLevel(models.Model):
    """How many bytes a resource holds, and the exact integral over one month so far.

    byte_microseconds: level x time up to as_of; a row is closed at its month's end and the next one carries on.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="storage_levels")
    sku = models.CharField(max_length=80)
    resource = models.CharField(max_length=256)
    month = models.CharField(max_length=7)  # "2026-11"
    level_bytes = models.BigIntegerField(default=0)
    as_of = models.DateTimeField()
    byte_microseconds = ExactDecimalField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "sku", "resource", "month"], name="storage_level_once")
        ]
