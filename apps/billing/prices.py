"""The price book: data with its date and sources (data/prices.json), read into tiers per sku.

Words: a *sku* is what a meter counts; its *unit* is what the price is per; *scale* turns the meter's
quantity (bytes, requests, GB-seconds) into that unit.
"""

import json
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path

GB = Decimal(2**30)
CLOUDFRONT_TIERS = (
    "first_10_TB", "next_40_TB", "next_100_TB", "next_350_TB", "next_524_TB", "next_4_PB", "over_5_PB",
)  # fmt: skip
REGIONS = ("US", "EU", "ZA", "SA", "JP", "AU", "AP", "IN")
REGION_NAMES = {
    "US": "United States, Mexico, Canada",
    "EU": "Europe, Israel, Türkiye",
    "ZA": "South Africa, Kenya, Nigeria, Middle East",
    "SA": "South America",
    "JP": "Japan",
    "AU": "Australia, New Zealand",
    "AP": "Asia Pacific",
    "IN": "India",
}


@dataclass(slots=True, frozen=True)
class Tier:
    """A price between two amounts of use, both in the sku's unit (end None: without end)."""

    start: Decimal
    end: Decimal | None
    price_usd: Decimal
    price_id: str


@dataclass(slots=True, frozen=True)
class Sku:
    """What one kind of use costs. scale: meter units in one billing unit. free: id and amount of an allowance."""

    sku: str
    service: str
    name: str
    unit: str
    scale: Decimal
    tiers: tuple[Tier, ...]
    free_id: str = ""
    free_amount: Decimal = Decimal(0)


@lru_cache(maxsize=1)
def book():
    """Return the price book: {"written", "region", "prices": {id: entry}}."""
    raw = json.loads((Path(__file__).parent / "data/prices.json").read_text())
    return {**raw, "prices": {entry["id"]: entry for entry in raw["prices"]}}


def _tier(price_id, per=1):
    entry = book()["prices"][price_id]
    start = entry.get("from_gb", entry.get("from_gb_s", 0)) or 0
    end = entry.get("to_gb", entry.get("to_gb_s"))
    return Tier(Decimal(start), None if end is None else Decimal(end), Decimal(entry["amount"]) / per, price_id)


def _allowance(price_id):
    return Decimal(str(book()["prices"][price_id]["amount"]))


def _make(sku, service, name, unit, scale, price_ids, free_id=""):
    tiers = tuple(_tier(price_id) for price_id in price_ids)
    return Sku(sku, service, name, unit, Decimal(scale), tiers, free_id, _allowance(free_id) if free_id else Decimal(0))


@lru_cache(maxsize=1)
def skus():
    """Return {sku: Sku} of everything that is metered."""
    s3, functions, cdn, logs = "Amazon S3", "AWS Lambda", "Amazon CloudFront", "Amazon CloudWatch Logs"
    sqs = "Amazon SQS"
    kms = "AWS Key Management Service"
    table = [
        _make("s3.requests.standard.put_copy_post_list", s3, "PUT, COPY, POST and LIST requests", "1,000 requests", 1000,
              ["s3.requests.standard.put_copy_post_list"]),
        _make("s3.requests.standard.get_select_other", s3, "GET and all other requests", "1,000 requests", 1000,
              ["s3.requests.standard.get_select_other"]),
        _make("s3.requests.delete_cancel", s3, "DELETE and CANCEL requests", "1,000 requests", 1000,
              ["s3.requests.delete_cancel"]),
        _make("s3.storage.standard", s3, "Storage, Standard", "GB-month", 1,
              [f"s3.storage.standard.tier{n}" for n in (1, 2, 3)]),
        _make("s3.storage.standard_ia", s3, "Storage, Standard-IA", "GB-month", 1, ["s3.storage.standard_ia"]),
        _make("s3.requests.standard_ia.put_copy_post_list", s3, "PUT, COPY, POST and LIST requests, Standard-IA",
              "1,000 requests", 1000, ["s3.requests.standard_ia.put_copy_post_list"]),
        _make("transfer.in", s3, "Data in from the internet", "GB", GB, ["transfer.in"]),
        _make("transfer.out", s3, "Data out to the internet", "GB", GB,
              [f"transfer.out.tier{n}" for n in (1, 2, 3, 4)], "transfer.out.free"),
        _make("transfer.to_cloudfront", s3, "Data out to CloudFront", "GB", GB, ["transfer.to_cloudfront"]),
        _make("transfer.same_region_to_lambda", s3, "Data to functions in the same region", "GB", GB,
              ["transfer.same_region_to_lambda"]),
        _make("lambda.requests", functions, "Requests", "1,000,000 requests", 10**6, ["lambda.requests"],
              "lambda.free.requests"),
        _make("lambda.duration.x86", functions, "Duration, x86", "GB-second", 1,
              [f"lambda.duration.x86.tier{n}" for n in (1, 2, 3)], "lambda.free.gb_seconds"),
        _make("lambda.duration.arm64", functions, "Duration, Arm", "GB-second", 1,
              [f"lambda.duration.arm64.tier{n}" for n in (1, 2, 3)], "lambda.free.gb_seconds"),
        _make("sqs.requests.standard", sqs, "Requests, standard queues", "1,000,000 requests", 10**6, ["sqs.standard"],
              "sqs.free"),
        _make("sqs.requests.fifo", sqs, "Requests, FIFO queues", "1,000,000 requests", 10**6, ["sqs.fifo"], "sqs.free"),
        _make("logs.ingest.lambda", logs, "Log data taken in", "GB", GB,
              [f"logs.ingest.lambda.tier{n}" for n in (1, 2, 3, 4)], "logs.free"),
        _make("kms.key", kms, "Keys, and the first two rotations of each", "key-month", 1, ["kms.key"]),
        _make("kms.requests", kms, "Requests", "10,000 requests", 10_000, ["kms.requests"], "kms.free.requests"),
        _make("cloudfront.invalidation.path", cdn, "Invalidation paths", "path", 1, ["cloudfront.invalidation.path"],
              "cloudfront.invalidation.free"),
    ]  # fmt: skip
    for region in REGIONS:
        where = REGION_NAMES[region]
        table += [
            _make(f"cloudfront.out.{region}", cdn, f"Data out, {where}", "GB", GB,
                  [f"cloudfront.out.{region}.{tier}" for tier in CLOUDFRONT_TIERS], "cloudfront.free.out"),
            _make(f"cloudfront.requests.http.{region}", cdn, f"HTTP requests, {where}", "10,000 requests", 10_000,
                  [f"cloudfront.requests.http.{region}"], "cloudfront.free.requests"),
            _make(f"cloudfront.requests.https.{region}", cdn, f"HTTPS requests, {where}", "10,000 requests", 10_000,
                  [f"cloudfront.requests.https.{region}"], "cloudfront.free.requests"),
            _make(f"cloudfront.to_origin.{region}", cdn, f"Data to the origin, {where}", "GB", GB,
                  [f"cloudfront.to_origin.{region}"]),
        ]  # fmt: skip
    return {sku.sku: sku for sku in table}


# Allowances are counted in plain requests, not in the price's thousands.
FREE_SCALE = {
    "lambda.free.requests": Decimal(10**6),
    "cloudfront.free.requests": Decimal(10_000),
    "sqs.free": Decimal(10**6),
    "kms.free.requests": Decimal(10_000),
}


def allowance(sku):
    """Return a sku's free allowance in its billing unit."""
    return sku.free_amount / FREE_SCALE.get(sku.free_id, Decimal(1))
