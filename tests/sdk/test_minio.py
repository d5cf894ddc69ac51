"""The MinIO Python client, told an endpoint, a key and nothing else."""

import io
import urllib.request
from datetime import timedelta

import minio
import pytest
from minio.commonconfig import ComposeSource, CopySource
from minio.deleteobjects import DeleteObject
from minio.versioningconfig import ENABLED, VersioningConfig

from tests.sdk.conftest import LARGE, MIB, SMALL


@pytest.fixture
def client(account):
    return minio.Minio(
        endpoint=account.stack.aws_url.removeprefix("http://"),
        access_key=account.access_key,
        secret_key=account.secret_key,
        secure=False,
    )


def read(client, bucket, key, **more):
    answer = client.get_object(bucket_name=bucket, object_name=key, **more)
    try:
        return answer.read()
    finally:
        answer.close()
        answer.release_conn()


def test_files_go_up_in_one_and_in_parts_and_come_back(client, account, folder):
    bucket = f"minio-{account.account_id}"
    client.make_bucket(bucket_name=bucket, location="eu-west-1")
    client.put_object(bucket_name=bucket, object_name="a é+&.txt", data=io.BytesIO(SMALL), length=len(SMALL),
                      content_type="text/plain", metadata={"city": "Lima"})  # fmt: skip
    client.fput_object(bucket_name=bucket, object_name="large", file_path=str(folder / "large.bin"))
    client.put_object(bucket_name=bucket, object_name="piped", data=io.BytesIO(LARGE), length=-1, part_size=5 * MIB)
    client.fget_object(bucket_name=bucket, object_name="large", file_path=str(folder / "back.bin"))

    told = client.stat_object(bucket_name=bucket, object_name="a é+&.txt")
    assert (told.size, told.content_type, told.metadata["x-amz-meta-city"]) == (len(SMALL), "text/plain", "Lima")
    assert (folder / "back.bin").read_bytes() == read(client, bucket, "piped") == LARGE
    assert read(client, bucket, "a é+&.txt") == SMALL
    assert read(client, bucket, "large", offset=5 * MIB - 3, length=10) == LARGE[5 * MIB - 3 :][:10]
    assert [one.object_name for one in client.list_objects(bucket_name=bucket)] == ["a é+&.txt", "large", "piped"]
    assert bucket in [one.name for one in client.list_buckets()]


def test_copies_and_compositions(client, bucket):
    client.put_object(bucket_name=bucket, object_name="one", data=io.BytesIO(LARGE), length=len(LARGE))
    client.put_object(bucket_name=bucket, object_name="two", data=io.BytesIO(SMALL), length=len(SMALL))

    client.copy_object(bucket_name=bucket, object_name="copy", source=CopySource(bucket_name=bucket, object_name="one"))
    sources = [ComposeSource(bucket_name=bucket, object_name=key) for key in ("one", "two")]
    client.compose_object(bucket_name=bucket, object_name="both", sources=sources)

    assert read(client, bucket, "copy") == LARGE
    assert read(client, bucket, "both") == LARGE + SMALL


def test_presigned_urls(client, bucket):
    put = client.presigned_put_object(bucket_name=bucket, object_name="a b", expires=timedelta(minutes=1))
    with urllib.request.urlopen(urllib.request.Request(put, data=SMALL, method="PUT"), timeout=10) as answer:
        assert answer.status == 200

    get = client.presigned_get_object(bucket_name=bucket, object_name="a b", expires=timedelta(minutes=1))
    with urllib.request.urlopen(get, timeout=10) as answer:
        assert answer.read() == SMALL


def test_versions_tags_and_deletes(client, bucket):
    client.set_bucket_versioning(bucket_name=bucket, config=VersioningConfig(status=ENABLED))
    old = client.put_object(bucket_name=bucket, object_name="note", data=io.BytesIO(b"old"), length=3)
    client.put_object(bucket_name=bucket, object_name="note", data=io.BytesIO(b"new"), length=3)
    tags = minio.commonconfig.Tags.new_object_tags()
    tags["kind"] = "note"
    client.set_object_tags(bucket_name=bucket, object_name="note", tags=tags)

    assert read(client, bucket, "note", version_id=old.version_id) == b"old"
    assert client.get_object_tags(bucket_name=bucket, object_name="note") == {"kind": "note"}

    found = list(client.list_objects(bucket_name=bucket, include_version=True))
    doomed = [DeleteObject(name=one.object_name, version_id=one.version_id) for one in found]
    assert list(client.remove_objects(bucket_name=bucket, delete_object_list=doomed)) == []
    with pytest.raises(minio.error.S3Error, match="NoSuchKey"):
        client.stat_object(bucket_name=bucket, object_name="note")
    client.remove_bucket(bucket_name=bucket)
    assert not client.bucket_exists(bucket_name=bucket)
