"""Synthetic visitors: real HTTP requests to the running edges, from cities drawn by population.

`visit` makes one and says what happened; `send` makes many and sums up by edge; `start` queues a
VisitorRun for a worker. The same seed draws the same visitors. Nothing here is simulated but the
distances: what comes back went through the edge port.
"""

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from statistics import median
from urllib.parse import quote

from django.conf import settings
from django.db import transaction

from apps.cdn import geo
from apps.cdn.directory import world
from apps.cdn.models import VisitorRun
from apps.cdn.origin import OriginFailed, Pool
from apps.cdn.plan import Origin
from playground import clock
from playground.celery import app

MOST = 10_000  # visitors of one run
AT_ONCE = 32  # requests under way
PATHS = 50  # different paths that visitors ask for, when nobody says which
TELLING = ("x-cache", "x-amz-cf-pop", "age", "cache-status", "server-timing")  # headers that say what happened


class EdgesDown(Exception):
    """The edge port does not answer: our fault, and a sentence for the page."""


@dataclass(slots=True)
class Seen:
    """What one visitor got. timing: simulated ms by name (net, edge, origin, without-cdn); headers: the TELLING ones."""

    city: geo.Place
    path: str
    status: int
    result: str
    pop: str
    age: int | None
    reason: str
    request_id: str
    size_bytes: int
    timing: dict
    headers: dict

    @property
    def ttfb_ms(self):
        return self.timing.get("net", 0.0) + self.timing.get("edge", 0.0) + self.timing.get("origin", 0.0)

    @property
    def direct_ms(self):
        return self.timing.get("without-cdn", 0.0)


def edge_port(distribution):
    """Return the edges as something to fetch from, under the distribution's own name."""
    there = world()
    return Origin(
        id="edge",
        kind="custom",
        domain="the edges",
        connect=(there.address, settings.EDGE_PORT),
        host=distribution.domain_name,
        read_timeout_seconds=60,
        attempts=1,
    )


def spelled(path):
    """Return a path as it goes on the wire; a person may write it with spaces and accents."""
    return quote(path if path.startswith("/") else "/" + path, safe="/?&=%+~!$'()*,;:@-._")


async def _one(pool, port, path, place, extra=()):
    where = f"{place.latitude},{place.longitude}" if not place.code else place.label
    fields = [("x-visitor-location", where.encode()), ("accept-encoding", "gzip"), *extra]
    try:
        answer = await pool.fetch(port, "GET", spelled(path), fields)
        size = 0
        async for chunk in answer.chunks():
            size += len(chunk)
    except OriginFailed as err:
        raise EdgesDown(f"The edges do not answer: {err}") from None
    fields = dict(answer.headers)
    return Seen(
        city=place,
        path=path,
        status=answer.status,
        result=fields.get("x-cache", "").partition(" ")[0],
        pop=fields.get("x-amz-cf-pop", "")[:3],
        age=int(fields["age"]) if fields.get("age", "").isdigit() else None,
        reason=_detail(fields.get("cache-status", "")),
        request_id=fields.get("x-amz-cf-id", ""),
        size_bytes=size,
        timing=_timing(fields.get("server-timing", "")),
        headers={name: fields[name] for name in TELLING if name in fields},
    )


def _detail(cache_status):
    text = cache_status.partition('detail="')[2]
    return text.rpartition('"')[0].replace('\\"', '"').replace("\\\\", "\\")


def _timing(field_value):
    """Return name -> ms of a Server-Timing field.

    >>> _timing('net;dur=24.1;desc="3 round trips, 8 ms", edge;dur=1.0')
    {'net': 24.1, 'edge': 1.0}
    """
    found, quoted, item = {}, False, ""
    for character in field_value + ",":
        if character == '"':
            quoted = not quoted
        if character == "," and not quoted:
            parts = item.strip().split(";")
            duration = next((part[4:] for part in parts if part.startswith("dur=")), None)
            if duration:
                found[parts[0]] = float(duration)
            item = ""
        else:
            item += character
    return found


def visit(distribution, path="/", location=None, headers=()):
    """Make one visit and return what happened, ready for a page.

    location: what X-Visitor-Location takes, None for the lab's home city. Errors: geo.UnknownPlace
    (a sentence for its field), EdgesDown.
    Returns {"city", "country_code", "latitude", "longitude", "path", "status", "result", "pop",
    "edge_city", "age", "reason", "why_edge", "candidates", "ttfb_ms", "direct_ms", "timing",
    "request_id", "size_bytes", "headers"}.
    """
    place = geo.resolve(location or distribution.account.home_city)

    async def once():
        pool = Pool()
        try:
            return await _one(pool, edge_port(distribution), path, place, headers)
        finally:
            pool.close()

    seen = asyncio.run(once())
    price_class = distribution.config.get("PriceClass", "PriceClass_All")
    ranked = geo.nearest(place, price_class)
    return {
        "city": place.name,
        "country_code": place.code,
        "latitude": place.latitude,
        "longitude": place.longitude,
        "path": path,
        "status": seen.status,
        "result": seen.result,
        "pop": seen.pop,
        "edge_city": geo.edges()[seen.pop].city if seen.pop in geo.edges() else "",
        "age": seen.age,
        "reason": seen.reason,
        "why_edge": geo.why_nearest(ranked, price_class),
        "candidates": [{"pop": edge.pop, "city": edge.city, "distance_km": km} for edge, km in ranked],
        "ttfb_ms": round(seen.ttfb_ms, 1),
        "direct_ms": round(seen.direct_ms, 1),
        "timing": seen.timing,
        "request_id": seen.request_id,
        "size_bytes": seen.size_bytes,
        "headers": seen.headers,
    }


@dataclass(slots=True)
class Tally:
    """What many visitors saw, by edge."""

    seen: list = field(default_factory=list)

    def summary(self, seed, paths, seconds):
        """Return the sums, JSON-ready; the busiest edges first. hit_ratio counts Hit alone."""
        by_pop = {}
        for one in self.seen:
            by_pop.setdefault(one.pop, []).append(one)
        edges = [
            {"pop": pop, "city": geo.edges()[pop].city if pop in geo.edges() else "", **figures(seen)}
            for pop, seen in by_pop.items()
        ]
        return {
            "seed": seed,
            "paths": paths,
            "seconds": round(seconds, 2),
            **figures(self.seen),
            "edges": sorted(edges, key=lambda edge: (-edge["visitors"], edge["pop"])),
        }


def figures(seen):
    """Return the figures of some visits: counts by result, hit ratio, bytes, medians in ms."""
    results = Counter(one.result for one in seen)
    total = len(seen)
    return {
        "visitors": total,
        "results": dict(sorted(results.items())),
        "hit_ratio": round(results["Hit"] / total, 4) if total else 0.0,
        "bytes_out": sum(one.size_bytes for one in seen),
        "median_ttfb_ms": round(median(one.ttfb_ms for one in seen), 1) if total else 0.0,
        "median_without_cdn_ms": round(median(one.direct_ms for one in seen), 1) if total else 0.0,
    }


def draw(count, seed, paths):
    """Return [(place, path)]: cities by population, paths by Zipf's law in the order given."""
    dice = random.Random(seed)
    cities = geo.cities()
    places = dice.choices(cities, [city.population for city in cities], k=count)
    wanted = dice.choices(paths, [1 / (rank + 1) for rank in range(len(paths))], k=count)
    return list(zip(places, wanted, strict=True))


def send(distribution, count, seed=1, paths=None, progress=None):
    """Send visitors to the running edges and return the summary (Tally.summary).

    progress: called with the number sent so far, about twice a second. Errors: EdgesDown.
    """
    paths = paths or likely_paths(distribution)
    drawn = draw(count, seed, paths)
    tally, started = Tally(), time.monotonic()

    async def crowd():
        pool, port, waiting = Pool(), edge_port(distribution), iter(drawn)

        async def one_after_another():
            for place, path in waiting:
                tally.seen.append(await _one(pool, port, path, place))

        async def report():
            while True:
                await asyncio.sleep(0.5)
                await asyncio.to_thread(progress, len(tally.seen))

        reporter = asyncio.create_task(report()) if progress else None
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(AT_ONCE, count)):
                    group.create_task(one_after_another())
        except* EdgesDown as many:
            raise many.exceptions[0] from None
        finally:
            if reporter:
                reporter.cancel()
            pool.close()

    asyncio.run(crowd())
    return tally.summary(seed, paths, time.monotonic() - started)


def likely_paths(distribution):
    """Return what visitors of a distribution ask for: what was asked for lately and was there, else "/"."""
    lately = distribution.visits.filter(status=200, method="GET").order_by("-pk").values_list("path", flat=True)[:2000]
    counted = Counter(lately).most_common(PATHS)
    return [path for path, _count in counted] or ["/"]


def start(distribution, count, seed=None, paths=None):
    """Queue visitors for a worker and return their VisitorRun. Errors: ValueError, a sentence for the field."""
    if not 1 <= count <= MOST:
        raise ValueError(f"Send 1 to {MOST:,} visitors at a time.")
    with transaction.atomic():
        run = VisitorRun.objects.create(
            distribution=distribution,
            visitors=count,
            seed=random.randrange(2**31) if seed is None else seed,
            paths=paths or likely_paths(distribution),
            created_at=clock.real_now(),
        )
        transaction.on_commit(lambda: app.send_task("apps.cdn.tasks.send_visitors", [run.pk]))
    return run
