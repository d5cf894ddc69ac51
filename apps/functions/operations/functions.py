"""Functions: create, read, list, change, delete."""

import uuid

from django.db import IntegrityError, transaction

from apps.functions import environments, names, settings_of
from apps.functions.errors import PreconditionFailed, ResourceConflict, out_of_bounds
from apps.functions.models import Function

from . import code

PAGE = 50


def create_function(ctx, request):
    """Make a function from a zip, a runtime, a handler and a role.

    request: {"FunctionName", "Runtime", "Handler", "Role", "Code": {"ZipFile": bytes} or {"S3Bucket",
    "S3Key"}, "Timeout", "MemorySize", "Environment", "EphemeralStorage", ...}
    Errors: InvalidParameterValueException, ResourceConflictException, RequestTooLargeException.
    Source: Lambda API Reference, CreateFunction.
    """
    reference = names.parse(ctx, request["FunctionName"])
    settings_of.refuse_unsupported(request)
    values = settings_of.for_new(ctx, request)
    if Function.objects.filter(account=ctx.account, region=ctx.region, name=reference.name).exists():
        raise ResourceConflict(f"Function already exist: {reference.name}")
    package = code.package_from(ctx, request["Code"])
    try:
        with transaction.atomic():
            function = Function.objects.create(
                account=ctx.account,
                region=ctx.region,
                name=reference.name,
                code_digest=package.digest,
                code_size_bytes=package.size_bytes,
                last_modified=ctx.now,
                **values,
            )
    except IntegrityError:
        raise ResourceConflict(f"Function already exist: {reference.name}") from None
    return settings_of.configuration(function)


def get_function(ctx, request):
    """Return a function's configuration, and where its package can be fetched for ten minutes."""
    function = names.resolve(ctx, request["FunctionName"], request.get("Qualifier"))
    answer = {
        "Configuration": settings_of.configuration(function),
        "Code": {"RepositoryType": "S3", "Location": code.location(ctx, function)},
    }
    if function.extra.get("Tags"):
        answer["Tags"] = function.extra["Tags"]
    return answer


def get_function_configuration(ctx, request):
    """Return a function's configuration."""
    return settings_of.configuration(names.resolve(ctx, request["FunctionName"], request.get("Qualifier")))


def list_functions(ctx, request):
    """List the account's functions in this region by name. Marker: the last name of the page before."""
    asked = request.get("MaxItems", PAGE)
    if not 1 <= asked <= 10_000:
        raise out_of_bounds(asked, "maxItems", "Member must have value between 1 and 10000")
    limit = min(asked, PAGE)
    found = Function.objects.select_related("account").filter(account=ctx.account, region=ctx.region).order_by("name")
    if request.get("Marker"):
        found = found.filter(name__gt=request["Marker"])
    page = list(found[: limit + 1])
    answer = {"Functions": [settings_of.configuration(function) for function in page[:limit]]}
    if len(page) > limit:
        answer["NextMarker"] = page[limit - 1].name
    return answer


def update_function_configuration(ctx, request):
    """Change what was sent, keep the rest; warm environments of the old revision end."""
    function = names.resolve(ctx, request["FunctionName"])
    settings_of.refuse_unsupported(request)
    check_revision(function, request)
    for name, value in settings_of.for_update(ctx, function, request).items():
        setattr(function, name, value)
    touch(ctx, function)
    return settings_of.configuration(function)


def delete_function(ctx, request):
    """Delete a function; its logs and its history of invocations stay."""
    function = names.resolve(ctx, request["FunctionName"], request.get("Qualifier"))
    environments.stop_function(function)
    function.delete()
    return {}


def check_revision(function, request):
    """Refuse a change that was meant for an older revision. Raises PreconditionFailedException."""
    if request.get("RevisionId") and request["RevisionId"] != function.revision_id:
        raise PreconditionFailed


def touch(ctx, function):
    """Save a changed function under a new revision and let go of its warm environments."""
    function.revision_id = str(uuid.uuid4())
    function.last_modified = ctx.now
    function.save()
    environments.stop_function(function)
