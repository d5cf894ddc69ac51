"""Which permission each Lambda operation needs, on which resource."""

from apps.identity.authorize import Authorization
from apps.identity.models import Account

from . import names, permissions
from .errors import ResourceNotFound

ON_A_FUNCTION = {
    "CreateFunction": "lambda:CreateFunction",
    "GetFunction": "lambda:GetFunction",
    "GetFunctionConfiguration": "lambda:GetFunctionConfiguration",
    "UpdateFunctionCode": "lambda:UpdateFunctionCode",
    "UpdateFunctionConfiguration": "lambda:UpdateFunctionConfiguration",
    "DeleteFunction": "lambda:DeleteFunction",
    "Invoke": "lambda:InvokeFunction",
    "AddPermission": "lambda:AddPermission",
    "RemovePermission": "lambda:RemovePermission",
    "GetPolicy": "lambda:GetPolicy",
}
ON_ALL = {"ListFunctions": "lambda:ListFunctions"}


def authorization(ctx, operation, request):
    """Return what must be allowed for an operation; whoever gives a function a role must be allowed to pass it.

    Source: IAM User Guide, "Granting a user permissions to pass a role to an AWS service".
    """
    asked = [_on_a_function(ctx, operation, request)]
    if request.get("Role") and operation in ("CreateFunction", "UpdateFunctionConfiguration"):
        service = {"iam:passedtoservice": "lambda.amazonaws.com"}
        asked.append(Authorization("iam:PassRole", request["Role"], owner=ctx.account, conditions=service))
    return asked


def _on_a_function(ctx, operation, request):
    """Return the permission on the function itself; one of another account brings its policy along."""
    if operation in ON_ALL:
        return Authorization(ON_ALL[operation], "*", owner=ctx.account)
    reference = names.parse(ctx, request["FunctionName"], request.get("Qualifier"))
    try:
        function = names.find(reference)
    except ResourceNotFound:
        # Whoever asks for another lab's function is denied before they learn whether it exists.
        owner = Account(account_id=reference.account_id)
        return Authorization(ON_A_FUNCTION[operation], reference.arn, owner=owner)
    return Authorization(
        ON_A_FUNCTION[operation],
        function.arn,
        resource_policy=permissions.document(function),
        owner=function.account,
    )
