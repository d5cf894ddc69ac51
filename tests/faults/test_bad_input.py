"""Bad input by name: each of these was once a 500, a hang or a silent mistake, or might become one."""

import time
from urllib.parse import urlsplit

import pytest

from playground.wire import body as bodies
from playground.wire import model, parse
from playground.wire.errors import MalformedXML, SerializationException, ServiceError
from tests.buckets.asking import body_of, new_bucket
from tests.faults import mutations, raw


@pytest.fixture(scope="module")
def s3(module_account):
    return module_account.client("s3")


@pytest.fixture(scope="module")
def bucket(s3):
    name = new_bucket(s3, ObjectOwnership="ObjectWriter")
    s3.put_object(Bucket=name, Key="k", Body=b"kept")
    return name


@pytest.fixture
def ask(stack, module_account):
    """Send a request, signed; returns (status, code)."""
    address = urlsplit(stack.aws_url)
    key = raw.Key(module_account.access_key, module_account.secret_key)
    connection = raw.Connection(address.hostname, address.port)

    def send(method, target, query="", body=b"", cut=None, sign=True, **headers):
        named = [(name.replace("_", "-"), value) for name, value in headers.items()]
        sent = raw.Sent(method, target, query, [("Host", address.netloc), *named], body, cut)
        if "Content-Length" not in headers and "Transfer-Encoding" not in dict(named):
            sent.put("Content-Length", str(len(body)))
        status, _headers, told = connection.send(raw.sign(sent, key) if sign is True else sign(sent, key))
        code = told.partition(b"<Code>")[2].partition(b"</Code>")[0].decode()
        return status, code

    yield send
    connection.close()


@pytest.mark.parametrize("size", ["-5", "0x5", "1_0", "+5", " 5", "5 ", "", "²", "f" * 17, "f" * 9000, "zz"])
def test_a_chunk_whose_size_is_no_number_is_an_incomplete_body(ask, bucket, size):
    def framed(sent, key):
        found = raw.chunked(sent, key, b"x" * 20, [20], "x-amz-checksum-crc32:AAAAAA==")
        found.body = size.encode() + b"\r\n" + found.body.partition(b"\r\n")[2]
        found.put("Content-Length", str(len(found.body)))
        return found

    started = time.monotonic()

    assert ask("PUT", f"/{bucket}/chunked", sign=framed) == (400, "IncompleteBody")
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("text", ["²", "٣", "-1", "", " 1", "1_0", "9" * 20])
def test_what_is_no_length_is_known(text):
    assert not bodies.is_number(text) and bodies.is_number("0") and bodies.is_number("9" * 19)


@pytest.mark.parametrize("length", ["-1", "", "1e3", "9" * 30])
def test_a_decoded_length_that_is_no_number_is_refused(ask, bucket, length):
    def framed(sent, key):
        sent.put("x-amz-content-sha256", "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
        sent.put("x-amz-decoded-content-length", length)
        return raw.sign(sent, key)

    assert ask("PUT", f"/{bucket}/chunked", body=b"0\r\n\r\n", sign=framed) == (411, "MissingContentLength")


def test_a_trailer_without_an_end_is_not_read_for_ever(ask, bucket):
    def framed(sent, key):
        found = raw.chunked(sent, key, b"x", [1], "x-amz-checksum-crc32:AAAAAA==")
        found.body = found.body[:-2] + b"a: b\r\n" * 200_000
        found.put("Content-Length", str(len(found.body)))
        return found

    assert ask("PUT", f"/{bucket}/chunked", sign=framed) == (400, "IncompleteBody")


def test_a_body_that_ends_too_early_is_incomplete_and_leaves_what_was_there(ask, s3, bucket):
    assert ask("PUT", f"/{bucket}/k", body=b"x" * 9000, cut=5000) == (400, "IncompleteBody")
    assert ask("PUT", f"/{bucket}/k", body=b"x", cut=0) == (400, "IncompleteBody")
    assert ask("GET", f"/{bucket}/k", body=b"5\r\nab", cut=5, Transfer_Encoding="chunked") == (400, "IncompleteBody")

    assert body_of(s3, bucket, "k") == b"kept"


@pytest.mark.parametrize("declared", ["x", "0" * 63, "é" * 64, "STREAMING-X", "unsigned-payload"])
def test_a_payload_hash_that_is_none_is_refused(ask, bucket, declared):
    assert ask("PUT", f"/{bucket}/k", body=b"x", x_amz_content_sha256=declared)[0] in (400, 403, 411)


def test_a_payload_hash_of_other_bytes_is_refused(ask, bucket):
    refused = ask("PUT", f"/{bucket}/k", body=b"x", x_amz_content_sha256="0" * 64)

    assert refused == (400, "XAmzContentSHA256Mismatch")


@pytest.mark.parametrize("path", ["%FF", "a%C0%AFb", "%ED%A0%80", "%00", "a%00b", "%E2%82"])
def test_a_key_that_is_no_text_is_no_uri(ask, bucket, path):
    """Replaced by a question mark, two such keys would be one."""
    for method in ("PUT", "GET", "DELETE"):
        assert ask(method, f"/{bucket}/{path}") == (400, "InvalidURI")


def test_an_acl_that_names_another_owner_is_refused(ask, bucket):
    for target in (f"/{bucket}", f"/{bucket}/k"):
        assert ask("PUT", target, "acl", mutations.XML["acl"].encode()) == (403, "AccessDenied")


@pytest.mark.parametrize("name", ["max-keys", "partNumber"])
@pytest.mark.parametrize(
    "value", ["99999999999999999999", "-99999999999999999999", "1_0", "%D9%A3", "abc", "1.5", "9" * 3000]
)
def test_a_number_that_is_none_is_refused(ask, bucket, name, value):
    target = f"/{bucket}" if name == "max-keys" else f"/{bucket}/k"

    assert ask("GET", target, f"{name}={value}") == (400, "InvalidArgument")


@pytest.mark.parametrize("code", ["9" * 5000, "²", "300", "400", "-1"])
def test_a_redirect_code_is_one(ask, bucket, code):
    body = mutations.XML["website"].replace("301", code).encode()

    assert ask("PUT", f"/{bucket}", "website", body) == (400, "InvalidRequest")


@pytest.mark.parametrize("algorithm", ["7", "MD5", "SHA512"])
def test_a_copy_with_an_unknown_checksum_is_refused(ask, bucket, algorithm):
    refused = ask("PUT", f"/{bucket}/copy", x_amz_copy_source=f"/{bucket}/k", x_amz_checksum_algorithm=algorithm)

    assert refused == (400, "InvalidRequest")


# -- documents ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "document",
    [
        mutations.BOMB,
        mutations.EXTERNAL,
        mutations.PARAMETER_ENTITY,
        "<a>" * 33 + "</a>" * 33,
        "<a>" * 200_000,
        "<r>" + "<a/>" * parse.MAX_NODES + "</r>",
        "<a>&#0;</a>",
        "<a>&#xD800;</a>",
        "<a b='1' b='2'/>",
        "",
        "\ufeff",
        "<a/><b/>",
    ],
    ids=range(12),
)
def test_xml_that_is_a_trap_is_malformed_and_soon_said_so(document):
    started = time.monotonic()

    with pytest.raises(MalformedXML):
        parse.read_xml(document.encode())

    assert time.monotonic() - started < 2


def test_a_document_over_the_wire_has_a_limit(ask, bucket):
    large = b"<Delete>" + b" " * parse.MAX_XML_BODY + b"</Delete>"

    assert ask("POST", f"/{bucket}", "delete", large) == (400, "MaxMessageLengthExceeded")
    assert ask("PUT", f"/{bucket}", "versioning", mutations.BOMB.encode()) == (400, "MalformedXML")
    assert ask("PUT", f"/{bucket}", "tagging", mutations.EXTERNAL.encode()) == (400, "MalformedXML")


QUEUE = model.load("sqs").operation("ReceiveMessage").input_shape
LOGS = model.load("logs").operation("PutLogEvents").input_shape


@pytest.mark.parametrize(
    ("shape", "value"),
    [
        (QUEUE, {"QueueUrl": "u", "WaitTimeSeconds": 2**31}),
        (QUEUE, {"QueueUrl": "u", "WaitTimeSeconds": -(2**70)}),
        (QUEUE, {"QueueUrl": "\ud800"}),
        (QUEUE, {"QueueUrl": 5}),
        (QUEUE, []),
        (LOGS, {"logEvents": [{"timestamp": 2**63, "message": "m"}]}),
    ],
)
def test_json_that_no_type_holds_is_refused(shape, value):
    with pytest.raises(SerializationException):
        parse.from_json(shape, value)


@pytest.mark.parametrize("value", [1e300, float("nan"), float("inf"), -1e18])
def test_a_moment_that_never_comes_is_refused(value):
    shape = model.load("cloudfront").model.shape_for("timestamp")

    with pytest.raises(ServiceError):
        parse.from_json(shape, value)


def test_json_that_nests_for_ever_is_refused():
    with pytest.raises(SerializationException):
        parse.read_json(b"[" * 1_000_000)


# -- signatures ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("hours", "code"), [(-1, "RequestTimeTooSkewed"), (1, "RequestTimeTooSkewed")])
def test_a_request_signed_at_another_time_is_refused(stack, module_account, ask, bucket, hours, code):
    def by_a_wrong_clock(sent, key):
        return raw.sign(sent, raw.Key(key.access_key, key.secret, offset=hours * 3600))

    assert ask("GET", f"/{bucket}/k", sign=by_a_wrong_clock) == (403, code)


def test_a_presigned_request_ends(ask, bucket):
    def expired(sent, key):
        return raw.presign(sent, raw.Key(key.access_key, key.secret, offset=-100), "60")

    assert ask("GET", f"/{bucket}/k", sign=raw.presign) == (200, "")
    assert ask("GET", f"/{bucket}/k", sign=expired) == (403, "AccessDenied")


def test_a_replay_repeats_and_changes_nothing_else(ask, s3, bucket):
    """Within its time a request may be sent again, as with S3; with any byte changed it may not."""
    kept = {}

    def recorded(sent, key):
        kept["sent"] = raw.sign(sent, key)
        return kept["sent"]

    assert ask("PUT", f"/{bucket}/replayed", body=b"once", sign=recorded) == (200, "")
    assert ask("PUT", f"/{bucket}/replayed", sign=lambda _sent, _key: kept["sent"]) == (200, "")

    def elsewhere(_sent, _key):
        return kept["sent"].copy(target=f"/{bucket}/other")

    def other_bytes(_sent, _key):
        return kept["sent"].copy(body=b"evil")

    assert ask("PUT", "/", sign=elsewhere) == (403, "SignatureDoesNotMatch")
    assert ask("PUT", "/", sign=other_bytes) == (400, "XAmzContentSHA256Mismatch")
    assert body_of(s3, bucket, "replayed") == b"once"
