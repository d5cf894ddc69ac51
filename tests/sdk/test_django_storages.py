"""django-storages: a Django project's files in a bucket."""

import io
import urllib.request

import pytest
from django.core.files.base import ContentFile, File
from storages.backends.s3 import S3Storage

from tests.sdk.conftest import LARGE, SMALL, content, keys


@pytest.fixture
def storage(account, bucket):
    return S3Storage(
        access_key=account.access_key,
        secret_key=account.secret_key,
        bucket_name=bucket,
        endpoint_url=account.stack.aws_url,
        region_name="us-east-1",
        signature_version="s3v4",
        location="media",
        file_overwrite=False,
    )


def test_files_are_saved_opened_listed_and_deleted(storage, account, bucket):
    first = storage.save("photos/lake.txt", ContentFile(SMALL))
    second = storage.save("photos/lake.txt", ContentFile(SMALL))
    storage.save("large.bin", File(io.BytesIO(LARGE), name="large.bin"))

    assert (first, second != first) == ("photos/lake.txt", True)
    assert storage.listdir("") == (["photos"], ["large.bin"])
    assert sorted(storage.listdir("photos")[1]) == sorted(name.removeprefix("photos/") for name in (first, second))
    with storage.open("photos/lake.txt") as source:
        assert source.read() == SMALL
    assert content(account, bucket, "media/large.bin") == LARGE
    assert storage.size("large.bin") == len(LARGE)
    assert storage.get_modified_time(first) is not None
    storage.delete(second)
    assert not storage.exists(second)
    assert keys(account, bucket) == ["media/large.bin", "media/photos/lake.txt"]


def test_a_file_is_written_in_parts(storage, account, bucket):
    with storage.open("written.bin", "wb") as target:
        for start in range(0, len(LARGE), 2**20):
            target.write(LARGE[start : start + 2**20])

    assert content(account, bucket, "media/written.bin") == LARGE
    assert "-" in account.client("s3").head_object(Bucket=bucket, Key="media/written.bin")["ETag"]


def test_its_urls_are_signed_and_open_for_anyone(storage):
    name = storage.save("a photo é.txt", ContentFile(SMALL))

    with urllib.request.urlopen(
        storage.url(name, parameters={"ResponseContentType": "text/x-lake"}), timeout=10
    ) as got:
        assert (got.read(), got.headers["Content-Type"]) == (SMALL, "text/x-lake")
