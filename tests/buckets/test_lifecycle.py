"""Lifecycle: what a rule means and when it is due (pure), and what a run does in a lab whose clock has moved on."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from apps.buckets import lifecycle
from apps.buckets import lifecycle_rules as rules
from apps.buckets.models import Blob, Bucket, Event, Object, Part
from tests import journey
from tests.buckets.asking import advance, body_of, new_bucket, refused, upload, versioned, versions_of

NOW = datetime(2026, 1, 15, 10, 30, tzinfo=UTC)


@dataclass
class Row:
    """A version as the rules see it."""

    key: str = "logs/a"
    tags: dict = field(default_factory=dict)
    size_bytes: int = 1000
    last_modified: datetime = NOW
    is_latest: bool = True


# -- pure ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "days", "due"),
    [
        ("2026-01-15T10:30:00", 3, "2026-01-19"),
        ("2026-01-15T00:00:00", 3, "2026-01-18"),
        ("2026-01-15T00:00:01", 3, "2026-01-19"),
        ("2026-01-15T23:59:59", 1, "2026-01-17"),
        ("2026-02-28T12:00:00", 1, "2026-03-02"),
        ("2028-02-28T12:00:00", 1, "2028-03-01"),
        ("2026-12-31T12:00:00", 1, "2027-01-02"),
    ],
)
def test_days_end_at_the_next_midnight(moment, days, due):
    start = datetime.fromisoformat(moment).replace(tzinfo=UTC)

    assert rules.midnight_after(start, days) == datetime.fromisoformat(due).replace(tzinfo=UTC)
    east = start.astimezone(tz=datetime.fromisoformat("2026-01-01T00:00:00+09:00").tzinfo)
    assert rules.midnight_after(east, days) == datetime.fromisoformat(due).replace(tzinfo=UTC)


FILTERS = [
    ({}, {}, True),
    ({"Prefix": ""}, {}, True),
    ({"Prefix": "logs/"}, {}, True),
    ({"Prefix": "log"}, {"key": "logbook"}, True),
    ({"Prefix": "logs/"}, {"key": "log"}, False),
    ({"Prefix": "Logs/"}, {}, False),
    ({"Filter": {}}, {}, True),
    ({"Filter": {"Prefix": "logs/"}}, {}, True),
    ({"Filter": {"Prefix": "img/"}}, {}, False),
    ({"Filter": {"Tag": {"Key": "a", "Value": "1"}}}, {"tags": {"a": "1", "b": "2"}}, True),
    ({"Filter": {"Tag": {"Key": "a", "Value": "1"}}}, {"tags": {"a": "2"}}, False),
    ({"Filter": {"Tag": {"Key": "a", "Value": ""}}}, {}, False),
    ({"Filter": {"ObjectSizeGreaterThan": 999}}, {}, True),
    ({"Filter": {"ObjectSizeGreaterThan": 1000}}, {}, False),
    ({"Filter": {"ObjectSizeLessThan": 1001}}, {}, True),
    ({"Filter": {"ObjectSizeLessThan": 1000}}, {}, False),
    ({"Filter": {"ObjectSizeGreaterThan": 0}}, {"size_bytes": 0}, False),
    ({"Filter": {"And": {"Prefix": "logs/", "ObjectSizeGreaterThan": 1, "ObjectSizeLessThan": 2000}}}, {}, True),
    ({"Filter": {"And": {"Prefix": "logs/", "ObjectSizeGreaterThan": 1, "ObjectSizeLessThan": 500}}}, {}, False),
    (
        {"Filter": {"And": {"Prefix": "logs/", "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]}}},
        {"tags": {"a": "1"}},
        False,
    ),
    (
        {"Filter": {"And": {"Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]}}},
        {"tags": {"a": "1", "b": "2", "c": "3"}},
        True,
    ),
]


@pytest.mark.parametrize(("rule", "row", "meant"), FILTERS, ids=range(len(FILTERS)))
def test_a_filter_means_what_it_says(rule, row, meant):
    assert rules.means(rule, Row(**row)) is meant


def with_rules(*given):
    named = [{"Status": "Enabled", "ID": f"r{n}", **rule} for n, rule in enumerate(given)]
    return SimpleNamespace(configurations={"Lifecycle": {"Rules": named}})


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([{"Expiration": {"Days": 1}}], 'expiry-date="Sat, 17 Jan 2026 00:00:00 GMT", rule-id="r0"'),
        ([{"Expiration": {"Date": "2027-01-01T00:00:00Z"}}], 'expiry-date="Fri, 01 Jan 2027 00:00:00 GMT", rule-id="r0"'),
        ([{"Expiration": {"Days": 9}}, {"Expiration": {"Days": 2}}], 'expiry-date="Sun, 18 Jan 2026 00:00:00 GMT", rule-id="r1"'),
        ([{"Expiration": {"Days": 1}, "ID": "two words/é"}], 'expiry-date="Sat, 17 Jan 2026 00:00:00 GMT", rule-id="two%20words/%C3%A9"'),
        ([{"Expiration": {"Days": 1}, "Status": "Disabled"}], None),
        ([{"Expiration": {"Days": 1}, "Prefix": "img/"}], None),
        ([{"Expiration": {"ExpiredObjectDeleteMarker": True}}], None),
        ([{"NoncurrentVersionExpiration": {"NoncurrentDays": 1}}], None),
    ],
)  # fmt: skip
def test_the_header_tells_the_first_rule_that_will_expire_an_object(given, told):
    assert rules.expiration_header(with_rules(*given), Row()) == told


def test_old_versions_have_no_expiration():
    assert rules.expiration_header(with_rules({"Expiration": {"Days": 1}}), Row(is_latest=False)) is None


def test_an_upload_is_given_up_by_the_first_rule_that_means_its_key():
    upload_row = SimpleNamespace(key="logs/a", initiated_at=NOW)
    bucket = with_rules(
        {"Prefix": "", "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}},
        {"Prefix": "logs/", "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 2}},
        {"Prefix": "img/", "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}},
    )

    assert rules.abort_rule(bucket, upload_row) == (datetime(2026, 1, 18, tzinfo=UTC), "r1")


# -- rules over the wire -------------------------------------------------------------------------------


@pytest.fixture
def s3(account):
    return account.client("s3")


def set_rules(s3, bucket, *given):
    named = [
        {"Status": "Enabled", **({} if "Filter" in rule else {"Filter": {"Prefix": ""}}), **rule} for rule in given
    ]
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": named})


BAD_RULES = [
    ("InvalidRequest", {}),
    ("MalformedXML", {"Expiration": {"Days": 1}, "Status": "On"}),
    ("MalformedXML", {"Expiration": {"Days": 1, "Date": datetime(2030, 1, 1)}}),
    ("MalformedXML", {"Expiration": {"Days": 1, "ExpiredObjectDeleteMarker": True}}),
    ("InvalidArgument", {"Expiration": {"Days": 0}}),
    ("InvalidArgument", {"Expiration": {"Date": datetime(2030, 1, 1, 5)}}),
    ("InvalidArgument", {"NoncurrentVersionExpiration": {"NoncurrentDays": 0}}),
    ("InvalidArgument", {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": -1}}),
    ("InvalidArgument", {"Expiration": {"Days": 1}, "ID": "x" * 256}),
    ("MalformedXML", {"Expiration": {"Days": 1}, "Filter": {"Prefix": "a", "ObjectSizeLessThan": 5}}),
    (
        "InvalidRequest",
        {"Expiration": {"Days": 1}, "Filter": {"And": {"ObjectSizeGreaterThan": 9, "ObjectSizeLessThan": 5}}},
    ),
    (
        "InvalidRequest",
        {
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
            "Filter": {"Tag": {"Key": "a", "Value": "b"}},
        },
    ),
    (
        "InvalidRequest",
        {"Expiration": {"ExpiredObjectDeleteMarker": True}, "Filter": {"Tag": {"Key": "a", "Value": "b"}}},
    ),
]


@pytest.mark.parametrize(("code", "rule"), BAD_RULES, ids=range(len(BAD_RULES)))
def test_a_bad_rule_is_refused(module_account, code, rule):
    s3 = module_account.client("s3")
    bucket = new_bucket(s3)

    with refused(code, 400):
        set_rules(s3, bucket, rule)
    with refused("NoSuchLifecycleConfiguration", 404):
        s3.get_bucket_lifecycle_configuration(Bucket=bucket)


def test_rules_come_back_with_ids_and_without_repeats(s3):
    bucket = new_bucket(s3)
    set_rules(s3, bucket, {"Expiration": {"Days": 3}}, {"ID": "mine", "Expiration": {"Date": datetime(2030, 1, 1)}})

    found = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]

    assert found[0]["ID"] and found[1]["ID"] == "mine"
    assert found[1]["Expiration"]["Date"] == datetime(2030, 1, 1, tzinfo=UTC)
    with refused("InvalidArgument", 400):
        set_rules(s3, bucket, {"ID": "a", "Expiration": {"Days": 3}}, {"ID": "a", "Expiration": {"Days": 4}})
    s3.delete_bucket_lifecycle(Bucket=bucket)
    with refused("NoSuchLifecycleConfiguration", 404):
        s3.get_bucket_lifecycle_configuration(Bucket=bucket)


# -- runs ----------------------------------------------------------------------------------------------


def run(name, most):
    """Run a bucket's rules now; so many acts are due at most, less only when beat was quicker."""
    assert lifecycle.run(Bucket.objects.select_related("account").get(name=name)) <= most


def keys(s3, bucket):
    return [one["Key"] for one in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


def test_current_objects_expire_when_their_days_are_over(account, s3):
    bucket = new_bucket(s3)
    set_rules(s3, bucket, {"ID": "old", "Filter": {"Prefix": "logs/"}, "Expiration": {"Days": 30}})
    told = s3.put_object(Bucket=bucket, Key="logs/a", Body=b"x" * 9000)["Expiration"]
    s3.put_object(Bucket=bucket, Key="kept", Body=b"x")
    names = Object.objects.get(bucket__name=bucket, key="logs/a").blob_names
    assert 'rule-id="old"' in told and s3.head_object(Bucket=bucket, Key="logs/a")["Expiration"] == told
    assert "Expiration" not in s3.head_object(Bucket=bucket, Key="kept")

    advance(account, days=29)
    run(bucket, 0)
    assert keys(s3, bucket) == ["kept", "logs/a"]
    advance(account, days=2)
    s3.put_object(Bucket=bucket, Key="logs/new", Body=b"x")

    run(bucket, 1)

    assert keys(s3, bucket) == ["kept", "logs/new"]
    assert names and not Blob.objects.filter(name__in=names).exists()
    run(bucket, 0)


def test_filters_by_tag_and_size(account, s3):
    bucket = new_bucket(s3)
    set_rules(
        s3,
        bucket,
        {"Filter": {"Tag": {"Key": "keep", "Value": "no"}}, "Expiration": {"Days": 1}},
        {"Filter": {"And": {"Prefix": "big/", "ObjectSizeGreaterThan": 100}}, "Expiration": {"Days": 1}},
    )
    for key, size, said in (
        ("tagged", 1, "keep=no"),
        ("other", 1, "keep=yes"),
        ("big/large", 101, ""),
        ("big/small", 100, ""),
        ("large", 101, ""),
    ):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x" * size, Tagging=said)
    advance(account, days=3)

    run(bucket, 2)

    assert keys(s3, bucket) == ["big/small", "large", "other"]


def test_a_date_expires_what_is_there_then(account, s3):
    bucket = new_bucket(s3)
    day = (datetime.now(UTC) + timedelta(days=10)).replace(hour=0, minute=0, second=0, microsecond=0)
    set_rules(s3, bucket, {"Expiration": {"Date": day}})
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    run(bucket, 0)
    advance(account, days=11)

    run(bucket, 1)
    assert keys(s3, bucket) == []


def test_a_rule_that_is_off_does_nothing(account, s3):
    bucket = new_bucket(s3)
    set_rules(s3, bucket, {"Status": "Disabled", "Expiration": {"Days": 1}})
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    advance(account, days=9)

    run(bucket, 0)
    assert keys(s3, bucket) == ["k"]


def test_where_versions_are_kept_expiring_adds_a_marker(account, s3):
    bucket = versioned(s3)
    set_rules(s3, bucket, {"Expiration": {"Days": 1}})
    version = s3.put_object(Bucket=bucket, Key="k", Body=b"x")["VersionId"]
    advance(account, days=3)

    run(bucket, 1)

    assert keys(s3, bucket) == [] and body_of(s3, bucket, "k", VersionId=version) == b"x"
    assert [(latest, marker) for _k, _v, latest, marker in versions_of(s3, bucket)] == [(False, False), (True, True)]
    run(bucket, 0)


def test_noncurrent_versions_go_by_their_own_clock_and_the_newest_may_stay(account, s3):
    bucket = versioned(s3)
    days = {"NoncurrentDays": 10}
    set_rules(
        s3,
        bucket,
        {"Filter": {"Prefix": "all"}, "NoncurrentVersionExpiration": days},
        {"Filter": {"Prefix": "two"}, "NoncurrentVersionExpiration": {**days, "NewerNoncurrentVersions": 2}},
    )
    ids = {}
    for key in ("all", "two"):
        ids[key] = [s3.put_object(Bucket=bucket, Key=key, Body=b"x")["VersionId"] for _ in range(5)]
    advance(account, days=9)
    run(bucket, 0)
    advance(account, days=3)
    fresh = s3.put_object(Bucket=bucket, Key="all", Body=b"x")["VersionId"]  # so the fifth is noncurrent from now

    run(bucket, 4 + 2)

    assert [one for _k, one, *_ in versions_of(s3, bucket, "all")] == [fresh, ids["all"][4]]
    assert [one for _k, one, *_ in versions_of(s3, bucket, "two")] == [ids["two"][n] for n in (4, 3, 2)]


def test_a_marker_that_hides_nothing_goes_at_once_by_its_own_rule(account, s3):
    bucket = versioned(s3)
    set_rules(s3, bucket, {"Expiration": {"ExpiredObjectDeleteMarker": True}})
    version = s3.put_object(Bucket=bucket, Key="k", Body=b"x")["VersionId"]
    s3.delete_object(Bucket=bucket, Key="k")
    run(bucket, 0)  # it hides a version
    s3.delete_object(Bucket=bucket, Key="k", VersionId=version)

    run(bucket, 1)
    assert versions_of(s3, bucket) == []


def test_with_days_a_lone_marker_goes_when_it_is_as_old(account, s3):
    bucket = versioned(s3)
    set_rules(s3, bucket, {"Expiration": {"Days": 5}, "NoncurrentVersionExpiration": {"NoncurrentDays": 1}})
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    advance(account, days=7)
    run(bucket, 1)  # the marker
    advance(account, days=3)
    run(bucket, 1)
    assert [m for *_, m in versions_of(s3, bucket)] == [True]  # the version below it
    advance(account, days=4)

    run(bucket, 1)
    assert versions_of(s3, bucket) == []


def test_the_null_version_of_a_suspended_bucket_is_replaced_by_a_marker(account, s3):
    bucket = versioned(s3, "Suspended")
    set_rules(s3, bucket, {"Expiration": {"Days": 1}})
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    advance(account, days=3)

    run(bucket, 1)
    assert versions_of(s3, bucket) == [("k", "null", True, True)]


def test_unfinished_uploads_are_given_up_and_their_parts_freed(account, s3):
    bucket = new_bucket(s3)
    set_rules(
        s3,
        bucket,
        {"ID": "stale", "Filter": {"Prefix": "up/"}, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 3}},
    )
    begun = s3.create_multipart_upload(Bucket=bucket, Key="up/a")
    other = s3.create_multipart_upload(Bucket=bucket, Key="kept")
    where = {"Bucket": bucket, "Key": "up/a", "UploadId": begun["UploadId"]}
    s3.upload_part(**where, PartNumber=1, Body=b"x" * 9000)
    name = Part.objects.get(upload__upload_id=begun["UploadId"]).blobs[0][0]
    assert begun["AbortRuleId"] == "stale" and "AbortDate" not in other
    assert s3.list_parts(**where)["AbortDate"] == begun["AbortDate"]
    advance(account, days=5)

    run(bucket, 1)

    with refused("NoSuchUpload", 404):
        s3.list_parts(**where)
    assert not Blob.objects.filter(name=name).exists()
    assert [one["Key"] for one in s3.list_multipart_uploads(Bucket=bucket)["Uploads"]] == ["kept"]


def test_what_is_locked_stays(account, s3):
    bucket = new_bucket(s3, ObjectLockEnabledForBucket=True)
    set_rules(s3, bucket, {"NoncurrentVersionExpiration": {"NoncurrentDays": 1}})
    until = datetime.now(UTC) + timedelta(days=100)
    lock = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": until}
    locked = s3.put_object(Bucket=bucket, Key="k", Body=b"locked", **lock)["VersionId"]
    free = s3.put_object(Bucket=bucket, Key="k", Body=b"free")["VersionId"]
    s3.put_object(Bucket=bucket, Key="k", Body=b"now")
    advance(account, days=3)

    run(bucket, 1)

    left = [one for _k, one, *_ in versions_of(s3, bucket)]
    assert locked in left and free not in left
    advance(account, days=100)
    run(bucket, 1)
    assert body_of(s3, bucket, "k") == b"now"


def test_what_was_written_since_it_was_chosen_is_not_expired(account, s3):
    """A run chooses rows and then acts on them; a client may be quicker in between."""
    bucket = new_bucket(s3)
    set_rules(s3, bucket, {"Expiration": {"Days": 1}})
    for key in ("a", "b"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"old")
    advance(account, days=3)
    row = Bucket.objects.select_related("account").get(name=bucket)
    chosen = list(Object.objects.filter(bucket=row))
    ctx, now = lifecycle.service_context(lifecycle.SERVICE, row), lifecycle.clock.now(row.account)
    s3.put_object(Bucket=bucket, Key="a", Body=b"new")

    acts = [lifecycle._act(ctx, row, one, None, now) for one in chosen]

    assert acts[0] == 0 and body_of(s3, bucket, "a") == b"new" and keys(s3, bucket) == ["a"]


def test_lifecycle_acts_are_events(account, s3):
    sqs = account.client("sqs")
    queue = sqs.create_queue(QueueName="expired")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    bucket = versioned(s3)
    allow_s3 = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "s3.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": arn,
            }
        ],
    }
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(allow_s3)})
    asked = {"QueueArn": arn, "Events": ["s3:LifecycleExpiration:*"]}
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [asked]})
    set_rules(s3, bucket, {"Expiration": {"Days": 1}, "NoncurrentVersionExpiration": {"NoncurrentDays": 1}})
    version = s3.put_object(Bucket=bucket, Key="k", Body=b"x")["VersionId"]
    advance(account, days=3)
    run(bucket, 1)
    advance(account, days=3)
    run(bucket, 2)  # the version, and the marker that hides nothing any more

    def records():
        found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=0).get("Messages", [])
        told = [one for message in found for one in json.loads(message["Body"]).get("Records", [])]
        return told if len(told) >= 3 else None

    told = sorted((one["eventName"], one["s3"]["object"]["versionId"] == version) for one in journey.until(records))
    deleted, marked = "LifecycleExpiration:Delete", "LifecycleExpiration:DeleteMarkerCreated"
    assert told == [(deleted, False), (deleted, True), (marked, False)]
    assert not Event.objects.filter(bucket__name=bucket, event_name__startswith="Lifecycle").exists()


def test_beat_runs_what_is_due_after_the_clock_moved(account, s3):
    """The task that beat sends finds every bucket with rules, whosever it is."""
    bucket = new_bucket(s3)
    set_rules(s3, bucket, {"Expiration": {"Days": 1}})
    upload(s3, bucket, "k", [b"x"])
    advance(account, days=3)

    lifecycle.run_all()

    assert keys(s3, bucket) == []
