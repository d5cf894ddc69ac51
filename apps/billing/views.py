"""The bill: lines by service, resource and unit, each opening to the meters behind it."""

import re

from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.billing import allowances, budgets, invoices, prices


def _month(request):
    """Return the month that the URL names, or None. Errors: 404 for what is no month."""
    month = request.GET.get("month", "")
    if month and not re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", month):
        raise Http404
    return month or None


@require_GET
def show(request):
    """Show a month's bill; ?free=1 applies the always-free allowances."""
    if request.lab is None:
        raise Http404
    month = _month(request)
    with_free = invoices.invoice(request.lab, month, free_tier=True)
    free = request.GET.get("free") == "1"
    told = {
        "invoice": with_free if free else invoices.invoice(request.lab, month),
        "allowances": allowances.of(with_free),
        "months": invoices.months_billed(request.lab),
        "free": free,
        "budget": budgets.status(request.lab),
        "book": prices.book(),
    }
    return render(request, "billing/show.html", told)


@require_GET
def meters(request):
    """Show how a line of the bill was made: its meters, its prices and where they come from."""
    wanted = {name: request.GET.get(name, "") for name in ("sku", "resource", "region")}
    month = _month(request)
    if request.lab is None or month is None:
        raise Http404
    invoice = invoices.invoice(request.lab, month, free_tier=request.GET.get("free") == "1")
    line = next((one for one in invoice.lines if all(getattr(one, n) == v for n, v in wanted.items())), None)
    if line is None:
        raise Http404
    hours, single = invoices.meters(request.lab, month, **wanted)
    told = {"line": line, "sku": prices.skus()[line.sku], "month": month, "hours": hours, "single": single}
    told |= {"stored": line.sku.startswith("s3.storage."), "priced": [_priced(part) for part in _tiers(line)]}
    return render(request, "billing/_meters.html" if request.htmx else "billing/meters.html", told)


def _tiers(line):
    return line.parts or [prices.skus()[line.sku].tiers[0]]


def _priced(part):
    """Return a price with its sources. part: an invoice's Part, or the Tier that a free line would have had."""
    book = prices.book()
    entry = book["prices"][part.price_id]
    sources = [book["sources"][name] for name in entry.get("source", ()) if name in book["sources"]]
    return {"part": part, "unit": entry["unit"], "amount": entry["amount"], "sources": sources}
