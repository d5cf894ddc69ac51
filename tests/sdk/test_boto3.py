"""boto3 as it comes: its transfer manager, its default checksums, every algorithm it can compute, both address styles."""

import base64
import hashlib
import io
import json
import urllib.error
import urllib.parse
import urllib.request
import zlib

import awscrt.checksums
import boto3
import botocore.exceptions
import pytest
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

from tests.sdk.conftest import LARGE, MIB, SMALL, content, keys

PART = 8 * MIB  # the transfer manager's own size
ALGORITHMS = {
    "CRC32": lambda data: zlib.crc32(data).to_bytes(4, "big"),
    "CRC32C": lambda data: awscrt.checksums.crc32c(data).to_bytes(4, "big"),
    "CRC64NVME": lambda data: awscrt.checksums.crc64nvme(data).to_bytes(8, "big"),
    "SHA1": lambda data: hashlib.sha1(data).digest(),
    "SHA256": lambda data: hashlib.sha256(data).digest(),
}


def of_whole(algorithm):
    """Return the checksum of LARGE, as the wire writes it."""
    return base64.b64encode(ALGORITHMS[algorithm](LARGE)).decode()


def of_parts(algorithm):
    """Return the checksum of the checksums of LARGE's parts, which is what COMPOSITE means."""
    digest = ALGORITHMS[algorithm]
    parts = [digest(LARGE[start : start + PART]) for start in range(0, len(LARGE), PART)]
    return f"{base64.b64encode(digest(b''.join(parts))).decode()}-{len(parts)}"


@pytest.fixture
def s3(account):
    """Return a client with nothing set but where and who."""
    return boto3.client("s3", **where(account))


def where(lab):
    return {
        "endpoint_url": lab.stack.aws_url,
        "region_name": "us-east-1",
        "aws_access_key_id": lab.access_key,
        "aws_secret_access_key": lab.secret_key,
    }


def test_the_transfer_manager_sends_and_fetches_in_parts(s3, bucket, folder):
    s3.upload_file(str(folder / "large.bin"), bucket, "large", ExtraArgs={"Metadata": {"made-by": "transfer"}})
    s3.download_file(bucket, "large", str(folder / "back.bin"))
    held = io.BytesIO()
    s3.download_fileobj(bucket, "large", held, Config=TransferConfig(multipart_threshold=MIB, multipart_chunksize=MIB))

    head = s3.head_object(Bucket=bucket, Key="large", ChecksumMode="ENABLED")
    assert (folder / "back.bin").read_bytes() == held.getvalue() == LARGE
    assert head["Metadata"] == {"made-by": "transfer"}
    assert head["ETag"].endswith('-3"')
    assert (head["ChecksumType"], head["ChecksumCRC32"]) == ("COMPOSITE", of_parts("CRC32"))


def test_an_open_stream_of_unknown_length_goes_up(s3, account, bucket):
    class Pipe(io.RawIOBase):
        """Bytes that can be read once and not sought."""

        def __init__(self):
            self.source = io.BytesIO(LARGE)

        def readable(self):
            return True

        def read(self, size=-1):
            return self.source.read(size)

    s3.upload_fileobj(Pipe(), bucket, "piped")

    assert content(account, bucket, "piped") == LARGE


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_checksum_algorithm_goes_up_in_one_and_comes_back(s3, bucket, algorithm):
    put = s3.put_object(Bucket=bucket, Key="one", Body=LARGE, ChecksumAlgorithm=algorithm)

    got = s3.get_object(Bucket=bucket, Key="one", ChecksumMode="ENABLED")
    assert got["Body"].read() == LARGE
    assert got[f"Checksum{algorithm}"] == put[f"Checksum{algorithm}"] == of_whole(algorithm)
    asked = s3.get_object_attributes(Bucket=bucket, Key="one", ObjectAttributes=["Checksum", "ObjectSize", "ETag"])
    assert asked["Checksum"][f"Checksum{algorithm}"] == put[f"Checksum{algorithm}"]
    assert (asked["ObjectSize"], asked["ETag"]) == (len(LARGE), hashlib.md5(LARGE).hexdigest())


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_checksum_algorithm_goes_up_in_parts(s3, bucket, folder, algorithm):
    s3.upload_file(str(folder / "large.bin"), bucket, "parts", ExtraArgs={"ChecksumAlgorithm": algorithm})

    got = s3.get_object(Bucket=bucket, Key="parts", ChecksumMode="ENABLED")
    full = algorithm == "CRC64NVME"  # which the service knows only of whole objects
    assert got["Body"].read() == LARGE
    assert got["ChecksumType"] == ("FULL_OBJECT" if full else "COMPOSITE")
    assert got[f"Checksum{algorithm}"] == (of_whole if full else of_parts)(algorithm)


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "CRC64NVME"])
def test_a_checksum_of_the_whole_may_be_given_ahead(s3, bucket, folder, algorithm):
    wrong = base64.b64encode(bytes(8 if algorithm == "CRC64NVME" else 4)).decode()

    s3.upload_file(str(folder / "large.bin"), bucket, "whole", ExtraArgs={f"Checksum{algorithm}": of_whole(algorithm)})
    with pytest.raises(boto3.exceptions.S3UploadFailedError, match="BadDigest"):
        s3.upload_file(str(folder / "large.bin"), bucket, "bad", ExtraArgs={f"Checksum{algorithm}": wrong})

    head = s3.head_object(Bucket=bucket, Key="whole", ChecksumMode="ENABLED")
    assert (head["ChecksumType"], head[f"Checksum{algorithm}"]) == ("FULL_OBJECT", of_whole(algorithm))


def test_a_wrong_checksum_is_refused_and_nothing_is_kept(s3, account, bucket):
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        s3.put_object(Bucket=bucket, Key="bad", Body=SMALL, ChecksumSHA256="A" * 43 + "=")

    assert refused.value.response["Error"]["Code"] == "BadDigest"
    assert keys(account, bucket) == []


def test_ranges_conditions_and_copies(s3, account, bucket):
    etag = s3.put_object(Bucket=bucket, Key="a", Body=LARGE, ContentType="image/x-lake")["ETag"]

    part = s3.get_object(Bucket=bucket, Key="a", Range="bytes=-11")
    s3.copy_object(Bucket=bucket, Key="b", CopySource={"Bucket": bucket, "Key": "a"})
    s3.copy({"Bucket": bucket, "Key": "a"}, bucket, "c", Config=TransferConfig(multipart_threshold=MIB))
    with pytest.raises(botocore.exceptions.ClientError) as unchanged:
        s3.get_object(Bucket=bucket, Key="a", IfNoneMatch=etag)
    with pytest.raises(botocore.exceptions.ClientError) as taken:
        s3.put_object(Bucket=bucket, Key="a", Body=SMALL, IfNoneMatch="*")

    assert part["Body"].read() == LARGE[-11:]
    assert content(account, bucket, "b") == content(account, bucket, "c") == LARGE
    assert s3.head_object(Bucket=bucket, Key="b")["ContentType"] == "image/x-lake"
    assert unchanged.value.response["Error"]["Code"] == "304"
    assert taken.value.response["Error"]["Code"] == "PreconditionFailed"


def test_the_paginator_the_resource_and_batch_deletes(account, bucket):
    resource = boto3.resource("s3", **where(account)).Bucket(bucket)
    names = [f"odd/{name}" for name in ("a b", "a&<b>", "ä", "plus+", "per%25cent", "q?", "#", "tab\t", "'quote\"")]
    for name in names:
        resource.put_object(Key=name, Body=name.encode())

    paged = account.client("s3").get_paginator("list_objects_v2").paginate(
        Bucket=bucket, PaginationConfig={"PageSize": 2}
    )  # fmt: skip
    listed = [one["Key"] for page in paged for one in page["Contents"]]
    read = {one.key: one.get()["Body"].read().decode() for one in resource.objects.filter(Prefix="odd/")}
    resource.objects.all().delete()

    assert listed == sorted(names, key=str.encode)
    assert read == {name: name for name in names}
    assert keys(account, bucket) == []
    resource.delete()


@pytest.mark.parametrize("style", ["path", "virtual"])
@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_presigned_urls_of_both_styles_and_both_versions(account, bucket, style, version):
    settings = where(account) | {"endpoint_url": account.stack.aws_url.replace("127.0.0.1", "s3.localhost")}
    config = Config(signature_version=version, s3={"addressing_style": style})
    client = boto3.client("s3", config=config, **settings)

    put = client.generate_presigned_url("put_object", {"Bucket": bucket, "Key": "a b"}, ExpiresIn=60)
    get = client.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "a b"}, ExpiresIn=60)
    assert fetched(put, account, method="PUT", data=SMALL) == b""
    assert fetched(get, account) == SMALL
    with pytest.raises(urllib.error.HTTPError, match="403"):
        fetched(get.replace("a%20b", "a%20c"), account)


def fetched(url, lab, **request):
    """Open a URL at loopback whatever its name, which not every system resolves below localhost."""
    parts = urllib.parse.urlsplit(url)
    asked = urllib.request.Request(
        url.replace(parts.netloc, lab.stack.aws_url.removeprefix("http://"), 1),
        headers={"Host": parts.netloc, "Content-Type": ""},
        **request,
    )
    with urllib.request.urlopen(asked, timeout=10) as answer:
        return answer.read()


def test_versions_are_kept_and_told(s3, bucket):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    old = s3.put_object(Bucket=bucket, Key="note", Body=b"old")["VersionId"]
    s3.put_object(Bucket=bucket, Key="note", Body=b"new")
    s3.delete_object(Bucket=bucket, Key="note")

    assert s3.get_object(Bucket=bucket, Key="note", VersionId=old)["Body"].read() == b"old"
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket=bucket, Key="note")


def test_a_queue_gives_back_what_it_was_sent(account):
    sqs = boto3.resource("sqs", **where(account))
    queue = sqs.create_queue(QueueName="jobs", Attributes={"VisibilityTimeout": "30"})
    body = json.dumps({"city": "Tromsø"})

    queue.send_message(MessageBody=body, MessageAttributes={"kind": {"DataType": "String", "StringValue": "city"}})
    (message,) = queue.receive_messages(WaitTimeSeconds=5, MessageAttributeNames=["All"])

    assert (message.body, message.message_attributes["kind"]["StringValue"]) == (body, "city")
    message.delete()


def test_where_acls_are_off_only_the_owner_may_say_private(s3, account, classmate, bucket):
    allowed = {"Effect": "Allow", "Principal": {"AWS": classmate.account_id}, "Action": "s3:PutObject"}
    policy = {"Version": "2012-10-17", "Statement": [{**allowed, "Resource": f"arn:aws:s3:::{bucket}/*"}]}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    foreign = boto3.client("s3", **where(classmate))

    s3.put_object(Bucket=bucket, Key="own", Body=SMALL, ACL="private")
    s3.copy_object(Bucket=bucket, Key="copy", CopySource=f"{bucket}/own", ACL="private")
    foreign.put_object(Bucket=bucket, Key="given", Body=SMALL, ACL="bucket-owner-full-control")

    for client, canned in ((s3, "public-read"), (foreign, "private")):
        with pytest.raises(botocore.exceptions.ClientError, match="AccessControlListNotSupported"):
            client.put_object(Bucket=bucket, Key="refused", Body=SMALL, ACL=canned)
    assert keys(account, bucket) == ["copy", "given", "own"]
