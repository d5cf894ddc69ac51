"""Objects through boto3: bytes, ranges, conditions, metadata, odd keys, copies, deletions, checksums."""

import base64
import hashlib
import io
import threading
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

ODD_KEYS = [
    "plus+and%25",
    "a b",
    "ü/日本.txt",
    "/leading",
    "..",
    "a/../b",
    "semi;colon&amp",
    "trailing/",
    "?q=1#f",
    "~!$'()*",
]


@pytest.fixture(scope="module")
def s3(module_account):
    return module_account.client("s3")


@pytest.fixture(scope="module")
def bucket(module_account, s3):
    name = f"objects-{module_account.account_id}"
    s3.create_bucket(Bucket=name)
    return name


def code(error):
    return error.value.response["Error"]["Code"], error.value.response["ResponseMetadata"]["HTTPStatusCode"]


@pytest.mark.parametrize("key", ODD_KEYS)
def test_an_odd_key_is_kept_as_it_is(s3, bucket, key):
    s3.put_object(Bucket=bucket, Key=key, Body=key.encode())

    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == key.encode()
    assert key in [one["Key"] for one in s3.list_objects_v2(Bucket=bucket)["Contents"]]
    s3.delete_object(Bucket=bucket, Key=key)


def test_a_key_has_at_most_1024_bytes(s3, bucket):
    s3.put_object(Bucket=bucket, Key="é" * 512, Body=b"")

    with pytest.raises(ClientError) as refused:
        s3.put_object(Bucket=bucket, Key="é" * 513, Body=b"")

    assert code(refused) == ("KeyTooLongError", 400)


def test_metadata_and_headers_come_back(s3, bucket):
    said = {"ContentType": "text/x-test", "CacheControl": "max-age=5", "ContentDisposition": "attachment"}
    s3.put_object(Bucket=bucket, Key="m", Body=b"x", Metadata={"Colour": "blue"}, ContentEncoding="gzip", **said)

    head = s3.head_object(Bucket=bucket, Key="m")

    assert {name: head[name] for name in said} == said
    assert head["Metadata"] == {"colour": "blue"} and head["ContentEncoding"] == "gzip"
    assert head["ETag"] == f'"{hashlib.md5(b"x").hexdigest()}"' and head["ContentLength"] == 1
    with pytest.raises(ClientError) as refused:
        s3.put_object(Bucket=bucket, Key="m", Body=b"", Metadata={"long": "x" * 2100})
    assert code(refused)[0] == "MetadataTooLarge"


@pytest.mark.parametrize(
    ("asked", "body", "told"),
    [
        ("bytes=0-3", b"0123", "bytes 0-3/10"),
        ("bytes=7-", b"789", "bytes 7-9/10"),
        ("bytes=-2", b"89", "bytes 8-9/10"),
        ("bytes=5-99", b"56789", "bytes 5-9/10"),
    ],
)
def test_a_range_is_answered_in_part(s3, bucket, asked, body, told):
    s3.put_object(Bucket=bucket, Key="r", Body=b"0123456789")

    answer = s3.get_object(Bucket=bucket, Key="r", Range=asked)

    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert answer["Body"].read() == body and answer["ContentRange"] == told


def test_a_range_behind_the_end_is_416(s3, bucket):
    s3.put_object(Bucket=bucket, Key="r", Body=b"0123456789")

    with pytest.raises(ClientError) as refused:
        s3.get_object(Bucket=bucket, Key="r", Range="bytes=10-20")

    assert code(refused) == ("InvalidRange", 416)


def test_conditions_of_a_read(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="c", Body=b"x")["ETag"]
    soon, ago = datetime.now(UTC) + timedelta(hours=1), datetime.now(UTC) - timedelta(hours=1)

    for condition in (
        {"IfMatch": etag},
        {"IfNoneMatch": '"other"'},
        {"IfModifiedSince": ago},
        {"IfUnmodifiedSince": soon},
    ):
        assert s3.get_object(Bucket=bucket, Key="c", **condition)["Body"].read() == b"x"
    for condition, status in (
        ({"IfNoneMatch": etag}, 304),
        ({"IfModifiedSince": soon}, 304),
        ({"IfMatch": '"other"'}, 412),
        ({"IfUnmodifiedSince": ago}, 412),
    ):
        with pytest.raises(ClientError) as refused:
            s3.get_object(Bucket=bucket, Key="c", **condition)
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == status


def test_a_conditional_write_does_not_overwrite(s3, bucket):
    s3.put_object(Bucket=bucket, Key="once", Body=b"first", IfNoneMatch="*")

    with pytest.raises(ClientError) as refused:
        s3.put_object(Bucket=bucket, Key="once", Body=b"second", IfNoneMatch="*")

    assert code(refused) == ("PreconditionFailed", 412)
    assert s3.get_object(Bucket=bucket, Key="once")["Body"].read() == b"first"


def test_a_copy_keeps_or_replaces_metadata(s3, bucket):
    s3.put_object(Bucket=bucket, Key="from", Body=b"copy me", Metadata={"a": "1"}, ContentType="text/plain")

    s3.copy_object(Bucket=bucket, Key="kept +1", CopySource={"Bucket": bucket, "Key": "from"})
    s3.copy_object(
        Bucket=bucket,
        Key="new",
        CopySource={"Bucket": bucket, "Key": "kept +1"},
        Metadata={"b": "2"},
        MetadataDirective="REPLACE",
    )

    assert s3.head_object(Bucket=bucket, Key="kept +1")["Metadata"] == {"a": "1"}
    assert s3.head_object(Bucket=bucket, Key="new")["Metadata"] == {"b": "2"}
    s3.delete_object(Bucket=bucket, Key="from")
    assert s3.get_object(Bucket=bucket, Key="new")["Body"].read() == b"copy me"
    with pytest.raises(ClientError) as refused:
        s3.copy_object(Bucket=bucket, Key="new", CopySource={"Bucket": bucket, "Key": "new"})
    assert code(refused)[0] == "InvalidRequest"


def test_many_are_deleted_and_what_is_missing_is_no_error(s3, bucket):
    for number in range(5):
        s3.put_object(Bucket=bucket, Key=f"del/{number}", Body=b"")

    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": f"del/{n}"} for n in range(7)]})

    assert len(answer["Deleted"]) == 7 and "Errors" not in answer
    assert s3.list_objects_v2(Bucket=bucket, Prefix="del/")["KeyCount"] == 0


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"])
def test_a_checksum_is_checked_kept_and_told(s3, bucket, algorithm):
    body = b"check me" * 1000
    put = s3.put_object(Bucket=bucket, Key="sum", Body=io.BytesIO(body), ChecksumAlgorithm=algorithm)

    got = s3.get_object(Bucket=bucket, Key="sum", ChecksumMode="ENABLED")

    assert got[f"Checksum{algorithm}"] == put[f"Checksum{algorithm}"] and got["Body"].read() == body
    with pytest.raises(ClientError) as refused:
        size = {"CRC32": 4, "CRC32C": 4, "CRC64NVME": 8, "SHA1": 20, "SHA256": 32}[algorithm]
        wrong = base64.b64encode(b"\0" * size).decode()
        s3.put_object(Bucket=bucket, Key="sum", Body=b"other", **{f"Checksum{algorithm}": wrong})
    assert code(refused) == ("BadDigest", 400)


def test_writers_of_one_key_never_mix(s3, bucket, module_account):
    bodies = [bytes([65 + n]) * 300_000 for n in range(4)]
    clients = [module_account.client("s3") for _ in bodies]
    stop = threading.Event()
    mixed = []

    def write(client, body):
        for _ in range(6):
            client.put_object(Bucket=bucket, Key="race", Body=body)

    def read():
        while not stop.is_set():
            body = s3.get_object(Bucket=bucket, Key="race")["Body"].read()
            if body not in bodies:
                mixed.append(body)

    s3.put_object(Bucket=bucket, Key="race", Body=bodies[0])
    reader = threading.Thread(target=read)
    reader.start()
    writers = [threading.Thread(target=write, args=pair) for pair in zip(clients, bodies, strict=True)]
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    reader.join()

    assert not mixed
    assert s3.get_object(Bucket=bucket, Key="race")["Body"].read() in bodies


def test_a_stored_page_never_runs_as_the_console(module_account, s3, bucket):
    """Cookies ignore ports: on the host name that the console uses too, stored content is sandboxed."""
    s3.put_object(Bucket=bucket, Key="page.html", Body=b"<script>alert(1)</script>", ContentType="text/html")

    headers = s3.get_object(Bucket=bucket, Key="page.html")["ResponseMetadata"]["HTTPHeaders"]

    assert headers["content-security-policy"] == "sandbox"
