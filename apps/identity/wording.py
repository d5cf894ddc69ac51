"""Decisions and statements in sentences: made only when somebody asks why. Pure.

The arguments are policy.py's Considered and Decision.
"""

from apps.identity.principals import DIRECT


def shown(value) -> str:
    """Return a policy's value as a reader knows it: one without brackets, several with "or"."""
    if isinstance(value, list | tuple):
        return " or ".join(shown(one) for one in value) if value else "nothing"
    return str(value).lower() if isinstance(value, bool) else f'"{value}"' if isinstance(value, str) else str(value)


def _why_not(one) -> str:
    request = one.request
    if one.element == "Principal":
        return f"it is for another principal than {one.found}"
    if one.element == "NotPrincipal":
        return f"it leaves {one.found} out"
    if one.element == "Action":
        return f"its actions do not include {request.action}"
    if one.element == "NotAction":
        return f"it leaves {request.action} out"
    if one.element == "Resource":
        return f"its resources do not include {request.resource}"
    if one.element == "NotResource":
        return f"it leaves {request.resource} out"
    if one.element == "BlockPublicAccess":
        return "Block Public Access (RestrictPublicBuckets) makes the allows of a public policy count for nothing"
    there = "it is absent" if one.found is None else f"it is {shown(one.found)}"
    return f"its condition {one.test.operator} wants {one.test.key} to be {shown(one.test.wanted)}, and {there}"


def of_statement(one) -> str:
    """Return whether one statement applies, and why not."""
    verdict = f"does not apply: {_why_not(one)}." if one.element else "applies."
    return f"{one.source}, {one.sid} ({one.effect}) {verdict}"


def of_decision(decision) -> str:
    """Return why a request is allowed or denied, in a sentence or two."""
    if decision.code == "ExplicitDeny":
        return f"{decision.by.because} An explicit deny beats any allow."
    return _allowed(decision) if decision.allowed else _denied(decision)


def _allowed(decision) -> str:
    request, sides = decision.request, decision.sides
    if decision.layer == "owner":
        return "The owner's root user can always change this, so nobody is locked out for good."
    if decision.layer == "root":
        return "The root user of an account may do everything in it that nothing denies."
    told = sides.acl if decision.layer == "acl" else decision.by.because
    if request.principal_account and request.principal_account != request.owner_account:
        return f"{told} The caller's own account allows it too."
    if decision.layer == "resource" and sides.grade == DIRECT and not sides.within:
        return f"{told} It names who asks directly, so their boundary and session policies do not limit it."
    return told


_LACKING = {
    "boundary": "An identity policy allows {what}, but the permissions boundary does not; both must.",
    "session": "The identity behind this session may do {what}, but the session's own policies do not allow it; both must.",
}


def _denied(decision) -> str:
    request, sides = decision.request, decision.sides
    what = f"{request.action} on {request.resource}"
    blocked = f" {sides.blocked.because}" if sides.blocked else ""
    if not request.principal_account and not request.service:
        return f"The request is anonymous, and no resource policy lets everyone do {what}.{blocked}"
    if request.service:
        behalf = request.keys.get("aws:sourcearn") or "it"
        return f"No resource policy lets {request.service} do {what} on behalf of {behalf}.{blocked}"
    across = request.principal_account != request.owner_account
    if decision.layer == "resource" and across:
        has = any(one.layer == "resource" for one in decision.considered)
        side = "the resource's policy does not allow the caller" if has else "the resource has no policy"
        return f"The resource belongs to another account, and {side}; across accounts both sides must allow.{blocked}"
    if decision.layer == "resource":
        return f"The resource's own policy must allow {what}, and it does not.{blocked}"
    if decision.layer in _LACKING:
        return _LACKING[decision.layer].format(what=what)
    if across:
        return (
            f"The resource's account allows {what}, but the caller's own account does not; across accounts both must."
        )
    return f"No statement allows {what}; what nothing allows is denied."
