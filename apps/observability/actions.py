"""Which IAM action and resource each CloudWatch Logs operation needs.

Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon CloudWatch Logs".
"""

from apps.identity.authorize import Authorization


def authorization(ctx, operation, request):
    """Return what a request must be allowed to do; groups are always of the caller's own account."""
    name = request.get("logGroupName") or (request.get("logGroupIdentifier") or "").rpartition(":log-group:")[2]
    account_id = ctx.account.account_id if ctx.account is not None else "*"
    resource = f"arn:aws:logs:{ctx.region}:{account_id}:log-group:{name or '*'}"
    return Authorization(f"logs:{operation}", resource, owner=ctx.account)
