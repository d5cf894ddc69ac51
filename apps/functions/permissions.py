"""A function's resource policy: statements as AddPermission makes them, and who they let in."""

import json
import re

from apps.identity.authorize import Authorization, decide
from playground import clock
from playground.wire.context import Context, Principal

from .errors import InvalidParameterValue, out_of_bounds

SERVICE = re.compile(r"^[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com$")
POLICY_BYTES = 20480
NOT_BUILT = ("EventSourceToken", "PrincipalOrgID", "FunctionUrlAuthType", "InvokedViaFunctionUrl")


def statement(function, request):
    """Return the policy statement that an AddPermission request describes."""
    principal = request["Principal"]
    asked = [name for name in NOT_BUILT if request.get(name)]
    if asked:
        raise InvalidParameterValue(f"{asked[0]} is not built in this playground yet.")
    if not re.fullmatch(r"[a-zA-Z0-9-_]{1,100}", request["StatementId"]):
        raise out_of_bounds(
            request["StatementId"], "statementId", "Member must satisfy regular expression pattern: ([a-zA-Z0-9-_]+)"
        )
    if not re.fullmatch(r"(lambda:)?[*]|lambda:[a-zA-Z]+|[*]", request["Action"]):
        raise InvalidParameterValue(f"The action is not valid: {request['Action']}")
    if SERVICE.match(principal):
        who = {"Service": principal}
    elif re.fullmatch(r"\d{12}", principal):
        who = {"AWS": f"arn:aws:iam::{principal}:root"}
    elif re.fullmatch(r"arn:aws:iam::\d{12}:(root|user/.+|role/.+)", principal):
        who = {"AWS": principal}
    elif principal == "*":
        who = "*"
    else:
        raise InvalidParameterValue("The provided principal was invalid. Please check the principal and try again.")
    made = {"Sid": request["StatementId"], "Effect": "Allow", "Principal": who}
    made |= {"Action": request["Action"], "Resource": function.arn}
    condition = {}
    if request.get("SourceAccount"):
        condition["StringEquals"] = {"AWS:SourceAccount": request["SourceAccount"]}
    if request.get("SourceArn"):
        condition["ArnLike"] = {"AWS:SourceArn": request["SourceArn"]}
    if condition:
        made["Condition"] = condition
    return made


def document(function):
    """Return the resource policy as a policy document, None when there is none."""
    if not function.policy:
        return None
    return {"Version": "2012-10-17", "Id": "default", "Statement": function.policy}


def size_bytes(statements):
    return len(json.dumps(statements))


def lets_service_in(function, service, source_arn, owner):
    """Return the Decision whether a service may invoke a function on behalf of one of its resources.

    service: "s3.amazonaws.com". source_arn: the bucket's ARN. owner: the Account it belongs to.
    """
    ctx = Context(
        owner,
        Principal("service", name=service, source_arn=source_arn),
        function.region,
        "",
        clock.now(function.account),
    )
    return decide(
        ctx,
        Authorization(
            "lambda:InvokeFunction", function.arn, resource_policy=document(function), owner=function.account
        ),
    )
