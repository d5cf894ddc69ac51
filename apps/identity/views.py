"""Pages of users, groups and roles: the lists, and of each one what it may do and who may use it.

A view loads, calls one operation through request.aws, and renders. views_policies.py has managed policies,
views_editor.py the policy editor.
"""

from django.conf import settings
from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.identity import entities, managed
from apps.identity.models import AccessKey, IamGroup, IamUser, Role
from apps.identity.operations import shown
from playground.wire.errors import ServiceError

LISTS = (("users", "Users"), ("groups", "Groups"), ("roles", "Roles"), ("policies", "Policies"))
KINDS = {"users": "user", "groups": "group", "roles": "role"}
MODELS = {"users": IamUser, "groups": IamGroup, "roles": Role}
TABS = {
    "users": (("permissions", "Permissions"), ("keys", "Access keys"), ("groups", "Groups")),
    "groups": (("permissions", "Permissions"), ("members", "Members")),
    "roles": (("permissions", "Permissions"), ("trust", "Who may assume it")),
}
WORDS = {
    "users": ("No user yet", "A user is an identity with keys of its own: it may do nothing until a policy allows it."),
    "groups": ("No group yet", "A group holds policies for all the users in it."),
    "roles": (
        "No role yet",
        "A role is put on for a while, by a function, a service or a user, and comes without keys.",
    ),
    "policies": ("No policy yet", "A managed policy stands by itself and is attached wherever it is wanted."),
}
MOST_KEYS = 2


def lab_of(request):
    """Return the lab of a page. Errors: 404 for somebody who has none."""
    if request.lab is None:
        raise Http404
    return request.lab


def own(request, list_name, name):
    """Return a user, group or role of this lab. Errors: 404 for any other, as if it did not exist."""
    found = entities.find(lab_of(request), KINDS[list_name], name) if list_name in KINDS else None
    if found is None:
        raise Http404
    return found


def frame(request, list_name, row=None, **more):
    """Return what every page shows: the four lists, and the chosen one at the left."""
    rows = _rows(request, list_name) if list_name and request.lab else []
    return {"lists": LISTS, "list_name": list_name, "rows": rows, "row": row, **more}


def _rows(request, list_name):
    if list_name == "policies":
        found = request.lab.managed_policies.select_related("account").order_by("name")
        used = shown.uses(request.lab)[0]
        return [{"name": one.name, "href": href("policies", one.name), "more": _times(used[one.arn])} for one in found]
    found = MODELS[list_name].objects.filter(account=request.lab).order_by("name")
    return [{"name": one.name, "href": href(list_name, one.name), "more": _more(list_name, one)} for one in found]


def href(list_name, name):
    return reverse("identity:show", args=[list_name, name])


def _times(count):
    return "not attached" if not count else f"attached {count} time{'' if count == 1 else 's'}"


def _more(list_name, row):
    if list_name == "roles":
        return f"used {row.last_used_at:%Y-%m-%d}" if row.last_used_at else "never used"
    if list_name == "groups":
        count = row.members.count()
        return f"{count} user{'' if count == 1 else 's'}"
    return row.path if row.path != "/" else f"since {row.created_at:%Y-%m-%d}"


# -- lists ----------------------------------------------------------------------------------------------


@require_GET
def index(request, list_name="users"):
    """List users, groups, roles or policies."""
    if list_name not in WORDS:
        raise Http404
    told = frame(request, list_name, opened="new" in request.GET, empty_title=WORDS[list_name][0])
    told |= {"empty_text": WORDS[list_name][1], "values": {"path": "/"}}
    told |= {"aws_policies": _of_aws(request), "new_params": _new_params(list_name, {})} if list_name else {}
    return render(request, "identity/index.html", told)


def _of_aws(request):
    used = shown.uses(request.lab)[0] if request.lab else {}
    return [{"row": one, "count": used[one.arn]} for one in managed.BY_ARN.values()] if request.lab else []


def _new_params(list_name, values):
    kind = KINDS.get(list_name, "policy").capitalize()
    return {f"{kind}Name": values.get("name") or "alice", "Path": values.get("path") or "/"}


@require_http_methods(["GET", "POST"])
def new(request, list_name):
    """Create a user or a group; roles and policies begin in the editor."""
    if list_name in ("roles", "policies"):
        return redirect(f"{reverse('identity:editor')}?kind={'trust' if list_name == 'roles' else 'managed'}")
    if list_name not in KINDS:
        raise Http404
    if request.method == "GET":
        return redirect(f"{reverse('identity:list', args=[list_name])}?new=1")
    lab_of(request)
    values = {name: request.POST.get(name, "").strip() for name in ("name", "path")}
    kind = KINDS[list_name].capitalize()
    params = {f"{kind}Name": values["name"], "Path": values["path"] or "/"}
    try:
        request.aws("iam", f"Create{kind}", params)
    except ServiceError as err:
        field = "path" if "'path'" in err.message else "name"
        told = frame(
            request, list_name, opened=True, values=values, problem=err.message, field=field, new_params=params
        )
        return render(request, "identity/index.html", told, status=422)
    messages.success(request, f"{values['name']} is made, and may do nothing yet.")
    return redirect("identity:show", list_name, values["name"])


# -- one user, group or role ----------------------------------------------------------------------------


@require_GET
def show(request, list_name, name):
    """Show one user, group or role, at a tab of the URL."""
    row = own(request, list_name, name)
    tab = request.GET.get("tab", "permissions")
    if tab not in dict(TABS[list_name]):
        raise Http404
    return render(request, "identity/show.html", page(request, list_name, row, tab))


def page(request, list_name, row, tab, **more):
    """Return what show.html shows of a user, group or role."""
    lab = request.lab
    told = frame(request, list_name, row=row, tab=tab, tabs=TABS[list_name], kind=row.kind, Kind=row.kind.capitalize())
    if tab == "permissions":
        told |= {"policies": _policies(lab, row), "inline": sorted(row.policies), "choices": _choices(lab)}
        told |= {"inherited": _inherited(row), "last_used": _last_used(row)}
        told["attach_params"] = {
            f"{row.kind.capitalize()}Name": row.name,
            "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess",
        }
        told["attach_operation"] = f"Attach{row.kind.capitalize()}Policy"
    elif tab == "keys":
        found = list(row.access_keys.order_by("created_at"))
        told |= {"keys": found, "full": len(found) >= MOST_KEYS, "key_params": {"UserName": row.name}}
    elif tab in ("groups", "members"):
        told |= _memberships(lab, row)
    elif tab == "trust":
        told |= {"document": row.trust_policy}
        told["assume_params"] = {"RoleArn": row.arn, "RoleSessionName": "me"}
    return {**told, **more}


def _policies(lab, row):
    """Return the managed policies of a user, group or role: [{"name", "arn", "href"}]."""
    return [
        {"name": one["PolicyName"], "arn": one["PolicyArn"], "href": policy_href(lab, one["PolicyArn"])}
        for one in shown.attached(row)
    ]


def policy_href(lab, arn):
    """Return the address of a managed policy's page."""
    name = arn.rpartition("/")[2]
    return reverse("identity:aws_policy", args=[name]) if arn in managed.BY_ARN else href("policies", name)


def _choices(lab):
    """Return [(label, [(ARN, name)])] of the policies that may be attached."""
    mine = [(one.arn, one.name) for one in lab.managed_policies.select_related("account").order_by("name")]
    found = [("This lab's", mine)] if mine else []
    return [*found, ("AWS's own", [(arn, one.name) for arn, one in managed.BY_ARN.items()])]


def _inherited(row):
    """Return [(group, [policy names])] of what a user has by groups."""
    if row.kind != "user":
        return []
    names = [
        (one, [*sorted(one.policies), *(p["PolicyName"] for p in shown.attached(one))]) for one in row.groups.all()
    ]
    return [(one, found) for one, found in names if found]


def _last_used(row):
    """Return when and for what a user's keys or a role were used last: {"at", "where"}, or None."""
    if row.kind == "role":
        return {"at": row.last_used_at, "where": row.last_used_region} if row.last_used_at else None
    if row.kind == "group":
        return None
    key = row.access_keys.exclude(last_used_at=None).order_by("-last_used_at").first()
    return key and {"at": key.last_used_at, "where": f"{key.last_used_service}, {key.last_used_region}"}


def _memberships(lab, row):
    """Return what the Groups tab of a user and the Members tab of a group show."""
    if row.kind == "user":
        inside = list(row.groups.order_by("name"))
        others = lab.iam_groups.exclude(pk__in=[one.pk for one in inside]).order_by("name")
        params = {"GroupName": "developers", "UserName": row.name}
    else:
        inside = list(row.members.order_by("name"))
        others = lab.iam_users.exclude(pk__in=[one.pk for one in inside]).order_by("name")
        params = {"GroupName": row.name, "UserName": "alice"}
    return {"inside": inside, "others": others, "member_params": params}


def _do(request, list_name, row, tab, operation, params, done, field):
    """Call one operation and return to the tab; a refusal stands at its field."""
    try:
        request.aws("iam", operation, params)
    except ServiceError as err:
        told = page(request, list_name, row, tab, problem=err.message, field=field, values=request.POST)
        return render(request, "identity/show.html", told, status=422)
    messages.success(request, done)
    return redirect(f"{href(list_name, row.name)}?tab={tab}")


@require_POST
def attach(request, list_name, name):
    """Attach or detach a managed policy."""
    row, arn = own(request, list_name, name), request.POST.get("arn", "").strip()
    gone = request.POST.get("detach", "")
    kind, called = row.kind.capitalize(), (gone or arn).rpartition("/")[2]
    params = {f"{kind}Name": row.name, "PolicyArn": gone or arn}
    verb, done = ("Detach", f"{called} is detached.") if gone else ("Attach", f"{called} is attached.")
    return _do(request, list_name, row, "permissions", f"{verb}{kind}Policy", params, done, "arn")


@require_POST
def delete_inline(request, list_name, name):
    """Delete an inline policy."""
    row, policy = own(request, list_name, name), request.POST.get("policy", "")
    kind = row.kind.capitalize()
    params = {f"{kind}Name": row.name, "PolicyName": policy}
    return _do(request, list_name, row, "permissions", f"Delete{kind}Policy", params, f"{policy} is gone.", "inline")


@require_POST
def boundary(request, list_name, name):
    """Set or take away the permissions boundary of a user or role."""
    row, arn = own(request, list_name, name), request.POST.get("boundary", "").strip()
    if row.kind == "group":
        raise Http404
    kind = row.kind.capitalize()
    params = {f"{kind}Name": row.name}
    if request.POST.get("act") == "remove":
        done = f"Nothing bounds {row.name} any more."
        return _do(request, list_name, row, "permissions", f"Delete{kind}PermissionsBoundary", params, done, "boundary")
    params["PermissionsBoundary"] = arn
    done = f"{row.name} may now do at most what {arn.rpartition('/')[2]} allows."
    return _do(request, list_name, row, "permissions", f"Put{kind}PermissionsBoundary", params, done, "boundary")


@require_POST
def membership(request, list_name, name):
    """Put a user into a group or take them out, from either's page."""
    row = own(request, list_name, name)
    other, gone = request.POST.get("other", ""), request.POST.get("remove", "")
    if row.kind == "role":
        raise Http404
    user, group = (row.name, gone or other) if row.kind == "user" else (gone or other, row.name)
    operation = "RemoveUserFromGroup" if gone else "AddUserToGroup"
    done = f"{user} is {'not in' if gone else 'in'} {group}{' any more' if gone else ''}."
    tab = "groups" if row.kind == "user" else "members"
    return _do(request, list_name, row, tab, operation, {"GroupName": group, "UserName": user}, done, "other")


@require_POST
def delete(request, list_name, name):
    """Delete a user, group or role that has nothing left."""
    row = own(request, list_name, name)
    kind = row.kind.capitalize()
    try:
        request.aws("iam", f"Delete{kind}", {f"{kind}Name": row.name})
    except ServiceError as err:
        told = page(request, list_name, row, "permissions", problem=err.message, field="delete")
        return render(request, "identity/show.html", told, status=422)
    messages.success(request, f"{row.name} is gone.")
    return redirect("identity:list", list_name)


# -- access keys ----------------------------------------------------------------------------------------


@require_POST
@never_cache
def keys(request, name):
    """Make, stop, start or delete an access key of a user. A new key's secret is in this one answer and nowhere else."""
    row, key_id = own(request, "users", name), request.POST.get("key", "")
    params, act = {"UserName": row.name}, request.POST.get("act", "")
    if act == "create":
        return _new_key(request, row, params)
    params["AccessKeyId"] = key_id
    if not AccessKey.objects.filter(account=request.lab, user=row, access_key_id=key_id).exists():
        raise Http404
    if act == "delete":
        return _do(request, "users", row, "keys", "DeleteAccessKey", params, "The key is gone.", "keys")
    if act not in ("stop", "start"):
        raise Http404
    params["Status"] = "Inactive" if act == "stop" else "Active"
    done = "The key is refused from now on." if act == "stop" else "The key works again."
    return _do(request, "users", row, "keys", "UpdateAccessKey", params, done, "keys")


def _new_key(request, row, params):
    try:
        made = request.aws("iam", "CreateAccessKey", params)["AccessKey"]
    except ServiceError as err:
        told = page(request, "users", row, "keys", problem=err.message, field="keys")
        return render(request, "identity/show.html", told, status=422)
    told = page(request, "users", row, "keys", made=made, snippet=_snippet(request, row, made))
    return render(request, "identity/show.html", told)


def _snippet(request, row, made):
    """Return commands that make a profile of a new key, and use it once."""
    values = (
        ("aws_access_key_id", made["AccessKeyId"]),
        ("aws_secret_access_key", made["SecretAccessKey"]),
        ("region", request.lab.default_region),
        ("endpoint_url", f"http://localhost:{settings.AWS_PORT}"),
    )
    lines = [f"aws configure set {name} '{value}' --profile '{row.name}'" for name, value in values]
    return "\n".join([*lines, f"aws sts get-caller-identity --profile '{row.name}'"])
