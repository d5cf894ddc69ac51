"""What a lab really measured, to stand beside what its student predicted.

A measure takes (account, numbers) and returns {field name: Measured}; an empty dict as long as
there is nothing to compare with.
"""

from dataclasses import dataclass
from decimal import Decimal

from apps.billing import invoices
from apps.cdn.models import Visit
from apps.tutorials import checks

MEASURES = {}
SERVICES = {"s3": "Amazon S3", "lambda": "AWS Lambda", "cloudfront": "Amazon CloudFront"}


@dataclass(frozen=True)
class Measured:
    """value: in the field's own words or unit. because: a sentence that explains it. shown: value with its unit."""

    value: str
    shown: str
    because: str


def measure(name):
    def keep(function):
        MEASURES[name] = function
        return function

    return keep


@measure("second_visitor")
def second_visitor(account, lab):
    """Compare the second visitor in London with the first."""
    found = checks.london_pair(account, lab)
    if found is None:
        return {}
    first, second = found
    return {
        "result": Measured(
            "miss" if second.result == "Miss" else "hit",
            f"{second.result} from cloudfront",
            f"The first was a {first.result.lower()}: {first.reason} The second: {second.reason}",
        ),
        "ttfb_ms": Measured(
            f"{second.ttfb_ms:.0f}",
            f"{second.ttfb_ms:.0f} ms",
            f"The first visitor waited {first.ttfb_ms:.0f} ms; without any edge both would wait about "
            f"{second.direct_ms:.0f} ms.",
        ),
    }


@measure("bill")
def bill(account, lab):
    """Compare the guess with the invoice of this month."""
    invoice = invoices.invoice(account)
    totals = {name: Decimal(0) for name in SERVICES}
    for line in invoice.lines:
        for name, service in SERVICES.items():
            if line.service == service:
                totals[name] += line.amount
    if not any(totals.values()):
        return {}
    most = max(totals, key=totals.get)
    visits = Visit.objects.filter(distribution__account=account).count()
    parts = ", ".join(f"{name} {dollars(totals[name])}" for name in ("s3", "lambda", "cloudfront"))
    return {
        "service": Measured(most, most.replace("s3", "S3").replace("cloud", "Cloud").replace("front", "Front"), parts),
        "visits_usd": Measured(
            f"{totals['cloudfront']:f}",
            dollars(totals["cloudfront"]),
            f"{visits} visits at {dollars(totals['cloudfront'] / max(visits, 1))} each, on average.",
        ),
    }


def dollars(amount):
    """Return an amount with three digits that count, never rounded to nothing.

    >>> dollars(Decimal("0.00001234567")), dollars(Decimal("12.3456")), dollars(Decimal(0))
    ('$0.0000123', '$12.35', '$0')
    """
    if not amount:
        return "$0"
    places = max(2, 2 - amount.adjusted())
    return f"${amount:.{places}f}"
