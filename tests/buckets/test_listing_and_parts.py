"""Listings by pages and folders; uploads in parts; buckets and their names."""

import hashlib

import pytest
from botocore.exceptions import ClientError

MIB = 2**20
TREE = ["a", "b/1", "b/2", "b/c/3", "d", "e/4", "é", "z"]


@pytest.fixture(scope="module")
def s3(module_account):
    return module_account.client("s3")


@pytest.fixture(scope="module")
def tree(module_account, s3):
    name = f"tree-{module_account.account_id}"
    s3.create_bucket(Bucket=name)
    for key in TREE:
        s3.put_object(Bucket=name, Key=key, Body=key.encode())
    return name


def keys(answer):
    return [one["Key"] for one in answer.get("Contents", [])]


def folders(answer):
    return [one["Prefix"] for one in answer.get("CommonPrefixes", [])]


def test_keys_come_in_the_order_of_their_bytes(s3, tree):
    assert keys(s3.list_objects_v2(Bucket=tree)) == sorted(TREE, key=str.encode)


def test_a_delimiter_folds(s3, tree):
    answer = s3.list_objects_v2(Bucket=tree, Delimiter="/")

    assert keys(answer) == ["a", "d", "z", "é"] and folders(answer) == ["b/", "e/"] and answer["KeyCount"] == 6
    inner = s3.list_objects_v2(Bucket=tree, Delimiter="/", Prefix="b/")
    assert keys(inner) == ["b/1", "b/2"] and folders(inner) == ["b/c/"]


@pytest.mark.parametrize("delimiter", ["", "/"])
@pytest.mark.parametrize("operation", ["list_objects_v2", "list_objects"])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_pages_hold_everything_once(s3, tree, operation, delimiter, size):
    found = []
    for page in s3.get_paginator(operation).paginate(
        Bucket=tree, Delimiter=delimiter, PaginationConfig={"PageSize": size}
    ):
        assert len(keys(page)) + len(folders(page)) <= size
        found += keys(page) + folders(page)

    whole = s3.list_objects_v2(Bucket=tree, Delimiter=delimiter)
    assert sorted(found) == sorted(keys(whole) + folders(whole))


def test_a_page_is_stable_under_writes(s3, tree):
    first = s3.list_objects_v2(Bucket=tree, MaxKeys=3)
    s3.put_object(Bucket=tree, Key="0-new", Body=b"")

    second = s3.list_objects_v2(Bucket=tree, ContinuationToken=first["NextContinuationToken"])

    s3.delete_object(Bucket=tree, Key="0-new")
    assert keys(first) + keys(second) == sorted(TREE, key=str.encode)


def test_bad_paging_is_refused(s3, tree):
    for parameters in ({"ContinuationToken": "%%%"}, {"MaxKeys": -1}):
        with pytest.raises(ClientError, match="InvalidArgument"):
            s3.list_objects_v2(Bucket=tree, **parameters)


def test_parts_become_one_object(s3, tree):
    upload = s3.create_multipart_upload(Bucket=tree, Key="parts", Metadata={"m": "1"})["UploadId"]
    where = {"Bucket": tree, "Key": "parts", "UploadId": upload}
    bodies = [b"a" * 5 * MIB, b"b" * 100]
    etags = [s3.upload_part(**where, PartNumber=n + 1, Body=body)["ETag"] for n, body in enumerate(bodies)]
    assert [part["Size"] for part in s3.list_parts(**where)["Parts"]] == [5 * MIB, 100]
    assert upload in [one["UploadId"] for one in s3.list_multipart_uploads(Bucket=tree)["Uploads"]]

    listed = [{"PartNumber": n + 1, "ETag": etag} for n, etag in enumerate(etags)]
    done = s3.complete_multipart_upload(**where, MultipartUpload={"Parts": listed})

    digest = hashlib.md5(b"".join(hashlib.md5(body).digest() for body in bodies)).hexdigest()
    assert done["ETag"] == f'"{digest}-2"'
    got = s3.get_object(Bucket=tree, Key="parts")
    assert got["Body"].read() == b"".join(bodies) and got["Metadata"] == {"m": "1"}
    assert s3.get_object(Bucket=tree, Key="parts", PartNumber=2)["Body"].read() == bodies[1]
    with pytest.raises(ClientError, match="NoSuchUpload"):
        s3.list_parts(**where)
    s3.delete_object(Bucket=tree, Key="parts")


def test_a_bad_completion_is_refused(s3, tree):
    upload = s3.create_multipart_upload(Bucket=tree, Key="bad")["UploadId"]
    where = {"Bucket": tree, "Key": "bad", "UploadId": upload}
    first = s3.upload_part(**where, PartNumber=1, Body=b"small")["ETag"]
    second = s3.upload_part(**where, PartNumber=2, Body=b"last")["ETag"]

    cases = {
        "EntityTooSmall": [(1, first), (2, second)],
        "InvalidPart": [(1, '"00000000000000000000000000000000"')],
        "InvalidPartOrder": [(2, second), (1, first)],
    }
    for expected, parts in cases.items():
        with pytest.raises(ClientError, match=expected):
            listed = [{"PartNumber": n, "ETag": etag} for n, etag in parts]
            s3.complete_multipart_upload(**where, MultipartUpload={"Parts": listed})
    s3.abort_multipart_upload(**where)
    with pytest.raises(ClientError, match="NoSuchUpload"):
        s3.abort_multipart_upload(**where)


def test_a_part_may_be_a_copy(s3, tree):
    s3.put_object(Bucket=tree, Key="source", Body=b"0123456789")
    where = {"Bucket": tree, "Key": "copied"}
    where["UploadId"] = s3.create_multipart_upload(**where)["UploadId"]

    part = s3.upload_part_copy(**where, PartNumber=1, CopySource=f"{tree}/source", CopySourceRange="bytes=2-5")
    listed = [{"PartNumber": 1, "ETag": part["CopyPartResult"]["ETag"]}]
    s3.complete_multipart_upload(**where, MultipartUpload={"Parts": listed})

    assert s3.get_object(Bucket=tree, Key="copied")["Body"].read() == b"2345"
    for key in ("source", "copied"):
        s3.delete_object(Bucket=tree, Key=key)


@pytest.mark.parametrize(
    "name", ["ab", "Upper", "under_score", "192.168.1.1", "a..b", "-a-b", "xn--abc", "abc-s3alias"]
)
def test_a_bad_bucket_name_is_refused(s3, name):
    with pytest.raises(Exception, match="InvalidBucketName|Invalid bucket name"):
        s3.create_bucket(Bucket=name)


def test_a_bucket_lives_in_its_region(module_account):
    s3 = module_account.client("s3", region="eu-west-2")
    name = f"london-{module_account.account_id}"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-2"})

    assert s3.get_bucket_location(Bucket=name)["LocationConstraint"] == "eu-west-2"
    assert s3.head_bucket(Bucket=name)["BucketRegion"] == "eu-west-2"
    s3.put_object(Bucket=name, Key="k", Body=b"")
    with pytest.raises(ClientError, match="BucketNotEmpty"):
        s3.delete_bucket(Bucket=name)
    s3.delete_object(Bucket=name, Key="k")
    s3.delete_bucket(Bucket=name)
    with pytest.raises(ClientError, match="NoSuchBucket"):
        s3.list_objects_v2(Bucket=name)
