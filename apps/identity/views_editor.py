"""The policy editor: its page, and what it asks while somebody types.

The editor is one form (templates/identity/_editor.html), on its own page and wherever another page includes it. The
form's fields: kind, of, name (drafts.py), policy (the text), and the imagined request: who, action, resource, keys.
"""

import json

from django.contrib import messages
from django.http import Http404, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from apps.identity import asking, drafts, statements_ready, validation
from apps.identity.identity_validation import size
from apps.identity.views import frame
from playground.wire.errors import ServiceError

ACTIONS = (
    "s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket", "s3:GetBucketPolicy", "s3:PutBucketPolicy",
    "s3:ListAllMyBuckets", "s3:CreateBucket", "lambda:InvokeFunction", "lambda:CreateFunction", "iam:CreateUser",
    "iam:PassRole", "sts:AssumeRole", "sqs:SendMessage", "sqs:ReceiveMessage", "kms:Decrypt", "kms:GenerateDataKey",
    "cloudfront:CreateInvalidation", "logs:PutLogEvents",
)  # fmt: skip


def draft_of(request, fields):
    """Return the Draft that a form or an address names. Errors: 404 for what is not of this lab."""
    if request.lab is None:
        raise Http404
    told = {name: fields.get(name, "").strip() for name in ("kind", "of", "name")}
    text = fields.get("policy", "")[: drafts.MOST_CHARACTERS].replace("\r\n", "\n")
    draft = drafts.find(request.lab, **told, text=text)
    if draft is None:
        raise Http404
    return draft


def question_of(draft, fields):
    """Return the Question of a form; what it leaves out is what the draft's page opens with."""
    told = {name: fields.get(name, "").strip() for name in ("who", "action", "resource")}
    first = asking.first_question(draft)
    keys = {}
    for line in fields.get("keys", "").splitlines():
        name, sign, value = line.partition("=")
        if sign and name.strip():
            keys[name.strip().lower()] = value.strip()
    return asking.Question(*(told[name] or getattr(first, name) for name in told), keys)


def component(draft, fields=(), **more):
    """Return what templates/identity/_editor.html shows of a draft, under the one name `editor`.

    fields: of a form or address, for the imagined request. more: "save", the words on its button, and "cancel", an address.
    """
    fields = dict(fields) if fields else {}
    question = question_of(draft, fields)
    return {
        "editor": {
            "draft": draft,
            "text": draft.text,
            "size": size(draft.text),
            "who": asking.choices(draft.account),
            "question": question,
            "keys": fields.get("keys", ""),
            "keys_open": bool(fields.get("keys")),
            "actions": ACTIONS,
            "ready": statements_ready.labels(draft.kind),
            "save": "Save policy",
            **more,
        }
    }


def answered(draft, question):
    """Return what _answer.html shows: the answer, or why there is none yet."""
    wrong = drafts.problem(draft) if draft.text.strip() else {}
    if wrong:
        return {"wrong": wrong}
    answer = asking.answer(draft, question)
    if answer is None:
        raise Http404
    return {"answer": answer}


@require_POST
def check(request):
    """Answer, as JSON, what keeps a draft from being saved, and how large it is."""
    draft = draft_of(request, request.POST)
    told = drafts.problem(draft)
    count = len(drafts.statements(draft.document))
    return JsonResponse({"problem": told, "size": size(draft.text), "limit": draft.limit, "statements": count})


@require_POST
def ask(request):
    """Answer who could do what with a draft, as a fragment."""
    draft = draft_of(request, request.POST)
    return render(request, "identity/_answer.html", answered(draft, question_of(draft, request.POST)))


@require_POST
def insert(request):
    """Answer, as JSON, a draft's text with a ready statement in it."""
    return JsonResponse({"text": _inserted(draft_of(request, request.POST), request.POST)})


def _inserted(draft, fields):
    number = fields.get("ready", "")
    bucket = draft.of if draft.kind == "bucket" else ""
    chosen = (
        statements_ready.statement(draft.kind, int(number), draft.account.account_id, bucket)
        if number.isdigit()
        else None
    )
    return drafts.with_edit(draft.text, {"do": "add", "statement": chosen}) if chosen else draft.text


@require_http_methods(["GET", "POST"])
def editor(request):
    """Show a policy in the editor, with edits of the address put in; POST acts on it: save, ask, insert, put."""
    if request.method == "GET":
        draft = draft_of(request, request.GET)
        draft.text = _kept(request, draft)
        for edit in _edits(request.GET.get("put", "")):
            draft.text = drafts.with_edit(draft.text, edit)
        return _page(request, draft, request.GET)
    draft = draft_of(request, request.POST)
    act = request.POST.get("act", "save")
    if act == "save":
        return _save(request, draft)
    if act == "insert":
        draft.text = _inserted(draft, request.POST)
    told = answered(draft, question_of(draft, request.POST))
    if act.startswith("put-") and (number := act.removeprefix("put-")).isdigit():
        options = told["answer"]["options"] if "answer" in told else []
        draft.text = options[int(number)]["text"] if int(number) < len(options) else draft.text
        told = answered(draft, question_of(draft, request.POST))
    return _page(request, draft, request.POST, **told)


def _page(request, draft, fields, status=200, **more):
    new = (
        {"trust": "Create role", "managed": "Create policy"}
        if draft.row is None
        else {"managed": "Save as new version"}
    )
    told = component(draft, fields.items(), save=new.get(draft.kind, "Save policy"), cancel=back(draft))
    tab = {"user": "users", "group": "groups", "managed": "policies"}.get(draft.kind, "roles")
    on_list = None if draft.kind == "bucket" else tab
    told |= {
        "draft": draft,
        "back": back(draft),
        "params": _params(draft),
        "description": fields.get("description", ""),
    }
    return render(
        request, "identity/editor.html", frame(request, on_list, row=draft.row, **told, **more), status=status
    )


def _edits(text):
    """Return the edits that an address carries: those of explain.smallest_change, as JSON."""
    try:
        found = validation.load(text) if text else []
    except ValueError:
        return []
    return found if isinstance(found, list) else []


def _kept(request, draft):
    """Return the text that is kept now. Errors: 404 for a bucket of somebody else."""
    if draft.kind != "bucket":
        return drafts.kept(draft)
    try:
        return drafts.pretty(json.loads(request.aws("s3", "GetBucketPolicy", {"Bucket": draft.of})["Policy"]))
    except ServiceError as err:
        if err.code != "NoSuchBucketPolicy":
            raise Http404 from None
        return ""


# -- saving ---------------------------------------------------------------------------------------------


def _params(draft):
    """Return (service, operation, its dict) of saving a draft."""
    if draft.kind in drafts.INLINE:
        kind = draft.kind.capitalize()
        told = {f"{kind}Name": draft.of, "PolicyName": draft.name, "PolicyDocument": draft.text}
        return "iam", f"Put{kind}Policy", told
    if draft.kind == "bucket":
        return "s3", "PutBucketPolicy", {"Bucket": draft.of, "Policy": draft.text}
    if draft.kind == "trust":
        if draft.row is None:
            return "iam", "CreateRole", {"RoleName": draft.name, "AssumeRolePolicyDocument": draft.text}
        return "iam", "UpdateAssumeRolePolicy", {"RoleName": draft.of, "PolicyDocument": draft.text}
    if draft.row is None:
        return "iam", "CreatePolicy", {"PolicyName": draft.name, "PolicyDocument": draft.text}
    return "iam", "CreatePolicyVersion", {"PolicyArn": draft.arn, "PolicyDocument": draft.text, "SetAsDefault": True}


def _save(request, draft):
    service, operation, params = _params(draft)
    if operation.startswith("Create") and draft.row is None and request.POST.get("description", "").strip():
        params["Description"] = request.POST["description"].strip()
    try:
        request.aws(service, operation, params)
    except ServiceError as err:
        if draft.kind == "bucket" and (err.code == "NoSuchBucket" or err.message == "Access Denied"):
            raise Http404 from None  # somebody else's, or nobody's
        return _page(request, draft, request.POST, status=422, problem=_placed(draft, err))
    messages.success(
        request, "The policy is in force." if draft.row or draft.kind == "bucket" else f"{draft.name} is made."
    )
    return redirect(back(draft, draft.name))


def _placed(draft, err):
    """Return a refusal with the field it is about: "name" or "policy"."""
    words = err.message.lower()
    about_name = any(word in words for word in ("policyname", "rolename", "already exists", "description"))
    found = {} if about_name else drafts.problem(draft)
    if not found or found["message"] != err.message:
        found = {"message": err.message}
    return {**found, "field": "name" if about_name else "policy"}


def back(draft, made=""):
    """Return the address of the page that a draft belongs to. made: the name of what it has just become."""
    if draft.kind == "bucket":
        return f"{reverse('buckets:show', args=[draft.of])}?tab=permissions"
    kind = {"managed": "policies", "trust": "roles"}.get(draft.kind, f"{draft.kind}s")
    name = draft.of or made
    if not name:
        return reverse("identity:list", args=[kind])
    return reverse("identity:show", args=[kind, name]) + ("?tab=trust" if draft.kind == "trust" and draft.row else "")
