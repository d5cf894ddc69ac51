"""What an edge remembers of each visit: where from, which edge, hit or miss and why, how long, with and without CDN.

A visit is journalled by the edge (`note`), becomes a row when the journal is ingested (`keep`), and is read
by pages with a cursor (`since`). The newest CDN_VISITS_KEPT rows of a distribution stay. What a visit costs
is metered here too: the request and the bytes out, at the price of the edge's region.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings

from apps.billing import meters
from apps.cdn import geo, latency
from apps.cdn.models import Distribution, Visit
from apps.observability import journal
from playground.wire.context import ANONYMOUS, Context


@dataclass(slots=True)
class Story:
    """The times of one visit: legs with the CDN and without it (latency.Leg)."""

    legs: list
    direct: list
    origin_ms: float

    @property
    def ttfb_ms(self):
        return latency.total_ms(self.legs)

    @property
    def direct_ms(self):
        return latency.total_ms(self.direct)

    def server_timing(self):
        """Return the Server-Timing field: net, edge, origin, and the same visit without the CDN."""
        parts = [f'{leg.name};dur={leg.ms:.1f};desc="{leg.detail}"' for leg in self.legs]
        if len(self.legs) == 2:
            parts.append('origin;dur=0;desc="not asked"')
        parts.append(f'without-cdn;dur={self.direct_ms:.1f};desc="straight from the origin"')
        return ", ".join(parts)


def times(visitor, edge, origin_place, seed, asked, origin_ms):
    """Return the Story of a visit: simulated times from real distances.

    visitor, origin_place: geo.Place. seed: the request id, which makes the jitter. asked: whether the
    edge asked its origin. origin_ms: the origin's own time, with the CDN or without.
    """
    edge_origin = geo.distance_km(edge, origin_place)
    return Story(
        latency.with_cdn(geo.distance_km(visitor, edge), seed, edge_origin if asked else None, origin_ms),
        latency.without_cdn(geo.distance_km(visitor, origin_place), seed, origin_ms),
        origin_ms,
    )


def tell(service, behavior, viewer, outcome):
    """Return the Story of an outcome."""
    own_ms = outcome.origin_ms
    if own_ms is None:
        own_ms = outcome.entry.origin_ms if outcome.entry is not None else latency.S3_FIRST_BYTE_MS
    asked = outcome.origin_ms is not None
    return times(viewer.place, service.edge, behavior.origin.place, service.request_id, asked, round(own_ms, 1))


def explain(visit):
    """Return what a page shows of a visit beside its row: edges considered, legs of both ways, distances.

    The row holds what cannot be worked out again; the rest follows from it, by the same code that
    the edge used.
    """
    detail = visit.detail
    place = geo.Place(visit.city, visit.country_code, visit.latitude, visit.longitude)
    ranked = geo.nearest(place, detail["price_class"])
    edge = geo.edges()[visit.pop]
    origin_place = geo.region_place(detail["origin_region"])
    story = times(place, edge, origin_place, visit.request_id, detail["origin_asked"], detail["origin_ms"])
    return {
        "why_edge": geo.why_nearest(ranked, detail["price_class"]),
        "candidates": [{"pop": one.pop, "city": one.city, "distance_km": km} for one, km in ranked],
        "edge": {"pop": edge.pop, "city": edge.city, "latitude": edge.latitude, "longitude": edge.longitude},
        "origin": {
            "id": detail["origin_id"],
            "domain": detail["origin_domain"],
            "region": detail["origin_region"],
            "city": origin_place.name,
            "latitude": origin_place.latitude,
            "longitude": origin_place.longitude,
            "edge_km": round(geo.distance_km(edge, origin_place), 1),
            "visitor_km": round(geo.distance_km(place, origin_place), 1),
        },
        "legs": [{"name": leg.name, "ms": round(leg.ms, 1), "detail": leg.detail} for leg in story.legs],
        "direct": [{"name": leg.name, "ms": round(leg.ms, 1), "detail": leg.detail} for leg in story.direct],
    }


def note(service, behavior, viewer, outcome, story, delivery):
    """Journal a visit and what it costs. The payer is the distribution's account. delivery: what was sent."""
    status, bytes_out = delivery.status, delivery.sent_bytes
    plan, edge, origin = service.plan, service.edge, behavior.origin
    at = datetime.fromtimestamp(service.now, UTC)
    ctx = Context(plan.account, ANONYMOUS, "us-east-1", service.request_id, at, service="cloudfront", via="edge")
    meters.record(ctx, f"cloudfront.requests.{viewer.scheme}.{edge.price_region}", 1, plan.arn)
    if bytes_out:
        meters.record(ctx, f"cloudfront.out.{edge.price_region}", bytes_out, plan.arn)
    if outcome.bytes_in[0]:
        meters.record(ctx, f"cloudfront.to_origin.{edge.price_region}", outcome.bytes_in[0], plan.arn)
    place = viewer.place
    journal.append(
        "visit",
        {
            "distribution": plan.distribution_id,
            "at": at.isoformat(),
            "request_id": service.request_id,
            "method": viewer.method,
            "path": viewer.path[:2048],
            "status": status,
            "bytes_out": bytes_out,
            "city": place.name,
            "country_code": place.code,
            "latitude": place.latitude,
            "longitude": place.longitude,
            "pop": edge.pop,
            "distance_km": service.ranked[0][1],
            "result": outcome.result,
            "reason": outcome.reason,
            "ttfb_ms": round(story.ttfb_ms, 1),
            "direct_ms": round(story.direct_ms, 1),
            "detail": {
                "key": outcome.entry.key if outcome.entry is not None else None,
                "pattern": behavior.pattern,
                "policy": behavior.policy.name,
                "price_class": plan.price_class,
                "age": None if outcome.age is None else round(outcome.age),
                "collapsed": outcome.collapsed,
                "origin_id": origin.id,
                "origin_domain": origin.domain,
                "origin_region": origin.region,
                "origin_asked": outcome.origin_ms is not None,
                "origin_status": outcome.origin_status,
                "origin_ms": round(story.origin_ms, 1),
                "origin_request_id": outcome.origin_request_id,
            },
        },
    )


@journal.handler("visit")
def keep(records):
    """Turn journalled visits into rows, inside the ingesting transaction, and let the oldest go."""
    wanted = {}
    for record in records:
        wanted.setdefault(record["distribution"], []).append(record)
    known = Distribution.objects.in_bulk(list(wanted), field_name="distribution_id")
    for distribution_id, visits in wanted.items():
        distribution = known.get(distribution_id)
        if distribution is None:
            continue  # deleted meanwhile
        rows = [
            Visit(distribution=distribution, **{n: v for n, v in visit.items() if n != "distribution"})
            for visit in visits[-settings.CDN_VISITS_KEPT :]
        ]
        for row in rows:
            row.at = datetime.fromisoformat(row.at)
        Visit.objects.bulk_create(rows, batch_size=500, ignore_conflicts=True)
        newest = Visit.objects.filter(distribution=distribution).order_by("-pk")
        cut = newest.values_list("pk", flat=True)[settings.CDN_VISITS_KEPT : settings.CDN_VISITS_KEPT + 1]
        if cut:
            Visit.objects.filter(distribution=distribution, pk__lte=cut[0]).delete()


def since(distribution, cursor=0, limit=200):
    """Return (visits after the cursor, oldest first, the next cursor). cursor: 0 means the newest `limit`.

    Ingests first, so that a page never shows yesterday's world.
    """
    journal.ingest()
    mine = Visit.objects.filter(distribution=distribution)
    if cursor:
        found = list(mine.filter(pk__gt=cursor).order_by("pk")[:limit])
    else:
        found = list(reversed(mine.order_by("-pk")[:limit]))
    return found, found[-1].pk if found else cursor


def find(account, request_id):
    """Return the visit of a request to one of an account's distributions, or None."""
    journal.ingest()
    return (
        Visit.objects.filter(distribution__account=account, request_id=request_id)
        .select_related("distribution")
        .first()
    )
