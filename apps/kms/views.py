"""Pages of keys: the list, and of one key its state, rotation, policy and names.

A view loads, calls one operation through request.aws, and renders.
"""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.kms import keys
from apps.kms.models import Key
from playground import clock
from playground.wire.errors import ServiceError

REGIONS = (
    "us-east-1", "us-west-1", "us-west-2", "eu-west-1", "eu-west-2", "eu-central-1", "ap-northeast-1",
    "ap-southeast-1", "ap-southeast-2", "ap-south-1", "sa-east-1", "af-south-1",
)  # fmt: skip
TABS = (("key", "Key"), ("rotation", "Rotation"), ("policy", "Policy"), ("aliases", "Aliases"))
BADGES = {Key.State.ENABLED: "good", Key.State.DISABLED: "warn", Key.State.PENDING_DELETION: "bad"}
WINDOW_DAYS = 7
STATE_ACTS = {  # what a button of the page asks: operation, and what is said afterwards
    "enable": ("EnableKey", "The key encrypts and decrypts again."),
    "disable": ("DisableKey", "The key is disabled: what it encrypted stays shut until it is enabled."),
    "delete": ("ScheduleKeyDeletion", "The key waits for its deletion."),
    "keep": ("CancelKeyDeletion", "The key is kept, and disabled for now."),
}
ROTATION_ACTS = {
    "on": ("EnableKeyRotation", "The key rotates by itself."),
    "off": ("DisableKeyRotation", "The key does not rotate by itself any more."),
    "now": ("RotateKeyOnDemand", "The key has new material. What the old one encrypted still opens."),
}


def own_key(request, key_id):
    """Return a key of this lab as it is now. Errors: 404 for any other, as if it did not exist."""
    key = Key.objects.select_related("account").filter(account=request.lab, key_id=key_id).first()
    key = keys.settled(key, clock.now(request.lab)) if key else None
    if key is None:
        raise Http404
    return _named(key)


def _named(key):
    """Give a key what a list shows of it: its first alias or its id, and the colour of its state."""
    key.names = list(key.aliases.order_by("name").values_list("name", flat=True))
    key.name = key.names[0].removeprefix("alias/") if key.names else key.key_id
    key.badge = BADGES[key.state]
    return key


def frame(request, **more):
    """Return what every page of keys shows: the list at the left."""
    found = keys.of_account(request.lab, None, clock.now(request.lab)) if request.lab else []
    return {"keys": [_named(key) for key in found], "regions": REGIONS, **more}


@require_GET
def index(request):
    """List the lab's keys."""
    return render(request, "kms/index.html", frame(request, opened="new" in request.GET, new_params={}))


@require_http_methods(["GET", "POST"])
def new(request):
    """Create a key, with an alias if it was given one."""
    if request.method == "GET":
        return redirect(f"{reverse('kms:index')}?new=1")
    alias, region = request.POST.get("alias", "").strip(), request.POST.get("region") or "us-east-1"
    params = {"Description": request.POST.get("description", "").strip()}
    key_id = ""
    try:
        key_id = request.aws("kms", "CreateKey", params, region=region)["KeyMetadata"]["KeyId"]
        if alias:
            name = {"AliasName": _alias_name(alias), "TargetKeyId": key_id}
            request.aws("kms", "CreateAlias", name, region=region)
    except ServiceError as err:
        if key_id:
            messages.error(request, f"The key is made, without an alias: {err.message}")
            return redirect("kms:show", key_id)
        told = frame(request, opened=True, problem=err.message, new_params=params, region=region, **params)
        return render(request, "kms/index.html", told, status=422)
    messages.success(request, "The key is ready.")
    return redirect("kms:show", key_id)


def _alias_name(text):
    return text if text.startswith("alias/") else f"alias/{text}"


@require_GET
def show(request, key_id):
    """Show one key, at a tab of the URL."""
    tab = request.GET.get("tab", "key")
    if tab not in dict(TABS):
        raise Http404
    return render(request, "kms/show.html", _page(request, own_key(request, key_id), tab))


def _page(request, key, tab, **more):
    told = frame(request, key=key, tab=tab, tabs=TABS, mine=key.is_customers)
    told |= {"window_days": WINDOW_DAYS, "act_params": {"KeyId": key.key_id}}
    if tab == "key":
        told["act"] = {"Enabled": "DisableKey", "Disabled": "EnableKey"}.get(key.state, "CancelKeyDeletion")
        told["delete_params"] = {"KeyId": key.key_id, "PendingWindowInDays": WINDOW_DAYS}
    elif tab == "rotation":
        told["materials"] = list(key.materials.order_by("-version"))
        told["rotation_params"] = {"KeyId": key.key_id, "RotationPeriodInDays": key.rotation_days or 365}
    elif tab == "policy":
        told["policy_text"] = key.policy_text
        told["policy_params"] = {"KeyId": key.key_id, "Policy": key.policy_text}
    elif tab == "aliases":
        told["aliases"] = key.aliases.order_by("name")
        told["alias_params"] = {"AliasName": "alias/photos", "TargetKeyId": key.key_id}
    return {**told, **more}


def _back(key, tab):
    return redirect(f"{reverse('kms:show', args=[key.key_id])}?tab={tab}")


def _act(request, key, acts, tab, **params):
    """Do what a button asks and return to its tab; a refusal is said above the page."""
    chosen = acts.get(request.POST.get("act"))
    if chosen is None:
        raise Http404
    operation, done = chosen
    try:
        request.aws("kms", operation, {"KeyId": key.key_id, **params}, region=key.region)
        messages.success(request, done)
    except ServiceError as err:
        messages.error(request, err.message)
    return _back(key, tab)


def _number(text):
    return int(text) if text.isdigit() else -1  # the operation says what is allowed


@require_POST
def state(request, key_id):
    """Enable or disable a key, schedule its deletion or cancel it."""
    deletes = request.POST.get("act") == "delete"
    params = {"PendingWindowInDays": _number(request.POST.get("days", ""))} if deletes else {}
    return _act(request, own_key(request, key_id), STATE_ACTS, "key", **params)


@require_POST
def rotation(request, key_id):
    """Turn automatic rotation on or off, or rotate at once."""
    on = request.POST.get("act") == "on"
    params = {"RotationPeriodInDays": _number(request.POST.get("days", ""))} if on else {}
    return _act(request, own_key(request, key_id), ROTATION_ACTS, "rotation", **params)


@require_POST
def policy(request, key_id):
    """Replace the key policy; a refusal stands at the field with the text kept."""
    key = own_key(request, key_id)
    text = request.POST.get("policy", "").strip()
    try:
        request.aws("kms", "PutKeyPolicy", {"KeyId": key.key_id, "Policy": text}, region=key.region)
    except ServiceError as err:
        told = _page(request, key, "policy", policy_text=text, policy_problem=err.message)
        return render(request, "kms/show.html", told, status=422)
    messages.success(request, "The policy is in force.")
    return _back(key, "policy")


@require_POST
def aliases(request, key_id):
    """Give a key an alias, or take one away."""
    key = own_key(request, key_id)
    gone, name = request.POST.get("remove", ""), request.POST.get("alias", "").strip()
    try:
        if gone:
            request.aws("kms", "DeleteAlias", {"AliasName": gone}, region=key.region)
        else:
            params = {"AliasName": _alias_name(name), "TargetKeyId": key.key_id}
            request.aws("kms", "CreateAlias", params, region=key.region)
    except ServiceError as err:
        told = _page(request, key, "aliases", alias=name, alias_problem=err.message)
        return render(request, "kms/show.html", told, status=422)
    messages.success(request, f"{gone} is gone." if gone else f"The key is also called {_alias_name(name)}.")
    return _back(key, "aliases")
