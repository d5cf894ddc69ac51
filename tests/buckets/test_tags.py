"""Tags of objects and buckets: their rules, their spellings, and policies that ask them."""

import threading
from urllib.parse import urlencode

import pytest

from apps.buckets import errors, tags
from tests.buckets.asking import allow, new_bucket, nobody, refused, upload, versioned
from tests.identity.iam import client as speaking_as
from tests.identity.iam import document, user


@pytest.fixture(scope="module")
def s3(module_account):
    return module_account.client("s3")


@pytest.fixture(scope="module")
def bucket(s3):
    return new_bucket(s3)


def to_set(found):
    return {"TagSet": [{"Key": key, "Value": value} for key, value in found.items()]}


def tags_of(s3, **where):
    return {one["Key"]: one["Value"] for one in s3.get_object_tagging(**where)["TagSet"]}


GOOD = [
    {"a": "b"},
    {"a": ""},
    {"k" * 128: "v" * 256},
    {"ключ": "значение", "é": "日本"},
    {"a b+-=._:/@": "x y+-=._:/@"},
    {f"k{n}": str(n) for n in range(10)},
]
BAD = [
    {"k" * 129: "v"},
    {"k": "v" * 257},
    {"a!": "b"},
    {"a": "<b>"},
    {"aws:mine": "b"},
    {f"k{n}": str(n) for n in range(11)},
]


@pytest.mark.parametrize("found", GOOD, ids=range(len(GOOD)))
def test_tags_come_back_as_they_were_set(s3, bucket, found):
    where = {"Bucket": bucket, "Key": "good"}
    s3.put_object(**where, Body=b"", Tagging=urlencode(found))
    assert tags_of(s3, **where) == found and s3.head_object(**where)["TagCount"] == len(found)

    s3.put_object(**where, Body=b"")
    assert tags_of(s3, **where) == {} and "TagCount" not in s3.head_object(**where)
    s3.put_object_tagging(**where, Tagging=to_set(found))
    assert tags_of(s3, **where) == found
    s3.delete_object_tagging(**where)
    assert tags_of(s3, **where) == {}


@pytest.mark.parametrize("found", BAD, ids=range(len(BAD)))
def test_bad_tags_are_refused_and_change_nothing(s3, bucket, found):
    where = {"Bucket": bucket, "Key": "bad"}
    s3.put_object(**where, Body=b"", Tagging="kept=1")

    with refused("InvalidTag", 400):
        s3.put_object_tagging(**where, Tagging=to_set(found))
    with refused("InvalidTag", 400):
        s3.put_object(**where, Body=b"new", Tagging=urlencode(found))
    with refused("InvalidTag", 400):
        s3.create_multipart_upload(**where, Tagging=urlencode(found))
    assert tags_of(s3, **where) == {"kept": "1"} and s3.head_object(**where)["ContentLength"] == 0


def test_a_tag_has_one_value(s3, bucket):
    where = {"Bucket": bucket, "Key": "twice"}
    s3.put_object(**where, Body=b"")
    twice = {"TagSet": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]}

    with refused("InvalidTag", 400):
        s3.put_object_tagging(**where, Tagging=twice)
    with refused("InvalidTag", 400):
        s3.put_object(**where, Body=b"", Tagging="a=1&a=2")


@pytest.mark.parametrize(
    ("text", "found"),
    [("", {}), ("a=b", {"a": "b"}), ("a", {"a": ""}), ("a=b&c=d", {"a": "b", "c": "d"}), ("a%20b=c+d", {"a b": "c d"})],
)
def test_the_header_is_a_query(text, found):
    assert tags.of_header(text) == found


def test_a_header_that_is_none_is_refused():
    with pytest.raises(errors.InvalidArgument):
        tags.of_header("&")
    with pytest.raises(errors.InvalidTag):
        tags.of_header("=b")


def test_each_version_has_tags_of_its_own(s3):
    name = versioned(s3)
    where = {"Bucket": name, "Key": "k"}
    old = s3.put_object(**where, Body=b"1", Tagging="v=old")["VersionId"]
    new = s3.put_object(**where, Body=b"2", Tagging="v=new")["VersionId"]

    answer = s3.put_object_tagging(**where, VersionId=old, Tagging=to_set({"v": "older"}))

    assert answer["VersionId"] == old
    assert tags_of(s3, **where) == {"v": "new"} == tags_of(s3, **where, VersionId=new)
    assert tags_of(s3, **where, VersionId=old) == {"v": "older"}
    s3.delete_object_tagging(**where, VersionId=new)
    assert tags_of(s3, **where) == {}
    marker = s3.delete_object(**where)["VersionId"]
    with refused("MethodNotAllowed", 405):
        s3.get_object_tagging(**where, VersionId=marker)
    with refused("NoSuchKey", 404):
        s3.put_object_tagging(**where, Tagging=to_set({"a": "b"}))


def test_copies_and_uploads_keep_or_replace_tags(s3, bucket):
    s3.put_object(Bucket=bucket, Key="from", Body=b"x", Tagging="a=1")
    copy = {"Bucket": bucket, "Key": "to", "CopySource": f"{bucket}/from"}
    where = {"Bucket": bucket, "Key": "to"}

    s3.copy_object(**copy)
    assert tags_of(s3, **where) == {"a": "1"}
    s3.copy_object(**copy, Tagging="b=2")  # without the directive what is sent does not count
    assert tags_of(s3, **where) == {"a": "1"}
    s3.copy_object(**copy, Tagging="b=2", TaggingDirective="REPLACE")
    assert tags_of(s3, **where) == {"b": "2"}
    s3.copy_object(**copy, MetadataDirective="REPLACE", Metadata={"m": "1"})
    assert tags_of(s3, **where) == {"a": "1"}
    upload(s3, bucket, "to", [b"x"], Tagging="c=3")
    assert tags_of(s3, **where) == {"c": "3"}


def test_a_buckets_tags(s3):
    bucket = new_bucket(s3)
    with refused("NoSuchTagSet", 404):
        s3.get_bucket_tagging(Bucket=bucket)
    fifty = {f"k{n:02}": str(n) for n in range(50)}

    s3.put_bucket_tagging(Bucket=bucket, Tagging=to_set(fifty))

    found = s3.get_bucket_tagging(Bucket=bucket)["TagSet"]
    assert {one["Key"]: one["Value"] for one in found} == fifty
    with refused("InvalidTag", 400):
        s3.put_bucket_tagging(Bucket=bucket, Tagging=to_set({**fifty, "one": "more"}))
    s3.delete_bucket_tagging(Bucket=bucket)
    with refused("NoSuchTagSet", 404):
        s3.get_bucket_tagging(Bucket=bucket)


# -- policies ------------------------------------------------------------------------------------------


def test_a_buckets_policy_may_ask_an_objects_tags(stack, s3):
    bucket, anonymous = new_bucket(s3), nobody(stack)
    s3.delete_public_access_block(Bucket=bucket)
    allow(s3, bucket, "*", "s3:GetObject", Condition={"StringEquals": {"s3:ExistingObjectTag/public": "yes"}})
    for key, said in (("open", "public=yes"), ("shut", "public=no"), ("bare", "")):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x", Tagging=said)

    assert anonymous.get_object(Bucket=bucket, Key="open")["Body"].read() == b"x"
    for key in ("shut", "bare", "none"):
        with refused("AccessDenied", 403):
            anonymous.get_object(Bucket=bucket, Key=key)
    s3.put_object_tagging(Bucket=bucket, Key="shut", Tagging=to_set({"public": "yes"}))
    assert anonymous.get_object(Bucket=bucket, Key="shut")["Body"].read() == b"x"


def test_a_users_policy_may_ask_an_objects_tags(module_account, s3, bucket):
    """The bucket's own policy says nothing of tags: a user's alone makes S3 look."""
    condition = {"StringEquals": {"s3:ExistingObjectTag/team": "red"}}
    resource = f"arn:aws:s3:::{bucket}/*"
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": resource, "Condition": condition}
    _arn, keys = user(module_account, "tagged", document(statement))
    theirs = speaking_as(module_account, "s3", keys)
    s3.put_object(Bucket=bucket, Key="red", Body=b"x", Tagging="team=red")
    s3.put_object(Bucket=bucket, Key="blue", Body=b"x", Tagging="team=blue")

    assert theirs.get_object(Bucket=bucket, Key="red")["Body"].read() == b"x"
    for key in ("blue", "none"):
        with refused("AccessDenied", 403):
            theirs.get_object(Bucket=bucket, Key=key)


def test_a_policy_may_demand_tags_of_a_write(classmate, s3):
    bucket, theirs = new_bucket(s3), classmate.client("s3")
    condition = {
        "StringEquals": {"s3:RequestObjectTag/team": ["red", "blue"]},
        "ForAllValues:StringEquals": {"s3:RequestObjectTagKeys": ["team"]},
    }
    both = ["s3:PutObject", "s3:PutObjectTagging"]
    allow(s3, bucket, {"AWS": classmate.account_id}, both, Condition=condition)

    theirs.put_object(Bucket=bucket, Key="k", Body=b"x", Tagging="team=red")
    theirs.put_object_tagging(Bucket=bucket, Key="k", Tagging=to_set({"team": "blue"}))
    for said in ("team=green", "", "team=red&more=1"):
        with refused("AccessDenied", 403):
            theirs.put_object(Bucket=bucket, Key="k", Body=b"y", **({"Tagging": said} if said else {}))
    with refused("AccessDenied", 403):
        theirs.put_object_tagging(Bucket=bucket, Key="k", Tagging=to_set({"team": "green"}))


def test_tagging_at_once_needs_its_own_permission(classmate, s3):
    bucket, theirs = new_bucket(s3), classmate.client("s3")
    allow(s3, bucket, {"AWS": classmate.account_id}, "s3:PutObject")

    theirs.put_object(Bucket=bucket, Key="k", Body=b"x")
    with refused("AccessDenied", 403):
        theirs.put_object(Bucket=bucket, Key="k", Body=b"x", Tagging="a=1")


def test_attributes_need_their_own_permission(classmate, s3):
    bucket, theirs = new_bucket(s3), classmate.client("s3")
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    asked = {"Bucket": bucket, "Key": "k", "ObjectAttributes": ["ETag", "ObjectSize"]}
    allow(s3, bucket, {"AWS": classmate.account_id}, "s3:GetObject")

    with refused("AccessDenied", 403):
        theirs.get_object_attributes(**asked)
    allow(s3, bucket, {"AWS": classmate.account_id}, ["s3:GetObject", "s3:GetObjectAttributes"])
    assert theirs.get_object_attributes(**asked)["ObjectSize"] == 1


def test_tags_of_a_delete_that_comes_between_are_told_as_gone(module_account, s3):
    """The object is looked up, then deleted by another, then tagged: an answer, not a failure."""
    name = versioned(s3)
    keys = [{"Key": f"{n}"} for n in range(30)]
    for one in keys:
        s3.put_object(Bucket=name, Body=b"", **one)
    codes = set()

    def tag_all():
        client = module_account.client("s3")
        for one in keys:
            try:
                client.put_object_tagging(Bucket=name, Tagging=to_set({"a": "1"}), **one)
            except client.exceptions.ClientError as error:
                codes.add(error.response["Error"]["Code"])

    thread = threading.Thread(target=tag_all)
    thread.start()
    for one in reversed(keys):
        s3.delete_object(Bucket=name, **one)
    thread.join()
    assert codes <= {"NoSuchKey"}
