"""Uploads in parts: copied parts, completions asked twice and at once, what an abort frees, how they are listed."""

import threading

import pytest

from apps.billing.models import StorageLevel
from apps.buckets.models import Blob, Part
from tests.buckets.asking import MIB, body_of, new_bucket, refused, versioned, versions_of


@pytest.fixture(scope="module")
def s3(module_account):
    return module_account.client("s3")


@pytest.fixture
def bucket(s3):
    return new_bucket(s3)


def begin(s3, bucket, key="k", **more):
    made = s3.create_multipart_upload(Bucket=bucket, Key=key, **more)
    return {"Bucket": bucket, "Key": key, "UploadId": made["UploadId"]}


def send(s3, where, *bodies, first=1):
    """Upload parts. Returns the MultipartUpload of a completion."""
    parts = [
        {"PartNumber": n, "ETag": s3.upload_part(**where, PartNumber=n, Body=body)["ETag"]}
        for n, body in enumerate(bodies, first)
    ]
    return {"Parts": parts}


def level(bucket):
    """Return how many bytes the bill thinks a bucket holds now."""
    row = StorageLevel.objects.filter(resource=f"arn:aws:s3:::{bucket}").order_by("-month").first()
    return row.level_bytes if row else 0


# -- copied parts --------------------------------------------------------------------------------------


def test_parts_may_be_ranges_of_other_objects(s3, bucket):
    source = bytes(range(256)) * (6 * MIB // 256)
    s3.put_object(Bucket=bucket, Key="source", Body=source)
    where = begin(s3, bucket)

    ranges = [(0, 5 * MIB - 1), (100, 5 * MIB + 99), (len(source) - 7, len(source) - 1)]
    parts = []
    for number, (first, last) in enumerate(ranges, 1):
        answer = s3.upload_part_copy(
            **where, PartNumber=number, CopySource=f"{bucket}/source", CopySourceRange=f"bytes={first}-{last}"
        )
        parts.append({"PartNumber": number, "ETag": answer["CopyPartResult"]["ETag"]})
    s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})

    assert body_of(s3, bucket, "k") == b"".join(source[first : last + 1] for first, last in ranges)


def test_a_part_may_be_an_old_version_and_of_a_key_with_every_character(s3):
    bucket = versioned(s3)
    key = "ü/a b+c?d&e%25=#"
    old = s3.put_object(Bucket=bucket, Key=key, Body=b"old")["VersionId"]
    s3.put_object(Bucket=bucket, Key=key, Body=b"new")
    where = begin(s3, bucket)

    answer = s3.upload_part_copy(**where, PartNumber=1, CopySource={"Bucket": bucket, "Key": key, "VersionId": old})

    assert answer["CopySourceVersionId"] == old
    part = {"PartNumber": 1, "ETag": answer["CopyPartResult"]["ETag"]}
    s3.complete_multipart_upload(**where, MultipartUpload={"Parts": [part]})
    assert body_of(s3, bucket, "k") == b"old"


def test_bad_copies_of_parts_are_refused(s3, bucket):
    s3.put_object(Bucket=bucket, Key="source", Body=b"0123456789")
    where = begin(s3, bucket)
    copy = {**where, "PartNumber": 1, "CopySource": f"{bucket}/source"}

    for wrong, code in (
        ("bytes=0-10", "InvalidRange"),
        ("bytes=10-10", "InvalidRange"),
        ("bytes=5-2", "InvalidArgument"),
        ("bytes=-3", "InvalidArgument"),
        ("0-3", "InvalidArgument"),
    ):
        with refused(code):
            s3.upload_part_copy(**copy, CopySourceRange=wrong)
    with refused("NoSuchKey", 404):
        s3.upload_part_copy(**{**copy, "CopySource": f"{bucket}/none"})
    with refused("NoSuchBucket", 404):
        s3.upload_part_copy(**{**copy, "CopySource": "none-of-our-buckets/source"})
    with refused("PreconditionFailed", 412):
        s3.upload_part_copy(**copy, CopySourceIfMatch='"other"')
    with refused("NoSuchUpload", 404):
        s3.upload_part_copy(**{**copy, "UploadId": "none"})
    assert "Parts" not in s3.list_parts(**where)


# -- numbers -------------------------------------------------------------------------------------------


def test_numbers_go_from_1_to_10000_and_may_leave_gaps(s3, bucket):
    where = begin(s3, bucket)
    for number in (0, -1, 10_001):
        with refused("InvalidArgument", 400):
            s3.upload_part(**where, PartNumber=number, Body=b"x")
    parts = send(s3, where, b"a" * 5 * MIB, first=7)["Parts"] + send(s3, where, b"last", first=10_000)["Parts"]

    s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})

    assert body_of(s3, bucket, "k") == b"a" * 5 * MIB + b"last"
    assert s3.head_object(Bucket=bucket, Key="k", PartNumber=2)["PartsCount"] == 2


def test_a_part_sent_again_replaces_and_one_left_out_is_freed(s3, bucket):
    where = begin(s3, bucket)
    send(s3, where, b"a" * 9000)
    old = Part.objects.get(upload__upload_id=where["UploadId"]).blobs[0][0]
    listed = send(s3, where, b"b" * 9000, b"left out" * 1000)
    left_out = Part.objects.get(upload__upload_id=where["UploadId"], number=2).blobs[0][0]
    assert not Blob.objects.filter(name=old).exists() and level(bucket) == 17_000

    s3.complete_multipart_upload(**where, MultipartUpload={"Parts": listed["Parts"][:1]})

    assert body_of(s3, bucket, "k") == b"b" * 9000 and level(bucket) == 9000
    assert not Blob.objects.filter(name=left_out).exists()


def test_a_part_that_is_read_by_its_number(s3, bucket):
    where, bodies = begin(s3, bucket), [b"a" * 5 * MIB, b"bb"]
    s3.complete_multipart_upload(**where, MultipartUpload=send(s3, where, *bodies))

    second = s3.get_object(Bucket=bucket, Key="k", PartNumber=2)

    assert second["Body"].read() == b"bb" and second["PartsCount"] == 2
    assert second["ContentRange"] == f"bytes {5 * MIB}-{5 * MIB + 1}/{5 * MIB + 2}"
    with refused("InvalidPart"):
        s3.get_object(Bucket=bucket, Key="k", PartNumber=3)
    with refused("InvalidRequest", 400):
        s3.get_object(Bucket=bucket, Key="k", PartNumber=1, Range="bytes=0-1")


# -- completing ----------------------------------------------------------------------------------------


def test_a_completion_asked_again_answers_the_same_and_makes_nothing_new(s3):
    bucket = versioned(s3)
    where = begin(s3, bucket)
    listed = send(s3, where, b"x")

    answers = [s3.complete_multipart_upload(**where, MultipartUpload=listed) for _ in range(3)]

    assert len({(one["ETag"], one["VersionId"], one["Location"]) for one in answers}) == 1
    assert len(versions_of(s3, bucket)) == 1
    with refused("NoSuchUpload", 404):
        s3.abort_multipart_upload(**where)
    with refused("NoSuchUpload", 404):
        s3.complete_multipart_upload(**{**where, "Key": "other"}, MultipartUpload=listed)


def test_completions_at_once_make_one_object(module_account, s3):
    bucket = versioned(s3)
    where = begin(s3, bucket)
    listed, answers = send(s3, where, b"a" * 5 * MIB, b"b"), []

    def complete():
        answer = module_account.client("s3").complete_multipart_upload(**where, MultipartUpload=listed)
        answers.append(answer["VersionId"])

    threads = [threading.Thread(target=complete) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(answers) == 5 and len(set(answers)) == 1 and len(versions_of(s3, bucket)) == 1


def test_a_part_replaced_while_the_upload_is_completed_tears_nothing(module_account, s3, bucket):
    """The object is of one set of parts: a part sent at that moment is in it or is refused."""
    for turn in range(6):
        where = begin(s3, bucket, f"race/{turn}")
        listed = send(s3, where, b"a" * 9000)
        codes = []

        def replace(where=where, codes=codes):
            client = module_account.client("s3")
            for _ in range(4):
                try:
                    client.upload_part(**where, PartNumber=1, Body=b"b" * 9000)
                except client.exceptions.ClientError as error:
                    codes.append(error.response["Error"]["Code"])

        thread = threading.Thread(target=replace)
        thread.start()
        try:
            s3.complete_multipart_upload(**where, MultipartUpload=listed)
            done = True
        except s3.exceptions.ClientError as error:  # the new part's ETag is another
            assert error.response["Error"]["Code"] == "InvalidPart"
            done = False
        thread.join()

        assert set(codes) <= {"NoSuchUpload"}
        if done:
            assert body_of(s3, bucket, f"race/{turn}") == b"a" * 9000


def test_conditions_of_a_completion(s3, bucket):
    etag = s3.put_object(Bucket=bucket, Key="k", Body=b"there")["ETag"]
    where = begin(s3, bucket)
    listed = send(s3, where, b"new")

    with refused("PreconditionFailed", 412):
        s3.complete_multipart_upload(**where, MultipartUpload=listed, IfNoneMatch="*")
    with refused("PreconditionFailed", 412):
        s3.complete_multipart_upload(**where, MultipartUpload=listed, IfMatch='"other"')
    assert body_of(s3, bucket, "k") == b"there" and len(s3.list_parts(**where)["Parts"]) == 1
    s3.complete_multipart_upload(**where, MultipartUpload=listed, IfMatch=etag)
    assert body_of(s3, bucket, "k") == b"new"


def test_what_was_said_at_the_start_is_the_objects(s3, bucket):
    said = {
        "Metadata": {"a": "1"},
        "ContentType": "text/x",
        "CacheControl": "max-age=1",
        "StorageClass": "STANDARD_IA",
        "ContentDisposition": "inline",
    }
    where = begin(s3, bucket, **said)
    listing = s3.list_multipart_uploads(Bucket=bucket)["Uploads"][0]
    assert listing["StorageClass"] == "STANDARD_IA" == s3.list_parts(**where)["StorageClass"]

    s3.complete_multipart_upload(**where, MultipartUpload=send(s3, where, b"x"))

    head = s3.head_object(Bucket=bucket, Key="k")
    assert {name: head[name] for name in said} == said


# -- giving up -----------------------------------------------------------------------------------------


def test_an_abort_frees_every_byte(stack, s3, bucket):
    where = begin(s3, bucket)
    send(s3, where, b"a" * 5 * MIB, b"b" * 9000, b"inline is a file too")
    names = [blob[0] for part in Part.objects.filter(upload__upload_id=where["UploadId"]) for blob in part.blobs]
    assert len(names) == 3 and level(bucket) == 5 * MIB + 9020
    assert all((stack.data_dir / "blobs" / name).exists() for name in names)

    s3.abort_multipart_upload(**where)

    assert level(bucket) == 0 and not Blob.objects.filter(name__in=names).exists()
    assert not any((stack.data_dir / "blobs" / name).exists() for name in names)
    for act in (s3.abort_multipart_upload, s3.list_parts):
        with refused("NoSuchUpload", 404):
            act(**where)
    with refused("NoSuchUpload", 404):
        s3.upload_part(**where, PartNumber=1, Body=b"x")
    s3.delete_bucket(Bucket=bucket)


def test_a_bucket_with_an_upload_is_not_empty(s3, bucket):
    where = begin(s3, bucket)

    with refused("BucketNotEmpty", 409):
        s3.delete_bucket(Bucket=bucket)
    s3.abort_multipart_upload(**where)
    s3.delete_bucket(Bucket=bucket)


def test_an_upload_is_of_its_key_and_bucket(s3, bucket):
    where, other = begin(s3, bucket), new_bucket(s3)

    for wrong in ({**where, "Key": "other"}, {**where, "Bucket": other}):
        with refused("NoSuchUpload", 404):
            s3.upload_part(**wrong, PartNumber=1, Body=b"x")
        with refused("NoSuchUpload", 404):
            s3.abort_multipart_upload(**wrong)


# -- listing -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 5, 1000])
def test_pages_of_parts_hold_everything_once(s3, bucket, size):
    where = begin(s3, bucket)
    for number in (1, 2, 5, 9, 10_000):
        s3.upload_part(**where, PartNumber=number, Body=b"x" * number)

    found = []
    for page in s3.get_paginator("list_parts").paginate(**where, PaginationConfig={"PageSize": size}):
        assert len(page["Parts"]) <= size
        found += [(one["PartNumber"], one["Size"]) for one in page["Parts"]]

    assert found == [(n, n) for n in (1, 2, 5, 9, 10_000)]


@pytest.mark.parametrize("delimiter", ["", "/"])
@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_pages_of_uploads_hold_everything_once(s3, bucket, size, delimiter):
    begun = [(key, begin(s3, bucket, key)["UploadId"]) for key in ("a", "a", "d/1", "d/2", "é", "z", "z", "z")]

    found, folders = [], []
    for page in s3.get_paginator("list_multipart_uploads").paginate(
        Bucket=bucket, Delimiter=delimiter, PaginationConfig={"PageSize": size}
    ):
        uploads = page.get("Uploads", [])
        prefixes = [one["Prefix"] for one in page.get("CommonPrefixes", [])]
        assert len(uploads) + len(prefixes) <= size
        found += [(one["Key"], one["UploadId"]) for one in uploads]
        folders += prefixes

    folded = [pair for pair in begun if not (delimiter and "/" in pair[0])]
    assert found == sorted(folded, key=lambda pair: pair[0].encode())  # of one key: in the order they began
    assert folders == (["d/"] if delimiter else [])


def test_uploads_by_prefix_and_as_urls(s3, bucket):
    for key in ("a b", "a+b", "c"):
        begin(s3, bucket, key)

    found = s3.list_multipart_uploads(Bucket=bucket, Prefix="a", EncodingType="url")["Uploads"]

    assert [one["Key"] for one in found] == ["a%20b", "a%2Bb"]
