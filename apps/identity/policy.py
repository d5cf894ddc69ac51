"""May this principal do this action on this resource? Pure: documents in, a decision with its reasons out.

Words: *identity* policies hang on the one who asks, a *resource* policy on what is asked for; a *boundary* and
*session* policies only limit what identity policies allow. An explicit deny beats any allow; without an allow the
answer is an implicit deny. Within one account either side may allow; across accounts both must.
Where next: documents.py makes policies ready, principals.py and conditions.py read two of their elements,
wording.py says a decision in sentences, explain.py what would change it, validation.py what a policy may look like.
Source: IAM User Guide, "Policy evaluation logic", "Cross-account policy evaluation logic", "Permissions boundaries".
"""

from dataclasses import dataclass, field

from apps.identity import wording
from apps.identity.conditions import known_operator
from apps.identity.documents import compiled, statements
from apps.identity.patterns import listed, matches
from apps.identity.principals import ACCOUNT, DIRECT, IDENTITY, NONE
from apps.identity.publicness import is_public
from apps.identity.validation import Malformed, parse, validate

__all__ = [
    "AccessRequest", "Considered", "Decision", "Malformed", "Sides", "evaluate", "is_public", "known_operator", "listed",
    "matches", "parse", "statements", "validate",
]  # fmt: skip


@dataclass(slots=True, frozen=True)
class AccessRequest:
    """What is asked, and by whom.

    principal_arn: of the user, session or root; "" for services and when anonymous, as is principal_account.
    action: "s3:GetObject". resource: an ARN or "*". owner_account: whose the resource is.
    keys: condition keys in lower case -> value or list. is_root: the account's root user, whom identity policies
    do not bind. service: "cloudfront.amazonaws.com", when a service asks. role_arn: the identity behind a session:
    its role, or the user who federated. canonical_id: S3's name for the account.
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


class Considered:
    """One statement and its verdict.

    layer: "identity", "resource", "boundary" or "session". source: what holds it, in words.
    element: the first that kept it from applying ("Principal", "Action", ...; "Condition"; "BlockPublicAccess"),
    "" when it applies. test: the condition that failed. grade: how a resource policy's statement names who asks.
    """

    __slots__ = ("element", "grade", "layer", "request", "source", "statement", "test")

    def __init__(self, layer, source, statement, request, element="", test=None, grade=NONE):
        self.layer, self.source, self.statement, self.request = layer, source, statement, request
        self.element, self.test, self.grade = element, test, grade

    @property
    def applies(self) -> bool:
        return not self.element

    @property
    def effect(self) -> str:
        return self.statement.effect

    @property
    def sid(self) -> str:
        return self.statement.sid

    @property
    def number(self) -> int:
        return self.statement.number

    @property
    def because(self) -> str:
        return wording.of_statement(self)

    @property
    def wanted(self):
        """Return what the failing element says; of a condition {"operator", "key", "values"}; None when it applies."""
        if self.test is not None:
            return {"operator": self.test.operator, "key": self.test.key, "values": self.test.wanted}
        return self.statement.raw.get(self.element)

    @property
    def found(self):
        """Return what the request has in its place; None for an absent key, and when the statement applies."""
        if self.test is not None:
            return self.request.keys.get(self.test.lookup)
        kind = self.element.removeprefix("Not")
        if kind == "Principal":
            return self.request.principal_arn or self.request.service or "anonymous"
        return {"Action": self.request.action, "Resource": self.request.resource}.get(kind)

    def told(self) -> dict:
        """Return all of it as data."""
        names = ("layer", "source", "sid", "number", "effect", "applies", "element", "wanted", "found", "because")
        return {name: getattr(self, name) for name in names}


@dataclass(slots=True)
class Sides:
    """What each side said, denies apart.

    identity, resource: the Considered that allows, or None. grade: how strongly the resource's side names who asks
    (principals.py); an ACL counts here too. boundary, session: whether they allow, None when there is none.
    acl: the sentence on the ACL's grant. public_block: Block Public Access keeps this caller from what is public.
    public: and the resource policy is. blocked: what that policy would have allowed.
    must: the resource's own policy has to allow, as with a role's trust policy.
    """

    identity: Considered | None = None
    resource: Considered | None = None
    grade: str = NONE
    boundary: bool | None = None
    session: bool | None = None
    acl: str = ""
    public_block: bool = False
    public: bool = False
    blocked: Considered | None = None
    must: bool = False

    @property
    def within(self) -> bool:
        """Tell whether neither boundary nor session policies forbid."""
        return self.boundary is not False and self.session is not False


class Decision:
    """code: "Allow", "ExplicitDeny" or "ImplicitDeny". because: a sentence. considered: every statement's verdict.

    statement: the Sid of the one that decided, or "". by: its Considered, None where no single one did.
    layer: what decided: "identity", "resource", "acl", "root" or "owner" of an allow; of a deny the layer that denied,
    or the first that did not allow ("identity", "resource", "boundary", "session").
    request, sides: the AccessRequest and what each side said, for explain.py.
    """

    __slots__ = ("_because", "allowed", "by", "code", "considered", "layer", "request", "sides", "statement")

    def __init__(
        self, allowed, code, because="", considered=(), statement="", *, layer="", by=None, request=None, sides=None
    ):
        self.allowed, self.code, self._because, self.considered = allowed, code, because, considered
        self.statement = statement or (by.sid if by else "")
        self.layer, self.by, self.request, self.sides = layer, by, request, sides

    @property
    def because(self) -> str:
        """Return the sentence; made when first asked for."""
        self._because = self._because or wording.of_decision(self)
        return self._because

    @property
    def decided_by(self) -> dict | None:
        """Return which statement decided, as data, or None."""
        if self.by is None:
            return None
        return {"source": self.by.source, "sid": self.by.sid, "number": self.by.number, "effect": self.by.effect}


def _consider(layer: str, source: str, document, request: AccessRequest, action: str) -> list[Considered]:
    """Return the verdict on each statement of a policy without principals. action: in lower case."""
    found = []
    for statement in compiled(document):
        failing = statement.failing(request, action)
        if not failing or type(failing) is str:
            found.append(Considered(layer, source, statement, request, failing))
        else:
            found.append(Considered(layer, source, statement, request, "Condition", failing))
    return found


def _consider_resource(document, request: AccessRequest, action: str, bounded: bool, blocked: bool) -> list[Considered]:
    """Return the verdict on each statement of the resource's policy, with how it names who asks."""
    found = []
    for statement in compiled(document):
        grade = statement.naming(request, bounded)
        if grade == NONE:
            failing = "Principal" if statement.principals is not None else "NotPrincipal"
        else:
            failing = statement.failing(request, action)
        if not failing and blocked and statement.effect == "Allow":
            failing = "BlockPublicAccess"
        test = None if type(failing) is str else failing
        element = failing if test is None else "Condition"
        found.append(Considered("resource", "resource policy", statement, request, element, test, grade))
    return found


def _first(considered: list, effect: str) -> Considered | None:
    return next((one for one in considered if not one.element and one.statement.effect == effect), None)


_STRENGTH = {NONE: 0, ACCOUNT: 1, IDENTITY: 2, DIRECT: 3}


def evaluate(
    request: AccessRequest,
    identity: dict,
    resource_policy: dict | None = None,
    *,
    boundary: dict | None = None,
    session_policies: list[dict] | None = None,
    acl_allows: str = "",
    acl_everyone: bool = False,
    public_block: bool = False,
    resource_must_allow: bool = False,
) -> Decision:
    """Decide, and say why.

    identity: policy name -> document of the one who asks (empty for root, services, anonymous).
    resource_policy: the document on what is asked for, or None. boundary, session_policies: what limits the identity
    policies; None when there is none, and an empty list of session policies allows nothing.
    acl_allows: a sentence on the ACL's grant that allows this, or "". acl_everyone: the grant is to a group (everyone,
    all signed in) rather than to the caller's account. public_block: Block Public Access applies to this caller: the
    allows of a public resource policy count for nothing. resource_must_allow: as with a role's trust policy, an
    identity policy alone is too little even within the account.
    """
    action = request.action.lower()
    mine: list[Considered] = []
    for name, document in identity.items():
        mine += _consider("identity", f'policy "{name}"', document, request, action)
    bounds = _consider("boundary", "permissions boundary", boundary, request, action)
    sessions: list[Considered] = []
    for number, document in enumerate(session_policies or (), 1):
        sessions += _consider("session", f"session policy {number}", document, request, action)
    public = public_block and is_public(resource_policy)
    theirs = _consider_resource(resource_policy, request, action, boundary is not None, public)
    allows = [one for one in theirs if not one.element and one.statement.effect == "Allow"]
    sides = Sides(
        identity=_first(mine, "Allow"),
        resource=max(allows, key=lambda one: _STRENGTH[one.grade], default=None),
        boundary=None if boundary is None else _first(bounds, "Allow") is not None,
        session=None if session_policies is None else _first(sessions, "Allow") is not None,
        acl=acl_allows,
        public_block=public_block,
        public=public,
        blocked=next((one for one in theirs if one.element == "BlockPublicAccess"), None) if public else None,
        must=resource_must_allow,
    )
    sides.grade = sides.resource.grade if sides.resource else NONE
    if acl_allows and sides.grade in (NONE, ACCOUNT):
        anonymous = not request.principal_account
        sides.grade = DIRECT if acl_everyone or anonymous else ACCOUNT
    considered = (*mine, *bounds, *sessions, *theirs)
    denying = _first(considered, "Deny")
    if denying is not None:
        layer = denying.layer
        return Decision(
            False, "ExplicitDeny", considered=considered, layer=layer, by=denying, request=request, sides=sides
        )
    allowed, layer, by = _weigh(request, sides)
    code = "Allow" if allowed else "ImplicitDeny"
    return Decision(allowed, code, considered=considered, layer=layer, by=by, request=request, sides=sides)


def _weigh(request: AccessRequest, sides: Sides) -> tuple[bool, str, Considered | None]:
    """Return (allowed, layer, the statement that decided) when nothing denies."""
    by_policy = sides.resource is not None and sides.resource.grade == sides.grade
    theirs = ("resource", sides.resource) if by_policy else ("acl", None)
    mine = ("root", None) if request.is_root else ("identity", sides.identity)
    if not request.principal_account:  # services and the anonymous have no policies of their own
        return (True, *theirs) if sides.grade else (False, "resource", None)
    able = request.is_root or sides.identity is not None
    if request.principal_account != request.owner_account:
        if sides.grade and able and sides.within:
            return (True, *theirs)
        return False, "resource" if not sides.grade else _lacking(able, sides), None
    if sides.grade == DIRECT or (sides.grade == IDENTITY and sides.within):
        return (True, *theirs)
    if able and sides.within and (sides.grade or not sides.must):
        return (True, *mine)
    if sides.must and not sides.grade:
        return False, "resource", None
    return False, _lacking(able or sides.grade == IDENTITY, sides), None


def _lacking(able: bool, sides: Sides) -> str:
    """Return the first layer of the caller's side that does not allow."""
    return "identity" if not able else "boundary" if sides.boundary is False else "session"
