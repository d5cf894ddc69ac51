"""Pages for admins: every account, request, sandbox, queue and bill. For everybody else they do not exist.

What is live polls its own fragment; the filters stand in the URL.
"""

from functools import wraps

import redis
from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import Count, Q, Sum
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.billing import budgets, invoices
from apps.buckets.models import Object
from apps.functions import environments
from apps.functions.models import Invocation, Node, RuntimeStatus
from apps.identity.models import Account, User
from apps.observability import traces
from playground import clock
from playground.endpoints import SERVICES

PER_PAGE = 40
SHOWN_REQUESTS = 80
NODE_SILENT_SECONDS = 15  # a worker says every 4 s that it lives
QUEUES = ("invocations", "housekeeping")


def admin_only(view):
    """Let admins through; anybody else gets the answer of a page that is not there."""

    @wraps(view)
    def guarded(request, *args, **kwargs):
        if not request.user.is_authenticated or request.user.kind != User.Kind.ADMIN:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


def _found(text):
    accounts = Account.objects.select_related("owner").order_by("-pk")
    for word in text.split():
        accounts = accounts.filter(
            Q(name__icontains=word)
            | Q(account_id__startswith=word)
            | Q(email__icontains=word)
            | Q(owner__username__icontains=word)
            | Q(owner__first_name__icontains=word)
        )
    return accounts


def _paged(request, accounts):
    return Paginator(accounts, PER_PAGE).get_page(request.GET.get("page"))


@require_GET
@admin_only
def accounts(request):
    """List every lab with what is in it and what it spent."""
    text = request.GET.get("q", "").strip()[:100]
    page = _paged(request, _found(text))
    stored = {
        row["bucket__account"]: row
        for row in Object.objects.filter(bucket__account__in=[account.pk for account in page], is_latest=True)
        .values("bucket__account")
        .annotate(count=Count("pk"), size_bytes=Sum("size_bytes"))
    }
    rows = [
        {"account": account, "budget": budgets.status(account), "stored": stored.get(account.pk, {})}
        for account in page
    ]
    return render(request, "admin/accounts.html", {"tab": "accounts", "q": text, "page": page, "rows": rows})


@require_POST
@admin_only
def suspend(request, account_id):
    """Stop a lab, or let it go on: its keys, its sign-ins and its functions."""
    account = get_object_or_404(Account, account_id=account_id)
    account.suspended = request.POST.get("suspended") == "1"
    account.save(update_fields=["suspended"])
    back = reverse("admin:accounts")
    return redirect(f"{back}?q={account.account_id}")


@require_GET
@admin_only
def requests(request):
    """Show what all labs ask, newest first."""
    names = ("q", "service", "status", "account")
    filters = {name: request.GET.get(name, "").strip()[:100] for name in names}
    lab = Account.objects.filter(account_id=filters["account"]).first() if filters["account"] else None
    found = traces.recent(lab, SHOWN_REQUESTS, filters["service"], filters["status"], filters["q"])
    if filters["account"] and lab is None:
        found = []
    page = {"tab": "requests", "traces": found, "filters": filters, "services": sorted(SERVICES)}
    return render(request, "admin/_requests.html" if request.htmx else "admin/requests.html", page)


@require_GET
@admin_only
def machines(request):
    """Show what runs: workers, their runtimes' proofs, live sandboxes, queues."""
    now = clock.real_now()
    nodes = [
        {"node": node, "alive": (now - node.seen_at).total_seconds() < NODE_SILENT_SECONDS}
        for node in Node.objects.order_by("name")
    ]
    waiting = Invocation.objects.filter(state__in=[Invocation.State.QUEUED, Invocation.State.RUNNING])
    page = {
        "tab": "machines",
        "nodes": nodes,
        "environments": list(environments.live()),
        "runtimes": RuntimeStatus.objects.order_by("node", "runtime"),
        "queues": queues(),
        "invocations": {row["state"]: row["n"] for row in waiting.values("state").annotate(n=Count("pk")).order_by()},
        "now": now,
    }
    return render(request, "admin/_machines.html" if request.htmx else "admin/machines.html", page)


def queues():
    """Return [(name, messages waiting)] of the task queues, None for a number when Redis does not answer."""
    try:
        server = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2)
        return [(name, server.llen(name)) for name in QUEUES]
    except redis.RedisError:
        return [(name, None) for name in QUEUES]


@require_POST
@admin_only
def stop(request, environment_id):
    """Ask a sandbox's worker to end it; it does within a second."""
    environments.stop(environment_id)
    return redirect("admin:machines")


@require_GET
@admin_only
def bills(request):
    """Show this month's bill of every lab."""
    text = request.GET.get("q", "").strip()[:100]
    page = _paged(request, _found(text))
    rows = [_bill(account) for account in page]
    services = sorted({name for row in rows for name in row["services"]})
    for row in rows:
        row["amounts"] = [row["services"].get(name) for name in services]
    shown = {"tab": "bills", "q": text, "page": page, "rows": rows, "services": services}
    return render(request, "admin/bills.html", shown)


def _bill(account):
    invoice = invoices.invoice(account)
    return {
        "account": account,
        "month": invoice.month,
        "total": invoice.total_exact,
        "services": {name: amount for name, _lines, amount in invoice.services},
    }
