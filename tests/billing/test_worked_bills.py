"""AWS's own worked bills, and computed ones, to the cent."""

from decimal import Decimal as D

import pytest

from apps.billing.invoices import Invoice, Usage, price

GB, TB = 2**30, 2**40
CASES = {
    "L1 mobile backend": (True, [("lambda.requests", 3_000_000), ("lambda.duration.x86", 540_000)], "2.73"),
    "L2 telemetry": (False, [("lambda.requests", 7_440_000), ("lambda.duration.x86", 14_880_000)], "249.49"),
    "S1 storage": (False, [("s3.storage.standard", 52_900)], "1215.00"),
    "S2b transfer out, 100 GB free": (True, [("transfer.out", 62 * TB)], "5254.36"),
    "S3 requests": (
        False,
        [
            ("s3.requests.standard.put_copy_post_list", 310_000),
            ("s3.requests.standard.get_select_other", 620_000),
            ("s3.requests.delete_cancel", 5_000),
        ],
        "1.80",
    ),
    "C1 CloudFront in the US, always free": (
        True,
        [("cloudfront.out.US", 500 * GB), ("cloudfront.requests.https.US", 20_000_000)],
        "10.00",
    ),
    "C2 two regions": (
        False,
        [
            ("cloudfront.out.US", 12_000 * GB),
            ("cloudfront.requests.https.US", 1_000_000),
            ("cloudfront.out.JP", 100 * GB),
            ("cloudfront.requests.https.JP", 100_000),
        ],
        "1023.72",
    ),
    "C3 South America and Australia": (
        False,
        [
            ("cloudfront.out.SA", 10 * GB),
            ("cloudfront.requests.http.SA", 10_000),
            ("cloudfront.requests.https.SA", 10_000),
            ("cloudfront.out.AU", 10 * GB),
            ("cloudfront.requests.https.AU", 10_000),
        ],
        "2.29",
    ),
    "C4 invalidations": (True, [("cloudfront.invalidation.path", 1_250)], "1.25"),
    "C5 to the origin": (False, [("cloudfront.to_origin.EU", 100 * GB)], "2.00"),
    "C9 Arm": (False, [("lambda.duration.arm64", 50_000), ("lambda.requests", 1_000_000)], "0.87"),
    "C10 tiers": (False, [("lambda.duration.x86", 16_000_000_000)], "248333.60"),
}


def bill(usage, free_tier=False):
    return Invoice("2026-03", price([Usage(sku, "r", D(quantity)) for sku, quantity in usage], free_tier))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_worked_bill_holds_to_the_cent(case):
    free_tier, usage, shown = CASES[case]

    assert bill(usage, free_tier).total_shown == D(shown)


@pytest.mark.parametrize(
    ("gb_seconds", "exact"),
    [("0.00025", "0.000000204166675"), ("0.024125", "0.0000006020841375")],
    ids=["C11 one warm invocation", "C12 a cold one"],
)
def test_one_invocation_costs_exactly(gb_seconds, exact):
    assert bill([("lambda.requests", 1), ("lambda.duration.x86", gb_seconds)]).total_exact == D(exact)


def test_the_exact_total_is_kept_beside_the_shown_one():
    invoice = bill(CASES["C3 South America and Australia"][1])

    assert invoice.total_exact == D("2.2905")


def test_tiers_are_shared_out_among_resources_and_the_lines_add_up():
    usage = [Usage("transfer.out", name, D(20 * TB)) for name in ("a", "b", "c")]

    lines = price(usage)

    together = price([Usage("transfer.out", "all", D(60 * TB))])
    assert sum(line.amount for line in lines) == together[0].amount
    assert lines[0].parts[0].price_usd == D("0.09") and lines[2].parts[-1].price_usd == D("0.07")
