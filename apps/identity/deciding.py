"""One decision of a request that was, made ready to be read: who asked, each statement's verdict, what to change, where.

It reads the step "policy" that authorize.py leaves in a trace. There a statement is a sentence (wording.of_statement) or
Considered.told; a sentence does not say what an Action, Resource or Principal wanted, which is then looked up in the
policy as it reads now.
Where next: asking.py decides about requests that only might be; drafts.py has the drafts that the links open.
"""

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from apps.identity import asking, attached, entities, roles, wording
from apps.identity.documents import statements
from apps.identity.patterns import listed

SENTENCE = re.compile(
    r'(?P<source>policy ".*?"|permissions boundary|session policy \d+|resource policy), (?P<sid>[^()]+) '
    r"\((?P<effect>Allow|Deny)\) (?P<verdict>.*)",
    re.DOTALL,
)
CONDITION = re.compile(
    r"its condition (?P<operator>\S+) wants (?P<key>\S+) to be (?P<wanted>.*), and it is (?P<found>.*)"
)
WORDS = (  # what a sentence begins with -> the element that failed
    ("it is for another principal than ", "Principal"),
    ("its actions do not include ", "Action"),
    ("its resources do not include ", "Resource"),
)


@dataclass
class Asked:
    """A decision's step and who asked. row: the IamUser or Role of this lab behind the request, or None."""

    account: Any
    step: dict
    row: Any = None


def told(account, trace, step):
    """Return what observability/_policy.html shows of a step: {"who", "allowed", "rows", "now", "change", "links"}.

    account: the lab that looks; only its own policies are read. trace: the Trace that the step is of.
    """
    asked = Asked(account, step, _row(account, trace.principal_arn))
    allowed = step.get("outcome") == "allowed"
    rows = [_verdict(asked, one) for one in step.get("considered") or ()]
    if _elsewhere(step):  # another account's policy is none of the caller's business
        rows = [one for one in rows if one["source"] != "resource policy"]
    return {
        "who": _who(trace),
        "allowed": allowed,
        "rows": rows,
        "now": any(one["now"] for one in rows),
        "change": asking.alone(step.get("change") or {}),
        "links": [] if allowed else _links(asked),
    }


def short(value):
    """Return an element's values in words, the first few of many.

    >>> short("s3:*"), short(["a", "b", "c", "d", "e"])
    ('"s3:*"', '"a" or "b" or "c" or 2 more')
    """
    if isinstance(value, dict):  # a Principal, or a condition
        if "operator" in value:
            return f"{value['operator']} {value['key']} {short(value['values'])}"
        return ", ".join(f"{kind} {short(names)}" for kind, names in value.items())
    values = listed(value)
    more = f" or {len(values) - asking.SHOWN} more" if len(values) > asking.SHOWN else ""
    return wording.shown(values[: asking.SHOWN]) + more


def _row(account, arn):
    row = roles.of_session(account, arn) if ":assumed-role/" in arn else entities.by_arn(arn)
    return row if row is not None and row.account_id == account.pk else None


def _elsewhere(step):
    return step.get("because", "").startswith("The resource belongs to another account")


def _who(trace):
    kind, name = trace.principal_kind, re.split("[/:]", trace.principal_arn)[-1]
    if kind == "root":
        return "The root user"
    if kind == "anonymous":
        return "Somebody anonymous"
    if kind == "role" and trace.principal_arn.count("/") >= 2:
        return f"A session of the role {trace.principal_arn.split('/')[1]}"
    return {"user": f"The user {name}", "service": f"A service, for {trace.principal_arn}"}.get(kind, f"{kind} {name}")


# -- statements -----------------------------------------------------------------------------------------


def _verdict(asked, one):
    """Return {"source", "sid", "effect", "applies", "element", "wanted", "found", "decides", "now"} of a statement.

    now: that `wanted` was read from the policy as it is now.
    """
    found = _of_data(one) if isinstance(one, dict) else _of_sentence(asked, one)
    by = asked.step.get("decided_by") or {}
    same = all(by.get(name) == found[name] for name in ("source", "sid", "effect"))
    return found | {"decides": bool(by) and found["applies"] and same, "policy": _policy(found["source"])}


def _policy(source):
    """Return what holds a statement as a table shows it.

    >>> _policy('policy "arn:aws:iam::aws:policy/ReadOnlyAccess"'), _policy("resource policy")
    ('ReadOnlyAccess', 'resource policy')
    """
    name = source.removeprefix('policy "').removesuffix('"')
    return re.sub(r"arn:aws:iam::\w+:policy/(?:[!-~]+/)?", "", name)


def _of_data(one):
    absent = one["element"] == "Condition" and one["found"] is None
    return {
        **{name: one[name] for name in ("source", "sid", "effect", "applies", "element")},
        "wanted": "" if one["wanted"] is None else short(one["wanted"]),
        "found": "absent" if absent else "" if one["found"] is None else wording.shown(one["found"]),
        "now": False,
    }


def _of_sentence(asked, text):
    parts = SENTENCE.fullmatch(text)
    if not parts:  # a room's own words
        return {
            "source": "",
            "sid": "",
            "effect": "",
            "applies": False,
            "element": "",
            "wanted": text,
            "found": "",
            "now": False,
        }
    told = {name: parts[name] for name in ("source", "sid", "effect")}
    told |= {"applies": parts["verdict"] == "applies.", "element": "", "wanted": "", "found": "", "now": False}
    if told["applies"]:
        return told
    why = parts["verdict"].removeprefix("does not apply: ").removesuffix(".")
    condition = CONDITION.fullmatch(why)
    if condition:
        wanted = f"{condition['operator']} {condition['key']} {condition['wanted']}"
        return told | {"element": "Condition", "wanted": wanted, "found": condition["found"]}
    if why.startswith("Block Public Access"):
        return told | {"element": "Block Public Access", "wanted": "no public policy", "found": "a public one"}
    told["element"], told["found"] = _element(asked.step, why)
    raw = _statement_now(asked, told["source"], told["sid"]).get(told["element"])
    return told | ({"wanted": short(raw), "now": True} if raw is not None else {})


def _element(step, why):
    for words, element in WORDS:
        if why.startswith(words):
            return element, why.removeprefix(words)
    left_out = why.removeprefix("it leaves ").removesuffix(" out")
    kinds = {step.get("action"): "NotAction", step.get("resource"): "NotResource"}
    return kinds.get(left_out, "NotPrincipal"), left_out


def _statement_now(asked, source, sid):
    """Return a statement as its policy of this lab reads now, {} when it cannot be told."""
    document = None
    if source.startswith('policy "') and asked.row is not None:
        document = attached.policies_of(asked.account, asked.row).get(source[8:-1])
    elif source == "permissions boundary" and asked.row is not None and asked.row.boundary:
        document = attached.document_of(asked.account, asked.row.boundary)
    elif source == "resource policy":
        document = asking.policy_on(asked.account, asked.step.get("resource", ""))
    for number, one in enumerate(statements(document), 1):
        if sid == str(one.get("Sid") or f"statement {number}"):
            return one
    return {}


# -- links into the editor ------------------------------------------------------------------------------


def _links(asked):
    """Return [{"label", "href"}] of the editor with each edit of the change put in, where this lab can make it."""
    change, found = asked.step.get("change") or {}, []
    edits = [*change.get("edits", ()), *(one for one in change.get("instead", ()) if one.get("do") == "widen")]
    for edit in edits:
        place = _place(asked, edit)
        if place is None or (edit["do"] == "widen" and edit.get("element") not in ("Action", "Resource")):
            continue
        label = {"add": "Open the editor with this statement", "remove": "Open the editor without the statement"}
        words = label.get(edit["do"]) or f"Or open {edit['sid']} with it widened"
        told = {**place, "put": json.dumps([{name: edit[name] for name in PUT if name in edit}])}
        told |= {"who": f"{asked.row.kind}/{asked.row.name}"} if asked.row is not None else {}
        told |= {name: asked.step[name] for name in ("action", "resource") if asked.step.get(name)}
        found.append(
            {"label": f"{words} ({_called(place)})", "href": f"{reverse('identity:editor')}?{urlencode(told)}"}
        )
    return found


PUT = ("do", "statement", "needs_version", "number", "element", "found")


def _called(place):
    return f"{place['of']}, {place['name']}" if place.get("name") else place["of"]


def _place(asked, edit):
    """Return {"kind", "of", "name"} of the draft that an edit is for, or None when it is none of this lab's."""
    if edit.get("where") == "resource policy":
        return _of_resource(asked, asked.step.get("resource", ""))
    row = asked.row
    if row is None:
        return None
    if edit.get("where") == "permissions boundary":
        return _managed(asked.account, row.boundary)
    if edit.get("where") != "identity policy":
        return None
    if edit["do"] == "add":
        name = re.sub(r"[^\w+=,.@-]", "-", asked.step.get("action", "policy").replace("*", "all"))
        return {"kind": row.kind, "of": row.name, "name": f"allow-{name}"}
    name, of_group, group = edit.get("source", "")[8:-1].partition(" of group ")
    if name.startswith("arn:"):
        return _managed(asked.account, name)
    return (
        {"kind": "group", "of": group, "name": name} if of_group else {"kind": row.kind, "of": row.name, "name": name}
    )


def _managed(account, arn):
    row = entities.own_policy(account, arn)
    return {"kind": "managed", "of": row.name} if row is not None else None


def _of_resource(asked, arn):
    if _elsewhere(asked.step):
        return None
    if arn.startswith("arn:aws:s3:::"):
        return {"kind": "bucket", "of": arn.removeprefix("arn:aws:s3:::").partition("/")[0]}
    row = entities.by_arn(arn)
    mine = row is not None and row.kind == "role" and row.account_id == asked.account.pk
    return {"kind": "trust", "of": row.name} if mine else None
