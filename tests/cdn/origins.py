"""An origin of our own on loopback, told by each test what to answer, and the visitor who asks an edge."""

import http.client
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class Origin:
    """What the origin answers, by path, and what it was asked.

    answers: path -> dict(status, headers, body, delay, broken), or a function of the request handler
    that returns one. broken: the connection closes in the middle of the body.
    """

    def __init__(self, port):
        self.answers, self.asked, self.lock = {}, [], threading.Lock()
        origin = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                origin.answer(self)

            do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = answer

            def log_message(self, *args):
                pass

        class Server(ThreadingHTTPServer):
            request_queue_size = 256

            def handle_error(self, request, client_address):
                pass  # an edge that hangs up on a misbehaving origin is part of the play

        self.server = Server(("127.0.0.1", port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, handler):
        length = int(handler.headers.get("content-length") or 0)
        handler.received = handler.rfile.read(length)
        path = handler.path.partition("?")[0]
        with self.lock:
            self.asked.append((handler.command, handler.path, dict(handler.headers.items())))
        answer = self.answers.get(path, {"status": 404})
        if callable(answer):
            try:
                answer = answer(handler)
            except ConnectionResetError:
                handler.close_connection = True
                return
        time.sleep(answer.get("delay", 0))
        body = answer.get("body", b"")
        handler.send_response(answer.get("status", 200))
        for name, value in answer.get("headers", {}).items():
            handler.send_header(name, value)
        if answer.get("status", 200) not in (204, 304):
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if answer.get("broken"):
            handler.wfile.write(body[: len(body) // 2])
            handler.wfile.flush()
            handler.close_connection = True
            return
        if handler.command != "HEAD":
            handler.wfile.write(body)

    def requests(self, path):
        """Return what was asked for one path: [(method, path and query, headers)]."""
        with self.lock:
            return [request for request in self.asked if request[1].partition("?")[0] == path]


class Answer:
    """An HTTP answer as a visitor saw it. headers: lower-case names."""

    def __init__(self, answer):
        self.status = answer.status
        self.headers = {name.lower(): value for name, value in answer.getheaders()}
        self.body = answer.read()

    @property
    def result(self):
        return self.headers["x-cache"].partition(" ")[0]

    @property
    def pop(self):
        return self.headers["x-amz-cf-pop"][:3]

    @property
    def why(self):
        return self.headers["cache-status"]


def ask(edge_url, host, path, method="GET", visitor="London", body=None, **headers):
    """Ask an edge for a path, as a visitor somewhere (None: one who does not say where)."""
    parts = urlsplit(edge_url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if visitor is not None:
        sent["X-Visitor-Location"] = visitor
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    connection.putheader("Host", host)
    for name, value in sent.items():
        connection.putheader(name, value)
    if body is not None:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    try:
        return Answer(connection.getresponse())
    finally:
        connection.close()
