"""Tags of buckets and objects. Source: Amazon S3 API Reference, PutObjectTagging and its neighbours."""

from django.db import transaction

from apps.billing import meters
from apps.buckets import errors, events, tags, versions
from apps.buckets.actions import bucket_of
from apps.buckets.operations.objects import find


def _meter(ctx, bucket, kind):
    meters.record(ctx, f"s3.requests.standard.{kind}", 1, bucket.arn, account=bucket.account)


def put_object_tagging(ctx, request):
    """Replace an object's tags. Errors: InvalidTag, MalformedXML, NoSuchKey."""
    bucket = bucket_of(ctx, request)
    row = find(ctx, bucket, request)
    given = tags.of_set(request.get("Tagging"))
    with transaction.atomic():
        versions.change(row, tags=given)
        events.emit(ctx, bucket, "ObjectTagging:Put", row)
    _meter(ctx, bucket, "put_copy_post_list")
    return {"VersionId": versions.shown_id(bucket, row)}


def get_object_tagging(ctx, request):
    """Return an object's tags, perhaps none. Errors: NoSuchKey."""
    bucket = bucket_of(ctx, request)
    row = find(ctx, bucket, request)
    _meter(ctx, bucket, "get_select_other")
    return {"TagSet": tags.to_set(row.tags), "VersionId": versions.shown_id(bucket, row)}


def delete_object_tagging(ctx, request):
    """Remove all tags of an object. Errors: NoSuchKey."""
    bucket = bucket_of(ctx, request)
    row = find(ctx, bucket, request)
    with transaction.atomic():
        versions.change(row, tags={})
        events.emit(ctx, bucket, "ObjectTagging:Delete", row)
    meters.record(ctx, "s3.requests.delete_cancel", 1, bucket.arn, account=bucket.account)
    return {"__status__": 204, "VersionId": versions.shown_id(bucket, row)}


def put_bucket_tagging(ctx, request):
    """Replace a bucket's tags. Errors: InvalidTag, MalformedXML."""
    bucket = bucket_of(ctx, request)
    found = tags.of_set(request.get("Tagging"), tags.OF_A_BUCKET)
    bucket.keep("Tagging", tags.to_set(found))
    _meter(ctx, bucket, "put_copy_post_list")
    return {"__status__": 204}


def get_bucket_tagging(ctx, request):
    """Return a bucket's tags. Errors: NoSuchTagSet."""
    bucket = bucket_of(ctx, request)
    _meter(ctx, bucket, "get_select_other")
    if not bucket.configurations.get("Tagging"):
        raise errors.NoSuchTags(BucketName=bucket.name)
    return {"TagSet": bucket.configurations["Tagging"]}


def delete_bucket_tagging(ctx, request):
    """Remove a bucket's tags."""
    bucket = bucket_of(ctx, request)
    bucket.drop("Tagging")
    meters.record(ctx, "s3.requests.delete_cancel", 1, bucket.arn, account=bucket.account)
    return {"__status__": 204}
