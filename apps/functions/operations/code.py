"""Packages of functions: from a request or a bucket, changed, and fetched again."""

from django.conf import settings

from apps.buckets import actions as bucket_actions
from apps.buckets.operations import objects
from apps.functions import downloads, names, packages, settings_of
from apps.functions.errors import InvalidParameterValue
from apps.identity.authorize import authorize
from playground.wire.errors import ServiceError

from . import functions


def update_function_code(ctx, request):
    """Give a function new code; its next invocation starts cold.

    Source: Lambda API Reference, UpdateFunctionCode. DryRun checks the package and changes nothing.
    """
    function = names.resolve(ctx, request["FunctionName"])
    settings_of.refuse_unsupported(request)
    settings_of.check_architectures(request.get("Architectures"))
    functions.check_revision(function, request)
    package = package_from(ctx, request)
    function.code_digest, function.code_size_bytes = package.digest, package.size_bytes
    if not request.get("DryRun"):
        functions.touch(ctx, function)
    return settings_of.configuration(function)


def package_from(ctx, source):
    """Store the package that a request carries or points to; return it.

    source: {"ZipFile": bytes} or {"S3Bucket", "S3Key", "S3ObjectVersion"}.
    """
    if source.get("ImageUri"):
        raise InvalidParameterValue("Container images are not offered in this playground: send a zip.")
    if source.get("ZipFile") is not None:
        return packages.store(source["ZipFile"])
    if source.get("S3Bucket") and source.get("S3Key"):
        return packages.store(_from_bucket(ctx, source))
    raise InvalidParameterValue("Please provide a source for function code.")


def _from_bucket(ctx, source):
    """Read a package from a bucket with the caller's own rights."""
    request = {"Bucket": source["S3Bucket"], "Key": source["S3Key"]}
    if source.get("S3ObjectVersion"):
        request["VersionId"] = source["S3ObjectVersion"]
    try:
        needed = bucket_actions.authorization(ctx, "GetObject", request)
        for authorization in needed if isinstance(needed, list) else [needed]:
            authorize(ctx, authorization)
        body = objects.get_object(ctx, request)["Body"]
    except ServiceError as error:
        raise InvalidParameterValue(
            f"Error occurred while GetObject. S3 Error Code: {error.code}. S3 Error Message: {error.message}"
        ) from error
    if body.length > packages.ZIPPED_BYTES * 5:
        raise InvalidParameterValue(f"Unzipped size must be smaller than {packages.UNZIPPED_BYTES} bytes")
    return b"".join(body.pieces)


def location(ctx, function):
    """Return a URL that answers the function's zip for ten minutes, as the real service's presigned one does."""
    host = ctx.host or f"127.0.0.1:{settings.AWS_PORT}"
    return f"{ctx.scheme}://{host}{downloads.PREFIX}{downloads.token(function.code_digest)}"
