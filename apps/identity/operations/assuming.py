"""STS: temporary credentials for a role, for oneself, for a federated user.

Source: AWS Security Token Service API Reference; IAM User Guide, "Compare AWS STS credentials", "Session policies",
"Pass session tags in AWS STS".
"""

from apps.identity import attached, identity_validation, roles, sessions
from apps.identity.errors import (
    AccessDenied,
    InvalidInput,
    MalformedPolicyDocument,
    PackedPolicyTooLarge,
    ValidationError,
)
from apps.identity.models import AccessKey, Account
from apps.identity.operations import tagging
from apps.identity.policy import Malformed
from playground import clock
from playground.wire.context import Principal

HOUR = 3600
DEFAULT_SECONDS = 12 * HOUR  # of GetSessionToken and GetFederationToken
ARN_PARTS = 6


def role_of(arn):
    """Return the Role that an ARN names, of whatever account, or None."""
    parts = arn.split(":", ARN_PARTS - 1)
    account = Account.objects.filter(account_id=parts[4]).first() if len(parts) == ARN_PARTS else None
    return roles.by_arn(account, arn) if account is not None else None


def inherited_tags(principal):
    """Return the tags that a session passes on to the roles it assumes."""
    return {key: value for key, value in principal.tags.items() if key in principal.transitive}


def assume_role(ctx, request):
    """Return temporary credentials of a role whose trust policy let the caller in.

    request: {"RoleArn", "RoleSessionName", "DurationSeconds" (900 up to the role's maximum), "Policy": text,
    "PolicyArns": [{"arn"}], "Tags", "TransitiveTagKeys", "ExternalId", "SourceIdentity"}
    Errors: ValidationError, MalformedPolicyDocument, PackedPolicyTooLarge, AccessDenied.
    """
    _refuse_mfa(request)
    role, name = role_of(request["RoleArn"]), request["RoleSessionName"]
    seconds = request.get("DurationSeconds", HOUR)
    if seconds > role.max_session_seconds:
        raise ValidationError("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
    if ctx.principal.kind == "role" and seconds > HOUR:
        raise ValidationError(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
        )
    kept = inherited_tags(ctx.principal)
    told = tagging.read(request.get("Tags"))
    if {key.lower() for key in kept} & {key.lower() for key in told}:
        raise InvalidInput("One of the specified transitive tag keys can't be set because it conflicts with a transitive "
                           "tag key from the calling session.")  # fmt: skip
    passed_on = request.get("TransitiveTagKeys") or []
    if set(passed_on) - told.keys():
        raise InvalidInput("The specified transitive tag key must be included in the requested tags.")
    account = role.account
    principal = Principal(
        "role",
        f"arn:aws:sts::{account.account_id}:assumed-role/{role.name}/{name}",
        f"{role.role_id}:{name}",
        role.name,
        tags=told | kept,
        transitive=[*passed_on, *kept],
        session_policies=_session_policies(account, request),
    )
    answer = _issued(account, principal, seconds)
    answer["AssumedRoleUser"] = {"AssumedRoleId": principal.user_id, "Arn": principal.arn}
    if "SourceIdentity" in request:
        answer["SourceIdentity"] = request["SourceIdentity"]
    return answer


def get_session_token(ctx, request):
    """Return temporary credentials of the caller, who is a user or the root user."""
    _refuse_sessions(ctx)
    _refuse_mfa(request)
    who = ctx.principal
    principal = Principal(who.kind, who.arn, who.user_id, who.name)
    return _issued(ctx.account, principal, _seconds(ctx, request))


def get_federation_token(ctx, request):
    """Return temporary credentials for somebody from outside, who may do what both the caller and the policies allow.

    request: {"Name", "Policy", "PolicyArns", "DurationSeconds", "Tags"}. Without policies they may do nothing but what
    policies of resources allow them by name.
    """
    _refuse_sessions(ctx)
    account, name = ctx.account, request["Name"]
    principal = Principal(
        "federated",
        f"arn:aws:sts::{account.account_id}:federated-user/{name}",
        f"{account.account_id}:{name}",
        name,
        parent=ctx.principal.user_id if ctx.principal.kind == "user" else "",
        tags=tagging.read(request.get("Tags")),
        session_policies=_session_policies(account, request),
    )
    answer = _issued(account, principal, _seconds(ctx, request))
    answer["FederatedUser"] = {"FederatedUserId": principal.user_id, "Arn": principal.arn}
    return answer


def get_access_key_info(ctx, request):
    """Return the account that a key belongs to. Errors: ValidationError for one that nobody has."""
    key_id = request["AccessKeyId"]
    if key_id == ctx.principal.key_id:
        return {"Account": ctx.account.account_id}
    row = AccessKey.objects.select_related("account").filter(access_key_id=key_id).first()
    if row is None:
        raise ValidationError(f"Invalid AccessKeyId: {key_id}")
    return {"Account": row.account.account_id}


# -- what they share ----------------------------------------------------------------------------------


def _refuse_sessions(ctx):
    if ctx.principal.temporary or ctx.principal.kind not in ("user", "root"):
        raise AccessDenied(f"Cannot call {ctx.operation} with session credentials")


def _refuse_mfa(request):
    if "SerialNumber" in request or "TokenCode" in request:
        raise AccessDenied("MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA "
                           "serial number is valid and associated with this user.")  # fmt: skip


def _seconds(ctx, request):
    """Return how long credentials of a user last; the root user's an hour at most."""
    seconds = request.get("DurationSeconds", DEFAULT_SECONDS)
    return min(seconds, HOUR) if ctx.principal.kind == "root" else seconds


def _session_policies(account, request):
    """Return what limits a session: a document, ARNs of managed policies. Errors: MalformedPolicyDocument."""
    found = []
    if request.get("Policy"):
        try:
            found.append(identity_validation.parse_identity(request["Policy"]))
        except Malformed as err:
            raise MalformedPolicyDocument(str(err)) from None
    for one in request.get("PolicyArns") or ():
        if not attached.policy_exists(account, one.get("arn", "")):
            raise MalformedPolicyDocument(f"Policy {one.get('arn', '')} does not exist or is not attachable.")
        found.append(one["arn"])
    return found


def _issued(account, principal, seconds):
    """Return the answer's Credentials, and how much room their policies take. Errors: PackedPolicyTooLarge."""
    percent = sessions.packed_percent(principal)
    if percent > 100:
        raise PackedPolicyTooLarge(f"Packed policy consumes {percent}% of allotted space, please use smaller policy.")
    now = clock.real_now()  # as signatures do: clients renew by their own clock
    key_id, secret, token = sessions.issue(account, principal, seconds, now)
    expires = sessions.read(key_id, token).expires
    told = {"AccessKeyId": key_id, "SecretAccessKey": secret, "SessionToken": token, "Expiration": expires}
    return {"Credentials": told} | ({"PackedPolicySize": percent} if percent else {})
