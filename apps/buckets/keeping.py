"""Emptying a lab: what a teacher's reset does, apart from every rule that binds the lab itself."""

from django.db import transaction

from apps.billing import levels
from apps.buckets import store
from apps.buckets.models import Bucket, Object, Part
from apps.buckets.versions import STORAGE


def empty(account, now):
    """Remove every bucket of a lab with all versions, locked ones too: a reset is the playground's act, not the lab's."""
    for bucket in Bucket.objects.filter(account=account):
        with transaction.atomic():
            held = Bucket.objects.select_for_update().get(pk=bucket.pk)
            names, total = [], 0
            for rows in (Object.objects.filter(bucket=held), Part.objects.filter(upload__bucket=held)):
                for blobs, size in rows.values_list("blobs", "size_bytes"):
                    names += [blob[0] for blob in blobs]
                    total += size
            store.free(names)
            if total:
                levels.change(account, STORAGE, held.arn, -total, now)
            held.delete()
