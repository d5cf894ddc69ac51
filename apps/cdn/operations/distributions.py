"""Distributions: create, read, list, update, delete.

A distribution is somebody's own: another account's id is answered with NoSuchDistribution. Every write
also writes a Change and nudges the edges; the status is InProgress until every live edge applied it.
Next: configuration.py checks and completes what is stored; apps/cdn/directory.py is the edges' side.
"""

import time

from django.db import IntegrityError, transaction

from apps.cdn import directory, errors
from apps.cdn.models import Alias, Change, Distribution, Invalidation, new_etag
from apps.cdn.operations.configuration import checked, listed, without_effect

QUOTA = 500  # distributions of one account
WAIT_SECONDS = 1.0  # how long a read waits for the edges, so that the stock waiters pass at their first look
SUMMARY = (
    "Aliases",
    "Origins",
    "OriginGroups",
    "DefaultCacheBehavior",
    "CacheBehaviors",
    "CustomErrorResponses",
    "Comment",
    "PriceClass",
    "Enabled",
    "ViewerCertificate",
    "Restrictions",
    "WebACLId",
    "HttpVersion",
    "IsIPV6Enabled",
    "Staging",
)


def named(ctx, distribution_id):
    """Return the caller's own distribution. Errors: NoSuchDistribution."""
    row = Distribution.objects.of(ctx.account).filter(distribution_id=distribution_id).first()
    if row is None:
        raise errors.NoSuchDistribution()
    return row


def wait_while(row, status):
    """Return the row again once its status is another, or after WAIT_SECONDS."""
    end = time.monotonic() + WAIT_SECONDS
    while row.status == status and time.monotonic() < end:
        time.sleep(0.02)
        row.refresh_from_db(fields=["status"])
    return row


def tell_edges(distribution_id, invalidation=None):
    """Write news for the edges in the caller's transaction and wake them when it is committed."""
    Change.objects.create(distribution_id=distribution_id, invalidation=invalidation)
    transaction.on_commit(directory.nudge)


def described(row):
    """Return a distribution as the wire's Distribution."""
    progress = Invalidation.objects.filter(distribution=row, status=Invalidation.Status.IN_PROGRESS).count()
    return {
        "Id": row.distribution_id,
        "ARN": row.arn,
        "Status": row.status,
        "LastModifiedTime": row.modified_at,
        "InProgressInvalidationBatches": progress,
        "DomainName": row.domain_name,
        "ActiveTrustedSigners": {"Enabled": False, "Quantity": 0},
        "ActiveTrustedKeyGroups": {"Enabled": False, "Quantity": 0},
        "DistributionConfig": row.config,
    }


def location(row):
    return f"https://cloudfront.amazonaws.com/2020-05-31/distribution/{row.distribution_id}"


def put_aliases(row):
    """Make a distribution's alternate names its own. Errors: CNAMEAlreadyExists."""
    row.aliases.all().delete()
    names = [name.lower() for name in listed(row.config["Aliases"])]
    if Alias.objects.filter(name__in=names).exists():
        raise errors.CNAMEAlreadyExists()
    Alias.objects.bulk_create(Alias(distribution=row, name=name) for name in names)


def create_distribution(ctx, request):
    """Make a distribution and let the edges know.

    request: {"DistributionConfig": {...}}. The same CallerReference with the same config answers with the
    distribution that is already there. Errors: DistributionAlreadyExists, and what configuration.py says.
    Source: CloudFront API Reference, CreateDistribution.
    """
    return _create(ctx, request["DistributionConfig"], {})


def create_distribution_with_tags(ctx, request):
    """Make a distribution that carries tags. request: {"DistributionConfigWithTags": {"DistributionConfig", "Tags"}}."""
    both = request["DistributionConfigWithTags"]
    tags = {item["Key"]: item.get("Value", "") for item in listed(both.get("Tags"))}
    return _create(ctx, both["DistributionConfig"], tags)


def _create(ctx, asked, tags):
    config = checked(asked, ctx.account)
    ctx.no_effect += without_effect(asked)
    reference = config["CallerReference"]
    known = Distribution.objects.of(ctx.account).filter(caller_reference=reference).first()
    if known is not None:
        if known.config != config:
            raise errors.DistributionAlreadyExists(
                f"The caller reference that you are using to create a distribution is associated with another"
                f" distribution. Already exists: {known.distribution_id}"
            )
        return {"Distribution": described(known), "Location": location(known), "ETag": known.etag}
    if Distribution.objects.of(ctx.account).count() >= QUOTA:
        raise errors.TooManyDistributions()
    try:
        with transaction.atomic():
            row = Distribution.objects.create(
                account=ctx.account,
                caller_reference=reference,
                config=config,
                tags=tags,
                created_at=ctx.now,
                modified_at=ctx.now,
            )
            put_aliases(row)
            tell_edges(row.distribution_id)
    except IntegrityError:  # another request with the same reference or alias was quicker
        raise errors.DistributionAlreadyExists() from None
    return {"Distribution": described(row), "Location": location(row), "ETag": row.etag}


def get_distribution(ctx, request):
    """Return a distribution. While it is InProgress, waits up to a second for the edges."""
    row = wait_while(named(ctx, request["Id"]), Distribution.Status.IN_PROGRESS)
    return {"Distribution": described(row), "ETag": row.etag}


def get_distribution_config(ctx, request):
    """Return what UpdateDistribution takes back, with the ETag it wants as If-Match."""
    row = named(ctx, request["Id"])
    return {"DistributionConfig": row.config, "ETag": row.etag}


def list_distributions(ctx, request):
    """Return the account's distributions, oldest first. Marker: the Id after which to go on."""
    rows, more, limit = paged(Distribution.objects.of(ctx.account), "distribution_id", request)
    items = [
        {
            "Id": row.distribution_id,
            "ARN": row.arn,
            "ETag": row.etag,
            "Status": row.status,
            "LastModifiedTime": row.modified_at,
            "DomainName": row.domain_name,
            **{name: row.config[name] for name in SUMMARY},
        }
        for row in rows
    ]
    return {"DistributionList": page(request, rows and rows[-1].distribution_id, items, more, limit)}


def paged(rows, field, request):
    """Return (rows of one page, whether more follow, its size). Errors: InvalidArgument."""
    try:
        limit = int(request.get("MaxItems") or 100)
    except ValueError:
        raise errors.InvalidArgument("The parameter MaxItems is not a number.") from None
    if not 1 <= limit <= 1000:
        raise errors.InvalidArgument("The parameter MaxItems must be 1 to 1000.")
    if request.get("Marker"):
        last = rows.filter(**{field: request["Marker"]}).first()
        if last is None:
            raise errors.InvalidArgument("The parameter Marker is not valid.")
        newest_first = rows.query.get_meta().ordering[0].startswith("-")
        rows = rows.filter(**{"pk__lt" if newest_first else "pk__gt": last.pk})
    found = list(rows[: limit + 1])
    return found[:limit], len(found) > limit, limit


def page(request, last, items, more, limit):
    """Return the wire's list of one page."""
    answer = {
        "Marker": request.get("Marker") or "",
        "MaxItems": limit,
        "IsTruncated": more,
        "Quantity": len(items),
        "Items": items,
    }
    if more:
        answer["NextMarker"] = last
    if not items:
        del answer["Items"]
    return answer


def check_version(row, request):
    """Compare If-Match with the ETag. Errors: InvalidIfMatchVersion (missing), PreconditionFailed (another)."""
    if not request.get("IfMatch"):
        raise errors.InvalidIfMatchVersion()
    if request["IfMatch"].strip('"') != row.etag:
        raise errors.PreconditionFailed()


def update_distribution(ctx, request):
    """Replace a distribution's config. request: {"Id", "IfMatch", "DistributionConfig"}.

    Errors: NoSuchDistribution, InvalidIfMatchVersion, PreconditionFailed, IllegalUpdate (another
    CallerReference), and what configuration.py says.
    """
    config = checked(request["DistributionConfig"], ctx.account)
    ctx.no_effect += without_effect(request["DistributionConfig"])
    with transaction.atomic():
        row = named(ctx, request["Id"])
        check_version(row, request)
        if config["CallerReference"] != row.caller_reference:
            raise errors.IllegalUpdate("The CallerReference of a distribution cannot be changed.")
        row.config, row.etag, row.modified_at = config, new_etag(), ctx.now
        row.status = Distribution.Status.IN_PROGRESS
        row.save()
        put_aliases(row)
        tell_edges(row.distribution_id)
    return {"Distribution": described(row), "ETag": row.etag}


def delete_distribution(ctx, request):
    """Delete a disabled distribution. Errors: NoSuchDistribution, DistributionNotDisabled, If-Match's."""
    with transaction.atomic():
        row = named(ctx, request["Id"])
        check_version(row, request)
        if row.enabled:
            raise errors.DistributionNotDisabled()
        tell_edges(row.distribution_id)
        row.delete()
    return {}
