"""What would let a denied request through: the smallest change, and where to make it. Pure.

Words: an *edit* adds a statement, removes one or turns a setting off; all edits of a change are needed together, and
none is to spare. The *instead* of a change are other ways to the same: a statement that nearly applies, a
condition that the request itself could meet.
A change says what would work, not what would be wise: who may read it decides.
"""

from apps.identity.patterns import listed
from apps.identity.policy import AccessRequest, Considered, Decision, Sides
from apps.identity.principals import ACCOUNT, DIRECT, IDENTITY
from apps.identity.wording import shown

WHERE = {
    "identity": "identity policy",
    "resource": "resource policy",
    "boundary": "permissions boundary",
    "session": "session policy",
}
ANY_RESOURCE = ("*", "arn:aws:s3:::*")  # what the actions ask that are about no resource in particular


def smallest_change(decision: Decision, request: AccessRequest) -> dict:
    """Return what would allow a denied request, as data and as a sentence; {} when it is allowed.

    Returns {"sentence", "edits": [...], "instead": [...]}. An edit is
    {"do": "add", "where": "identity policy", "to": ARN, "statement": {...}} (where also "resource policy",
    "permissions boundary" or "session policy"; "needs_version" when only that policy version says it exactly),
    {"do": "remove", "where", "source", "sid", "number"}, or
    {"do": "turn off", "where": "block public access", "settings": [...]}.
    """
    if decision.allowed or decision.sides is None:  # a room's own decision says why by itself
        return {}
    denies = [one for one in decision.considered if one.applies and one.effect == "Deny"]
    layers = _lacking(request, decision.sides)
    edits = [_removal(one) for one in denies]
    for layer in layers:
        edits += _resource_edits(request, decision.sides) if layer == "resource" else [_addition(layer, request)]
    instead = [hint for one in denies for hint in _avoiding(one)]
    if not denies:
        instead += [hint for layer in layers for hint in _nearest(layer, decision.considered, request)]
    sentence = " ".join([*(_edit_words(one) for one in edits), *(f"Or {one['sentence']}" for one in instead)])
    return {"sentence": sentence, "edits": edits, "instead": instead}


def _lacking(request: AccessRequest, sides: Sides) -> list[str]:
    """Return the layers that have to allow and do not, denies apart."""
    grade = sides.blocked.grade if sides.blocked and not sides.grade else sides.grade
    needed = ["resource"] if not sides.grade and (_across(request) or sides.must) else []
    if not request.principal_account:
        return needed
    if needed and not sides.blocked:
        grade = ACCOUNT if request.is_root else IDENTITY if _role(request) else DIRECT
    if not _across(request) and grade == DIRECT:
        return needed
    able = request.is_root or sides.identity is not None
    if not able and (_across(request) or grade != IDENTITY):
        needed.append("identity")
    return needed + [layer for layer in ("boundary", "session") if getattr(sides, layer) is False]


def _across(request: AccessRequest) -> bool:
    return request.principal_account != request.owner_account or not request.principal_account


def _role(request: AccessRequest) -> str:
    """Return the ARN of the role behind a session; "" for other callers."""
    return request.role_arn if ":assumed-role/" in request.principal_arn else ""


# -- edits ----------------------------------------------------------------------------------------


def _removal(one: Considered) -> dict:
    return {"do": "remove", "where": WHERE[one.layer], "source": one.source, "sid": one.sid, "number": one.number}


def _addition(layer: str, request: AccessRequest) -> dict:
    statement = {"Effect": "Allow"}
    if layer == "resource":
        statement["Principal"] = _principal(request)
    statement["Action"] = request.action
    edit = {"do": "add", "where": WHERE[layer], "statement": statement}
    if not request.action.lower().startswith("sts:assumerole") or layer != "resource":  # a trust policy has no resource
        statement["Resource"], exact = _literal(request.resource)
        edit |= {"needs_version": "2012-10-17"} if not exact else {}
    source = request.keys.get("aws:sourcearn")
    if layer == "resource" and request.service and isinstance(source, str) and "${" not in source:
        statement["Condition"] = {"StringEquals": {"aws:SourceArn": source}}
    edit["to"] = request.resource if layer == "resource" else request.role_arn or request.principal_arn
    return edit


def _principal(request: AccessRequest):
    if request.service:
        return {"Service": request.service}
    return {"AWS": _role(request) or request.principal_arn} if request.principal_account else "*"


def _literal(resource: str) -> tuple[str, bool]:
    """Return a resource as a pattern that fits it alone, and whether that needs no variables."""
    if resource in ANY_RESOURCE or not any(mark in resource for mark in ("*", "?", "${")):
        return resource, True
    return "".join("${" + one + "}" if one in "*?$" else one for one in resource), False


def _resource_edits(request: AccessRequest, sides: Sides) -> list[dict]:
    """Return the edits on the resource's side: a statement, and Block Public Access where that would shut it out."""
    shut = {"do": "turn off", "where": "block public access", "settings": ["RestrictPublicBuckets"]}
    if sides.blocked:
        return [shut]
    edit = _addition("resource", request)
    if sides.public_block and edit["statement"]["Principal"] == "*":
        return [edit, {**shut, "settings": ["BlockPublicPolicy", "RestrictPublicBuckets"]}]
    return [edit, shut] if sides.public else [edit]


def _edit_words(edit: dict) -> str:
    if edit["do"] == "remove":
        return f"Remove {edit['sid']} from the {edit['where']} ({edit['source']})."
    if edit["do"] == "turn off":
        return f"Turn off {' and '.join(edit['settings'])} of Block Public Access."
    statement = edit["statement"]
    who = statement.get("Principal", "")
    whom = "" if not who else " to everyone" if who == "*" else f" to {next(iter(who.values()))}"
    what = f" on {statement['Resource']}" if "Resource" in statement else ""
    told = f"{statement['Action']}{what}{whom}"
    if edit["where"] == "session policy":
        return f"Ask for a new session whose policies allow {told}."
    if edit["where"] == "resource policy":
        return f"Add a statement to the resource's policy that allows {told}."
    article = "the" if edit["where"] == "permissions boundary" else "an"
    return f"Add a statement to {article} {edit['where']} of {edit['to']} that allows {told}."


# -- other ways -----------------------------------------------------------------------------------


def _avoiding(one: Considered) -> list[dict]:
    """Return how the request itself could escape a deny: by not meeting one of its conditions."""
    found = []
    for test in one.statement.tests:
        value = one.request.keys.get(test.lookup)
        there = "is absent" if value is None else f"is {shown(value)}"
        sentence = f"send the request so that {test.operator} {test.key} {shown(test.wanted)} fails; it {there} now."
        found.append({"do": "request", "key": test.key, "operator": test.operator, "values": test.wanted,
                      "found": value, "sentence": sentence})  # fmt: skip
    return found


def _nearest(layer: str, considered: tuple, request: AccessRequest) -> list[dict]:
    """Return the allows of a layer that only one element keeps from applying."""
    found = []
    for one in considered:
        if one.layer != layer or one.effect != "Allow" or one.element in ("", "BlockPublicAccess"):
            continue
        failing = [] if one.grade or layer != "resource" else [one.element]
        failing += one.statement.all_failing(request)
        if len(failing) == 1:
            found.append(_widening(one, failing[0], request))
    return found


def _widening(one: Considered, failing, request: AccessRequest) -> dict:
    """Return the edit of one element that would let a statement apply."""
    edit = {"do": "widen", "where": WHERE[one.layer], "source": one.source, "sid": one.sid, "number": one.number}
    whose = f"{one.sid} of {one.source}"
    if isinstance(failing, str):
        exact = Considered(one.layer, one.source, one.statement, request, failing)
        sentence = (
            f"widen {failing} of {whose}: it says {shown(listed(exact.wanted))}, and the request has {exact.found}."
        )
        return {**edit, "element": failing, "wanted": exact.wanted, "found": exact.found, "sentence": sentence}
    exact = Considered(one.layer, one.source, one.statement, request, "Condition", failing)
    there = "absent" if exact.found is None else shown(exact.found)
    sentence = (
        f"meet the condition of {whose}: {failing.operator} {failing.key} {shown(failing.wanted)}; it is {there} now."
    )
    return {**edit, "element": "Condition", "wanted": exact.wanted, "found": exact.found, "sentence": sentence}
