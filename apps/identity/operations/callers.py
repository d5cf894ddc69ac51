"""Who am I."""


def get_caller_identity(ctx, _request):
    """Return the caller's account, ARN and unique id.

    Source: AWS Security Token Service API Reference, GetCallerIdentity.
    """
    return {"UserId": ctx.principal.user_id, "Account": ctx.account.account_id, "Arn": ctx.principal.arn}
