"""What stands before every page of the console: who signs in, from where, in which lab.

It gives a view `request.lab` (identity.Account) and `request.aws(service, operation, params)`, which runs
an AWS operation as that lab's root user, exactly as the wire does. A refusal that a view lets through
becomes a page that shows code, message and request id.
"""

from urllib.parse import urlsplit

from django.contrib.auth.views import redirect_to_login
from django.http import HttpResponseForbidden
from django.shortcuts import render

from apps.console import labs
from playground import endpoints
from playground.wire.errors import ServiceError

# What a visitor of somebody else's lab may still do: go elsewhere, and what is theirs by office.
VISITORS_MAY = ("/labs/switch", "/sign-out", "/classes/", "/admin/", "/story/")
OPEN = ("/sign-in", "/join", "/rejoin", "/healthz", "/static/", "/favicon.ico")
SAFE = ("GET", "HEAD", "OPTIONS")
HEADERS = {
    # No inline script or style, nothing from elsewhere: a student's content can bring nothing in.
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; "
    "base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def _foreign(request):
    """Tell whether a state-changing request comes from another origin (DESIGN: cookies ignore ports)."""
    told = request.headers.get("Origin") or request.headers.get("Referer")
    if not told or told == "null":
        return told == "null"
    return urlsplit(told).netloc != request.get_host()


def _visiting(request):
    """Tell whether this lab is somebody else's: a teacher or an admin looks, and does not touch."""
    return request.lab is not None and request.lab.owner_id != request.user.pk


def console_guard(get_response):
    """Return the guard around every console view."""

    def guarded(request):
        if request.method not in SAFE and _foreign(request):
            return HttpResponseForbidden("This request came from another site.")
        request.lab = None
        if not request.path.startswith(OPEN):
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            request.lab = labs.current(request)
            if _visiting(request) and request.method not in SAFE and not request.path.startswith(VISITORS_MAY):
                return render(request, "console/visiting.html", status=403)
        request.aws = lambda service, operation, params, region=None: _call(request, service, operation, params, region)
        response = get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    return guarded


def _call(request, service, operation, params, region):
    ctx = endpoints.context(request.lab, region=region)
    ctx.source_ip = request.META.get("REMOTE_ADDR", "127.0.0.1")
    ctx.host = request.get_host()
    try:
        return endpoints.call(ctx, service, operation, params)
    except ServiceError as err:
        err.request_id = ctx.request_id  # leads to "why"
        raise


class ServiceErrors:
    """Turns an AWS refusal that no view handled into a readable page or fragment."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_exception(self, request, exception):
        if not isinstance(exception, ServiceError):
            return None
        name = "console/_refusal.html" if getattr(request, "htmx", False) else "console/refusal.html"
        told = {"error": exception, "request_id": getattr(exception, "request_id", "")}
        return render(request, name, told, status=exception.status if exception.status >= 400 else 400)
