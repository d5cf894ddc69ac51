"""The first middleware: answers the AWS port; everything else is the console's.

It reads the WSGI environment itself, because Django decodes the path and would buffer the body.
"""

from django.conf import settings
from django.http import FileResponse, HttpResponse, StreamingHttpResponse

from apps.functions import downloads
from playground import endpoints, health, hosts
from playground.wire.http import Request, Response, Stream


def aws_endpoint(get_response):
    """Return Django's next handler, with the AWS port answered before it."""
    aws_port = str(settings.AWS_PORT)

    def answer(request):
        if request.META.get("SERVER_PORT") != aws_port:
            return get_response(request)
        path = request.META.get("PATH_INFO", "")
        if path == "/healthz":
            return health.healthz(request)
        if path.startswith(downloads.PREFIX):
            return package(path.removeprefix(downloads.PREFIX))
        return to_django(serve(from_environ(request.META)), request)

    return answer


def package(token):
    """Answer the zip of a function to whoever holds a token that GetFunction gave a moment ago."""
    file = downloads.zip_file(token)
    if file is None:
        return HttpResponse("The link is not valid any more.", status=403, content_type="text/plain")
    return FileResponse(open(file, "rb"), content_type="application/zip", as_attachment=True, filename="code.zip")  # noqa: SIM115


def from_environ(environ):
    """Return a wire Request from the WSGI environment, path and query as the client sent them."""
    target = environ.get("RAW_URI") or environ.get("REQUEST_URI") or environ["PATH_INFO"]
    if not target.startswith("/"):
        target = "/" + target.partition("://")[2].partition("/")[2]
    raw_path, _, query = target.partition("?")
    headers = [
        (name[5:].replace("_", "-").lower(), value.encode("latin-1").decode("utf-8", "replace"))
        for name, value in environ.items()
        if name.startswith("HTTP_")
    ]
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(name):
            headers.append((name.lower().replace("_", "-"), environ[name]))
    return Request(
        environ["REQUEST_METHOD"],
        raw_path,
        query,
        headers,
        environ["wsgi.input"],
        environ.get("wsgi.url_scheme", "http"),
        environ.get("HTTP_HOST", ""),
        environ.get("REMOTE_ADDR", "127.0.0.1"),
    )


def serve(request):
    """Answer a wire request: the service by its host, then endpoints."""
    target = hosts.aws_target(request.host, request.header, request.first, request.raw_path)
    joined = endpoints.WEBSITE if target.service == "website" else endpoints.SERVICES.get(target.service)
    if joined is None:
        body = (
            f'{{"__type":"NotImplemented","message":"The service {target.service} is not built in this playground."}}'
        )
        return Response(501, [("Content-Type", "application/json")], body.encode())
    if target.bucket:
        request.bucket = target.bucket
    response = endpoints.serve(request, joined, target.region)
    if target.service == "s3" and not target.bucket:
        # Path style lives on the console's own host name, and cookies ignore ports: a page that somebody
        # stored must not run there as the console.
        response.headers.append(("Content-Security-Policy", "sandbox"))
    return response


def to_django(response, request):
    """Return a Django response without headers that the service would not send."""
    body = response.body
    head = request.META["REQUEST_METHOD"] == "HEAD"
    if isinstance(body, Stream):
        out, length = HttpResponse() if head else StreamingHttpResponse(body.pieces), body.length
    elif isinstance(body, bytes):
        out, length = HttpResponse(b"" if head else body), len(body)
    else:
        out, length = StreamingHttpResponse(body), None
    out.status_code = response.status
    for name in list(out.headers):
        del out.headers[name]
    for name, value in response.headers:
        out.headers[name] = value
    if length is not None and "Content-Length" not in out.headers and response.status not in (204, 304):
        out.headers["Content-Length"] = str(length)
    return out
