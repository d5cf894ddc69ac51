"""Who could do what: an imagined request, decided with a draft in the place of the policy it is to become.

The same engine as for real requests (authorize.decide), so the answer is the one a real request would get: as the
caller's side stands, with its groups and boundary, and with the resource's own policy where that is known.
"""

from dataclasses import dataclass, field, replace

from apps.identity import attached, authorize, drafts, entities, explain, wording
from apps.identity.models import Account, IamUser, Role
from apps.identity.patterns import listed
from playground import clock
from playground.wire.context import Context, Principal

STRANGER = "111122223333"  # the account of AWS's own examples, for a caller from elsewhere
THEIRS = "all that their own account allows"
SHOWN = 3  # of an element's values; AWS's own policies have a hundred
PATTERNS = ("Action", "NotAction", "Resource", "NotResource")  # elements whose reason does not say what they want
CLOUDFRONT = "cloudfront.amazonaws.com"
# Functions (account, ARN) -> the policy on a resource of that lab, or None; registered by the rooms that keep them.
resource_policies = []


@dataclass
class Question:
    """who: "root", "user/NAME", "role/NAME", "account", "anonymous" or "cloudfront". keys: condition keys -> value."""

    who: str
    action: str
    resource: str
    keys: dict = field(default_factory=dict)


def choices(account):
    """Return [(value, label)] of who may be imagined to ask, in groups: [(label, [(value, label)])]."""
    users = IamUser.objects.filter(account=account).order_by("name").values_list("name", flat=True)[:200]
    rows = Role.objects.filter(account=account).order_by("name").values_list("name", flat=True)[:200]
    found = [("This lab", [("root", "The root user")])]
    found += [("Users", [(f"user/{name}", name) for name in users])] if users else []
    found += [("Roles", [(f"role/{name}", name) for name in rows])] if rows else []
    others = [("account", f"A user of another account ({STRANGER})"), ("anonymous", "Anybody, not signed in")]
    return [*found, ("From outside", [*others, ("cloudfront", "CloudFront, for a distribution")])]


def first_question(draft):
    """Return the Question that a draft's page opens with."""
    what = f"arn:aws:s3:::{draft.of}/photo.jpg" if draft.kind == "bucket" else "arn:aws:s3:::your-bucket/photo.jpg"
    if draft.kind == "trust":
        user = IamUser.objects.filter(account=draft.account).order_by("name").first()
        who = f"user/{user.name}" if user else "account"
        return Question(who, "sts:AssumeRole", draft.arn or f"arn:aws:iam::{draft.account.account_id}:role/new-role")
    if draft.kind in ("user", "role"):
        return Question(f"{draft.kind}/{draft.of}", "s3:GetObject", what)
    holder = _first_holder(draft) if draft.kind in ("group", "managed") else ""
    return Question(holder or ("anonymous" if draft.kind == "bucket" else "root"), "s3:GetObject", what)


def _first_holder(draft):
    """Return the first user or role that a group's or a managed policy already binds, else the lab's first, or ""."""
    users, rows = IamUser.objects.filter(account=draft.account), Role.objects.filter(account=draft.account)
    if draft.row is not None:
        bound = {"groups": draft.row} if draft.kind == "group" else {"attachments__policy_arn": draft.arn}
        held = users.filter(**bound).order_by("name").first()
        if held is None and draft.kind == "managed":
            held = rows.filter(**bound).order_by("name").first()
        if held is not None:
            return f"{held.kind}/{held.name}"
    found = users.order_by("name").first() or rows.order_by("name").first()
    return f"{found.kind}/{found.name}" if found else ""


def answer(draft, question):
    """Return what a question's answer is with a draft in place, or None when it asks for nobody of this lab.

    Returns {"allowed", "code", "because", "note", "rows", "change", "sentence", "options", "others", "decided"}: rows as
    Considered.told says, each with "mine" (it is of the draft), "decides" and "lines"; sentence: of the change; options:
    what can be put into the draft (Part.options), others: sentences on ways elsewhere; decided: the draft's row that
    decided, or None.
    """
    found = _caller(draft, question)
    if found is None:
        return None
    ctx, side, name, note = found
    ctx.found["side"] = side
    policy, owner = _resource(draft, question)
    asked = authorize.Authorization(
        question.action,
        question.resource,
        policy,
        owner,
        conditions=question.keys,
        resource_must_allow=question.action.lower().startswith("sts:assumerole"),
    )
    decision = authorize.decide(ctx, asked)
    change = explain.smallest_change(decision, decision.request)
    part = _part(draft, question, name)
    told = [part.row(one, decision.by) for one in decision.considered]
    return {
        "allowed": decision.allowed,
        "code": decision.code,
        "because": decision.because,
        "note": _root_note(question) or note,
        "rows": told,
        "change": change,
        "sentence": alone(change),
        "options": part.options(change),
        "others": part.others(change),
        "decided": next((one for one in told if one["mine"] and one["decides"]), None),
    }


def alone(change):
    """Return the sentence of a change of explain.smallest_change, without the other ways to the same."""
    sentence = change.get("sentence", "")
    for one in change.get("instead", ()):
        sentence = sentence.replace(f"Or {one['sentence']}", "")
    return sentence.strip()


def _root_note(question):
    if question.who == "root" and question.action.lower() == "sts:assumerole":
        return "STS refuses AssumeRole to root users, whatever policies say."
    return ""


# -- who ------------------------------------------------------------------------------------------------


def _caller(draft, question):
    """Return (Context, Side, how the draft is called on that side or "", a note) of who is imagined to ask, or None."""
    kind, _, name = question.who.partition("/")
    account = draft.account
    if kind in ("user", "role"):
        row = entities.find(account, kind, name)
        return _own(draft, row) if row is not None else None
    if kind == "root":
        note = "" if draft.on_resource else "No identity policy binds the root user: the draft plays no part here."
        principal = Principal("root", account.root_arn, account.account_id, "root")
        return _context(account, principal), attached.Side(account.account_id, principal.arn, is_root=True), "", note
    if kind == "account":
        theirs = Account(account_id=STRANGER, canonical_id="0" * 64, name="another account")
        principal = Principal("user", f"arn:aws:iam::{STRANGER}:user/visitor", "AIDAVISITORVISITORVIS", "visitor")
        side = attached.Side(STRANGER, principal.arn, policies={THEIRS: attached.ALL}, username="visitor")
        return _context(theirs, principal, account), side, "", "Their own account is taken to allow it."
    if kind == "cloudfront":
        source = question.keys.get("aws:sourcearn") or f"arn:aws:cloudfront::{account.account_id}:distribution/EXAMPLE"
        return _context(account, Principal("service", name=CLOUDFRONT, source_arn=source)), attached.Side(), "", ""
    return (_context(None, Principal("anonymous"), account), attached.Side(), "", "") if kind == "anonymous" else None


def _context(account, principal, lab=None):
    place = lab or account
    return Context(account, principal, place.default_region, "imagined", clock.now(place))


def _own(draft, row):
    """Return what `_caller` does for a user or role of the lab, the draft put in where it binds them."""
    account = draft.account
    if row.kind == "user":
        principal = Principal("user", row.arn, row.unique_id, row.name)
        side = attached.of_user(account, principal)
    else:
        arn = f"arn:aws:sts::{account.account_id}:assumed-role/{row.name}/session"
        principal = Principal("role", arn, f"{row.unique_id}:session", row.name)
        side = attached.of_role(account, principal)
    name, note = ("", "") if draft.on_resource else _place(draft, row, side)
    if name == "boundary":
        side = replace(side, boundary=draft.document)
    elif name:
        side = replace(side, policies={**side.policies, name: draft.document})
    return _context(account, principal), side, name, note


def _place(draft, row, side):
    """Return under which name a draft binds a user or role, "" where it does not, and a note to the reader."""
    if draft.kind in ("user", "role"):
        mine = draft.row == row
        return (draft.name or "new policy", "") if mine else ("", f"The draft binds {draft.of} only, not {row.name}.")
    if draft.kind == "group":
        member = row.kind == "user" and row.groups.filter(pk=draft.row.pk).exists()
        name = f"{draft.name or 'new policy'} of group {draft.of}"
        return (
            (name, "") if member else ("", f"{row.name} is not in the group {draft.of}: the draft does not bind them.")
        )
    if draft.arn and row.boundary == draft.arn:
        return "boundary", f"The draft is {row.name}'s permissions boundary."
    held = next((name for name in side.policies if draft.arn and name.split(" of group ")[0] == draft.arn), "")
    if held:
        return held, ""
    return draft.arn or draft.name or "new policy", f"As if it were attached to {row.name}, which it is not yet."


# -- of what --------------------------------------------------------------------------------------------


def _resource(draft, question):
    """Return the resource's own policy and the account that owns it."""
    account, arn = draft.account, question.resource
    parts = arn.split(":", 5)
    theirs = parts[4] if len(parts) == 6 else ""
    owner = account
    if theirs and theirs != account.account_id and theirs.isdigit():
        owner = Account(account_id=theirs, canonical_id="0" * 64, name="another account")
    if _on_draft(draft, arn):
        return draft.document, owner
    if owner is not account:
        return None, owner
    return policy_on(account, arn), owner


def policy_on(account, arn):
    """Return the policy on a resource of a lab: a role's trust policy, or what the rooms know; None for none."""
    row = entities.by_arn(arn)
    if row is not None and row.kind == "role" and row.account_id == account.pk:
        return row.trust_policy
    known = (look(account, arn) for look in resource_policies)
    return next((one for one in known if one is not None), None)


def _on_draft(draft, arn):
    if draft.kind == "bucket":
        return arn == draft.arn or arn.startswith(f"{draft.arn}/")
    return draft.kind == "trust" and (arn == draft.arn or not draft.arn)


# -- the answer -----------------------------------------------------------------------------------------


@dataclass
class Part:
    """Where a draft takes part in a decision. layer: "identity", "boundary", "resource" or "" for nowhere."""

    draft: drafts.Draft
    layer: str
    source: str

    def has(self, layer, source):
        return bool(self.layer) and (layer, source) == (self.layer, self.source)

    def row(self, one, by):
        """Return a statement's verdict as data, with what the page shows besides."""
        told = one.told() | {"mine": self.has(one.layer, one.source), "decides": one is by, "lines": None}
        if told["mine"]:
            told["lines"] = dict(enumerate(drafts.lines(self.draft.text), 1)).get(one.number)
        told["reason"] = told["because"].partition("does not apply: ")[2]
        told["said"] = wording.shown(listed(one.wanted)[:SHOWN]) if one.element in PATTERNS else ""
        told["unsaid"] = len(listed(one.wanted)) - SHOWN if told["said"] else 0
        return told

    def options(self, change):
        """Return [{"sentence", "text"}] of what can be put into the draft: the change ("") and other ways to the same."""
        mine = [one for one in change.get("edits", ()) if self._concerns(one)]
        # From the last statement to the first, so that the places stay true; then what is added.
        mine.sort(key=lambda one: -one.get("number", 0))
        text = self.draft.text
        for edit in mine:
            text = drafts.with_edit(text, edit)
        found = [{"sentence": "", "text": text}]
        for edit in change.get("instead", ()):
            if self._concerns(edit):
                found.append({"sentence": edit["sentence"], "text": drafts.with_edit(self.draft.text, edit)})
        return [one for one in found if one["text"] != self.draft.text]

    def others(self, change):
        """Return the sentences on other ways to the same that are no matter of the draft."""
        return [one["sentence"] for one in change.get("instead", ()) if not self._concerns(one)]

    def _concerns(self, edit):
        if not self.layer or edit.get("where") != explain.WHERE[self.layer]:
            return False
        return edit["do"] == "add" or edit.get("source") == self.source


def _part(draft, question, name):
    if draft.on_resource:
        return Part(draft, "resource" if _on_draft(draft, question.resource) else "", "resource policy")
    if name == "boundary":
        return Part(draft, "boundary", "permissions boundary")
    return Part(draft, "identity" if name else "", f'policy "{name}"')
