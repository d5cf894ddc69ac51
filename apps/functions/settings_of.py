"""A function's settings: the wire's names and bounds on one side, the model's fields on the other."""

import json
import platform
import re

from apps.identity import roles

from . import packages, runtimes
from .errors import ROLE_NOT_ASSUMABLE, AccessDenied, InvalidParameterValue, out_of_bounds

ROLE = re.compile(r"^arn:(aws[a-zA-Z-]*)?:iam::(\d{12}):role/?([a-zA-Z_0-9+=,.@\-_/]+)$")
HANDLER = re.compile(r"^\S{1,128}$")
VARIABLE = re.compile(r"^[a-zA-Z][a-zA-Z0-9_]*$")
ENVIRONMENT_BYTES = 4096
RESERVED = frozenset(
    (
        *("_HANDLER", "_X_AMZN_TRACE_ID", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR", "AWS_REGION", "AWS_DEFAULT_REGION"),
        *("AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE"),
        *("AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME"),
        *("AWS_LAMBDA_LOG_STREAM_NAME", "AWS_LAMBDA_RUNTIME_API", "AWS_LAMBDA_MAX_CONCURRENCY"),
        *("AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
    )
)
# Accepted and shown again, without effect: wire name -> what an unset one looks like in an answer.
KEPT = {
    "TracingConfig": {"Mode": "PassThrough"},
    "DeadLetterConfig": None,
    "KMSKeyArn": None,
    "LoggingConfig": None,
    "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
    "Tags": None,  # answered by GetFunction, beside the configuration
}
REFUSED = {
    "Layers": "Layers are not built in this playground yet: put what you need into the zip; boto3 and Pillow are there already.",
    "VpcConfig": "There is no VPC in this playground: a function reaches the playground's own AWS endpoint, nothing else.",
    "Publish": "Versions are not built in this playground yet: $LATEST is the only one.",
    "FileSystemConfigs": "There is no EFS in this playground.",
    "CapacityProviderConfig": "There are no managed instances in this playground.",
    "DurableConfig": "There are no durable functions in this playground.",
    "TenancyConfig": "There is no tenant isolation in this playground.",
    "CodeSigningConfigArn": "Code signing is not built in this playground yet.",
    "ImageConfig": "Container images are not offered in this playground.",
}


def refuse_unsupported(request):
    """Refuse what would be a silent nothing. Empty values ask for nothing and pass."""
    for name, told in REFUSED.items():
        value = request.get(name)
        if value and (not isinstance(value, dict) or any(value.values())):
            raise InvalidParameterValue(told)


def for_new(ctx, request):
    """Return the model's values of a CreateFunction request."""
    if request.get("PackageType", "Zip") != "Zip" or "ImageUri" in request["Code"]:
        raise InvalidParameterValue("Container images are not offered in this playground: PackageType must be Zip.")
    for name in ("Runtime", "Handler"):
        if not request.get(name):
            raise InvalidParameterValue(
                "Runtime and Handler are mandatory parameters for functions created with deployment packages."
            )
    return {**for_update(ctx, None, request), "role_arn": _role(ctx, request["Role"])}


def for_update(ctx, function, request):
    """Return the model's values that a request sets; function: what it changes, None for a new one."""
    request = {name: value for name, value in request.items() if value is not None}
    values = {}
    if "Runtime" in request:
        runtimes.check_offered(request["Runtime"])
        values["runtime"] = request["Runtime"]
    if "Handler" in request:
        if not HANDLER.match(request["Handler"]):
            raise out_of_bounds(
                request["Handler"], "handler", r"Member must satisfy regular expression pattern: [^\s]+"
            )
        values["handler"] = request["Handler"]
    if "Role" in request:
        values["role_arn"] = _role(ctx, request["Role"])
    if "Description" in request:
        if len(request["Description"]) > 256:
            raise out_of_bounds(
                request["Description"], "description", "Member must have length less than or equal to 256"
            )
        values["description"] = request["Description"]
    if "Timeout" in request:
        values["timeout_seconds"] = _between(request["Timeout"], "timeout", 1, 900)
    if "MemorySize" in request:
        values["memory_mib"] = _between(request["MemorySize"], "memorySize", 128, 10240)
    if request.get("EphemeralStorage"):
        values["tmp_mib"] = _between(request["EphemeralStorage"]["Size"], "ephemeralStorage.size", 512, 10240)
    if "Environment" in request:
        values["variables"] = _variables(request["Environment"].get("Variables") or {})
    check_architectures(request.get("Architectures"))
    kept = {name: request[name] for name in KEPT if name in request}
    if kept:
        values["extra"] = {**(function.extra if function else {}), **kept}
    try:
        json.dumps(values, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise InvalidParameterValue("The request holds half of a surrogate pair, which is no text.") from None
    return values


def _between(value, member, low, high):
    if value < low:
        raise out_of_bounds(value, member, f"Member must have value greater than or equal to {low}")
    if value > high:
        raise out_of_bounds(value, member, f"Member must have value less than or equal to {high}")
    return value


def check_architectures(wanted):
    """Refuse what this machine does not run."""
    if not wanted or wanted == ["x86_64"]:
        return
    if wanted == ["arm64"]:
        raise InvalidParameterValue(
            f"This playground runs and prices functions as x86_64 (its machine is {platform.machine()}); arm64 is not offered."
        )
    raise out_of_bounds(
        wanted, "architectures", "Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64]]"
    )


def _variables(given):
    taken = sorted(RESERVED.intersection(given))
    if taken:
        raise InvalidParameterValue(
            "Lambda was unable to configure your environment variables because the environment variables you have "
            "provided contains reserved keys that are currently not supported for modification. Reserved keys used in "
            f"this request: {', '.join(taken)}"
        )
    for name, value in given.items():
        if not VARIABLE.match(name):
            raise out_of_bounds(
                name,
                "environment.variables",
                r"Map keys must satisfy constraint: [Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+]",
            )
        if value is None or "\0" in value:
            raise InvalidParameterValue(f"The value of {name} must be text without NUL characters.")
    if (
        len(json.dumps(given, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass"))
        > ENVIRONMENT_BYTES
    ):
        raise InvalidParameterValue(
            "Lambda was unable to configure your environment variables because the environment variables you have "
            f"provided exceeded the 4KB limit. String measured: {json.dumps(given)[:200]}"
        )
    return given


def _role(ctx, arn):
    """Return a role's ARN when Lambda may assume that role of this account."""
    match = ROLE.match(arn)
    if not match:
        raise out_of_bounds(
            arn,
            "role",
            "Member must satisfy regular expression pattern: arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+",
        )
    if match[2] != ctx.account.account_id:
        raise AccessDenied("Cross-account pass role is not allowed.")
    role = roles.by_arn(ctx.account, arn)
    if role is None or not roles.can_assume(role, "lambda.amazonaws.com"):
        raise InvalidParameterValue(ROLE_NOT_ASSUMABLE)
    return arn


def configuration(function):
    """Return a FunctionConfiguration as the wire's output shapes have it."""
    answer = {
        "FunctionName": function.name,
        "FunctionArn": function.arn,
        "Runtime": function.runtime,
        "Role": function.role_arn,
        "Handler": function.handler,
        "CodeSize": function.code_size_bytes,
        "Description": function.description,
        "Timeout": function.timeout_seconds,
        "MemorySize": function.memory_mib,
        "LastModified": function.last_modified.strftime("%Y-%m-%dT%H:%M:%S.")
        + f"{function.last_modified.microsecond // 1000:03d}+0000",
        "CodeSha256": packages.wire_digest(function.code_digest),
        "Version": "$LATEST",
        "RevisionId": function.revision_id,
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
        "Architectures": ["x86_64"],
        "EphemeralStorage": {"Size": function.tmp_mib},
    }
    answer |= {name: function.extra.get(name, unset) for name, unset in KEPT.items() if name != "Tags"}
    answer["LoggingConfig"] = {"LogFormat": "Text", "LogGroup": function.log_group, **(answer["LoggingConfig"] or {})}
    if function.variables:
        answer["Environment"] = {"Variables": function.variables}
    return {name: value for name, value in answer.items() if value is not None}
