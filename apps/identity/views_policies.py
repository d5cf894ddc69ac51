"""Pages of managed policies: the text that counts, its versions, who has it. Those that AWS made are shown only."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from apps.identity import managed
from apps.identity.drafts import own_policy
from apps.identity.views import MODELS, frame, href, lab_of
from playground.wire.errors import ServiceError


@require_GET
def show(request, name):
    """Show a managed policy of this lab, at the version of the URL."""
    return _page(request, name)


def _page(request, name, **more):
    """Show a managed policy of this lab: its text, its versions, who has it."""
    row = own_policy(lab_of(request), name)
    if row is None:
        raise Http404
    versions = list(row.versions.order_by("-number"))
    chosen = next((one for one in versions if f"v{one.number}" == request.GET.get("version")), None)
    chosen = chosen or next(one for one in versions if one.number == row.default_version)
    told = {"versions": versions, "chosen": chosen, "document": chosen.document, "holders": _holders(request, row.arn)}
    told["version_params"] = {"PolicyArn": row.arn, "PolicyDocument": "{...}", "SetAsDefault": True}
    return render(
        request,
        "identity/policy.html",
        frame(request, "policies", row=row, **told, **more),
        status=422 if more else 200,
    )


@require_GET
def show_aws(request, name):
    """Show one of AWS's own policies, which nobody here may change."""
    lab_of(request)
    row = next((one for one in managed.BY_ARN.values() if one.name == name), None)
    if row is None:
        raise Http404
    told = {"document": row.document, "of_aws": True, "holders": _holders(request, row.arn)}
    return render(request, "identity/policy.html", frame(request, "policies", row=row, **told))


def _holders(request, arn):
    """Return [{"kind", "name", "href", "bound"}] of who has a policy, attached or as boundary."""
    lab, found = request.lab, []
    for list_name, model in MODELS.items():
        mine = model.objects.filter(account=lab)
        rows = [(one, False) for one in mine.filter(attachments__policy_arn=arn)]
        rows += [(one, True) for one in mine.filter(boundary=arn)] if list_name != "groups" else []
        found += [
            {"kind": one.kind, "name": one.name, "href": href(list_name, one.name), "bound": bound}
            for one, bound in rows
        ]
    return found


@require_POST
def version(request, name):
    """Let another version of a policy count, delete one, or delete the policy."""
    row = own_policy(lab_of(request), name)
    if row is None:
        raise Http404
    acts = {
        "default": (
            "SetDefaultPolicyVersion",
            {"VersionId": request.POST.get("version", "")},
            "That version counts now.",
        ),
        "delete": ("DeletePolicyVersion", {"VersionId": request.POST.get("version", "")}, "The version is gone."),
        "delete-policy": ("DeletePolicy", {}, f"{row.name} is gone."),
    }
    act = request.POST.get("act", "")
    if act not in acts:
        raise Http404
    operation, params, done = acts[act]
    try:
        request.aws("iam", operation, {"PolicyArn": row.arn, **params})
    except ServiceError as err:
        return _page(request, name, problem=err.message, field="delete" if act == "delete-policy" else "versions")
    messages.success(request, done)
    return redirect("identity:list", "policies") if act == "delete-policy" else redirect(href("policies", row.name))
