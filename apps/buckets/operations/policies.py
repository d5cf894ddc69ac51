"""Who may: bucket policies and block public access."""

from apps.billing import meters
from apps.buckets import acl, errors
from apps.buckets.actions import bucket_of
from apps.identity import policy
from playground.wire.errors import AccessDenied

POLICY_BYTES = 20 * 1024


def _meter(ctx, bucket, kind="put_copy_post_list"):
    meters.record(ctx, f"s3.requests.standard.{kind}", 1, bucket.arn, account=bucket.account)


def put_bucket_policy(ctx, request):
    """Set a bucket's policy.

    request: {"Bucket", "Policy": JSON text}. Errors: MalformedPolicy, AccessDenied (a public policy while
    BlockPublicPolicy is on). Source: Amazon S3 API Reference, PutBucketPolicy.
    """
    bucket = bucket_of(ctx, request)
    text = request["Policy"]
    if len(text.encode()) > POLICY_BYTES:
        raise errors.MalformedPolicy("Policies must be less than 20 KB")
    try:
        document = policy.parse(text)
        policy.validate(document, bucket.arn)
    except policy.Malformed as err:
        raise errors.MalformedPolicy(str(err)) from None
    if bucket.blocks("BlockPublicPolicy") and policy.is_public(document):
        ctx.trace.step("public access", "blocked", "BlockPublicPolicy is on, and this policy would be public.")
        raise AccessDenied(
            f"User: {ctx.principal.arn} is not authorized to perform: s3:PutBucketPolicy on resource: "
            f'"{bucket.arn}" because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.'
        )
    bucket.change(policy=document, policy_text=text)
    _meter(ctx, bucket)
    return {"__status__": 204}


def get_bucket_policy(ctx, request):
    """Return a bucket's policy as it was sent. Errors: NoSuchBucketPolicy. Source: GetBucketPolicy."""
    bucket = bucket_of(ctx, request)
    _meter(ctx, bucket, "get_select_other")
    if bucket.policy is None:
        raise errors.NoSuchBucketPolicy(BucketName=bucket.name)
    return {"Policy": bucket.policy_text}


def get_bucket_policy_status(ctx, request):
    """Tell whether a bucket's policy, or where they count its ACL, is public. Source: GetBucketPolicyStatus."""
    bucket = bucket_of(ctx, request)
    _meter(ctx, bucket, "get_select_other")
    by_acl = bucket.has_acls and acl.is_public(bucket.acl) and not bucket.blocks("IgnorePublicAcls")
    return {"PolicyStatus": {"IsPublic": by_acl or policy.is_public(bucket.policy)}}


def delete_bucket_policy(ctx, request):
    """Remove a bucket's policy; nothing to remove is no error. Source: DeleteBucketPolicy."""
    bucket = bucket_of(ctx, request)
    bucket.change(policy=None, policy_text="")
    meters.record(ctx, "s3.requests.delete_cancel", 1, bucket.arn, account=bucket.account)
    return {"__status__": 204}


def put_public_access_block(ctx, request):
    """Set the four switches; one not named is off. Source: Amazon S3 API Reference, PutPublicAccessBlock."""
    bucket = bucket_of(ctx, request)
    asked = request["PublicAccessBlockConfiguration"]
    names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    bucket.change(public_access_block={name: bool(asked.get(name)) for name in names})
    _meter(ctx, bucket)
    return {}


def get_public_access_block(ctx, request):
    """Return the four switches. Errors: NoSuchPublicAccessBlockConfiguration. Source: GetPublicAccessBlock."""
    bucket = bucket_of(ctx, request)
    _meter(ctx, bucket, "get_select_other")
    if bucket.public_access_block is None:
        raise errors.NoSuchPublicAccessBlock(BucketName=bucket.name)
    return {"PublicAccessBlockConfiguration": bucket.public_access_block}


def delete_public_access_block(ctx, request):
    """Remove the switches: nothing is blocked. Source: DeletePublicAccessBlock."""
    bucket = bucket_of(ctx, request)
    bucket.change(public_access_block=None)
    meters.record(ctx, "s3.requests.delete_cancel", 1, bucket.arn, account=bucket.account)
    return {"__status__": 204}
