"""The smallest ASGI application: 1 KiB for every request."""

BODY = b"x" * 1024
HEADERS = [(b"content-type", b"application/octet-stream"), (b"content-length", b"1024")]


async def application(scope, receive, send):
    if scope["type"] != "http":
        return
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY})
