"""How long an answer takes to begin, with the CDN and without it: a model one can check by hand.

A round trip is `access + 2 * km * factor / 199.862` ms: light in fibre covers 199,862 km a second
and fibre takes detours, by the factors below. A visitor opens a new HTTPS connection: three round
trips (TCP, TLS 1.3, the request) before the first byte. Jitter is seeded, so that the same request
tells the same story twice, and never below what light allows.
Sources and the comparison with published measurements: docs/cdn.md.
"""

import hashlib
import math
from dataclasses import dataclass

FIBRE_KM_PER_MS = 199.862  # two thirds of light's speed in vacuum
ACCESS_MS = 8.0  # a wired visitor's last mile, both ways; a choice, no source
TO_EDGE_FACTOR = 2.1  # visitor to edge: access networks and policy routing (Bozkurt et al. 2018)
TO_ORIGIN_FACTOR = 1.8  # visitor to a far origin over the public internet (median of 45 region pairs)
BACKBONE_FACTOR = 1.5  # edge to origin on the provider's own backbone, over a warm connection
ROUND_TRIPS = 3  # TCP, TLS 1.3, request
EDGE_MS = 1.0  # an edge's own work for a hit
S3_FIRST_BYTE_MS = 40.0  # a small object: tens of milliseconds, says Amazon's own guide
JITTER_SIGMA = 0.15


@dataclass(frozen=True, slots=True)
class Leg:
    """One term of the sum: `name` took `ms`, because of `detail`."""

    name: str
    ms: float
    detail: str


def floor_ms(km):
    """Return the round trip that light in fibre needs at least.

    >>> round(floor_ms(8756), 1)
    87.6
    """
    return 2 * km / FIBRE_KM_PER_MS


def rtt_ms(km, factor, access_ms=0.0):
    """Return a round trip without jitter.

    >>> round(rtt_ms(8756, TO_ORIGIN_FACTOR))
    158
    """
    return access_ms + factor * floor_ms(km)


def jittered(ms, km, seed):
    """Return a round trip with log-normal jitter drawn from a seed (any text), never below light's floor."""
    digest = hashlib.blake2b(seed.encode(), digest_size=16).digest()
    # Box and Muller's transform of two uniform numbers; building a random.Random would take 25 us a request.
    one = (int.from_bytes(digest[:8], "big") + 1) / (2**64 + 1)
    two = int.from_bytes(digest[8:], "big") / 2**64
    normal = math.sqrt(-2 * math.log(one)) * math.cos(2 * math.pi * two)
    return max(ms * math.exp(JITTER_SIGMA * normal), floor_ms(km))


def with_cdn(visitor_edge_km, seed, edge_origin_km=None, origin_ms=0.0):
    """Return the legs up to the first byte through an edge.

    edge_origin_km: None when the edge asks nobody (a hit). origin_ms: the origin's own time.
    """
    trip = jittered(rtt_ms(visitor_edge_km, TO_EDGE_FACTOR, ACCESS_MS), visitor_edge_km, seed + "/edge")
    legs = [
        Leg("net", ROUND_TRIPS * trip, f"{ROUND_TRIPS} round trips of {trip:.1f} ms over {visitor_edge_km:,.0f} km"),
        Leg("edge", EDGE_MS, "the edge's own work"),
    ]
    if edge_origin_km is not None:
        legs.append(from_origin(edge_origin_km, seed, origin_ms))
    return legs


def from_origin(edge_origin_km, seed, origin_ms):
    """Return the leg an edge adds when it asks its origin over a warm connection."""
    trip = jittered(rtt_ms(edge_origin_km, BACKBONE_FACTOR), edge_origin_km, seed + "/backbone")
    detail = f"1 round trip of {trip:.1f} ms over {edge_origin_km:,.0f} km, then {origin_ms:.1f} ms at the origin"
    return Leg("origin", trip + origin_ms, detail)


def without_cdn(visitor_origin_km, seed, origin_ms):
    """Return the legs up to the first byte when the visitor asks the origin itself."""
    trip = jittered(rtt_ms(visitor_origin_km, TO_ORIGIN_FACTOR, ACCESS_MS), visitor_origin_km, seed + "/direct")
    return [
        Leg("net", ROUND_TRIPS * trip, f"{ROUND_TRIPS} round trips of {trip:.1f} ms over {visitor_origin_km:,.0f} km"),
        Leg("origin", origin_ms, "the origin's own time to its first byte"),
    ]


def total_ms(legs):
    """Return the sum of legs, in ms."""
    return sum(leg.ms for leg in legs)
