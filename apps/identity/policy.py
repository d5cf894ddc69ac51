"""May this principal do this action on this resource? Pure: documents in, a decision with its reasons out.

Words: a *document* is a policy's JSON; a *statement* allows or denies; *identity* policies hang on the one
who asks, a *resource* policy on what is asked for. An explicit deny beats any allow; without an allow the
answer is an implicit deny. Within one account either side may allow; across accounts both must.
Every statement considered is told, with why it did or did not apply: that is what "why" shows.
Source: IAM User Guide, "Policy evaluation logic" and "IAM JSON policy elements reference".
"""

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_address, ip_network


@dataclass(slots=True, frozen=True)
class AccessRequest:
    """What is asked. principal: its names: ARN, account id, "service:NAME", canonical id; empty when anonymous.

    action: "s3:GetObject". resource: an ARN or "*". keys: condition keys in lower case -> value or list.
    is_root: the account's root user, whom identity policies do not bind.
    """

    principal_arn: str
    principal_account: str
    action: str
    resource: str
    owner_account: str
    keys: dict = field(default_factory=dict)
    is_root: bool = False
    service: str = ""
    role_arn: str = ""
    canonical_id: str = ""


@dataclass(slots=True, frozen=True)
class Considered:
    """One statement and its verdict: applied or not, and why."""

    source: str
    sid: str
    effect: str
    applies: bool
    because: str


@dataclass(slots=True, frozen=True)
class Decision:
    """code: "Allow", "ExplicitDeny" or "ImplicitDeny". because: a sentence. considered: every statement's verdict."""

    allowed: bool
    code: str
    because: str
    considered: tuple = ()
    statement: str = ""


# -- matching -------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _wildcard(pattern: str, ignore_case: bool = False) -> re.Pattern:
    text = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(text, re.S | (re.I if ignore_case else 0))


def matches(pattern: str, text: str, ignore_case: bool = False) -> bool:
    """Tell whether a text fits a pattern of * and ?.

    >>> matches("arn:aws:s3:::photos/*", "arn:aws:s3:::photos/a/b.jpg")
    True
    >>> matches("s3:get?bject", "s3:GetObject", ignore_case=True)
    True
    """
    return _wildcard(pattern, ignore_case).fullmatch(text) is not None


def listed(value) -> list:
    """Return a policy element as a list: one value or many."""
    return value if isinstance(value, list) else [value]


def substitute(text: str, keys: dict) -> str | None:
    """Replace ${aws:username} and the like; None when a variable has no value, so that nothing matches."""
    missing = False

    def one(found):
        nonlocal missing
        name, _, default = found[1].partition(",")
        if name in ("*", "?", "$"):
            return name
        value = keys.get(name.strip().lower())
        if value is None and default:
            return default.strip().strip("'")
        if value is None or isinstance(value, list):
            missing = True
            return ""
        return str(value)

    changed = re.sub(r"\$\{([^}]*)\}", one, text)
    return None if missing else changed


def _principal_matches(principal, request: AccessRequest) -> bool:
    if principal == "*":
        return True
    for kind, names in principal.items():
        for name in listed(names):
            if kind == "AWS" and (name == "*" or _aws_name_matches(name, request)):
                return True
            if kind == "Service" and request.service and name == request.service:
                return True
            if kind == "CanonicalUser" and request.canonical_id and name == request.canonical_id:
                return True
    return False


def _aws_name_matches(name: str, request: AccessRequest) -> bool:
    if not request.principal_account:
        return False
    if name in (request.principal_arn, request.role_arn) and name:
        return True
    account = name if re.fullmatch(r"\d{12}", name) else None
    root = re.fullmatch(r"arn:aws:iam::(\d{12}):root", name)
    return (account or (root and root[1])) == request.principal_account


# -- conditions -----------------------------------------------------------------------------------


def _number(text):
    return float(text)


def _date(text):
    text = str(text)
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return datetime.fromtimestamp(float(text), UTC)
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _in_network(value, wanted):
    return ip_address(value) in ip_network(wanted, strict=False)


def _compare(make, test):
    def compare(value, wanted):
        try:
            return test(make(value), make(wanted))
        except (ValueError, TypeError):
            return False

    return compare


_EQUALS = {
    "String": lambda v, w: v == w,
    "StringIgnoreCase": lambda v, w: v.lower() == w.lower(),
    "StringLike": lambda v, w: matches(w, v),
    "Arn": lambda v, w: matches(w, v),
    "Numeric": _compare(_number, lambda v, w: v == w),
    "Date": _compare(_date, lambda v, w: v == w),
    "Ip": _compare(str, _in_network),
}
_OPERATORS = {
    "stringequals": (_EQUALS["String"], False),
    "stringnotequals": (_EQUALS["String"], True),
    "stringequalsignorecase": (_EQUALS["StringIgnoreCase"], False),
    "stringnotequalsignorecase": (_EQUALS["StringIgnoreCase"], True),
    "stringlike": (_EQUALS["StringLike"], False),
    "stringnotlike": (_EQUALS["StringLike"], True),
    "numericequals": (_EQUALS["Numeric"], False),
    "numericnotequals": (_EQUALS["Numeric"], True),
    "numericlessthan": (_compare(_number, lambda v, w: v < w), False),
    "numericlessthanequals": (_compare(_number, lambda v, w: v <= w), False),
    "numericgreaterthan": (_compare(_number, lambda v, w: v > w), False),
    "numericgreaterthanequals": (_compare(_number, lambda v, w: v >= w), False),
    "dateequals": (_EQUALS["Date"], False),
    "datenotequals": (_EQUALS["Date"], True),
    "datelessthan": (_compare(_date, lambda v, w: v < w), False),
    "datelessthanequals": (_compare(_date, lambda v, w: v <= w), False),
    "dategreaterthan": (_compare(_date, lambda v, w: v > w), False),
    "dategreaterthanequals": (_compare(_date, lambda v, w: v >= w), False),
    "bool": (_EQUALS["StringIgnoreCase"], False),
    "binaryequals": (_EQUALS["String"], False),
    "ipaddress": (_EQUALS["Ip"], False),
    "notipaddress": (_EQUALS["Ip"], True),
    "arnequals": (_EQUALS["Arn"], False),
    "arnlike": (_EQUALS["Arn"], False),
    "arnnotequals": (_EQUALS["Arn"], True),
    "arnnotlike": (_EQUALS["Arn"], True),
}


def known_operator(name: str) -> bool:
    """Tell whether a condition operator exists."""
    base = re.sub(r"^(forallvalues|foranyvalue):", "", name.lower()).removesuffix("ifexists")
    return base == "null" or base in _OPERATORS


def _condition_holds(operator: str, key: str, wanted, keys: dict) -> bool:
    name = operator.lower()
    quantifier, _, rest = name.rpartition(":")
    base = rest.removesuffix("ifexists")
    value = keys.get(key.lower())
    if base == "null":
        return (value is None) == (str(listed(wanted)[0]).lower() == "true")
    test, negated = _OPERATORS[base]
    if value is None:
        # A negated operator holds when the key is absent; IfExists and ForAllValues forgive absence.
        return negated or rest.endswith("ifexists") or quantifier == "forallvalues"
    wanted = [w for w in (substitute(_text(w), keys) for w in listed(wanted)) if w is not None]
    found = [_text(v) for v in listed(value)]

    def one(v):
        return any(test(v, w) for w in wanted) != negated

    if quantifier == "forallvalues":
        return all(one(v) for v in found)
    return any(one(v) for v in found) if quantifier == "foranyvalue" or not negated else all(one(v) for v in found)


def _text(value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _failing_condition(conditions: dict, keys: dict) -> str:
    """Return why the conditions do not hold, or ""."""
    for operator, tests in conditions.items():
        for key, wanted in tests.items():
            if not _condition_holds(operator, key, wanted, keys):
                found = keys.get(key.lower())
                shown = "it is absent" if found is None else f"it is {found!r}"
                return f"its condition {operator} wants {key} to be {wanted!r}, and {shown}"
    return ""


# -- statements -----------------------------------------------------------------------------------


def why_not(statement: dict, request: AccessRequest, has_principal: bool) -> str:
    """Return why a statement does not apply, in words; "" when it applies."""
    if has_principal:
        if "Principal" in statement and not _principal_matches(statement["Principal"], request):
            return "it names another principal"
        if "NotPrincipal" in statement and _principal_matches(statement["NotPrincipal"], request):
            return "it leaves this principal out"
    if "Action" in statement and not any(matches(a, request.action, True) for a in listed(statement["Action"])):
        return f"its actions do not include {request.action}"
    if "NotAction" in statement and any(matches(a, request.action, True) for a in listed(statement["NotAction"])):
        return f"it leaves {request.action} out"
    if "Resource" in statement and not _resource_matches(statement["Resource"], request):
        return f"its resources do not include {request.resource}"
    if "NotResource" in statement and _resource_matches(statement["NotResource"], request):
        return f"it leaves {request.resource} out"
    return _failing_condition(statement.get("Condition", {}), request.keys)


def _resource_matches(resources, request: AccessRequest) -> bool:
    for pattern in listed(resources):
        filled = substitute(pattern, request.keys)
        if filled is not None and (filled == "*" or matches(filled, request.resource)):
            return True
    return False


def statements(document) -> list:
    return listed((document or {}).get("Statement", []))


def _consider(source: str, document, request: AccessRequest, has_principal: bool) -> list[Considered]:
    found = []
    for number, statement in enumerate(statements(document), 1):
        reason = why_not(statement, request, has_principal)
        sid = statement.get("Sid") or f"statement {number}"
        effect = statement.get("Effect", "Deny")
        because = f"does not apply: {reason}." if reason else "applies."
        found.append(Considered(source, sid, effect, not reason, f"{source}, {sid} ({effect}) {because}"))
    return found


def evaluate(request: AccessRequest, identity: dict, resource_policy: dict | None = None) -> Decision:
    """Decide, and say why.

    identity: policy name -> document of the one who asks (empty for root, services, anonymous).
    resource_policy: the document on what is asked for, or None.
    """
    considered: list[Considered] = []
    for name, document in identity.items():
        considered += _consider(f'policy "{name}"', document, request, False)
    mine = len(considered)
    considered += _consider("resource policy", resource_policy, request, True)
    told = tuple(considered)
    for verdict in considered:
        if verdict.applies and verdict.effect == "Deny":
            return Decision(
                False, "ExplicitDeny", f"{verdict.because} An explicit deny beats any allow.", told, verdict.sid
            )
    by_identity = next((v for v in considered[:mine] if v.applies), None)
    by_resource = next((v for v in considered[mine:] if v.applies), None)
    same = bool(request.principal_account) and request.principal_account == request.owner_account
    if request.is_root and same:
        return Decision(True, "Allow", "The root user of an account may do everything in it that nothing denies.", told)
    if same or not request.principal_account:
        allow = by_resource or by_identity
        if allow:
            return Decision(True, "Allow", allow.because, told, allow.sid)
    elif by_resource and (by_identity or request.is_root):
        return Decision(
            True, "Allow", f"{by_resource.because} The caller's own account allows it too.", told, by_resource.sid
        )
    return Decision(False, "ImplicitDeny", _nothing_allows(request, same, resource_policy, by_identity), told)


def _nothing_allows(request: AccessRequest, same: bool, resource_policy, by_identity) -> str:
    what = f"{request.action} on {request.resource}"
    if not request.principal_account and not request.service:
        return f"The request is anonymous, and no resource policy lets everyone do {what}."
    if request.service:
        return f"No resource policy lets {request.service} do {what} on behalf of {request.keys.get('aws:sourcearn', 'it')}."
    if not same:
        side = "the resource's policy does not name the caller" if resource_policy else "the resource has no policy"
        return f"The resource belongs to another account, and {side}; across accounts both sides must allow."
    return f"No statement allows {what}; what nothing allows is denied."


# -- validation -----------------------------------------------------------------------------------


class Malformed(ValueError):
    """A policy that the service would refuse; the message is the service's."""


def parse(text: str) -> dict:
    """Return a document from its text. Errors: Malformed."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise Malformed("Policies must be valid JSON and the first byte must be '{'") from None
    if not isinstance(document, dict):
        raise Malformed("Policies must be valid JSON and the first byte must be '{'")
    return document


def validate(document: dict, resource_prefix: str | None = None, bucket: bool = True) -> None:
    """Refuse what the real service refuses of a resource policy. Errors: Malformed.

    resource_prefix: the ARN that every resource must be or lie in ("arn:aws:s3:::photos").
    """
    if document.get("Version", "2012-10-17") not in ("2012-10-17", "2008-10-17"):
        raise Malformed("The policy must contain a valid version string")
    if not document.get("Statement"):
        raise Malformed("Missing required field Statement")
    for statement in statements(document):
        if not isinstance(statement, dict):
            raise Malformed("Policy has invalid statement")
        _validate_statement(statement, resource_prefix, bucket)


def _validate_statement(statement: dict, prefix: str | None, bucket: bool) -> None:
    unknown = set(statement) - {
        "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition",
    }  # fmt: skip
    if unknown:
        raise Malformed(f"Unknown field {sorted(unknown)[0]}")
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise Malformed(f"Invalid effect: {statement.get('Effect')}")
    if ("Principal" in statement) == ("NotPrincipal" in statement):
        raise Malformed("Missing required field Principal")
    if ("Action" in statement) == ("NotAction" in statement):
        raise Malformed("Missing required field Action")
    if ("Resource" in statement) == ("NotResource" in statement):
        raise Malformed("Missing required field Resource")
    _validate_principal(statement.get("Principal", statement.get("NotPrincipal")))
    for action in listed(statement.get("Action", statement.get("NotAction"))):
        if not isinstance(action, str) or (bucket and action != "*" and not action.lower().startswith("s3:")):
            raise Malformed("Policy has invalid action")
    for resource in listed(statement.get("Resource", statement.get("NotResource"))):
        if not isinstance(resource, str) or not (resource == "*" or resource.startswith("arn:aws:")):
            raise Malformed("Policy has invalid resource")
        if prefix and resource != prefix and not resource.startswith(prefix + "/") and resource != prefix + "*":
            raise Malformed("Policy has invalid resource")
    conditions = statement.get("Condition", {})
    if not isinstance(conditions, dict) or not all(isinstance(tests, dict) for tests in conditions.values()):
        raise Malformed("Conditions do not apply to combination of actions and resources in statement")
    for operator in conditions:
        if not known_operator(operator):
            raise Malformed(f"Invalid Condition type : {operator}")


def _validate_principal(principal) -> None:
    if principal == "*":
        return
    if not isinstance(principal, dict) or not principal:
        raise Malformed("Invalid principal in policy")
    for kind, names in principal.items():
        if kind not in ("AWS", "Service", "CanonicalUser", "Federated"):
            raise Malformed("Invalid principal in policy")
        for name in listed(names):
            good = isinstance(name, str) and (
                kind != "AWS" or name == "*" or re.fullmatch(r"\d{12}|arn:aws:(iam|sts)::\d{12}:.+", name)
            )
            if not good:
                raise Malformed("Invalid principal in policy")


def is_public(document: dict | None) -> bool:
    """Tell whether a resource policy opens something to everyone, as block public access means it.

    A statement that allows "*" is public unless a condition pins it to fixed accounts, ARNs, networks or endpoints.
    Source: S3 User Guide, "The meaning of 'public'".
    """
    pins = {
        "aws:sourcearn", "aws:sourceaccount", "aws:principalarn", "aws:principalaccount", "aws:principalorgid",
        "aws:sourcevpc", "aws:sourcevpce", "aws:userid", "s3:dataaccesspointaccount", "s3:dataaccesspointarn",
        "aws:sourceip",
    }  # fmt: skip
    for statement in statements(document):
        if statement.get("Effect") != "Allow":
            continue
        principal = statement.get("Principal")
        everyone = principal == "*" or (isinstance(principal, dict) and "*" in listed(principal.get("AWS", [])))
        if not everyone and "NotPrincipal" not in statement:
            continue
        pinned = any(
            key.lower() in pins and "not" not in operator.lower() and not any("*" in str(v) for v in listed(wanted))
            for operator, tests in statement.get("Condition", {}).items()
            for key, wanted in tests.items()
        )
        if not pinned:
            return True
    return False
