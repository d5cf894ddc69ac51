"""Checksums: every algorithm in a header and in a trailer, of objects, of parts, and of what is made of parts."""

import base64
import hashlib
import zlib
from urllib.parse import urlsplit

import awscrt.checksums
import boto3
import pytest
from botocore.config import Config

from tests.buckets.asking import MIB, body_of, new_bucket, refused
from tests.faults import raw

ALGORITHMS = {
    "CRC32": lambda data: zlib.crc32(data).to_bytes(4, "big"),
    "CRC32C": lambda data: awscrt.checksums.crc32c(data).to_bytes(4, "big"),
    "CRC64NVME": lambda data: awscrt.checksums.crc64nvme(data).to_bytes(8, "big"),
    "SHA1": lambda data: hashlib.sha1(data).digest(),
    "SHA256": lambda data: hashlib.sha256(data).digest(),
}
PARTS = [b"a" * 5 * MIB, b"b" * 5 * MIB, b"c" * 7]


def of(algorithm, data):
    return base64.b64encode(ALGORITHMS[algorithm](data)).decode()


def of_parts(algorithm, bodies):
    whole = ALGORITHMS[algorithm](b"".join(ALGORITHMS[algorithm](body) for body in bodies))
    return f"{base64.b64encode(whole).decode()}-{len(bodies)}"


@pytest.fixture(scope="module")
def s3(module_account):
    """Return a client that adds no checksum of its own."""
    return boto3.client(
        "s3",
        endpoint_url=module_account.stack.aws_url,
        region_name="us-east-1",
        aws_access_key_id=module_account.access_key,
        aws_secret_access_key=module_account.secret_key,
        config=Config(
            s3={"addressing_style": "path"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


@pytest.fixture(scope="module")
def bucket(s3):
    return new_bucket(s3)


def told(s3, bucket, key, **more):
    """Return {algorithm: checksum} and the type that a read tells when asked."""
    head = s3.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED", **more)
    found = {name.removeprefix("Checksum"): value for name, value in head.items() if name.startswith("Checksum")}
    return found, found.pop("Type", None)


# -- objects -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"", b"small", b"large" * 20_000], ids=["empty", "small", "large"])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_checksum_in_a_header_is_checked_kept_and_told(s3, bucket, algorithm, body):
    where, name = {"Bucket": bucket, "Key": "header"}, f"Checksum{algorithm}"
    s3.put_object(**where, Body=b"before")

    with refused("BadDigest", 400):
        s3.put_object(**where, Body=body, **{name: of(algorithm, body + b"x")})
    assert body_of(s3, bucket, "header") == b"before"

    put = s3.put_object(**where, Body=body, **{name: of(algorithm, body)})

    assert put[name] == of(algorithm, body) and put["ChecksumType"] == "FULL_OBJECT"
    assert told(s3, bucket, "header") == ({algorithm: of(algorithm, body)}, "FULL_OBJECT")
    assert name not in s3.head_object(**where)  # only who asks is told
    asked = s3.get_object_attributes(**where, ObjectAttributes=["Checksum"])["Checksum"]
    assert asked == {name: of(algorithm, body), "ChecksumType": "FULL_OBJECT"}
    assert s3.list_objects_v2(Bucket=bucket, Prefix="header")["Contents"][0]["ChecksumAlgorithm"] == [algorithm]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_checksum_in_a_trailer_is_checked_and_kept(module_account, s3, bucket, algorithm):
    address = urlsplit(module_account.stack.aws_url)
    connection = raw.Connection(address.hostname, address.port)
    key, body = raw.Key(module_account.access_key, module_account.secret_key), b"in chunks " * 3000
    name = f"x-amz-checksum-{algorithm.lower()}"

    def send(trailer, announced=name):
        sent = raw.Sent("PUT", f"/{bucket}/trailer", headers=[("Host", address.netloc)])
        sent = raw.chunked(sent, key, body, [16384, len(body) - 16384], f"{announced}:x")
        sent.body = sent.body.replace(f"{announced}:x".encode(), trailer.encode())
        sent.put("Content-Length", str(len(sent.body)))
        status, _headers, answer = connection.send(sent)
        return status, answer

    assert send(f"{name}:{of(algorithm, body)}")[0] == 200
    assert told(s3, bucket, "trailer")[0] == {algorithm: of(algorithm, body)}
    assert body_of(s3, bucket, "trailer") == body
    for trailer, code in (
        (f"{name}:{of(algorithm, b'other')}", b"BadDigest"),
        (f"{name}:", b"BadDigest"),
        (f"{name}:%%%", b"BadDigest"),
        ("x-amz-other:1", b"InvalidRequest"),
    ):
        status, answer = send(trailer)
        assert status == 400 and code in answer, (trailer, answer)
    assert told(s3, bucket, "trailer")[0] == {algorithm: of(algorithm, body)}
    connection.close()


def test_without_a_checksum_s3_makes_its_own(s3, bucket):
    s3.put_object(Bucket=bucket, Key="none", Body=b"x" * 5000)

    assert told(s3, bucket, "none") == ({"CRC64NVME": of("CRC64NVME", b"x" * 5000)}, "FULL_OBJECT")


def test_content_md5(s3, bucket):
    right, wrong = (base64.b64encode(hashlib.md5(body).digest()).decode() for body in (b"x", b"y"))

    s3.put_object(Bucket=bucket, Key="md5", Body=b"x", ContentMD5=right)
    with refused("BadDigest", 400):
        s3.put_object(Bucket=bucket, Key="md5", Body=b"x", ContentMD5=wrong)
    for nonsense in ("x", "AAAA", base64.b64encode(b"short").decode()):
        with refused("InvalidDigest", 400):
            s3.put_object(Bucket=bucket, Key="md5", Body=b"x", ContentMD5=nonsense)


def test_two_checksums_at_once_are_refused(s3, bucket):
    two = {"ChecksumCRC32": of("CRC32", b"x"), "ChecksumSHA1": of("SHA1", b"x")}

    with refused("InvalidRequest", 400):
        s3.put_object(Bucket=bucket, Key="two", Body=b"x", **two)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_copy_keeps_the_checksum_or_makes_the_one_asked_for(s3, bucket, algorithm):
    body = b"copied" * 2000
    s3.put_object(Bucket=bucket, Key="from", Body=body, ChecksumSHA1=of("SHA1", body))
    copy = {"Bucket": bucket, "Key": "to", "CopySource": f"{bucket}/from"}

    kept = s3.copy_object(**copy)["CopyObjectResult"]
    made = s3.copy_object(**copy, ChecksumAlgorithm=algorithm)["CopyObjectResult"]

    assert kept["ChecksumSHA1"] == of("SHA1", body)
    assert made[f"Checksum{algorithm}"] == of(algorithm, body)
    assert told(s3, bucket, "to")[0] == {algorithm: of(algorithm, body)}


def test_a_range_tells_no_checksum_of_the_whole(s3, bucket):
    s3.put_object(Bucket=bucket, Key="range", Body=b"0123456789")

    got = s3.get_object(Bucket=bucket, Key="range", Range="bytes=0-3", ChecksumMode="ENABLED")

    assert not [name for name in got if name.startswith("Checksum")]


# -- uploads in parts ----------------------------------------------------------------------------------


def begin(s3, bucket, key, algorithm, kind=None):
    more = {"ChecksumType": kind} if kind else {}
    made = s3.create_multipart_upload(Bucket=bucket, Key=key, ChecksumAlgorithm=algorithm, **more)
    assert (made["ChecksumAlgorithm"], made["ChecksumType"]) == (algorithm, kind or made["ChecksumType"])
    return {"Bucket": bucket, "Key": key, "UploadId": made["UploadId"]}


def send(s3, where, algorithm, bodies=PARTS):
    """Upload parts with their checksums. Returns Parts of a completion."""
    name, parts = f"Checksum{algorithm}", []
    for number, body in enumerate(bodies, 1):
        part = s3.upload_part(**where, PartNumber=number, Body=body, **{name: of(algorithm, body)})
        assert part[name] == of(algorithm, body)
        parts.append({"PartNumber": number, "ETag": part["ETag"], name: part[name]})
    return parts


@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "SHA1", "SHA256"])
def test_a_composite_checksum_is_of_the_parts_checksums(s3, bucket, algorithm):
    where, name = begin(s3, bucket, "composite", algorithm, "COMPOSITE"), f"Checksum{algorithm}"
    with refused("BadDigest", 400):
        s3.upload_part(**where, PartNumber=1, Body=PARTS[0], **{name: of(algorithm, b"other")})
    parts = send(s3, where, algorithm)
    listed = s3.list_parts(**where)
    assert (listed["ChecksumAlgorithm"], listed["ChecksumType"]) == (algorithm, "COMPOSITE")
    assert [one[name] for one in listed["Parts"]] == [of(algorithm, body) for body in PARTS]

    wrong = [{**parts[0], name: of(algorithm, b"other")}, *parts[1:]]
    with refused("InvalidPart", 400):
        s3.complete_multipart_upload(**where, MultipartUpload={"Parts": wrong})
    with refused("BadDigest", 400):
        s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts}, **{name: of(algorithm, b"other")})
    bare = [{"PartNumber": one["PartNumber"], "ETag": one["ETag"]} for one in parts]
    with refused("InvalidRequest", 400) as missing:
        s3.complete_multipart_upload(**where, MultipartUpload={"Parts": bare})
    assert "It was missing for part 1" in missing.value.response["Error"]["Message"]
    done = s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts}, **{name: of_parts(algorithm, PARTS)})

    assert done[name] == of_parts(algorithm, PARTS) and done["ChecksumType"] == "COMPOSITE"
    assert told(s3, bucket, "composite") == ({algorithm: of_parts(algorithm, PARTS)}, "COMPOSITE")
    second = told(s3, bucket, "composite", PartNumber=2)
    assert second == ({algorithm: of(algorithm, PARTS[1])}, "COMPOSITE")
    asked = s3.get_object_attributes(
        Bucket=bucket, Key="composite", ObjectAttributes=["ObjectParts", "Checksum"], MaxParts=2
    )["ObjectParts"]
    assert asked["TotalPartsCount"] == 3 and asked["IsTruncated"] is True and asked["NextPartNumberMarker"] == 2
    assert [one[name] for one in asked["Parts"]] == [of(algorithm, body) for body in PARTS[:2]]


@pytest.mark.parametrize("sends", [True, False], ids=["sent", "left to S3"])
@pytest.mark.parametrize("algorithm", ["CRC32", "CRC32C", "CRC64NVME"])
def test_a_full_object_checksum_is_of_all_bytes(s3, bucket, algorithm, sends):
    where, name = begin(s3, bucket, "full", algorithm, "FULL_OBJECT"), f"Checksum{algorithm}"
    if sends:
        parts = send(s3, where, algorithm)
    else:
        etags = [s3.upload_part(**where, PartNumber=n, Body=body)["ETag"] for n, body in enumerate(PARTS, 1)]
        parts = [{"PartNumber": n, "ETag": etag} for n, etag in enumerate(etags, 1)]

    whole = of(algorithm, b"".join(PARTS))
    with refused("BadDigest", 400):
        s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts}, **{name: of(algorithm, b"other")})
    s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts}, **{name: whole})

    assert told(s3, bucket, "full") == ({algorithm: whole}, "FULL_OBJECT")


def test_an_upload_that_names_none_gets_one_of_all_bytes(s3, bucket):
    where = {"Bucket": bucket, "Key": "unnamed"}
    where["UploadId"] = s3.create_multipart_upload(**where)["UploadId"]
    etags = [s3.upload_part(**where, PartNumber=n, Body=body)["ETag"] for n, body in enumerate(PARTS, 1)]

    listed = [{"PartNumber": n, "ETag": etag} for n, etag in enumerate(etags, 1)]
    s3.complete_multipart_upload(**where, MultipartUpload={"Parts": listed})

    assert told(s3, bucket, "unnamed") == ({"CRC64NVME": of("CRC64NVME", b"".join(PARTS))}, "FULL_OBJECT")


@pytest.mark.parametrize(
    ("algorithm", "kind"),
    [("CRC64NVME", "COMPOSITE"), ("SHA1", "FULL_OBJECT"), ("SHA256", "FULL_OBJECT"), ("MD4", None), ("CRC32", "HALF")],
)
def test_types_that_an_algorithm_lacks_are_refused(s3, bucket, algorithm, kind):
    with refused("InvalidRequest", 400):
        begin(s3, bucket, "bad", algorithm, kind)


def test_a_part_has_its_uploads_algorithm(s3, bucket):
    where = begin(s3, bucket, "mixed", "SHA256")

    for more, sent in (({"ChecksumCRC32": of("CRC32", b"x")}, "crc32"), ({}, "null")):
        with refused("InvalidRequest", 400) as error:
            s3.upload_part(**where, PartNumber=1, Body=b"x", **more)
        assert error.value.response["Error"]["Message"].endswith(
            f"expected checksum Type: sha256, actual checksum Type: {sent}"
        )
    full = begin(s3, bucket, "mixed", "CRC32", "FULL_OBJECT")
    with refused("InvalidRequest", 400):
        s3.upload_part(**full, PartNumber=1, Body=b"x", ChecksumCRC32C=of("CRC32C", b"x"))


def test_a_declared_size_must_be_the_objects(s3, bucket):
    where = {"Bucket": bucket, "Key": "sized"}
    where["UploadId"] = s3.create_multipart_upload(**where)["UploadId"]
    listed = {"Parts": [{"PartNumber": 1, "ETag": s3.upload_part(**where, PartNumber=1, Body=b"four")["ETag"]}]}

    with refused("InvalidRequest", 400):
        s3.complete_multipart_upload(**where, MultipartUpload=listed, MpuObjectSize=5)
    s3.complete_multipart_upload(**where, MultipartUpload=listed, MpuObjectSize=4)
