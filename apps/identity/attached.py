"""Everything on the caller's side that binds a request: who they are, their policies and what limits those."""

from dataclasses import dataclass, field

from apps.identity import roles


@dataclass(slots=True, frozen=True)
class Side:
    """Who asks. account_id: "" for services and the anonymous. role_arn: of the role behind a session.

    policies: policy name -> document. boundary, session_policies: what limits them, None when nothing does.
    """

    account_id: str = ""
    arn: str = ""
    role_arn: str = ""
    policies: dict = field(default_factory=dict)
    boundary: dict | None = None
    session_policies: list | None = None
    tags: dict = field(default_factory=dict)
    username: str = ""
    is_root: bool = False


def side(ctx):
    """Return the Side of who asks."""
    principal = ctx.principal
    if principal.kind == "root":
        return Side(ctx.account.account_id, principal.arn, is_root=True)
    if principal.kind == "role":
        role = roles.of_session(ctx.account, principal.arn)
        policies = dict(role.policies) if role else {}
        return Side(ctx.account.account_id, principal.arn, role.arn if role else "", policies)
    return Side()
