"""What a request costs: one request for each 64 KB of what it carries, and the queue's owner pays.

Source: https://aws.amazon.com/sqs/pricing/, "FIFO and standard queues: how are requests counted".
"""

from apps.billing import meters

CHUNK_BYTES = 64 * 1024


def record(ctx, queue, size_bytes=0):
    """Meter a request on a queue; size_bytes: of the messages that it carried, either way."""
    sku = "sqs.requests.fifo" if queue.is_fifo else "sqs.requests.standard"
    requests = max(1, -(-size_bytes // CHUNK_BYTES))
    meters.record(ctx, sku, requests, queue.arn, account=queue.account, region=queue.region)


def record_own(ctx):
    """Meter a request that is about no queue in particular."""
    meters.record(ctx, "sqs.requests.standard", 1, f"arn:aws:sqs:{ctx.region}:{ctx.account.account_id}:*")
