"""The always-free allowances of the price book, and how much of each a month's use took."""

from dataclasses import dataclass
from decimal import Decimal

from apps.billing import prices

NAMES = {
    "transfer.out.free": "Data out to the internet",
    "lambda.free.requests": "Lambda requests",
    "lambda.free.gb_seconds": "Lambda duration",
    "logs.free": "CloudWatch log data",
    "sqs.free": "SQS requests",
    "kms.free.requests": "KMS requests",
    "cloudfront.free.out": "CloudFront data out",
    "cloudfront.free.requests": "CloudFront requests",
    "cloudfront.invalidation.free": "CloudFront invalidation paths",
}


@dataclass(slots=True)
class Allowance:
    """What is free each month. amount, used: in `unit`."""

    name: str
    unit: str
    amount: Decimal
    used: Decimal = Decimal(0)

    @property
    def percent(self):
        return min(int(100 * self.used / self.amount), 100)


def of(invoice):
    """Return the allowances. invoice: made with free_tier, so that its lines say what was free of them."""
    found = {}
    for sku in prices.skus().values():
        if sku.free_id and sku.free_id not in found:
            found[sku.free_id] = Allowance(NAMES[sku.free_id], sku.unit, prices.allowance(sku))
    for line in invoice.lines:
        free_id = prices.skus()[line.sku].free_id
        if free_id:
            found[free_id].used += line.free
    return list(found.values())
