"""The edge port: a small ASGI application, run by `uvicorn playground.asgi:application --http httptools --loop uvloop`.

It answers `/healthz` under the playground's own names, and gives every other request to the edges
(apps/cdn/edge.py, the journey of a CDN request). Django is here for its settings and its ORM only;
the way of a cache hit touches neither.
"""

import asyncio
import json
import os
import time

import django
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "playground.settings")
# The rooms whose tables an edge reads; the others would only cost memory here.
ROOMS = ("contenttypes", "auth", "identity", "observability", "billing", "buckets", "cdn")
settings.INSTALLED_APPS = [name for name in settings.INSTALLED_APPS if name.rpartition(".")[2] in ROOMS]
django.setup()

from apps.cdn.cache import Cache  # noqa: E402
from apps.cdn.directory import LIVE_SECONDS, Directory, host_key  # noqa: E402
from apps.cdn.edge import Edges  # noqa: E402

OWN_NAMES = frozenset((*settings.DOMAINS, settings.HOST, "127.0.0.1", "localhost", "[", ""))


class Application:
    """The ASGI callable: lifespan, health, and the edges."""

    def __init__(self):
        self.edges = None

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            await self.lifespan(receive, send)
        elif scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
        elif scope["path"] == "/healthz" and host_key(host_of(scope)) in OWN_NAMES:
            await self.health(send)
        else:
            await self.edges.serve(scope, receive, send)

    async def lifespan(self, receive, send):
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                cache = Cache(settings.CDN_EDGE_CACHE_BYTES, settings.CDN_EDGE_DISK_BYTES)
                directory = Directory(cache)
                self.edges = Edges(directory, cache, settings.LATENCY == "real")
                directory.start(asyncio.get_running_loop())
                await send({"type": "lifespan.startup.complete"})
            else:
                await asyncio.to_thread(self.edges.directory.stop)
                await self.edges.fetcher.close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def health(self, send):
        """Answer 200 while the edges see their configuration."""
        silent = time.monotonic() - self.edges.directory.seen_at
        healthy = silent < LIVE_SECONDS
        body = {"status": "ok" if healthy else "the database cannot be read", "part": "edge"}
        data = json.dumps(body).encode()
        fields = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(data))]
        await send({"type": "http.response.start", "status": 200 if healthy else 503, "headers": fields})
        await send({"type": "http.response.body", "body": data})


def host_of(scope):
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")


application = Application()
