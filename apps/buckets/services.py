"""S3's own services as callers: the log delivery, the lifecycle, the inventory act on a bucket's behalf."""

import uuid

from apps.buckets import encryption, store
from playground import clock
from playground.wire.context import Context, Principal


def service_context(name, bucket):
    """Return the Context of a service ("logging.s3.amazonaws.com") that acts for a bucket."""
    return Context(
        bucket.account,
        Principal("service", name=name, source_arn=bucket.arn),
        bucket.region,
        str(uuid.uuid4()),
        clock.now(bucket.account),
        service="s3",
        via="worker",
    )


def beginning(row, count):
    """Return an object's first bytes, b"" where the customer's own key seals them."""
    if row.encryption.get("algorithm") == encryption.CUSTOMER:
        return b""
    data_key = encryption.open_key(service_context("s3.amazonaws.com", row.bucket), row.bucket, row.encryption, {})
    return b"".join(store.read(row, data_key, 0, min(count, row.size_bytes)))
