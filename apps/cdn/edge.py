"""An edge answers a visitor: the journey of one CDN request, from top to bottom.

1. which distribution (directory), where is the visitor, which edge is nearest (geo);
2. which behavior fits the path, may this method pass;
3. the cache key, what is stored under it, may it be used now (key, cache, freshness);
4. if not, ask the origin once for all who wait (collapse, fetching), and store what may be stored;
5. answer, with the reason of each step in its fields (replies), and note the visit and its meters (visits).
"""

import asyncio
import contextlib
import logging
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

from apps.cdn import freshness, geo, key, replies, visits
from apps.cdn.cache import BodyLost
from apps.cdn.fetching import Fetcher, Outcome
from apps.cdn.freshness import duration
from apps.cdn.origin import OriginFailed

log = logging.getLogger(__name__)
URL_BYTES = 8192  # CloudFront's quota for a URL
CHAIN = 2  # distributions in a row before CloudFront suspects a loop
VISITOR_PARAMETER = "__visitor"
VISITOR_FIELD = "x-visitor-location"


@dataclass(slots=True)
class Viewer:
    """One request as the edge works on it. headers: [(lower-case name, value)], without our own fields."""

    method: str
    path: str
    query: str
    headers: list
    host: str
    scheme: str
    place: geo.Place
    address: str
    body: Any = None
    request_id: str = ""


@dataclass(slots=True)
class Service:
    """Where a request is served: the plan it follows, the edge that was chosen and why."""

    plan: Any
    edge: geo.Edge
    ranked: tuple
    now: float  # lab time, seconds since 1970
    request_id: str
    started: float = field(default_factory=time.perf_counter)

    @property
    def place(self):
        return (self.plan.distribution_id, self.edge.pop)


class Refused(Exception):
    """The edge itself says no. why: for the page and the visit."""

    def __init__(self, status, title, why):
        super().__init__(why)
        self.status, self.title, self.why = status, title, why


class Edges:
    """Every edge of this process: one cache, one set of connections, many cities."""

    def __init__(self, directory, cache, latency_is_real=False):
        self.directory = directory
        self.cache = cache
        self.fetcher = Fetcher(cache)
        self.latency_is_real = latency_is_real
        self.background = set()

    async def serve(self, scope, receive, send):
        """Answer one HTTP request (an ASGI scope) that names a distribution's host."""
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        host = key.header(headers, "host") or ""
        request_id = replies.new_request_id()
        plan = await self.directory.find(host)
        if plan is None:
            why = f"No distribution answers to the name {host!r}."
            await replies.send_page(send, scope["method"], 403, replies.BAD_REQUEST, why, request_id)
            return
        try:
            viewer = self.viewer(scope, receive, headers, host, plan, request_id)
        except geo.UnknownPlace as err:
            await replies.send_text(send, scope["method"], 400, str(err), request_id)
            return
        ranked = geo.nearest(viewer.place, plan.price_class)
        service = Service(plan, ranked[0][0], ranked, self.directory.now(plan), request_id)
        try:
            behavior = self.admit(plan, viewer)
            outcome = await self.obtain(service, behavior, viewer)
            outcome = await self.friendlier(service, viewer, outcome)
        except Refused as err:
            outcome = Outcome.refused(err.status, err.title, err.why, request_id)
            behavior = plan.behaviors[-1]
        await self.answer(service, behavior, viewer, outcome, receive, send)

    def viewer(self, scope, receive, headers, host, plan, request_id):
        """Read the request, without what is only for the edge. Errors: geo.UnknownPlace."""
        raw = scope["raw_path"].decode("latin-1").partition("?")[0]
        query = scope["query_string"].decode("latin-1")
        said = key.header(headers, VISITOR_FIELD)
        if VISITOR_PARAMETER in query:
            pairs = [pair.partition("=") for pair in query.split("&")]
            said = next((unquote_plus(v) for n, _e, v in pairs if n == VISITOR_PARAMETER), said)
            query = "&".join(n + e + v for n, e, v in pairs if n != VISITOR_PARAMETER)
        if said is not None:
            headers = [(name, value) for name, value in headers if name != VISITOR_FIELD]
            # Header bytes are UTF-8 in practice: "São Paulo".
            with contextlib.suppress(UnicodeError):
                said = said.encode("latin-1").decode()
        method = scope["method"]
        return Viewer(
            method=method,
            path=raw or "/",
            query=query,
            headers=headers,
            host=host,
            scheme="https" if key.header(headers, "x-forwarded-proto") == "https" else "http",
            place=plan.home if said is None else geo.resolve(said),
            address=(scope.get("client") or ("127.0.0.1",))[0],
            body=None if method in ("GET", "HEAD") else body_chunks(receive, headers),
            request_id=request_id,
        )

    def admit(self, plan, viewer):
        """Return the behavior for a request. Errors: Refused, as CloudFront refuses."""
        if not plan.enabled or plan.account.suspended:
            why = "The distribution is disabled." if not plan.enabled else "The lab of this distribution is stopped."
            raise Refused(403, replies.BAD_REQUEST, why)
        if len(viewer.path) + len(viewer.query) > URL_BYTES:
            raise Refused(414, "Request URL is too long.", f"A URL may have {URL_BYTES:,} bytes.")
        via = key.header(viewer.headers, "via") or ""
        if via.count("(CloudFront)") >= CHAIN:
            raise Refused(403, replies.BAD_REQUEST, "Distributions are chained in a loop.")
        if viewer.path == "/" and plan.default_root:
            viewer.path = "/" + plan.default_root
        behavior = plan.behavior(viewer.path)
        if behavior.viewer_protocol != "allow-all":
            viewer.scheme = "https"  # a plain connection stands for the HTTPS one it would have become
        if viewer.method not in behavior.allowed_methods:
            allowed = ", ".join(sorted(behavior.allowed_methods))
            raise Refused(
                403,
                "This distribution is not configured to allow the HTTP request method that was used for this request.",
                f"The behavior {behavior.pattern} allows {allowed}; {viewer.method} is not among them.",
            )
        return behavior

    async def obtain(self, service, behavior, viewer):
        """Return the Outcome for a request: from the cache, or from the origin by way of it."""
        if viewer.method not in behavior.cached_methods:
            return await self.fetcher.pass_through(service, behavior, viewer)
        cache_key = key.cache_key(
            behavior.policy,
            viewer.method,
            viewer.path,
            viewer.query,
            viewer.headers,
            viewer.scheme,
            viewer.host,
        )
        entry, others = self.cache.find(service.place, cache_key, viewer.headers)
        if entry is None:
            missing = self.why_missing(service, cache_key, others)
            return await self.fetcher.fetch(service, behavior, viewer, cache_key, None, missing)
        age = entry.age(service.now)
        decision = freshness.use(entry.assessment, age, behavior.policy, viewer.headers, entry.has_validator)
        if decision.how == "serve":
            return Outcome.hit(entry, age, decision.because)
        if decision.how == "serve-and-refresh":
            self.refresh_later(service, behavior, viewer, cache_key, entry)
            return Outcome.hit(entry, age, decision.because)
        return await self.fetcher.fetch(service, behavior, viewer, cache_key, entry, decision.because)

    def why_missing(self, service, cache_key, others):
        """Say why nothing usable is stored under a key at this edge."""
        pop = service.edge.pop
        if others:
            return f"what {pop} has stored was for other values of the fields that Vary names"
        happened = self.cache.recall(service.place, cache_key)
        if happened is None:
            return f"first request for this key at {pop}"
        what, when = happened
        return f"{what}, {duration(service.now - when)} ago at {pop}"

    def refresh_later(self, service, behavior, viewer, cache_key, entry):
        """Revalidate in the background (stale-while-revalidate)."""
        task = asyncio.create_task(
            self.fetcher.fetch(service, behavior, viewer, cache_key, entry, "stale-while-revalidate")
        )
        self.background.add(task)
        task.add_done_callback(self.background.discard)

    async def friendlier(self, service, viewer, outcome):
        """Return the distribution's own page for an error, where it has one (CustomErrorResponses)."""
        rule = service.plan.errors.get(outcome.status)
        if rule is None or not rule.page or outcome.status < 400:
            return outcome
        asked = Viewer("GET", rule.page, "", viewer.headers, viewer.host, viewer.scheme, viewer.place, viewer.address)
        page = await self.obtain(service, service.plan.behavior(rule.page), asked)
        if page.status != 200:
            return outcome
        return outcome.with_page(page, rule.code or outcome.status, rule.page)

    async def answer(self, service, behavior, viewer, outcome, receive, send):
        """Send the answer and note the visit."""
        story = visits.tell(service, behavior, viewer, outcome)
        if self.latency_is_real:
            await asyncio.sleep(story.ttfb_ms / 1000)
        delivery = replies.Delivery(
            outcome.status, lambda sent: visits.note(service, behavior, viewer, outcome, story, sent)
        )
        try:
            await replies.send_outcome(service, viewer, outcome, story, delivery, receive, send)
        except (BodyLost, OriginFailed):
            # Half an answer was sent: only closing the connection tells the visitor (uvicorn does, on return).
            log.warning("%s: the origin broke off in the middle of an answer", service.request_id)
        finally:
            delivery.note()


def body_chunks(receive, headers):
    """Return an async iterator over a request's body, or None when it has none."""
    if not any(name in ("content-length", "transfer-encoding") for name, _value in headers):
        return None

    async def chunks():
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ConnectionResetError("the visitor went away")
            if message.get("body"):
                yield message["body"]
            if not message.get("more_body"):
                return

    return chunks()
