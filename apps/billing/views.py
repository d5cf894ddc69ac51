"""The bill: lines by service, resource and unit, each opening to the meters behind it."""

import re

from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_GET

from apps.billing import budgets, invoices, prices


def _month(request):
    month = request.GET.get("month", "")
    if month and not re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", month):
        raise Http404
    return month or None


@require_GET
def show(request):
    """Show a month's bill; ?free=1 applies the always-free allowances."""
    if request.lab is None:
        raise Http404
    free = request.GET.get("free") == "1"
    invoice = invoices.invoice(request.lab, _month(request), free_tier=free)
    told = {
        "invoice": invoice,
        "months": invoices.months_billed(request.lab),
        "free": free,
        "budget": budgets.status(request.lab),
    }
    told["book"] = prices.book()
    return render(request, "billing/show.html", told)


@require_GET
def meters(request):
    """Show the meters behind a line: hourly sums, and the newest single ones with their requests."""
    month, sku, resource = _month(request), request.GET.get("sku", ""), request.GET.get("resource", "")
    if request.lab is None or month is None or sku not in prices.skus():
        raise Http404
    hours, single = invoices.meters(request.lab, month, sku, resource)
    told = {"sku": prices.skus()[sku], "resource": resource, "month": month, "hours": hours, "single": single}
    told["stored"] = sku.startswith("s3.storage.")
    template = "billing/_meters.html" if request.htmx else "billing/meters.html"
    return render(request, template, told)
