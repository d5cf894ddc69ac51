"""Signing in and out, the lab's own page, and the pages that say what went wrong."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate, login, logout
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.cdn import geo
from apps.console import attempts, labs


def _next(request):
    """Return where to go after signing in: a page of ours, never an address from elsewhere."""
    wanted = request.POST.get("next") or request.GET.get("next") or "/"
    return wanted if url_has_allowed_host_and_scheme(wanted, {request.get_host()}) else "/"


@require_http_methods(["GET", "POST"])
def sign_in(request):
    """Sign in by name and password; slow to guess at."""
    if request.method == "GET":
        return (
            redirect("/")
            if request.user.is_authenticated
            else render(request, "console/sign_in.html", {"next": _next(request)})
        )
    name = request.POST.get("username", "").strip()
    who = f"{request.META.get('REMOTE_ADDR')}:{name}"
    if attempts.too_many(who):
        problem = "Too many wrong passwords. Wait a minute, then try again."
    else:
        user = authenticate(request, username=name, password=request.POST.get("password", ""))
        if user is not None:
            login(request, user)
            return redirect(_next(request))
        attempts.failed(who)
        problem = "This name and password do not belong together."
    told = {"next": _next(request), "username": name, "problem": problem}
    return render(request, "console/sign_in.html", told, status=422)


@require_POST
def sign_out(request):
    logout(request)
    return redirect("/sign-in")


@require_POST
def switch_lab(request, account_id=None):
    """Open another lab, when this person may; another's id is answered like one that does not exist."""
    if labs.switch(request, account_id or request.POST.get("account_id", "")) is None:
        raise Http404
    return redirect("/")


@require_http_methods(["GET", "POST"])
def lab_settings(request):
    """Show a lab's keys and how to use them; set its home city."""
    lab = request.lab
    if lab is None:
        return redirect("/")
    told = {"city": lab.home_city}
    if request.method == "POST":
        told["city"] = request.POST.get("home_city", "").strip()
        try:
            geo.resolve(told["city"])
        except ValueError as err:
            return render(request, "console/lab.html", {**told, "problem": str(err)}, status=422)
        lab.home_city = told["city"]
        lab.save(update_fields=["home_city"])
        messages.success(request, f"Visitors who do not say where they are now come from {lab.home_city}.")
        return redirect("/labs/settings")
    keys = list(lab.access_keys.all()) if lab.owner_id == request.user.pk else []
    told.update(keys=keys, roles=lab.roles.all(), terminal=_terminal(lab, keys[0]) if keys else "")
    return render(request, "console/lab.html", told)


def _terminal(lab, key):
    """Return what points the AWS CLI at this lab."""
    return (
        f"export AWS_ACCESS_KEY_ID={key.access_key_id} AWS_SECRET_ACCESS_KEY={key.secret_access_key}\n"
        f"export AWS_DEFAULT_REGION={lab.default_region} AWS_ENDPOINT_URL=http://localhost:{settings.AWS_PORT}\n"
        "aws s3 ls"
    )


@require_GET
def no_lab(request):
    return render(request, "console/no_lab.html", status=409)


def not_found(request, exception=None):
    return render(
        request,
        "console/error.html",
        {"title": "Not here", "text": "This page does not exist, or it is not yours to see."},
        status=404,
    )


def forbidden(request, exception=None, reason=""):
    told = {
        "title": "Not allowed",
        "text": "The page was open for too long, or the request came from elsewhere. Go back, reload, and try again.",
    }
    return render(request, "console/error.html", told, status=403)


def server_error(request):
    told = {"title": "Our fault", "text": "Something broke on our side. It is in the log; nothing you stored is lost."}
    return render(request, "console/error.html", told, status=500)
