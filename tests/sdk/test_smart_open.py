"""smart_open: S3 objects as Python files, streamed both ways."""

import boto3
import pytest
import smart_open

from tests.sdk.conftest import LARGE, MIB, SMALL, content


@pytest.fixture
def opened(account, bucket):
    """Return smart_open.open for keys of the bucket."""
    session = boto3.Session(account.access_key, account.secret_key, region_name="us-east-1")
    client = session.client("s3", endpoint_url=account.stack.aws_url)

    def open_key(key, mode, **more):
        parameters = {"client": client, **more}
        return smart_open.open(f"s3://{bucket}/{key}", mode, transport_params=parameters)

    return open_key


def test_a_stream_is_written_in_parts_and_read_from_any_byte(opened, account, bucket):
    with opened("large", "wb", min_part_size=5 * MIB) as target:
        for start in range(0, len(LARGE), 3 * MIB):
            target.write(LARGE[start : start + 3 * MIB])

    with opened("large", "rb") as source:
        source.seek(9 * MIB - 3)
        assert source.read(10) == LARGE[9 * MIB - 3 :][:10]
        source.seek(0)
        assert source.read() == LARGE
    assert content(account, bucket, "large") == LARGE


def test_text_is_compressed_by_its_name(opened, account, bucket):
    with opened("cities.txt.gz", "w") as target:
        target.write(SMALL.decode() * 1000)

    with opened("cities.txt.gz", "r") as source:
        assert next(source) == SMALL.decode()
    assert content(account, bucket, "cities.txt.gz")[:2] == b"\x1f\x8b"


def test_small_writes_in_one_an_empty_file_and_a_failure_that_leaves_nothing(opened, account, bucket):
    with opened("one", "wb", multipart_upload=False) as target:
        target.write(SMALL)
    with opened("empty", "wb"):
        pass
    with pytest.raises(ZeroDivisionError), opened("failed", "wb") as target:
        target.write(SMALL)
        raise ZeroDivisionError

    listed = account.client("s3").list_objects_v2(Bucket=bucket)["Contents"]
    assert {one["Key"]: one["Size"] for one in listed} == {"one": len(SMALL), "empty": 0}
    with pytest.raises(OSError, match="NoSuchKey|does not exist"), opened("none", "rb") as source:
        source.read()
