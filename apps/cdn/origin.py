"""Fetch from an origin: pooled HTTP/1.1 over asyncio, signed for private buckets, bodies as they arrive.

An *answer* is status, fields and a body still on its way. Errors of the way there (nobody listens,
silence, broken HTTP) become OriginFailed with the status that CloudFront answers: 502, 504.
h11 keeps the protocol honest; it does no I/O itself, which leaves the waiting and the backpressure to us.
"""

import asyncio
import hashlib
import hmac
import ssl
import time
from datetime import UTC, datetime
from urllib.parse import quote, unquote

import h11

IDLE_SECONDS = 4  # shorter than any server's keep-alive, so that a reused connection is rarely a dead one
IDLE_CONNECTIONS = 32  # kept for one origin
READ = 256 * 1024
FIELD_BYTES = 64 * 1024  # fields of one answer; CloudFront's own limit is lower
BODYLESS_RETRY = frozenset(("GET", "HEAD", "OPTIONS"))


class OriginFailed(Exception):
    """The origin gave no answer. status: what the edge answers; str(): why, in a sentence."""

    def __init__(self, status, why):
        super().__init__(why)
        self.status = status


class Connection:
    """One connection to an origin."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer
        self.http = h11.Connection(h11.CLIENT, max_incomplete_event_size=FIELD_BYTES)
        self.idle_since = time.monotonic()
        self.used = False

    async def send(self, event):
        data = self.http.send(event)
        if data:
            self.writer.write(data)
            await self.writer.drain()

    async def next_event(self, timeout):
        """Return the next event of the answer. Errors: TimeoutError, OSError, h11.RemoteProtocolError."""
        while True:
            event = self.http.next_event()
            if event is not h11.NEED_DATA:
                return event
            async with asyncio.timeout(timeout):
                self.http.receive_data(await self.reader.read(READ))

    def close(self):
        self.writer.close()

    @property
    def alive(self):
        idle = time.monotonic() - self.idle_since
        return idle < IDLE_SECONDS and not self.reader.at_eof() and not self.writer.is_closing()


class Answer:
    """What an origin answered. headers: [(lower-case name, value)]; chunks(): the body, once."""

    def __init__(self, pool, origin, connection, response, waited_seconds):
        self.status = response.status_code
        self.headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers]
        self.waited_seconds = waited_seconds
        self._pool, self._origin, self._connection = pool, origin, connection

    async def chunks(self):
        """Yield the body. Errors: OriginFailed when it breaks off."""
        connection, whole = self._connection, False
        try:
            while True:
                event = await connection.next_event(self._origin.read_timeout_seconds)
                if type(event) is h11.Data:
                    yield bytes(event.data)
                elif type(event) is h11.EndOfMessage:
                    whole = True
                    return
                else:
                    raise OriginFailed(502, "The origin closed the connection in the middle of its answer.")
        except TimeoutError:
            raise OriginFailed(504, "The origin stopped sending in the middle of its answer.") from None
        except (OSError, h11.RemoteProtocolError) as err:
            raise OriginFailed(502, f"The origin's answer broke off ({err}).") from None
        finally:
            self._pool.give_back(self._origin, connection, whole)

    def close(self):
        """Give up the rest of the body."""
        self._connection.close()


class Pool:
    """Connections to origins, reused while they are warm."""

    def __init__(self):
        self.idle = {}

    def give_back(self, origin, connection, whole):
        free = self.idle.setdefault(origin.connect, [])
        reusable = whole and connection.http.our_state is h11.DONE and connection.http.their_state is h11.DONE
        if not reusable or len(free) >= IDLE_CONNECTIONS:
            connection.close()
            return
        connection.http.start_next_cycle()
        connection.idle_since = time.monotonic()
        connection.used = True
        free.append(connection)

    async def _connect(self, origin, fresh):
        free = self.idle.get(origin.connect, [])
        while free and not fresh:
            connection = free.pop()
            if connection.alive:
                return connection
            connection.close()
        for attempt in range(origin.attempts):
            try:
                async with asyncio.timeout(origin.connect_timeout_seconds):
                    return Connection(*await asyncio.open_connection(*origin.connect, limit=READ))
            except (OSError, TimeoutError) as err:
                last = attempt + 1 == origin.attempts
                if last and isinstance(err, TimeoutError):
                    raise OriginFailed(504, f"{origin.domain} did not accept a connection in time.") from None
                if last:
                    raise OriginFailed(502, f"Nobody listens at {origin.domain} ({err.strerror or err}).") from None
                await asyncio.sleep(0.05)
        raise OriginFailed(502, f"{origin.domain} was not tried.")

    async def fetch(self, origin, method, target, headers, body=None):
        """Send a request and return its Answer, whose body must be read or closed.

        target: path and query as they go on the wire. headers: without Host. body: an async iterator
        of bytes, or None. Errors: OriginFailed.
        """
        if origin.refusal:
            raise OriginFailed(502, origin.refusal)
        fields = [("host", origin.host), *headers]
        for fresh in (False, True):
            connection = await self._connect(origin, fresh)
            try:
                return await self._exchange(origin, connection, method, target, fields, body)
            except TimeoutError:
                connection.close()
                seconds = origin.read_timeout_seconds
                raise OriginFailed(504, f"The origin said nothing for {seconds:g} s.") from None
            except (OSError, h11.RemoteProtocolError, ssl.SSLError) as err:
                connection.close()
                # A connection that was warm may have been closed under us: once more, on a new one.
                if not (connection.used and not fresh and body is None and method in BODYLESS_RETRY):
                    raise OriginFailed(502, f"The origin did not answer in HTTP ({err}).") from None
            except h11.LocalProtocolError as err:
                connection.close()
                raise OriginFailed(502, f"The request cannot be put in HTTP ({err}).") from None
            except BaseException:
                connection.close()
                raise
        raise OriginFailed(502, "The origin closed the connection.")

    async def _exchange(self, origin, connection, method, target, fields, body):
        started = time.monotonic()
        await connection.send(h11.Request(method=method, target=target, headers=fields))
        if body is not None:
            async for chunk in body:
                await connection.send(h11.Data(data=chunk))
        await connection.send(h11.EndOfMessage())
        while True:
            event = await connection.next_event(origin.read_timeout_seconds)
            if type(event) is h11.Response:
                if sum(len(name) + len(value) for name, value in event.headers) > FIELD_BYTES:
                    raise h11.RemoteProtocolError(f"fields of more than {FIELD_BYTES:,} bytes")
                return Answer(self, origin, connection, event, time.monotonic() - started)
            if type(event) is not h11.InformationalResponse:
                raise h11.RemoteProtocolError("no answer")

    def close(self):
        for free in self.idle.values():
            for connection in free:
                connection.close()
        self.idle.clear()


def bucket_path(path):
    """Return a path in S3's own spelling, as its signature is made over it.

    >>> bucket_path("/a b/c%2Fd+e(1).jpg")
    '/a%20b/c%2Fd%2Be%281%29.jpg'
    """
    return "/".join(
        quote(unquote(part, errors="surrogateescape"), safe="-_.~", errors="surrogateescape")
        for part in path.split("/")
    )


def sign(headers, method, host, path, query, region, credentials, now=None):
    """Return headers with a SigV4 Authorization for S3, the body unsigned.

    credentials: (access key id, secret, session token). path: as bucket_path() gives it.
    now: real time; signatures never use a lab's clock.
    Source: Signature Version 4 signing process, header method.
    """
    key_id, secret, token = credentials
    stamp = (now or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{stamp[:8]}/{region}/s3/aws4_request"
    own = {
        "host": host,
        "x-amz-content-sha256": "UNSIGNED-PAYLOAD",
        "x-amz-date": stamp,
        "x-amz-security-token": token,
    }
    pairs = sorted(pair.partition("=")[::2] for pair in query.split("&")) if query else []
    spelled = "&".join(f"{quote(unquote(n), safe='-_.~')}={quote(unquote(v), safe='-_.~')}" for n, v in pairs)
    fields = "".join(f"{name}:{value}\n" for name, value in sorted(own.items()))
    names = ";".join(sorted(own))
    canonical = f"{method}\n{path}\n{spelled}\n{fields}\n{names}\nUNSIGNED-PAYLOAD"
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode('utf-8', 'surrogateescape')).hexdigest()}"
    step = f"AWS4{secret}".encode()
    for part in (stamp[:8], region, "s3", "aws4_request", text):
        step = hmac.new(step, part.encode(), hashlib.sha256).digest()
    authorization = f"AWS4-HMAC-SHA256 Credential={key_id}/{scope}, SignedHeaders={names}, Signature={step.hex()}"
    kept = [(name, value) for name, value in headers if name not in own and name != "authorization"]
    return [*kept, *((n, v) for n, v in own.items() if n != "host"), ("authorization", authorization)]
