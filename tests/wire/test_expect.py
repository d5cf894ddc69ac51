"""Expect: 100-continue over a bare socket: refused before the body, invited when it is wanted."""

import socket
from urllib.parse import urlsplit

import pytest


@pytest.fixture
def line(stack):
    """Return a connection to the AWS port."""
    place = urlsplit(stack.aws_url)
    with socket.create_connection((place.hostname, place.port), timeout=10) as found:
        yield found


def head(line):
    """Return one answer's head, its body taken from the connection too."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += line.recv(65536)
    top, _, rest = data.partition(b"\r\n\r\n")
    sizes = [int(one.split(b":")[1]) for one in top.split(b"\r\n") if one.lower().startswith(b"content-length:")]
    while sizes and len(rest) < sizes[0]:
        rest += line.recv(65536)
    return top.decode()


def ask(target, more="", method="PUT"):
    return f"{method} {target} HTTP/1.1\r\nHost: localhost\r\n{more}\r\n".encode()


EXPECTING = "Content-Length: 5\r\nExpect: 100-continue\r\n"


def test_a_refused_upload_is_not_invited_and_its_connection_stays_in_step(line):
    line.sendall(ask("/nobodys-bucket-of-these-tests/key", EXPECTING))

    assert head(line).startswith("HTTP/1.1 404")

    line.sendall(ask("/nobodys-bucket-of-these-tests", method="GET"))
    assert head(line).startswith("HTTP/1.1 404")


def test_a_wanted_upload_is_invited_and_then_stored(line, account):
    s3 = account.client("s3", signature_version="s3v4")
    s3.create_bucket(Bucket=(bucket := f"expect-{account.account_id}"))
    url = urlsplit(s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "k"}))
    request = ask(f"{url.path}?{url.query}", EXPECTING).replace(b"Host: localhost", f"Host: {url.netloc}".encode())

    line.sendall(request)
    assert head(line).startswith("HTTP/1.1 100")
    line.sendall(b"hello")

    assert head(line).startswith("HTTP/1.1 200")
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"hello"


def test_an_expectation_that_is_none_is_passed_over(line):
    line.sendall(ask("/nobodys-bucket-of-these-tests", "Expect: 200\r\n", method="GET"))
    assert head(line).startswith("HTTP/1.1 404")
