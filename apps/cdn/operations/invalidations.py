"""Invalidations: tell every edge to forget paths. Each path is metered; a wildcard counts as one."""

from django.db import IntegrityError, transaction

from apps.billing import meters
from apps.cdn import errors
from apps.cdn.models import Invalidation
from apps.cdn.operations.configuration import check_shape
from apps.cdn.operations.distributions import location, named, page, paged, tell_edges, wait_while

PATHS = 3_000  # in progress for one distribution, single files
WILDCARDS = 15  # in progress for one distribution


def described(row):
    """Return an invalidation as the wire's Invalidation."""
    return {
        "Id": row.invalidation_id,
        "Status": row.status,
        "CreateTime": row.created_at,
        "InvalidationBatch": {
            "Paths": {"Quantity": len(row.paths), "Items": row.paths},
            "CallerReference": row.caller_reference,
        },
    }


def check_paths(batch):
    """Return the paths of a batch. Errors: InconsistentQuantities, InvalidArgument, BatchTooLarge."""
    paths = batch["Paths"].get("Items") or []
    if batch["Paths"]["Quantity"] != len(paths):
        raise errors.InconsistentQuantities()
    if not paths:
        raise errors.InvalidArgument("An invalidation needs at least one path.")
    if len(paths) > PATHS:
        raise errors.BatchTooLarge()
    for path in paths:
        if not path.startswith("/") or len(path) > 4000:
            raise errors.InvalidArgument(
                f"Your request contains one or more invalid invalidation paths: {path[:80]!r}."
            )
        if "*" in path[:-1]:
            raise errors.InvalidArgument(f"The wildcard * may stand at the end of a path only: {path[:80]!r}.")
    return paths


def create_invalidation(ctx, request):
    """Forget paths at every edge.

    request: {"DistributionId", "InvalidationBatch": {"Paths": {"Quantity", "Items"}, "CallerReference"}}.
    The same CallerReference with the same paths answers with the invalidation that is already there.
    Errors: NoSuchDistribution, InvalidArgument, InconsistentQuantities, BatchTooLarge,
    TooManyInvalidationsInProgress.
    """
    row = named(ctx, request["DistributionId"])
    check_shape("CreateInvalidation", request)
    batch = request["InvalidationBatch"]
    paths = check_paths(batch)
    known = row.invalidations.filter(caller_reference=batch["CallerReference"]).first()
    if known is not None:
        if known.paths != paths:
            raise errors.InvalidArgument(
                "Your request contains a caller reference that was used for a previous invalidation batch for the"
                " same distribution."
            )
        return _created(row, known)
    running = row.invalidations.filter(status=Invalidation.Status.IN_PROGRESS).values_list("paths", flat=True)
    pending = [path for earlier in running for path in earlier] + paths
    wild = sum(path.endswith("*") for path in pending)
    if wild > WILDCARDS or len(pending) - wild > PATHS:
        raise errors.TooManyInvalidationsInProgress()
    try:
        with transaction.atomic():
            made = Invalidation.objects.create(
                distribution=row, caller_reference=batch["CallerReference"], paths=paths, created_at=ctx.now
            )
            tell_edges(row.distribution_id, made)
    except IntegrityError:
        raise errors.InvalidArgument("Another invalidation with this caller reference was made just now.") from None
    meters.record(ctx, "cloudfront.invalidation.path", len(paths), row.arn)
    return _created(row, made)


def _created(row, made):
    where = f"{location(row)}/invalidation/{made.invalidation_id}"
    return {"Location": where, "Invalidation": described(made)}


def get_invalidation(ctx, request):
    """Return an invalidation. While it is InProgress, waits up to a second for the edges. Errors: NoSuchInvalidation."""
    row = named(ctx, request["DistributionId"])
    found = row.invalidations.filter(invalidation_id=request["Id"]).first()
    if found is None:
        raise errors.NoSuchInvalidation()
    return {"Invalidation": described(wait_while(found, Invalidation.Status.IN_PROGRESS))}


def list_invalidations(ctx, request):
    """Return a distribution's invalidations, newest first."""
    row = named(ctx, request["DistributionId"])
    rows, more, limit = paged(row.invalidations.all(), "invalidation_id", request)
    items = [{"Id": one.invalidation_id, "CreateTime": one.created_at, "Status": one.status} for one in rows]
    return {"InvalidationList": page(request, rows and rows[-1].invalidation_id, items, more, limit)}
