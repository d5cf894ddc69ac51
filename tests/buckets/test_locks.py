"""Object lock: what it keeps and from whom; the account's root user is the strongest caller there is."""

import json
import threading
from datetime import UTC, datetime, timedelta

import pytest

from apps.buckets import locks
from apps.buckets.models import Object
from tests.buckets.asking import advance, allow, body_of, new_bucket, refused, upload, versioned, versions_of


@pytest.fixture
def s3(account):
    return account.client("s3")


@pytest.fixture
def bucket(s3):
    return new_bucket(s3, ObjectLockEnabledForBucket=True)


def after(**by):
    return datetime.now(UTC).replace(microsecond=0) + timedelta(**by)


def put(s3, bucket, mode=None, until=None, hold=None, body=b"kept"):
    """Write an object, locked perhaps. Returns {"Bucket", "Key", "VersionId"}."""
    said = {"ObjectLockMode": mode, "ObjectLockRetainUntilDate": until, "ObjectLockLegalHoldStatus": hold}
    answer = s3.put_object(Bucket=bucket, Key="k", Body=body, **{n: v for n, v in said.items() if v})
    return {"Bucket": bucket, "Key": "k", "VersionId": answer["VersionId"]}


def retain(s3, where, mode, until, **more):
    return s3.put_object_retention(**where, Retention={"Mode": mode, "RetainUntilDate": until}, **more)


def default(s3, bucket, **rule):
    configuration = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": rule}}
    s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=configuration)


def test_compliance_is_undone_by_nobody_in_no_way(s3, bucket):
    until = after(days=10)
    where = put(s3, bucket, "COMPLIANCE", until)
    bypass = {"BypassGovernanceRetention": True}

    for more in ({}, bypass):
        with refused("AccessDenied", 403):
            s3.delete_object(**where, **more)
        with refused("AccessDenied", 403):
            retain(s3, where, "COMPLIANCE", after(days=9), **more)
        with refused("AccessDenied", 403):
            retain(s3, where, "GOVERNANCE", after(days=20), **more)
        with refused("AccessDenied", 403):
            s3.put_object_retention(**where, Retention={}, **more)
        many = {"Objects": [{"Key": "k", "VersionId": where["VersionId"]}]}
        answer = s3.delete_objects(Bucket=bucket, Delete=many, **more)
        assert [error["Code"] for error in answer["Errors"]] == ["AccessDenied"]
    with refused("InvalidBucketState", 409):
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    with refused("MalformedXML", 400):
        s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration={})
    with refused("BucketNotEmpty", 409):
        s3.delete_bucket(Bucket=bucket)

    assert s3.get_object_retention(**where)["Retention"] == {"Mode": "COMPLIANCE", "RetainUntilDate": until}
    assert s3.get_object(**where)["Body"].read() == b"kept"


def test_a_default_that_is_taken_away_leaves_what_it_locked(s3, bucket):
    default(s3, bucket, Mode="COMPLIANCE", Days=3)
    where = put(s3, bucket)
    s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"})

    with refused("AccessDenied", 403):
        s3.delete_object(**where)
    free = put(s3, bucket)
    s3.delete_object(**free)


def test_compliance_may_be_lengthened_and_ends_with_its_time(account, s3, bucket):
    where = put(s3, bucket, "COMPLIANCE", after(days=1))
    retain(s3, where, "COMPLIANCE", after(days=2))
    advance(account, days=1, hours=1)
    with refused("AccessDenied", 403):
        s3.delete_object(**where)

    advance(account, days=1)

    s3.delete_object(**where)
    with refused("NoSuchVersion", 404):
        s3.get_object(**where)


def test_governance_yields_to_a_bypass_and_to_nothing_else(s3, bucket):
    where = put(s3, bucket, "GOVERNANCE", after(days=10))
    with refused("AccessDenied", 403):
        s3.delete_object(**where)
    with refused("AccessDenied", 403):
        retain(s3, where, "GOVERNANCE", after(days=9))

    retain(s3, where, "GOVERNANCE", after(days=11))
    retain(s3, where, "GOVERNANCE", after(days=2), BypassGovernanceRetention=True)

    assert s3.head_object(**where)["ObjectLockMode"] == "GOVERNANCE"
    s3.delete_object(**where, BypassGovernanceRetention=True)
    assert versions_of(s3, bucket) == []


def test_the_bypass_is_a_permission_of_its_own(account, classmate, s3, bucket):
    where = put(s3, bucket, "GOVERNANCE", after(days=10))
    theirs = classmate.client("s3")
    actions = ["s3:DeleteObjectVersion", "s3:PutObjectRetention"]
    allow(s3, bucket, {"AWS": classmate.account_id}, actions)

    with refused("AccessDenied", 403):
        theirs.delete_object(**where, BypassGovernanceRetention=True)
    with refused("AccessDenied", 403):
        retain(theirs, where, "GOVERNANCE", after(days=1), BypassGovernanceRetention=True)
    many = {"Objects": [{"Key": "k", "VersionId": where["VersionId"]}]}
    told = theirs.delete_objects(Bucket=bucket, Delete=many, BypassGovernanceRetention=True)
    assert told["Errors"][0]["Code"] == "AccessDenied"

    allow(s3, bucket, {"AWS": classmate.account_id}, [*actions, "s3:BypassGovernanceRetention"])

    with refused("AccessDenied", 403):
        theirs.delete_object(**where)
    theirs.delete_object(**where, BypassGovernanceRetention=True)


def test_a_batch_with_a_bypass_takes_governed_versions_and_leaves_the_others(s3, bucket):
    governed = put(s3, bucket, "GOVERNANCE", after(days=1))
    kept = put(s3, bucket, "COMPLIANCE", after(days=1))
    held = put(s3, bucket, hold="ON")
    many = {"Objects": [{"Key": "k", "VersionId": one["VersionId"]} for one in (governed, kept, held)]}

    answer = s3.delete_objects(Bucket=bucket, Delete=many, BypassGovernanceRetention=True)

    assert [one["VersionId"] for one in answer["Deleted"]] == [governed["VersionId"]]
    assert {one["VersionId"] for one in answer["Errors"]} == {kept["VersionId"], held["VersionId"]}


def test_a_legal_hold_keeps_until_it_is_lifted_whatever_retention_says(account, s3, bucket):
    where = put(s3, bucket, "GOVERNANCE", after(days=1), hold="ON")
    advance(account, days=400)
    for more in ({}, {"BypassGovernanceRetention": True}):
        with refused("AccessDenied", 403):
            s3.delete_object(**where, **more)
    assert s3.get_object_legal_hold(**where)["LegalHold"]["Status"] == "ON"

    s3.put_object_legal_hold(**where, LegalHold={"Status": "OFF"})

    assert s3.head_object(**where)["ObjectLockLegalHoldStatus"] == "OFF"
    s3.delete_object(**where)


def test_a_plain_delete_and_a_new_write_hide_what_is_locked_and_keep_it(s3, bucket):
    where = put(s3, bucket, "COMPLIANCE", after(days=1))

    s3.delete_object(Bucket=bucket, Key="k")
    put(s3, bucket, body=b"newer")

    assert body_of(s3, bucket, "k") == b"newer" and s3.get_object(**where)["Body"].read() == b"kept"


@pytest.mark.parametrize(("rule", "days"), [({"Days": 30}, 30), ({"Years": 1}, 365)])
def test_the_default_retention_is_of_every_new_version(s3, bucket, rule, days):
    default(s3, bucket, Mode="GOVERNANCE", **rule)

    versions = [
        put(s3, bucket)["VersionId"],
        upload(s3, bucket, "k", [b"in parts"])["VersionId"],
        s3.copy_object(Bucket=bucket, Key="k", CopySource=f"{bucket}/k", MetadataDirective="REPLACE")["VersionId"],
    ]

    for one in versions:
        found = s3.get_object_retention(Bucket=bucket, Key="k", VersionId=one)["Retention"]
        assert found["Mode"] == "GOVERNANCE" and days - 1 < (found["RetainUntilDate"] - after()).days + 1 <= days + 1
    own = put(s3, bucket, "COMPLIANCE", after(days=1))
    assert s3.get_object_retention(**own)["Retention"]["Mode"] == "COMPLIANCE"
    assert s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"] == {
        "ObjectLockEnabled": "Enabled",
        "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", **rule}},
    }


def test_a_year_from_a_leap_day_ends_on_the_28th():
    leap = datetime(2028, 2, 29, 12, tzinfo=UTC)

    assert locks.years_later(leap, 1) == datetime(2029, 2, 28, 12, tzinfo=UTC)
    assert locks.years_later(leap, 4) == datetime(2032, 2, 29, 12, tzinfo=UTC)


def test_a_bucket_without_object_lock_refuses_locks(s3):
    plain = versioned(s3)
    where = {"Bucket": plain, "Key": "k"}
    s3.put_object(**where, Body=b"x")

    with refused("ObjectLockConfigurationNotFoundError", 404):
        s3.get_object_lock_configuration(Bucket=plain)
    for act in (
        lambda: s3.put_object(**where, ObjectLockLegalHoldStatus="ON"),
        lambda: s3.put_object(**where, ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=after(days=1)),
        lambda: retain(s3, where, "GOVERNANCE", after(days=1)),
        lambda: s3.get_object_retention(**where),
        lambda: s3.put_object_legal_hold(**where, LegalHold={"Status": "ON"}),
        lambda: s3.get_object_legal_hold(**where),
    ):
        with refused("InvalidRequest", 400):
            act()
    with refused("InvalidBucketState", 409):
        default(s3, new_bucket(s3), Mode="GOVERNANCE", Days=1)
    default(s3, plain, Mode="GOVERNANCE", Days=1)
    assert s3.get_object_lock_configuration(Bucket=plain)["ObjectLockConfiguration"]["ObjectLockEnabled"] == "Enabled"
    with refused("NoSuchObjectLockConfiguration", 404):
        s3.get_object_retention(**where)
    with refused("NoSuchObjectLockConfiguration", 404):
        s3.get_object_legal_hold(**where)


def test_bad_locks_are_refused(s3, bucket):
    where = put(s3, bucket)
    for rule in ({"Mode": "GOVERNANCE"}, {"Mode": "GOVERNANCE", "Days": 1, "Years": 1}, {"Mode": "no", "Days": 1}):
        with refused("MalformedXML", 400):
            default(s3, bucket, **rule)
    for days in (0, -1, 36501):
        with refused("InvalidRetentionPeriod", 400):
            default(s3, bucket, Mode="GOVERNANCE", Days=days)
    with refused("InvalidArgument", 400):
        retain(s3, where, "GOVERNANCE", after(days=-1))
    with refused("MalformedXML", 400):
        retain(s3, where, "governance", after(days=1))
    with refused("MalformedXML", 400):
        s3.put_object_legal_hold(**where, LegalHold={"Status": "on"})
    for said in (
        {"ObjectLockMode": "GOVERNANCE"},
        {"ObjectLockRetainUntilDate": after(days=1)},
        {"ObjectLockMode": "x", "ObjectLockRetainUntilDate": after(days=1)},
        {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": after(days=-1)},
        {"ObjectLockLegalHoldStatus": "on"},
    ):
        with refused("InvalidArgument", 400):
            s3.put_object(Bucket=bucket, Key="k", Body=b"", **said)


def test_the_headers_of_a_lock_need_its_permissions(classmate, s3, bucket):
    theirs = classmate.client("s3")
    allow(s3, bucket, {"AWS": classmate.account_id}, "s3:PutObject")

    theirs.put_object(Bucket=bucket, Key="free", Body=b"")
    for said in (
        {"ObjectLockLegalHoldStatus": "ON"},
        {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": after(days=1)},
    ):
        with refused("AccessDenied", 403):
            theirs.put_object(Bucket=bucket, Key="k", Body=b"", **said)


def test_a_deny_by_remaining_days_is_heard(classmate, s3, bucket):
    """A policy may bound what its users lock, by the mode they name."""
    theirs = classmate.client("s3")
    document = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": classmate.account_id},
                "Action": "s3:*",
                "Resource": f"arn:aws:s3:::{bucket}/*",
            },
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:PutObject*",
                "Resource": f"arn:aws:s3:::{bucket}/*",
                "Condition": {"StringEquals": {"s3:object-lock-mode": "COMPLIANCE"}},
            },
        ],
    }
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(document))

    put(theirs, bucket, "GOVERNANCE", after(days=1))
    with refused("AccessDenied", 403):
        put(theirs, bucket, "COMPLIANCE", after(days=1))


def test_of_two_retentions_set_at_once_compliance_stays(account, s3, bucket):
    """However they interleave, once COMPLIANCE was answered, nothing weaker is in its place."""
    for _ in range(6):
        where = put(s3, bucket, "GOVERNANCE", after(days=1))
        done = []

        def govern(where=where):
            client = account.client("s3")
            for _ in range(4):
                try:
                    retain(client, where, "GOVERNANCE", after(days=1), BypassGovernanceRetention=True)
                except client.exceptions.ClientError:
                    return

        def comply(where=where, done=done):
            retain(account.client("s3"), where, "COMPLIANCE", after(days=2), BypassGovernanceRetention=True)
            done.append(True)

        threads = [threading.Thread(target=govern), threading.Thread(target=govern), threading.Thread(target=comply)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert done and Object.objects.get(version_id=where["VersionId"]).lock_mode == "COMPLIANCE"
