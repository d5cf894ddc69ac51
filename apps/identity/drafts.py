"""Drafts: a policy's text while somebody writes it, before any service keeps it.

Words: a draft's *kind* says what it is to become: "user", "group" or "role" (an inline policy of one), "managed",
"trust" (who may assume a role) or "bucket". *of* is whose: the name of the user, group, role, policy or bucket; "" for
a managed policy or a role that is yet to be made. *name* is the inline policy's own.
Where next: asking.py asks what a draft would decide, views_editor.py is its page.
"""

import copy
import json
import re
from dataclasses import dataclass
from typing import Any

from apps.identity import entities, identity_validation, policy, validation
from apps.identity.documents import CURRENT, statements
from apps.identity.operations import documents
from apps.identity.operations.simulation import spans
from apps.identity.patterns import listed
from playground.wire.errors import ServiceError

INLINE = ("user", "group", "role")
KINDS = (*INLINE, "managed", "trust", "bucket")
BUCKET_BYTES = 20480
MOST_CHARACTERS = 100_000  # of a text that is looked at while it is written
BUCKET_NAME = re.compile(r"[A-Za-z0-9._-]{1,255}")


@dataclass
class Draft:
    """A text and what it is to become. account: the lab. row: the IamUser, IamGroup, Role or ManagedPolicy, or None."""

    account: Any
    kind: str
    of: str = ""
    name: str = ""
    text: str = ""
    row: Any = None

    @property
    def arn(self):
        """Return the ARN of what the policy hangs on, or is; "" for what is yet to be made."""
        if self.kind == "bucket":
            return f"arn:aws:s3:::{self.of}"
        return self.row.arn if self.row is not None else ""

    @property
    def limit(self):
        """Return how many characters it may have, white space aside (of a bucket's policy: bytes)."""
        return BUCKET_BYTES if self.kind == "bucket" else identity_validation.LIMITS[self.kind]

    @property
    def on_resource(self):
        """Tell whether it stands on what is asked for, and names who asks."""
        return self.kind in ("trust", "bucket")

    @property
    def document(self):
        """Return what the text says, or None while it is no policy."""
        try:
            found = validation.load(self.text)
        except ValueError:
            return None
        good = isinstance(found, dict) and all(isinstance(one, dict) for one in statements(found))
        return found if good else None


def find(account, kind, of, name="", text=""):
    """Return the Draft of something of this lab, or None when there is no such thing."""
    if kind not in KINDS or (kind == "bucket" and not BUCKET_NAME.fullmatch(of)):
        return None
    row = None
    if kind != "bucket" and of:
        row = own_policy(account, of) if kind == "managed" else entities.find(account, _holder(kind), of)
    if row is None and kind != "bucket" and (of or kind in INLINE):
        return None
    return Draft(account, kind, row.name if row is not None else of, name, text, row)


def own_policy(account, name):
    """Return a lab's ManagedPolicy by its name, or None."""
    return account.managed_policies.select_related("account").filter(name__iexact=name).first()


def _holder(kind):
    return "role" if kind == "trust" else kind


def kept(draft):
    """Return the text of what is kept now, "" for nothing; a bucket's is asked of its service."""
    if draft.kind in INLINE:
        found = draft.row.policies.get(draft.name)
    elif draft.kind == "trust":
        found = draft.row.trust_policy if draft.row else None
    else:
        versions = draft.row.versions.filter(number=draft.row.default_version) if draft.row else ()
        found = next((one.document for one in versions), None)
    return pretty(found) if found else ""


def pretty(document):
    return json.dumps(document, indent=4, ensure_ascii=False)


# -- what is wrong with it ------------------------------------------------------------------------------


def problem(draft):
    """Return what keeps a draft from being saved, {} when nothing does.

    Returns {"message": the service's own, "hint": where the JSON breaks, "statement": its place from 1, "sid", "line"};
    "statement" and "line" only where they are known.
    """
    message = _refusal(draft, draft.text)
    if not message:
        return {}
    if broken := _broken(draft.text):
        return {"message": message, **broken}
    found = draft.document
    for number, one in enumerate(statements(found) if found else (), 1):
        alone = {**found, "Statement": [one]}
        if _refusal(draft, json.dumps(alone)) == message:
            told = {"message": message, "statement": number, "sid": str(one.get("Sid", ""))}
            return told | ({"line": places[number - 1][0]} if (places := lines(draft.text)) else {})
    return {"message": message}


def _refusal(draft, text):
    """Return the sentence with which the service refuses a text, "" when it takes it."""
    try:
        if draft.kind == "bucket":
            if len(text.encode()) > BUCKET_BYTES:
                return "Policies must be less than 20 KB"
            validation.validate(validation.parse(text), draft.arn)
            return ""
        if draft.kind in INLINE:
            documents.inline(draft.row, draft.name, text)
        else:
            {"managed": documents.managed, "trust": documents.trust}[draft.kind](text)
    except policy.Malformed as err:
        return str(err)
    except ServiceError as err:
        return err.message
    return ""


def _broken(text):
    """Return where a text stops being JSON, {} when it is."""
    if not text.strip():
        return {"hint": "It is empty."}
    try:
        json.loads(text)
    except json.JSONDecodeError as err:
        return {"hint": f"Line {err.lineno}, column {err.colno}: {err.msg}.", "line": err.lineno}
    except RecursionError:
        return {"hint": "It is nested too deeply."}
    return {}


def lines(text):
    """Return [(first, last line)] of each statement of a text, [] where it has none to point at.

    >>> lines('{"Statement": [' + chr(10) + '{},' + chr(10) + '{' + chr(10) + '}]}')
    [(2, 2), (3, 4)]
    """
    try:
        return [(text.count("\n", 0, start) + 1, text.count("\n", 0, end) + 1) for start, end in spans(text)]
    except (ValueError, IndexError, RecursionError):
        return []


# -- changing it ----------------------------------------------------------------------------------------


def with_edit(text, edit):
    """Return a draft's text with one edit of explain.smallest_change made in it; as it was where that cannot be.

    edit: {"do": "add", "statement", "needs_version"}, {"do": "remove", "number"} or
    {"do": "widen", "number", "element": "Action" | "Resource" | ..., "found"}.
    """
    document = _editable(text)
    if document is None or not isinstance(edit, dict):
        return text
    found = document["Statement"]
    number = edit.get("number")
    known = isinstance(number, int) and 1 <= number <= len(found)
    if edit.get("do") == "add" and isinstance(edit.get("statement"), dict):
        found.append(edit["statement"])
        document["Version"] = edit.get("needs_version") or document.get("Version") or CURRENT
    elif edit.get("do") == "remove" and known:
        del found[number - 1]
    elif edit.get("do") == "widen" and known and not _widened(found[number - 1], edit):
        return text
    return pretty(document)


def _editable(text):
    """Return a text's document with its statements in a list; a new one for an empty text, None for what is no policy."""
    if not text.strip():
        return {"Version": CURRENT, "Statement": []}
    document = Draft(None, "managed", text=text).document
    if document is None:
        return None
    document = copy.deepcopy(document)
    document["Statement"] = list(statements(document))
    return document


def _widened(statement, edit):
    """Add what the request has to an element of a statement, and tell whether that is possible."""
    element, value = edit.get("element"), edit.get("found")
    if element not in ("Action", "Resource") or element not in statement or not isinstance(value, str):
        return False
    statement[element] = [*listed(statement[element]), value]
    return True
