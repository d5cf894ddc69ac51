"""Origin access controls: how a distribution may read a private bucket.

With one attached, the edges sign their requests as cloudfront.amazonaws.com on behalf of the
distribution; the bucket's policy must allow that principal, with aws:SourceArn as its condition.
"""

from django.db import IntegrityError, transaction

from apps.cdn import errors
from apps.cdn.models import Distribution, OriginAccessControl, new_etag
from apps.cdn.operations.configuration import check_shape, listed
from apps.cdn.operations.distributions import check_version, page, paged, tell_edges

QUOTA = 100
BEHAVIORS = ("never", "always", "no-override")


def named(ctx, access_control_id):
    row = OriginAccessControl.objects.filter(account=ctx.account, access_control_id=access_control_id).first()
    if row is None:
        raise errors.NoSuchOriginAccessControl()
    return row


def described(row):
    return {"Id": row.access_control_id, "OriginAccessControlConfig": row.config}


def checked(config):
    """Return a complete OriginAccessControlConfig. Errors: InvalidArgument."""
    check_shape("CreateOriginAccessControl", {"OriginAccessControlConfig": config})
    if config["SigningProtocol"] != "sigv4":
        raise errors.InvalidArgument("The parameter SigningProtocol must be sigv4.")
    if config["SigningBehavior"] not in BEHAVIORS:
        raise errors.InvalidArgument(f"The parameter SigningBehavior must be one of {', '.join(BEHAVIORS)}.")
    if config["OriginAccessControlOriginType"] != "s3":
        raise errors.InvalidArgument("The parameter OriginAccessControlOriginType must be s3 in this playground.")
    if not 1 <= len(config["Name"]) <= 64:
        raise errors.InvalidArgument("The parameter Name must have 1 to 64 characters.")
    return {"Description": "", **config}


def create_origin_access_control(ctx, request):
    """Make an access control. Errors: InvalidArgument, OriginAccessControlAlreadyExists."""
    config = checked(request["OriginAccessControlConfig"])
    try:
        with transaction.atomic():
            row = OriginAccessControl.objects.create(
                account=ctx.account, name=config["Name"], config=config, created_at=ctx.now
            )
    except IntegrityError:
        raise errors.OriginAccessControlAlreadyExists() from None
    where = f"https://cloudfront.amazonaws.com/2020-05-31/origin-access-control/{row.access_control_id}"
    return {"OriginAccessControl": described(row), "Location": where, "ETag": row.etag}


def get_origin_access_control(ctx, request):
    """Return an access control. Errors: NoSuchOriginAccessControl."""
    row = named(ctx, request["Id"])
    return {"OriginAccessControl": described(row), "ETag": row.etag}


def get_origin_access_control_config(ctx, request):
    """Return an access control's settings. Errors: NoSuchOriginAccessControl."""
    row = named(ctx, request["Id"])
    return {"OriginAccessControlConfig": row.config, "ETag": row.etag}


def list_origin_access_controls(ctx, request):
    """Return the account's access controls, oldest first."""
    rows, more, limit = paged(OriginAccessControl.objects.filter(account=ctx.account), "access_control_id", request)
    items = [{"Id": row.access_control_id, **row.config} for row in rows]
    return {"OriginAccessControlList": page(request, rows and rows[-1].access_control_id, items, more, limit)}


def users(row):
    """Return the distributions that use an access control."""
    return [
        distribution
        for distribution in Distribution.objects.of(row.account)
        if any(o.get("OriginAccessControlId") == row.access_control_id for o in listed(distribution.config["Origins"]))
    ]


def update_origin_access_control(ctx, request):
    """Replace an access control's settings. Errors: as for create, and If-Match's."""
    config = checked(request["OriginAccessControlConfig"])
    try:
        with transaction.atomic():
            row = named(ctx, request["Id"])
            check_version(row, request)
            row.name, row.config, row.etag = config["Name"], config, new_etag()
            row.save()
            for distribution in users(row):
                tell_edges(distribution.distribution_id)
    except IntegrityError:
        raise errors.OriginAccessControlAlreadyExists() from None
    return {"OriginAccessControl": described(row), "ETag": row.etag}


def delete_origin_access_control(ctx, request):
    """Delete an access control that no distribution uses. Errors: OriginAccessControlInUse, If-Match's."""
    with transaction.atomic():
        row = named(ctx, request["Id"])
        check_version(row, request)
        if users(row):
            raise errors.OriginAccessControlInUse()
        row.delete()
    return {}
