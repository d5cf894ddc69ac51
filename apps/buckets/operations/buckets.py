"""Buckets themselves."""

import re

from django.db import IntegrityError, transaction

from apps.billing import meters
from apps.buckets import acl, errors, ownership
from apps.buckets.actions import bucket_of
from apps.buckets.models import OWNER_ENFORCED, Bucket, block_all
from apps.buckets.tags import check as check_tags
from apps.buckets.tags import to_set
from playground import clock

# S3 User Guide, "General purpose bucket naming rules".
NAME = re.compile(r"(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
BAD_STARTS = ("xn--", "sthree-", "amzn-s3-demo-")
BAD_ENDS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d|EU")


def check_name(name):
    """Refuse a name that breaks the naming rules. Errors: InvalidBucketName."""
    if not NAME.fullmatch(name) or ".." in name or name.startswith(BAD_STARTS) or name.endswith(BAD_ENDS):
        raise errors.InvalidBucketName(BucketName=name)


def _region(ctx, request):
    """Return the region a bucket is made in. Errors: IllegalLocationConstraintException, InvalidLocationConstraint."""
    asked = (request.get("CreateBucketConfiguration") or {}).get("LocationConstraint")
    if not asked:
        if ctx.region != "us-east-1":
            raise errors.IllegalLocationConstraint()
        return "us-east-1"
    if not REGION.fullmatch(asked):
        raise errors.InvalidLocationConstraint(LocationConstraint=asked)
    asked = "eu-west-1" if asked == "EU" else asked
    if ctx.region not in (asked, "us-east-1"):
        raise errors.IllegalLocationConstraint(
            f"The {asked} location constraint is incompatible for the region specific endpoint this request was sent to."
        )
    return asked


def _columns(ctx, request):
    """Return the columns of a new bucket: ownership, ACL, object lock.

    Errors: InvalidBucketAclWithObjectOwnership, InvalidArgument, those of ACLs.
    """
    before_2023 = ctx.account.buckets_as_before_2023
    wanted = request.get("ObjectOwnership")
    if wanted is not None:
        ownership.check_rule(wanted)
    grants = ownership.asked(request, ctx.account, ctx.account, acl.CANNED_FOR_BUCKETS)
    found = {"ownership": wanted or ("" if before_2023 else OWNER_ENFORCED), "acl": grants}
    if found["ownership"] == OWNER_ENFORCED and not acl.only_owner(grants, ctx.account.canonical_id):
        raise errors.InvalidAclWithOwnership()
    found["public_access_block"] = None if before_2023 else block_all()
    if request.get("ObjectLockEnabledForBucket"):
        found.update(object_lock=True, versioning="Enabled")
    return found


def create_bucket(ctx, request):
    """Make a bucket; unless the lab asks for the defaults before April 2023, without ACLs and blocking public access.

    Errors: InvalidBucketName, BucketAlreadyExists, BucketAlreadyOwnedByYou (in us-east-1 a second creation by the
    owner succeeds), IllegalLocationConstraintException. Source: Amazon S3 API Reference, CreateBucket.
    """
    name = request["Bucket"]
    check_name(name)
    region = _region(ctx, request)
    columns = _columns(ctx, request)
    tags = (request.get("CreateBucketConfiguration") or {}).get("Tags")
    if tags:
        columns["configurations"] = {"Tagging": to_set(check_tags([(t["Key"], t.get("Value", "")) for t in tags], 50))}
    meters.record(ctx, "s3.requests.standard.put_copy_post_list", 1, f"arn:aws:s3:::{name}")
    try:
        with transaction.atomic():
            Bucket.objects.create(account=ctx.account, name=name, region=region, created_at=ctx.now, **columns)
    except IntegrityError:
        _again(ctx, name, region, columns)
    return {"Location": f"/{name}", "BucketArn": f"arn:aws:s3:::{name}"}


def _again(ctx, name, region, columns):
    """A name that is taken: its owner may create it again in us-east-1, which resets nothing but its ACL."""
    owner = Bucket.objects.filter(name=name).first()
    if owner is None:  # it was deleted this moment
        raise errors.OperationAborted()
    if owner.account_id != ctx.account.pk:
        raise errors.BucketAlreadyExists(BucketName=name)
    if region != "us-east-1" or owner.region != "us-east-1":
        raise errors.BucketAlreadyOwnedByYou(BucketName=name)
    if owner.has_acls:
        owner.change(acl=columns["acl"])


def head_bucket(ctx, request):
    """Tell that a bucket exists and where. Source: Amazon S3 API Reference, HeadBucket."""
    bucket = bucket_of(ctx, request)
    meters.record(ctx, "s3.requests.standard.get_select_other", 1, bucket.arn, account=bucket.account)
    return {"BucketRegion": bucket.region, "BucketArn": bucket.arn, "AccessPointAlias": False}


def list_buckets(ctx, request):
    """List the caller's own buckets by name, a page at a time. Source: Amazon S3 API Reference, ListBuckets."""
    meters.record(ctx, "s3.requests.standard.put_copy_post_list", 1, "*")
    rows = Bucket.objects.filter(account=ctx.account).order_by("name")
    prefix = request.get("Prefix") or ""
    if prefix:
        rows = rows.filter(name__gte=prefix, name__lt=prefix + "\U0010ffff")
    if request.get("BucketRegion"):
        rows = rows.filter(region=request["BucketRegion"])
    if request.get("ContinuationToken"):
        rows = rows.filter(name__gt=request["ContinuationToken"])
    limit = request.get("MaxBuckets") or 10_000
    if not 1 <= limit <= 10_000:
        raise errors.InvalidArgument("Argument max-buckets must be an integer between 1 and 10000")
    found = list(rows[: limit + 1])
    answer = {
        "Buckets": [
            {"Name": b.name, "CreationDate": b.created_at, "BucketRegion": b.region, "BucketArn": b.arn}
            for b in found[:limit]
        ],
        "Owner": {"ID": ctx.account.canonical_id},
    }
    if prefix:
        answer["Prefix"] = prefix
    if len(found) > limit:
        answer["ContinuationToken"] = found[limit - 1].name
    return answer


def delete_bucket(ctx, request):
    """Delete an empty bucket. Errors: BucketNotEmpty. Source: Amazon S3 API Reference, DeleteBucket."""
    bucket = bucket_of(ctx, request)
    with transaction.atomic():
        held = bucket.held()
        if held.stored.exists() or held.uploads.exists():
            raise errors.BucketNotEmpty(BucketName=bucket.name)
        held.delete()
    meters.record(ctx, "s3.requests.delete_cancel", 1, bucket.arn, account=bucket.account, at=clock.now(bucket.account))
    return {}


def get_bucket_location(ctx, request):
    """Return a bucket's region; us-east-1 is the empty constraint. Source: GetBucketLocation."""
    bucket = bucket_of(ctx, request)
    meters.record(ctx, "s3.requests.standard.get_select_other", 1, bucket.arn, account=bucket.account)
    return {"LocationConstraint": None if bucket.region == "us-east-1" else bucket.region}
