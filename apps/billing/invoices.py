"""From use to a bill: lines by service, resource and unit, in exact decimals.

`price` is pure: use in, lines out. Tiers and allowances are counted over the whole account and month, then
shared out among resources in the order of their names, so that the lines add up to the bill exactly.
Each part of a line is also shown rounded half-up to the cent, and the shown total is the sum of those,
as AWS's own examples add (see data/prices.json, "rules").
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext

from apps.billing import levels, months, prices
from apps.billing.models import Meter, MeterHour
from apps.observability import journal
from playground import clock

CENT = Decimal("0.01")
PRECISION = Context(prec=60)  # bytes divided by 2^30 need 40 digits


@dataclass(slots=True, frozen=True)
class Usage:
    """Some use. quantity: in the meter's unit; of storage in GB-months."""

    sku: str
    resource: str
    quantity: Decimal
    region: str = "us-east-1"


@dataclass(slots=True, frozen=True)
class Part:
    """The part of a line that one tier prices. quantity in the billing unit."""

    quantity: Decimal
    price_usd: Decimal
    price_id: str
    amount: Decimal

    @property
    def shown(self):
        return self.amount.quantize(CENT, ROUND_HALF_UP)


@dataclass(slots=True)
class Line:
    """A line of the bill. quantity, free: in `unit`; metered: in the meter's own unit."""

    service: str
    sku: str
    name: str
    resource: str
    region: str
    unit: str
    metered: Decimal
    quantity: Decimal
    free: Decimal
    parts: list[Part] = field(default_factory=list)

    @property
    def amount(self):
        return sum((part.amount for part in self.parts), Decimal(0))

    @property
    def shown(self):
        return sum((part.shown for part in self.parts), Decimal(0))

    @property
    def price_usd(self):
        """Return the price of the line's first unit."""
        return self.parts[0].price_usd if self.parts else prices.skus()[self.sku].tiers[0].price_usd


@dataclass(slots=True)
class Invoice:
    """A month's bill. total_exact is the exact sum of lines, total_shown that of the rounded ones."""

    month: str
    lines: list[Line]
    free_tier: bool = False

    @property
    def total_exact(self):
        return sum((line.amount for line in self.lines), Decimal(0))

    @property
    def total_shown(self):
        return sum((line.shown for line in self.lines), Decimal(0))

    @property
    def services(self):
        """Return [(service, its lines, exact sum)] in the bill's order."""
        found = defaultdict(list)
        for line in self.lines:
            found[line.service].append(line)
        return [(name, lines, sum((x.amount for x in lines), Decimal(0))) for name, lines in found.items()]


def price(usage, free_tier=False):
    """Return the lines of some use. free_tier: apply the always-free allowances."""
    with localcontext(PRECISION):
        by_sku = defaultdict(list)
        for one in usage:
            by_sku[one.sku].append(one)
        left = {}  # allowance id -> what is left of it, shared by the skus it covers
        lines = []
        for sku in prices.skus().values():
            found = sorted(by_sku.get(sku.sku, ()), key=lambda one: (one.resource, one.region))
            lines += _lines(sku, found, left if free_tier else None)
        return lines


def _lines(sku, usage, left):
    used = Decimal(0)  # billable use of this sku so far: decides the tier
    for one in usage:
        quantity = one.quantity / sku.scale
        free = Decimal(0)
        if left is not None and sku.free_id:
            free = min(quantity, left.setdefault(sku.free_id, prices.allowance(sku)))
            left[sku.free_id] -= free
        line = Line(sku.service, sku.sku, sku.name, one.resource, one.region, sku.unit, one.quantity, quantity, free)
        line.parts, used = _parts(sku, used, quantity - free, free)
        yield line


def _parts(sku, used, quantity, free):
    """Return (parts of a quantity that starts at `used`, the new `used`).

    Volume that was free still counts towards the first tier, as AWS's transfer allowance does.
    """
    used += free if sku.sku.startswith("transfer.") else 0
    parts = []
    while quantity > 0:
        tier = next(t for t in sku.tiers if t.end is None or used < t.end)
        piece = quantity if tier.end is None else min(quantity, tier.end - used)
        parts.append(Part(piece, tier.price_usd, tier.price_id, piece * tier.price_usd))
        used += piece
        quantity -= piece
    return parts, used


def usage(account, month, now):
    """Return a lab's use in a month up to now, from hourly sums and storage levels."""
    with localcontext(PRECISION):
        sums = defaultdict(Decimal)
        hours = MeterHour.objects.filter(account=account, hour__gte=months.start(month), hour__lt=months.end(month))
        for row in hours:
            sums[row.sku, row.resource, row.region] += row.quantity
        found = [Usage(sku, resource, quantity, region) for (sku, resource, region), quantity in sums.items()]
        gb_seconds = prices.GB * months.seconds(month)
        for sku, resource, byte_seconds in levels.byte_seconds(account, month, now):
            found.append(Usage(sku, resource, byte_seconds / gb_seconds))
        return [one for one in found if one.sku in prices.skus()]


def invoice(account, month=None, free_tier=False):
    """Return a lab's bill of a month ("2026-11"; default: the lab's present one), up to this moment."""
    journal.ingest()
    now = clock.now(account)
    month = month or months.of(now)
    return Invoice(month, price(usage(account, month, now), free_tier), free_tier)


def months_billed(account):
    """Return the months that have a bill, newest first; the present one is always among them."""
    first = MeterHour.objects.filter(account=account).order_by("hour").values_list("hour", flat=True).first()
    month, last = months.of(first or clock.now(account)), months.of(clock.now(account))
    found = [month]
    while month < last:
        month = months.following(month)
        found.append(month)
    return found[::-1]


def meters(account, month, sku, resource, region=None, limit=200):
    """Return (hourly sums, the newest single meters) behind a line. region None: of every region."""
    journal.ingest()
    window = {"account": account, "sku": sku, "resource": resource}
    if region is not None:
        window["region"] = region
    start, end = months.start(month), months.end(month)
    hours = MeterHour.objects.filter(**window, hour__gte=start, hour__lt=end).order_by("-hour")
    single = Meter.objects.filter(**window, at__gte=start, at__lt=end).order_by("-id")
    return list(hours[:limit]), list(single[:limit])


def of_request(account, request_id):
    """Return the lines that one request caused, each priced at its first tier."""
    journal.ingest()
    rows = Meter.objects.filter(account=account, request_id=request_id)
    return price([Usage(row.sku, row.resource, row.quantity, row.region) for row in rows if row.sku in prices.skus()])


@journal.handler("meter")
def keep(records):
    """Turn journalled meters into single rows and hourly sums, inside the ingesting transaction."""
    known = {a.account_id: a for a in _accounts({record["account"] for record in records})}
    rows, sums = [], defaultdict(lambda: [Decimal(0), 0])
    for record in records:
        account = known.get(record["account"])
        if account is None:
            continue  # the lab is gone, and its bill with it
        at = datetime.fromisoformat(record["at"]).astimezone(UTC)
        quantity = Decimal(record["quantity"])
        rest = {name: record[name] for name in ("sku", "resource", "region")}
        rows.append(Meter(account=account, at=at, quantity=quantity, request_id=record["request_id"], **rest))
        hour = at.replace(minute=0, second=0, microsecond=0)
        total = sums[account.pk, hour, record["sku"], record["resource"], record["region"]]
        total[0] += quantity
        total[1] += 1
    Meter.objects.bulk_create(rows, batch_size=500)
    for (account_pk, hour, sku, resource, region), (quantity, count) in sums.items():
        row, _ = MeterHour.objects.get_or_create(
            account_id=account_pk,
            hour=hour,
            sku=sku,
            resource=resource,
            region=region,
            defaults={"quantity": Decimal(0)},
        )
        row.quantity += quantity
        row.count += count
        row.save(update_fields=["quantity", "count"])


def _accounts(ids):
    return Meter._meta.get_field("account").related_model.objects.filter(account_id__in=ids)
