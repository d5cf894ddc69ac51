"""What the rooms know of one request, for the page that says why: its visit, its invocation, its cost."""

from decimal import Decimal

from apps.billing import invoices
from apps.cdn import visits
from apps.functions.models import Invocation


def visit(account, request_id):
    found = visits.find(account, request_id)
    return found and {"template": "cdn/_why.html", "context": {"visit": found, "why": visits.explain(found)}}


def invocation(account, request_id):
    row = Invocation.objects.filter(account=account, invocation_id=request_id).select_related("function").first()
    return row and {"template": "functions/_why.html", "context": {"row": row}}


def cost(account, request_id):
    lines = invoices.of_request(account, request_id)
    total = sum((line.amount for line in lines), Decimal(0))
    return (
        {"template": "billing/_cost.html", "aside": True, "context": {"lines": lines, "total": total}}
        if lines
        else None
    )


EXPLAINERS = [visit, invocation, cost]
