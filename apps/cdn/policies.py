"""Cache policies: how long answers live at the edge and what keys them.

CloudFront's managed policies stand in data/cache_policies.json under their real ids. A behavior
without a policy carries ForwardedValues and its own TTLs, the older form of the same thing.
Next: key.py and freshness.py act on a CachePolicy.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

DATA = Path(__file__).parent / "data"
DAY, YEAR = 86_400, 31_536_000
# A fixed date: AWS publishes no creation date of its managed policies.
MANAGED_SINCE = "2020-07-22T00:00:00+00:00"


@dataclass(frozen=True, slots=True)
class CachePolicy:
    """What a behavior's answers are keyed by and how long they live. Times in seconds.

    headers: lower-case names, sorted. cookies, query_strings: "none", "all", "whitelist", "allExcept".
    rfc9111: RFC 9111 as it stands instead of CloudFront's rules.
    """

    id: str
    name: str
    min_ttl: int = 0
    default_ttl: int = DAY
    max_ttl: int = YEAR
    gzip: bool = False
    brotli: bool = False
    headers: tuple = ()
    cookies: str = "none"
    cookie_names: frozenset = frozenset()
    query_strings: str = "none"
    query_string_names: frozenset = frozenset()
    rfc9111: bool = False
    all_headers: bool = False  # the older form's Headers "*": everything goes on, nothing is cached
    comment: str = ""


@lru_cache(maxsize=1)
def managed():
    """Return the managed policies by id, in the order of the file."""
    rows = json.loads((DATA / "cache_policies.json").read_text())["policies"]
    return {row["id"]: _from_row(row) for row in rows}


def _from_row(row):
    lists = {name: frozenset(row.pop(name, ())) for name in ("query_string_names", "cookie_names")}
    headers = tuple(sorted(name.lower() for name in row.pop("headers")))
    return CachePolicy(headers=headers, **lists, **row)


def legacy(behavior):
    """Return the CachePolicy that a behavior with ForwardedValues amounts to.

    behavior: dict of the wire's CacheBehavior. Source: API reference, ForwardedValues.
    """
    values = behavior.get("ForwardedValues") or {}
    cookies = values.get("Cookies") or {}
    keys = frozenset((values.get("QueryStringCacheKeys") or {}).get("Items") or ())
    headers = tuple(sorted(name.lower() for name in (values.get("Headers") or {}).get("Items") or ()))
    everything = "*" in headers
    low = behavior.get("MinTTL", 0)
    default = behavior.get("DefaultTTL", max(DAY, low))
    return CachePolicy(
        id="",
        name="ForwardedValues",
        min_ttl=0 if everything else low,
        default_ttl=0 if everything else default,
        max_ttl=0 if everything else behavior.get("MaxTTL", max(YEAR, low, default)),
        all_headers=everything,
        gzip=bool(behavior.get("Compress")),
        headers=tuple(name for name in headers if name != "*"),
        cookies=cookies.get("Forward", "none"),
        cookie_names=frozenset((cookies.get("WhitelistedNames") or {}).get("Items") or ()),
        query_strings=("whitelist" if keys else "all") if values.get("QueryString") else "none",
        query_string_names=keys,
    )


def wire_config(policy):
    """Return a policy as the wire's CachePolicyConfig."""
    headers = {"HeaderBehavior": "none"}
    if policy.headers:
        headers = {
            "HeaderBehavior": "whitelist",
            "Headers": {"Quantity": len(policy.headers), "Items": list(policy.headers)},
        }
    queries = {"QueryStringBehavior": policy.query_strings}
    if policy.query_string_names:
        names = sorted(policy.query_string_names)
        queries["QueryStrings"] = {"Quantity": len(names), "Items": names}
    cookies = {"CookieBehavior": policy.cookies}
    return {
        "Comment": policy.comment,
        "Name": policy.name,
        "DefaultTTL": policy.default_ttl,
        "MaxTTL": policy.max_ttl,
        "MinTTL": policy.min_ttl,
        "ParametersInCacheKeyAndForwardedToOrigin": {
            "EnableAcceptEncodingGzip": policy.gzip,
            "EnableAcceptEncodingBrotli": policy.brotli,
            "HeadersConfig": headers,
            "CookiesConfig": cookies,
            "QueryStringsConfig": queries,
        },
    }
