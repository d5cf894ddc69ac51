"""The smallest WSGI application that moves bodies both ways, for choosing a server.

GET /small answers 1 KiB, GET /big a 64 MiB file through wsgi.file_wrapper where the server has
one, PUT /anything reads its body in 256 KiB pieces to a file, as an upload does.
"""

import os
import tempfile

PIECE = 256 * 1024
BIG_BYTES = 64 * 2**20
SMALL = b"x" * 1024
FOLDER = tempfile.mkdtemp(prefix="wsgi-bench-")
BIG = os.path.join(FOLDER, "big")
with open(BIG, "wb") as out:
    for _ in range(BIG_BYTES // PIECE):
        out.write(os.urandom(PIECE))


def _pieces(file):
    while piece := file.read(PIECE):
        yield piece


def application(environ, start_response):
    if environ["REQUEST_METHOD"] == "PUT":
        source, left = environ["wsgi.input"], int(environ["CONTENT_LENGTH"])
        with tempfile.TemporaryFile(dir=FOLDER) as out:
            while left > 0 and (piece := source.read(min(PIECE, left))):
                out.write(piece)
                left -= len(piece)
        start_response("200 OK" if left == 0 else "400 Bad Request", [("Content-Length", "0")])
        return [b""]
    if environ["PATH_INFO"] == "/big":
        start_response("200 OK", [("Content-Length", str(BIG_BYTES))])
        file = open(BIG, "rb")  # noqa: SIM115 - the server closes it
        wrapper = environ.get("wsgi.file_wrapper")
        return wrapper(file, PIECE) if wrapper else _pieces(file)
    start_response("200 OK", [("Content-Length", str(len(SMALL)))])
    return [SMALL]
