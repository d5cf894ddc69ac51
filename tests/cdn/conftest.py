"""A distribution over an origin of our own, and a visitor of it."""

import itertools
import time
from dataclasses import dataclass
from typing import Any

import pytest

from tests.cdn.origins import Origin, ask

OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
BY_ORIGIN = "4cc15a8a-d715-48a4-82b8-cc0b614638fe"  # UseOriginCacheControlHeaders-QueryStrings
RFC = "9111c0de-9111-4911-8911-000000009111"
ALL = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]
_count = itertools.count()


@pytest.fixture(scope="session")
def origin(stack):
    return Origin(stack.origin_port)


@dataclass
class Site:
    """A distribution and its visitors."""

    id: str
    domain: str
    etag: str
    config: dict
    client: Any
    stack: Any

    def ask(self, path, **options):
        return ask(self.stack.edge_url, options.pop("host", self.domain), path, **options)

    def update(self, **changes):
        """Change the config and wait until the edges have it."""
        self.config.update(changes)
        made = self.client.update_distribution(Id=self.id, IfMatch=self.etag, DistributionConfig=self.config)
        self.etag = made["ETag"]
        self.client.get_waiter("distribution_deployed").wait(Id=self.id, WaiterConfig={"Delay": 1, "MaxAttempts": 10})

    def invalidate(self, *paths):
        """Invalidate paths and wait for it; return the invalidation's id."""
        made = self.client.create_invalidation(
            DistributionId=self.id,
            InvalidationBatch={
                "Paths": {"Quantity": len(paths), "Items": list(paths)},
                "CallerReference": f"{time.time()}",
            },
        )["Invalidation"]
        self.client.get_waiter("invalidation_completed").wait(
            DistributionId=self.id, Id=made["Id"], WaiterConfig={"Delay": 1, "MaxAttempts": 10}
        )
        return made["Id"]


def config(port, policy=OPTIMIZED, behavior=None, **more):
    """Return a DistributionConfig over our own origin."""
    return {
        "CallerReference": f"test-{next(_count)}",
        "Comment": "",
        "Enabled": True,
        "Origins": {
            "Quantity": 1,
            "Items": [
                {
                    "Id": "own",
                    "DomainName": "localhost",
                    "CustomOriginConfig": {"HTTPPort": port, "HTTPSPort": 443, "OriginProtocolPolicy": "http-only"},
                }
            ],
        },
        "DefaultCacheBehavior": {
            "TargetOriginId": "own",
            "ViewerProtocolPolicy": "allow-all",
            "CachePolicyId": policy,
            "AllowedMethods": {
                "Quantity": 7,
                "Items": ALL,
                "CachedMethods": {"Quantity": 2, "Items": ["GET", "HEAD"]},
            },
            **(behavior or {}),
        },
        **more,
    }


def create(account, wanted):
    client = account.client("cloudfront")
    made = client.create_distribution(DistributionConfig=wanted)
    row = made["Distribution"]
    return Site(row["Id"], row["DomainName"], made["ETag"], row["DistributionConfig"], client, account.stack)


@pytest.fixture
def site(stack, account, origin):
    """Return a function that makes a distribution over the origin."""

    def make(policy=OPTIMIZED, behavior=None, **more):
        return create(account, config(stack.origin_port, policy, behavior, **more))

    return make


@pytest.fixture
def path():
    """Return a path that no other test uses."""
    return f"/p{next(_count)}"
