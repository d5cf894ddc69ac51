"""Rows of IAM by the names that requests give them, always within one account; names ignore case.

`user` and its like refuse what does not exist; `find` returns None. A name that matches with other letters' case finds
the row, and the answer has the name as it was given first.
"""

import re

from apps.identity import managed
from apps.identity.errors import AccessDenied, InvalidInput, NoSuchEntity, ValidationError, no_such
from apps.identity.models import Account, IamGroup, IamUser, ManagedPolicy, OidcProvider, Role

MODELS = {"user": IamUser, "group": IamGroup, "role": Role}
POLICY_ARN = re.compile(r"arn:aws:iam::(?P<account>\d{12}|aws):policy(?P<path>/(?:[!-~]+/)?)(?P<name>[\w+=,.@-]+)")
PRINCIPAL_ARN = re.compile(
    r"arn:aws:iam::(?P<account>\d{12}):(?P<kind>user|group|role)/(?:[!-~]+/)?(?P<name>[\w+=,.@-]+)"
)


def find(account, kind, name):
    """Return an account's user, group or role, or None."""
    return MODELS[kind].objects.select_related("account").filter(account=account, name__iexact=name).first()


def named(ctx, kind, name):
    """Return the caller's account's user, group or role. Errors: NoSuchEntity."""
    found = find(ctx.account, kind, name)
    if found is None:
        raise no_such(kind, name)
    return found


def of_request(ctx, request):
    """Return what a request names by UserName, GroupName or RoleName. Errors: NoSuchEntity."""
    for kind, member in (("user", "UserName"), ("group", "GroupName"), ("role", "RoleName")):
        if member in request:
            return named(ctx, kind, request[member])
    return caller(ctx)


def caller(ctx):
    """Return the IamUser who asks, None when it is the root user. Errors: ValidationError for sessions of roles."""
    if ctx.principal.kind == "root":
        return None
    if ctx.principal.kind != "user":
        raise ValidationError("Must specify userName when calling with non-User credentials")
    found = (
        IamUser.objects.select_related("account").filter(account=ctx.account, unique_id=ctx.principal.user_id).first()
    )
    if found is None:
        raise no_such("user", ctx.principal.name)
    return found


def by_arn(arn):
    """Return the user, group or role that an ARN names, of whatever account, or None."""
    parts = PRINCIPAL_ARN.fullmatch(arn)
    if not parts:
        return None
    account = Account.objects.filter(account_id=parts["account"]).first()
    found = find(account, parts["kind"], parts["name"]) if account else None
    return found if found is not None and found.arn == arn else None


def exists(arn):
    """Tell whether a user or role of an ARN exists: those of trust policies must."""
    return by_arn(arn) is not None if PRINCIPAL_ARN.fullmatch(arn) else True


def policy_parts(arn):
    """Return the account ("aws" for AWS's own), path and name of a managed policy's ARN. Errors: InvalidInput."""
    parts = POLICY_ARN.fullmatch(arn)
    if not parts:
        raise InvalidInput(f"ARN {arn} is not valid.")
    return parts


def policy(ctx, arn, message="Policy {arn} was not found."):
    """Return a managed policy that the caller's account can see: a ManagedPolicy or an AwsPolicy.

    Errors: NoSuchEntity, InvalidInput for what is no ARN of a policy.
    """
    parts = policy_parts(arn)
    if parts["account"] == "aws":
        found = managed.BY_ARN.get(arn)
    elif parts["account"] == ctx.account.account_id:
        found = own_policy(ctx.account, arn)
    else:
        found = None
    if found is None:
        raise NoSuchEntity(message.format(arn=arn))
    return found


def own(ctx, arn):
    """Return a ManagedPolicy that the caller's account may change. Errors: NoSuchEntity, AccessDenied for AWS's."""
    found = policy(ctx, arn)
    if isinstance(found, managed.AwsPolicy):
        raise AccessDenied(f"Policy {arn} is managed by AWS and cannot be changed.")
    return found


def own_policy(account, arn):
    """Return an account's ManagedPolicy of an ARN, or None."""
    name = arn.rpartition("/")[2]
    found = ManagedPolicy.objects.select_related("account").filter(account=account, name__iexact=name).first()
    return found if found is not None and found.arn == arn else None


def provider(ctx, arn):
    """Return the account's OidcProvider. Errors: NoSuchEntity."""
    for found in OidcProvider.objects.select_related("account").filter(account=ctx.account):
        if found.arn == arn:
            return found
    raise NoSuchEntity(f"OpenIDConnect Provider not found for arn {arn}")
