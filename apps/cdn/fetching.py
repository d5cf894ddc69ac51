"""Ask the origin on behalf of visitors: once for all who wait, conditionally where something is stored.

An *outcome* is what the edge will answer and why; it ends as a hit, a miss, a refresh hit or an error.
Next: origin.py speaks HTTP, collapse.py lets requests share a flight, replies.py answers the visitor.
"""

import asyncio
import contextlib
import time
from dataclasses import dataclass, field, replace
from typing import Any

from apps.cdn import compression, freshness, key, latency, replies
from apps.cdn.cache import Body, Entry
from apps.cdn.collapse import Flights
from apps.cdn.origin import OriginFailed, Pool, bucket_path, sign
from apps.identity import sessions
from playground.clock import real_now
from playground.wire.context import Principal

# S3's own identifiers of the edge's request, which CloudFront does not pass on.
NOT_FOR_VIEWERS = frozenset(("x-amz-request-id", "x-amz-id-2"))
SIGNED_FOR_SECONDS = 900


@dataclass(slots=True)
class Outcome:
    """What the edge answers. body: Body, bytes or an async iterator. forwarded: Cache-Status's fwd, "" for a hit.

    reason: why hit or miss, in words. age: seconds, None when the answer has none. origin_ms: the
    origin's own time, None when it was not asked.
    """

    result: str
    reason: str
    status: int
    headers: list
    body: Any
    entry: Any = None
    age: float | None = None
    forwarded: str = ""
    stored: bool = False
    collapsed: bool = False
    origin_status: int = 0
    origin_ms: float | None = None
    origin_request_id: str = ""
    bytes_in: list = field(default_factory=lambda: [0])

    @classmethod
    def hit(cls, entry, age, because):
        entry.hits += 1
        result = "Error" if entry.status >= 400 else "Hit"
        return cls(result, because, entry.status, entry.headers, entry.body, entry, age)

    @classmethod
    def refused(cls, status, title, why, request_id):
        page = replies.error_page(status, title, request_id)
        return cls("Error", why, status, list(replies.PAGE_FIELDS), page)

    def may_be_shared(self, request_headers, late):
        """Tell whether another visitor may have this too. late: they asked after the answer began to arrive."""
        if self.entry is None:
            return isinstance(self.body, bytes)  # the origin failed: one failure is enough for all who waited
        now_usable = not self.entry.assessment.always_ask and self.entry.assessment.lifetime > self.entry.age_then
        return self.entry.fits(request_headers) and (now_usable or not late)

    def with_page(self, page, code, path):
        """Return this error with a page of the distribution's own."""
        reason = f"{self.reason}; the distribution answers {self.status} with {path} as {code}"
        return replace(self, status=code, headers=page.headers, body=page.body, entry=None, reason=reason)


class Fetcher:
    """Requests to origins, for all edges of this process."""

    def __init__(self, cache):
        self.cache = cache
        self.pool = Pool()
        self.flights = Flights()
        self.pumps = set()

    async def pass_through(self, service, behavior, viewer):
        """Hand a request that is never cached to the origin, and its answer back."""
        origin = behavior.origin
        fields = key.forwarded(behavior.policy, viewer.method, viewer.headers)
        fields += [(n, v) for n, v in viewer.headers if n in key.CONDITIONAL]
        length = key.header(viewer.headers, "content-length")
        if length:
            fields.append(("content-length", length))
        elif viewer.body is not None:
            fields.append(("transfer-encoding", "chunked"))
        counted = [0]
        try:
            answer = await self._send(service, behavior, viewer, fields, counting(viewer.body, counted))
        except OriginFailed as err:
            return self._failed(service, err, f"{viewer.method} is never cached", "method")
        because = f"{viewer.method} is never cached: it went to the origin"
        if behavior.policy.rfc9111 and viewer.method not in ("GET", "HEAD", "OPTIONS") and answer.status < 400:
            self._unsafe(service, viewer)
        outcome = self._unstored(origin, answer, because, "method", behavior)
        outcome.bytes_in = counted
        return outcome

    def _unsafe(self, service, viewer):
        """Drop what an unsafe method may have changed (RFC 9111 section 4.4)."""
        self.cache.invalidate(
            service.plan.distribution_id,
            lambda path, query: path == viewer.path and query == viewer.query,
            f"{viewer.method} changed it",
            service.now,
        )

    async def fetch(self, service, behavior, viewer, cache_key, stale, because):
        """Return the Outcome of a request that the cache could not answer.

        stale: the Entry to revalidate, or None. because: why the cache could not.
        """
        ranged = key.header(viewer.headers, "range") and (behavior.policy.rfc9111 or behavior.policy.max_ttl == 0)
        # A request that comes from an edge may be this one's own, gone round: it must not wait for itself.
        chained = "(CloudFront)" in (key.header(viewer.headers, "via") or "")
        if viewer.method == "HEAD" or (ranged and stale is None) or viewer.body is not None or chained:
            return await self._fly(service, behavior, viewer, cache_key, stale, because, None)
        flight, mine = self.flights.board(service.place, cache_key)
        if not mine:
            late = flight.landed.done()
            shared = await asyncio.shield(flight.landed)
            if shared is not None and shared.may_be_shared(viewer.headers, late):
                why = f"another visitor's request for it was on its way to the origin: they shared it ({because})"
                return replace(shared, collapsed=True, reason=why)
            return await self._fly(service, behavior, viewer, cache_key, None, because, None)
        try:
            outcome = await self._fly(service, behavior, viewer, cache_key, stale, because, flight)
        except BaseException:
            self.flights.over(service.place, cache_key, flight)
            raise
        if outcome.entry is None or outcome.entry.body.complete:
            flight.land(outcome if outcome.entry is not None or isinstance(outcome.body, bytes) else None)
            self.flights.over(service.place, cache_key, flight)
        return outcome

    async def _fly(self, service, behavior, viewer, cache_key, stale, because, flight):
        fields = key.forwarded(behavior.policy, viewer.method, viewer.headers)
        fields = [(n, v) for n, v in fields if n not in ("range", "if-range")]
        if stale is not None and stale.has_validator:
            if stale.etag is not None:
                fields.append(("if-none-match", stale.etag))
            if stale.modified is not None:
                fields.append(("if-modified-since", stale.modified))
        elif behavior.policy.rfc9111 or behavior.policy.max_ttl == 0:
            through = ("range", "if-range") if behavior.policy.rfc9111 else ("range", *key.CONDITIONAL)
            fields += [(n, v) for n, v in viewer.headers if n in through]
        try:
            answer = await self._send(service, behavior, viewer, fields, viewer.body)
        except OriginFailed as err:
            away = behavior.policy.rfc9111
            if stale is not None and freshness.usable_after_error(stale.assessment, stale.age(service.now), away):
                return self._stale(service, stale, f"{because}; {err} So the stale answer is served", 0)
            outcome = self._failed(service, err, because, "stale" if stale is not None else "miss")
            self._keep_failure(service, behavior, viewer, cache_key, outcome)
            return outcome
        if stale is not None and answer.status == 304:
            return await self._refreshed(service, behavior, viewer, stale, answer, because)
        if (
            stale is not None
            and answer.status >= 500
            and freshness.usable_after_error(stale.assessment, stale.age(service.now))
        ):
            answer.close()
            why = f"{because}; the origin failed ({answer.status}), so the stale answer is served"
            return self._stale(service, stale, why, answer.status)
        return self._arrived(service, behavior, viewer, cache_key, stale, answer, because, flight)

    def _arrived(self, service, behavior, viewer, cache_key, stale, answer, because, flight):
        """Take an answer from the origin: store it if it may be stored."""
        now, real = service.now, time.time()
        forwarded = "stale" if stale is not None else "miss"
        headers = self._for_viewers(behavior, answer)
        assessment = freshness.assess(
            behavior.policy,
            viewer.method,
            viewer.headers,
            answer.status,
            headers,
            real,
            service.plan.error_ttl(answer.status),
        )
        if not assessment.store or viewer.method == "HEAD":
            if stale is not None:
                self.cache.drop(stale, "the origin answered something new", now)
            if not assessment.store:
                self.cache.remember(service.place, cache_key, f"not stored ({assessment.because})", now)
                because = f"{because}; not stored: {assessment.because}"
            return self._unstored(behavior.origin, answer, because, forwarded, behavior)
        encoder = None
        if behavior.compress and compression.applies(behavior.policy, viewer.headers, answer.status, headers):
            headers, encoder = compression.begin(headers)
        entry = Entry(
            place=service.place,
            key=cache_key,
            path=viewer.path,
            query=viewer.query,
            status=answer.status,
            headers=headers,
            body=Body(),
            assessment=assessment,
            policy=behavior.policy,
            stored_at=now,
            age_then=freshness.initial_age(headers, real, answer.waited_seconds),
            origin_ms=origin_ms(behavior.origin, answer),
            request_headers=viewer.headers,
        )
        outcome = Outcome(
            "Error" if answer.status >= 400 else "Miss",
            f"{because}; stored for {freshness.duration(assessment.lifetime)} ({assessment.because})",
            answer.status,
            headers,
            entry.body,
            entry,
            age=entry.age_then if key.header(answer.headers, "age") else None,
            forwarded=forwarded,
            stored=True,
            origin_status=answer.status,
            origin_ms=entry.origin_ms,
            origin_request_id=asked_as(answer),
        )
        if flight is not None:
            flight.land(outcome)
        task = asyncio.create_task(self._pump(service, cache_key, answer, entry, encoder, flight))
        self.pumps.add(task)
        task.add_done_callback(self.pumps.discard)
        return outcome

    async def _pump(self, service, cache_key, answer, entry, encoder, flight):
        """Bring the body in, whoever still listens, and keep it when it is whole."""
        body = entry.body
        try:
            async for chunk in answer.chunks():
                body.feed(encoder.compress(chunk) if encoder else chunk)
            if encoder:
                body.feed(encoder.flush())
            body.finish()
            entry.head = None
            self.cache.add(entry)
        except OriginFailed as err:
            self.cache.remember(service.place, cache_key, f"not stored ({err})", service.now)
        finally:
            if not body.complete:
                body.lose()
            if flight is not None:
                self.flights.over(service.place, cache_key, flight)

    async def _refreshed(self, service, behavior, viewer, stale, answer, because):
        async for _chunk in answer.chunks():
            pass
        headers = freshness.updated(stale.headers, self._for_viewers(behavior, answer))
        assessment = freshness.assess(
            behavior.policy, viewer.method, viewer.headers, stale.status, headers, time.time()
        )
        waited = origin_ms(behavior.origin, answer)
        age = freshness.initial_age(self._for_viewers(behavior, answer), time.time(), answer.waited_seconds)
        stale.refresh(headers, assessment, service.now, age)
        if not assessment.store:
            self.cache.drop(stale, f"not stored ({assessment.because})", service.now)
        return Outcome(
            "RefreshHit",
            f"{because}; the origin said it has not changed (304)",
            stale.status,
            stale.headers,
            stale.body,
            stale,
            age=age,
            forwarded="stale",
            stored=assessment.store,
            origin_status=304,
            origin_ms=waited,
            origin_request_id=asked_as(answer),
        )

    def _stale(self, service, entry, why, origin_status):
        outcome = Outcome.hit(entry, entry.age(service.now), why)
        outcome.forwarded, outcome.origin_status, outcome.origin_ms = "stale", origin_status, 0.0
        return outcome

    def _unstored(self, origin, answer, because, forwarded, behavior):
        """Return the outcome of an answer that goes to one visitor only, as it arrives."""
        return Outcome(
            "Error" if answer.status >= 400 else "Miss",
            because,
            answer.status,
            self._for_viewers(behavior, answer),
            answer.chunks(),
            age=freshness.initial_age(answer.headers, time.time()) if key.header(answer.headers, "age") else None,
            forwarded=forwarded,
            origin_status=answer.status,
            origin_ms=origin_ms(origin, answer),
            origin_request_id=asked_as(answer),
        )

    def _failed(self, service, err, because, forwarded):
        title = replies.ORIGIN_DOWN if err.status == 502 else replies.ORIGIN_SILENT
        outcome = Outcome.refused(err.status, title, f"{because}; {err}", service.request_id)
        outcome.forwarded, outcome.origin_ms = forwarded, 0.0
        return outcome

    def _keep_failure(self, service, behavior, viewer, cache_key, outcome):
        """Keep our own 502 or 504 for as long as CloudFront keeps errors, so that a dead origin is left in peace."""
        ttl = service.plan.error_ttl(outcome.status)
        if behavior.policy.rfc9111 or ttl <= 0:
            return
        entry = Entry(
            place=service.place,
            key=cache_key,
            path=viewer.path,
            query=viewer.query,
            status=outcome.status,
            headers=outcome.headers,
            body=Body(outcome.body),
            assessment=freshness.Assessment(True, ttl, f"an error ({outcome.status}) is cached for {ttl} s"),
            policy=behavior.policy,
            stored_at=service.now,
            age_then=0.0,
            origin_ms=0.0,
            request_headers=viewer.headers,
        )
        self.cache.add(entry)

    @staticmethod
    def _for_viewers(behavior, answer):
        """Return the origin's fields as CloudFront passes them on."""
        fields = [(n, v) for n, v in key.end_to_end(answer.headers) if n not in NOT_FOR_VIEWERS]
        if behavior.policy.cookies == "none" and not behavior.policy.rfc9111 and not behavior.policy.all_headers:
            fields = [(n, v) for n, v in fields if n != "set-cookie"]
        return fields

    async def _send(self, service, behavior, viewer, fields, body):
        """Ask an origin, as CloudFront words it. Errors: OriginFailed."""
        origin, policy = behavior.origin, behavior.policy
        path = origin.prefix + viewer.path
        query = key.chosen_query(viewer.query, policy.query_strings, policy.query_string_names)
        named = {name for name, _value in fields}
        via = key.header(viewer.headers, "via")
        fields = [(n, v) for n, v in fields if n not in ("via", "x-forwarded-for", "x-amz-cf-id")]
        fields += [
            ("via", (via + ", " if via else "") + replies.via(service.edge.pop)),
            ("x-forwarded-for", viewer.address),
            ("x-amz-cf-id", service.request_id),
        ]
        if "user-agent" not in named:
            fields.append(("user-agent", "Amazon CloudFront"))
        fields = [(n, v) for n, v in fields if n not in dict(origin.custom_headers)] + list(origin.custom_headers)
        if origin.kind == "s3":
            path = bucket_path(path)
            if origin.sign == "always" or (origin.sign == "no-override" and "authorization" not in named):
                fields = sign(
                    fields,
                    viewer.method,
                    origin.host,
                    path,
                    query,
                    origin.region,
                    self._credentials(service.plan),
                )
        target = path + (f"?{query}" if query else "")
        return await self.pool.fetch(origin, viewer.method, target, fields, body)

    @staticmethod
    def _credentials(plan):
        principal = Principal("service", name="cloudfront.amazonaws.com", source_arn=plan.arn)
        return sessions.issue(plan.account, principal, SIGNED_FOR_SECONDS, real_now())

    async def close(self):
        for task in self.pumps:
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*self.pumps, return_exceptions=True)
        self.pool.close()


def asked_as(answer):
    """Return the id under which an origin of AWS's kind answered, which leads to its own "why"; "" from others."""
    return key.header(answer.headers, "x-amz-request-id") or ""


def origin_ms(origin, answer):
    """Return the origin's own time to first byte: a bucket's is S3's typical one, any other's was measured."""
    return latency.S3_FIRST_BYTE_MS if origin.kind == "s3" else answer.waited_seconds * 1000


async def _counted(chunks, counted):
    async for chunk in chunks:
        counted[0] += len(chunk)
        yield chunk


def counting(chunks, counted):
    """Return chunks, adding their bytes to counted[0]; None stays None."""
    return None if chunks is None else _counted(chunks, counted)
