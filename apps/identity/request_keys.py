"""The condition keys of a request: what policies may ask of it.

A key that is absent here is absent from the request: conditions on it do not hold, Null does.
Not known here: multi-factor authentication, organizations, VPC endpoints, tags of resources other than those a service
passes as conditions.
Source: IAM User Guide, "AWS global condition context keys"; Service Authorization Reference, "Condition keys for
Amazon S3".
"""

# aws:PrincipalType and whether aws:username is known, by the kind of principal.
TYPES = {"root": "Account", "user": "User", "role": "AssumedRole", "federated": "FederatedUser"}


def keys_of(ctx, asked, side) -> dict:
    """Return the condition keys of a request, in lower case -> value.

    ctx: Context. asked: Authorization, whose own conditions come on top. side: attached.Side of the caller.
    """
    keys = {
        "aws:sourceip": ctx.source_ip,
        "aws:securetransport": ctx.scheme == "https",
        "aws:currenttime": ctx.now.isoformat(),
        "aws:epochtime": int(ctx.now.timestamp()),
        "aws:requestedregion": ctx.region,
        "aws:viaawsservice": False,
    }
    if ctx.user_agent:
        keys["aws:useragent"] = ctx.user_agent
    if ctx.referer:
        keys["aws:referer"] = ctx.referer
    keys |= _of_caller(ctx, side)
    if asked.owner is not None:
        keys["aws:resourceaccount"] = keys["s3:resourceaccount"] = asked.owner.account_id
    if asked.action.startswith("s3:"):
        keys |= _of_signature(ctx.auth)
    if ctx.auth.get("issued"):
        keys["aws:tokenissuetime"] = ctx.auth["issued"].isoformat()
    keys.update({name.lower(): value for name, value in asked.conditions.items()})
    return keys


def _of_caller(ctx, side) -> dict:
    principal = ctx.principal
    if principal.kind == "anonymous":
        return {"aws:principalaccount": "anonymous", "aws:principaltype": "Anonymous", "aws:userid": "anonymous"}
    if principal.kind == "service":
        keys = {"aws:principalisawsservice": True, "aws:principalservicename": principal.name}
        keys["aws:principalservicenameslist"] = [principal.name]
        if principal.source_arn:
            keys["aws:sourcearn"] = principal.source_arn
        if ctx.account is not None:
            keys["aws:sourceaccount"] = ctx.account.account_id
        return keys
    # A session of a role goes by its role's ARN here, unlike in the Principal element.
    arn = side.role_arn if principal.kind == "role" and side.role_arn else side.arn
    keys = {
        "aws:principalarn": arn,
        "aws:principalaccount": side.account_id,
        "aws:principaltype": TYPES[principal.kind],
        "aws:principalisawsservice": False,
        "aws:userid": principal.user_id,
    }
    if principal.kind == "user":
        keys["aws:username"] = side.username
    keys |= {f"aws:principaltag/{name.lower()}": value for name, value in side.tags.items()}
    return keys


def _of_signature(auth: dict) -> dict:
    """Return how an S3 request was signed; none of it when it was not."""
    names = {
        "s3:authtype": "type",
        "s3:signatureversion": "version",
        "s3:signatureage": "age_ms",
        "s3:x-amz-content-sha256": "content_sha256",
    }
    return {key: auth[name] for key, name in names.items() if auth.get(name) is not None}
