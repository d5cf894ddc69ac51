"""ACLs and ownership controls. Source: S3 User Guide, "Access control list (ACL) overview", "Controlling ownership"."""

from apps.billing import meters
from apps.buckets import acl, errors, ownership, versions
from apps.buckets.actions import bucket_of
from apps.buckets.models import OWNER_ENFORCED
from apps.buckets.operations.objects import find
from apps.identity.models import Account
from playground.wire.errors import AccessDenied


def _meter(ctx, bucket, kind):
    meters.record(ctx, f"s3.requests.standard.{kind}", 1, bucket.arn, account=bucket.account)


def _person(account):
    return {"ID": account.canonical_id, "DisplayName": account.name}


def _told(stored, owner):
    """Return {"Owner", "Grants"} of a stored ACL."""
    grants = acl.grants_of(stored, owner.canonical_id)
    ids = {grant["id"] for grant in grants if "id" in grant}
    names = dict(Account.objects.filter(canonical_id__in=ids).values_list("canonical_id", "name"))
    told = sorted(grants, key=lambda grant: "id" in grant)  # groups first, otherwise as they were given
    return {"Owner": _person(owner), "Grants": [_grant(grant, names) for grant in told]}


def _grant(grant, names):
    if "uri" in grant:
        return {"Grantee": {"Type": "Group", "URI": grant["uri"]}, "Permission": grant["permission"]}
    grantee = {"Type": "CanonicalUser", "ID": grant["id"], "DisplayName": names.get(grant["id"], "")}
    return {"Grantee": grantee, "Permission": grant["permission"]}


def get_bucket_acl(ctx, request):
    """Return a bucket's owner and grants. Source: GetBucketAcl."""
    bucket = bucket_of(ctx, request)
    _meter(ctx, bucket, "get_select_other")
    return _told(bucket.acl if bucket.has_acls else None, bucket.account)


def put_bucket_acl(ctx, request):
    """Set a bucket's ACL: canned, by headers, or as a document.

    Errors: AccessControlListNotSupported, AccessDenied (BlockPublicAcls), MalformedACLError. Source: PutBucketAcl.
    """
    bucket = bucket_of(ctx, request)
    _meter(ctx, bucket, "put_copy_post_list")
    if not bucket.has_acls:
        raise errors.AclNotSupported()
    grants = ownership.asked(request, bucket.account, bucket.account, acl.CANNED_FOR_BUCKETS)
    if grants is None:
        raise errors.MissingSecurityHeader()
    _check_owner(request, bucket.account)
    ownership.check_public(ctx, bucket, grants)
    bucket.change(acl=grants)
    return {}


def _check_owner(request, owner):
    """The owner named in a document must be the owner: an ACL does not give things away. Errors: AccessDenied."""
    named = ((request.get("AccessControlPolicy") or {}).get("Owner") or {}).get("ID")
    if named is not None and named != owner.canonical_id:
        raise AccessDenied()


def get_object_acl(ctx, request):
    """Return an object's owner and grants. Errors: NoSuchKey. Source: GetObjectAcl."""
    bucket = bucket_of(ctx, request)
    row = find(ctx, bucket, request)
    _meter(ctx, bucket, "get_select_other")
    if not bucket.has_acls:
        return _told(None, bucket.account)
    return _told(row.acl, row.owner or bucket.account)


def put_object_acl(ctx, request):
    """Set an object's ACL. Errors: as PutBucketAcl, NoSuchKey. Source: PutObjectAcl."""
    bucket = bucket_of(ctx, request)
    row = find(ctx, bucket, request)
    _meter(ctx, bucket, "put_copy_post_list")
    if not bucket.has_acls:
        raise errors.AclNotSupported()
    owner = row.owner or bucket.account
    grants = ownership.asked(request, owner, bucket.account, acl.CANNED_FOR_OBJECTS)
    if grants is None:
        raise errors.MissingSecurityHeader()
    _check_owner(request, owner)
    ownership.check_public(ctx, bucket, grants)
    versions.change(row, acl=grants)
    version = versions.shown_id(bucket, row)
    return {"__headers__": {"x-amz-version-id": version}} if version else {}


def put_bucket_ownership_controls(ctx, request):
    """Say who owns new objects. Errors: InvalidBucketAclWithObjectOwnership. Source: PutBucketOwnershipControls."""
    bucket = bucket_of(ctx, request)
    _meter(ctx, bucket, "put_copy_post_list")
    rules = request["OwnershipControls"].get("Rules") or []
    if len(rules) != 1:
        raise errors.MalformedXML()
    wanted = rules[0].get("ObjectOwnership")
    ownership.check_rule(wanted)
    if wanted == OWNER_ENFORCED and not acl.only_owner(bucket.acl, bucket.account.canonical_id):
        raise errors.InvalidAclWithOwnership()
    bucket.change(ownership=wanted)
    return {}


def get_bucket_ownership_controls(ctx, request):
    """Return the rule. Errors: OwnershipControlsNotFoundError. Source: GetBucketOwnershipControls."""
    bucket = bucket_of(ctx, request)
    _meter(ctx, bucket, "get_select_other")
    if not bucket.ownership:
        raise errors.NoSuchOwnership(BucketName=bucket.name)
    return {"OwnershipControls": {"Rules": [{"ObjectOwnership": bucket.ownership}]}}


def delete_bucket_ownership_controls(ctx, request):
    """Remove the rule: writers own what they write, as before the rule existed. Source: DeleteBucketOwnershipControls."""
    bucket = bucket_of(ctx, request)
    bucket.change(ownership="")
    meters.record(ctx, "s3.requests.delete_cancel", 1, bucket.arn, account=bucket.account)
    return {"__status__": 204}
