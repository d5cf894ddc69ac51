"""The one door through which use becomes money: record(ctx, sku, quantity, resource).

A sku is the id of a line of the price book without its tier ("s3.requests.standard.put_copy_post_list",
"lambda.duration.x86", "cloudfront.out.EU", "transfer.out"). Quantities are exact decimals in
the unit of the sku's meter, listed in apps/billing/data/skus.json: requests, bytes, GB-seconds.
"""

from decimal import Decimal

from apps.observability import journal


def record(ctx, sku, quantity, resource, *, account=None, region=None, at=None):
    """Meter some use.

    ctx: Context (its account, lab time, request id). quantity: int or Decimal, never float.
    resource: ARN or name of what was used. account: who pays, when not the caller (the owner of
    a bucket that an anonymous visitor reads). Journalled; visible to every reader at once.
    """
    if isinstance(quantity, float):
        raise TypeError("quantities are exact: int or Decimal")
    payer = account or ctx.account
    journal.append(
        "meter",
        {
            "account": payer.account_id,
            "sku": sku,
            "quantity": str(Decimal(quantity)),
            "resource": resource,
            "region": region or ctx.region,
            "at": (at or ctx.now).isoformat(),
            "request_id": ctx.request_id,
        },
    )
