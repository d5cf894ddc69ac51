"""Versions: what a write keeps, what a delete hides, what suspending changes, how they are listed."""

import threading

import pytest
from django.conf import settings

from apps.buckets import errors
from apps.buckets.models import Bucket, Object
from apps.buckets.operations.objects import put_object
from playground import endpoints
from tests.buckets.asking import advance, body_of, new_bucket, refused, upload, versioned, versions_of


@pytest.fixture(scope="module")
def s3(module_account):
    return module_account.client("s3")


@pytest.fixture
def bucket(s3):
    return versioned(s3)


def put(s3, bucket, body, key="k"):
    return s3.put_object(Bucket=bucket, Key=key, Body=body)["VersionId"]


def suspend(s3, bucket):
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})


def test_every_write_is_a_version_that_stays_readable(s3, bucket):
    ids = [put(s3, bucket, body) for body in (b"one", b"two" * 5000, b"three")]

    assert len(set(ids)) == 3 and body_of(s3, bucket, "k") == b"three"
    assert [body_of(s3, bucket, "k", VersionId=one) for one in ids] == [b"one", b"two" * 5000, b"three"]
    assert s3.head_object(Bucket=bucket, Key="k")["VersionId"] == ids[2]
    assert [(one, latest) for _k, one, latest, _m in versions_of(s3, bucket)] == [
        (ids[2], True),
        (ids[1], False),
        (ids[0], False),
    ]


def test_a_bucket_that_never_had_versioning_tells_no_versions(s3):
    bucket = new_bucket(s3)
    answer = s3.put_object(Bucket=bucket, Key="k", Body=b"x")

    assert "VersionId" not in answer and "VersionId" not in s3.head_object(Bucket=bucket, Key="k")
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
    assert versions_of(s3, bucket) == [("k", "null", True, False)]
    assert body_of(s3, bucket, "k", VersionId="null") == b"x"


def test_a_plain_delete_hides_and_removing_its_marker_shows_again(s3, bucket):
    first = put(s3, bucket, b"kept")

    gone = s3.delete_object(Bucket=bucket, Key="k")

    assert gone["DeleteMarker"] is True and gone["VersionId"] != first
    with refused("NoSuchKey", 404) as error:
        s3.get_object(Bucket=bucket, Key="k")
    headers = error.value.response["ResponseMetadata"]["HTTPHeaders"]
    assert headers["x-amz-delete-marker"] == "true" and headers["x-amz-version-id"] == gone["VersionId"]
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    assert body_of(s3, bucket, "k", VersionId=first) == b"kept"

    undone = s3.delete_object(Bucket=bucket, Key="k", VersionId=gone["VersionId"])

    assert undone["DeleteMarker"] is True and undone["VersionId"] == gone["VersionId"]
    assert body_of(s3, bucket, "k") == b"kept"


def test_a_delete_marker_cannot_be_read_by_its_id(s3, bucket):
    put(s3, bucket, b"x")
    marker = s3.delete_object(Bucket=bucket, Key="k")["VersionId"]

    with refused("MethodNotAllowed", 405) as error:
        s3.get_object(Bucket=bucket, Key="k", VersionId=marker)
    assert error.value.response["ResponseMetadata"]["HTTPHeaders"]["x-amz-delete-marker"] == "true"
    with refused("405", 405):
        s3.head_object(Bucket=bucket, Key="k", VersionId=marker)


def test_deleting_what_never_was_leaves_a_marker(s3, bucket):
    s3.delete_object(Bucket=bucket, Key="never")

    assert [(key, latest, marker) for key, _id, latest, marker in versions_of(s3, bucket)] == [("never", True, True)]


def test_deleting_a_version_frees_it_and_the_one_before_is_latest_again(s3, bucket):
    old, new = put(s3, bucket, b"old" * 3000), put(s3, bucket, b"new" * 3000)
    files = Object.objects.get(bucket__name=bucket, version_id=new).blob_names

    s3.delete_object(Bucket=bucket, Key="k", VersionId=new)

    assert body_of(s3, bucket, "k") == b"old" * 3000 and versions_of(s3, bucket) == [("k", old, True, False)]
    with refused("NoSuchVersion", 404):
        s3.get_object(Bucket=bucket, Key="k", VersionId=new)
    assert files and not any((settings.DATA_DIR / "blobs" / name).exists() for name in files)


def test_versions_that_are_no_ids_or_of_nobody_are_told_apart(s3, bucket):
    version = put(s3, bucket, b"x")

    with refused("InvalidArgument", 400):
        s3.get_object(Bucket=bucket, Key="k", VersionId="not an id")
    with refused("NoSuchVersion", 404):
        s3.get_object(Bucket=bucket, Key="other", VersionId=version)
    assert s3.delete_object(Bucket=bucket, Key="other", VersionId=version)["VersionId"] == version
    assert body_of(s3, bucket, "k") == b"x"


def test_suspending_keeps_old_versions_and_writes_one_null_version(s3, bucket):
    first = put(s3, bucket, b"first")
    suspend(s3, bucket)

    answers = [s3.put_object(Bucket=bucket, Key="k", Body=body) for body in (b"null 1", b"null 2")]

    assert not any("VersionId" in answer for answer in answers)
    assert versions_of(s3, bucket) == [("k", "null", True, False), ("k", first, False, False)]
    assert body_of(s3, bucket, "k") == b"null 2" == body_of(s3, bucket, "k", VersionId="null")
    assert body_of(s3, bucket, "k", VersionId=first) == b"first"


def test_a_delete_while_suspended_replaces_the_null_version_by_a_marker(s3, bucket):
    first = put(s3, bucket, b"first")
    suspend(s3, bucket)
    s3.put_object(Bucket=bucket, Key="k", Body=b"null")

    gone = s3.delete_object(Bucket=bucket, Key="k")

    assert gone["DeleteMarker"] is True and gone["VersionId"] == "null"
    assert versions_of(s3, bucket) == [("k", first, False, False), ("k", "null", True, True)]
    s3.delete_object(Bucket=bucket, Key="k", VersionId="null")
    assert body_of(s3, bucket, "k") == b"first"


def test_what_was_there_before_versioning_becomes_the_null_version(s3):
    bucket = new_bucket(s3)
    s3.put_object(Bucket=bucket, Key="k", Body=b"before")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})

    after = put(s3, bucket, b"after")

    assert versions_of(s3, bucket) == [("k", after, True, False), ("k", "null", False, False)]
    suspend(s3, bucket)
    s3.put_object(Bucket=bucket, Key="k", Body=b"again")
    assert versions_of(s3, bucket) == [("k", "null", True, False), ("k", after, False, False)]
    assert s3.head_object(Bucket=bucket, Key="k")["ContentLength"] == 5


def test_versioning_is_never_turned_off_again_only_suspended(s3, bucket):
    for status in ("", "Off", "enabled"):
        with refused("IllegalVersioningConfigurationException", 400):
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})
    with refused("NotImplemented", 501):
        s3.put_bucket_versioning(
            Bucket=bucket, VersioningConfiguration={"Status": "Enabled", "MFADelete": "Enabled"}, MFA="x 1"
        )
    suspend(s3, bucket)
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Suspended"


def test_copies_name_both_versions_and_may_restore_an_old_one(s3, bucket):
    old, _new = put(s3, bucket, b"old" * 2000), put(s3, bucket, b"new")

    copied = s3.copy_object(Bucket=bucket, Key="k", CopySource={"Bucket": bucket, "Key": "k", "VersionId": old})

    assert copied["CopySourceVersionId"] == old and copied["VersionId"] not in (old, _new)
    assert body_of(s3, bucket, "k") == b"old" * 2000 and len(versions_of(s3, bucket)) == 3


def test_an_upload_in_parts_is_one_version(s3, bucket):
    put(s3, bucket, b"before")

    done = upload(s3, bucket, "k", [b"in parts"])

    assert body_of(s3, bucket, "k", VersionId=done["VersionId"]) == b"in parts"
    assert [one for _key, one, *_ in versions_of(s3, bucket)][0] == done["VersionId"]


def test_a_batch_deletes_keys_and_versions(s3, bucket):
    old, new = put(s3, bucket, b"1"), put(s3, bucket, b"2")

    answer = s3.delete_objects(
        Bucket=bucket, Delete={"Objects": [{"Key": "k", "VersionId": old}, {"Key": "k"}, {"Key": "other"}]}
    )

    assert answer["Deleted"][0] == {"Key": "k", "VersionId": old}
    marked = answer["Deleted"][1]
    assert marked["DeleteMarker"] is True and marked["DeleteMarkerVersionId"] not in (old, new)
    assert answer["Deleted"][2]["DeleteMarker"] is True
    assert {one for _key, one, *_ in versions_of(s3, bucket, "k")} == {new, marked["DeleteMarkerVersionId"]}
    quiet = s3.delete_objects(Bucket=bucket, Delete={"Quiet": True, "Objects": [{"Key": "k", "VersionId": new}]})
    assert "Deleted" not in quiet


def test_a_bucket_with_old_versions_is_not_empty(s3, bucket):
    version = put(s3, bucket, b"x")
    marker = s3.delete_object(Bucket=bucket, Key="k")["VersionId"]

    for one in (version, marker):
        with refused("BucketNotEmpty", 409):
            s3.delete_bucket(Bucket=bucket)
        s3.delete_object(Bucket=bucket, Key="k", VersionId=one)
    s3.delete_bucket(Bucket=bucket)


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
@pytest.mark.parametrize("delimiter", ["", "/"])
def test_pages_of_versions_hold_everything_once(s3, bucket, size, delimiter):
    written = []
    for key in ("a", "d/1", "d/2", "z"):
        written += [(key, put(s3, bucket, b"", key)) for _ in range(2)]
    written.append(("z", s3.delete_object(Bucket=bucket, Key="z")["VersionId"]))

    found, folders = [], []
    pages = s3.get_paginator("list_object_versions").paginate(
        Bucket=bucket, Delimiter=delimiter, PaginationConfig={"PageSize": size}
    )
    for page in pages:
        entries = page.get("Versions", []) + page.get("DeleteMarkers", [])
        prefixes = [one["Prefix"] for one in page.get("CommonPrefixes", [])]
        assert len(entries) + len(prefixes) <= size
        found += [(one["Key"], one["VersionId"]) for one in entries]
        folders += prefixes

    folded = [pair for pair in written if not (delimiter and "/" in pair[0])]
    assert sorted(found) == sorted(folded) and folders == (["d/"] if delimiter else [])


def test_a_page_begins_behind_the_marker_newest_first(s3, bucket):
    ids = [put(s3, bucket, b"") for _ in range(3)]

    page = s3.list_object_versions(Bucket=bucket, KeyMarker="k", VersionIdMarker=ids[1])

    assert [one["VersionId"] for one in page["Versions"]] == [ids[0]]
    with refused("InvalidArgument", 400):
        s3.list_object_versions(Bucket=bucket, VersionIdMarker=ids[1])


def test_time_is_the_labs_and_a_version_keeps_its_own(account):
    s3 = account.client("s3")
    bucket = versioned(s3)
    old = put(s3, bucket, b"old")
    advance(account, days=40)

    new = put(s3, bucket, b"new")

    ages = {one["VersionId"]: one["LastModified"] for one in s3.list_object_versions(Bucket=bucket)["Versions"]}
    assert 39.9 < (ages[new] - ages[old]).total_seconds() / 86400 < 40.1
    row = Object.objects.get(bucket__name=bucket, version_id=old)
    assert abs((row.noncurrent_since - ages[new]).total_seconds()) < 2


def test_conditions_ask_the_version_that_counts(s3, bucket):
    put(s3, bucket, b"x")
    with refused("PreconditionFailed", 412):
        s3.put_object(Bucket=bucket, Key="k", Body=b"y", IfNoneMatch="*")
    s3.delete_object(Bucket=bucket, Key="k")

    s3.put_object(Bucket=bucket, Key="k", Body=b"y", IfNoneMatch="*")

    with refused("NoSuchKey", 404):
        s3.put_object(Bucket=bucket, Key="none", Body=b"y", IfMatch='"0"')


def test_writers_at_once_each_make_a_version_and_one_is_latest(module_account, s3, bucket):
    def write(number):
        client = module_account.client("s3")
        for turn in range(5):
            client.put_object(Bucket=bucket, Key="race", Body=b"%d %d" % (number, turn) * 2000)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    found = versions_of(s3, bucket)
    assert len(found) == 20 and [latest for _k, _v, latest, _m in found] == [True] + [False] * 19


class Interrupted:
    """A body during whose upload something happens to its bucket."""

    def __init__(self, data, act):
        self.pieces, self.act = [data], act

    def read(self, _size=-1):
        if self.pieces:
            return self.pieces.pop()
        if self.act:
            act, self.act = self.act, None
            act()
        return b""


def put_meanwhile(lab, bucket, body):
    ctx = endpoints.context(lab.model)
    ctx.operation = "PutObject"
    return put_object(ctx, {"Bucket": bucket, "Key": "k", "Body": body})


def test_an_upload_that_began_before_versioning_does_not_erase_what_is_kept_since(module_account, s3):
    bucket = new_bucket(s3)
    s3.put_object(Bucket=bucket, Key="k", Body=b"before")
    enable = {"Bucket": bucket, "VersioningConfiguration": {"Status": "Enabled"}}

    put_meanwhile(module_account, bucket, Interrupted(b"slow", lambda: s3.put_bucket_versioning(**enable)))

    assert body_of(s3, bucket, "k") == b"slow" and body_of(s3, bucket, "k", VersionId="null") == b"before"


def test_an_upload_whose_bucket_goes_meanwhile_is_told_so_and_leaves_nothing(module_account, s3):
    bucket = new_bucket(s3)
    pk = Bucket.objects.get(name=bucket).pk

    with pytest.raises(errors.NoSuchBucket):
        put_meanwhile(module_account, bucket, Interrupted(b"slow" * 9000, lambda: s3.delete_bucket(Bucket=bucket)))

    assert not Object.objects.filter(bucket_id=pk).exists()


def test_reading_goes_on_while_others_replace_the_object(module_account, s3):
    """An answer that has begun comes to its end, though its file is gone by then."""
    bucket = new_bucket(s3)
    bodies = [bytes([65 + n]) * 3_000_000 for n in range(3)]
    s3.put_object(Bucket=bucket, Key="k", Body=bodies[0])
    stop, wrong = threading.Event(), []

    def read():
        client = module_account.client("s3")
        while not stop.is_set():
            try:
                if body_of(client, bucket, "k") not in bodies:
                    wrong.append("mixed")
            except Exception as error:  # whatever a reader meets is wrong here
                wrong.append(repr(error))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for turn in range(25):
        s3.put_object(Bucket=bucket, Key="k", Body=bodies[turn % 3])
    stop.set()
    for reader in readers:
        reader.join()

    assert not wrong
