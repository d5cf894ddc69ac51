"""One object's page without scripts: what it tells, and each of its forms."""

import secrets
from datetime import UTC, datetime, timedelta

import pytest

from apps.buckets.models import Object
from apps.buckets.readers import readers
from playground import clock

KEY = "notes & more/é.txt"


@pytest.fixture
def stored(s3, versioned):
    """Return a bucket with an object that has everything an object can have."""
    s3.put_object(
        Bucket=versioned, Key=KEY, Body=b"hello", ContentType="text/plain", CacheControl="max-age=60",
        Metadata={"author": "maria"}, Tagging="course=clouds",
    )  # fmt: skip
    return versioned


@pytest.fixture
def locked(s3):
    """Return a bucket with object lock and a version in it."""
    name = f"locked-{secrets.token_hex(5)}"
    s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    s3.put_object(Bucket=name, Key="k", Body=b"kept")
    return name


def page(client, bucket, key=KEY, **query):
    return client.get(f"/buckets/{bucket}/object", {"key": key, **query}).content.decode()


def test_the_overview_tells_what_s3_tells(owner, stored, s3):
    head = s3.head_object(Bucket=stored, Key=KEY, ChecksumMode="ENABLED")

    told = page(owner, stored)

    for value in (
        head["VersionId"],
        "text/plain",
        "SSE-S3",
        "hello",
        head["ChecksumCRC32"],
        "notes%20%26%20more/%C3%A9.txt",
    ):
        assert value in told


@pytest.mark.parametrize(
    ("kind", "body", "shown"),
    [
        ("text/csv", b"a,b\n1,<script>2", 'id="csv"'),
        ("binary/octet-stream", b"{}", "No preview"),
        ("application/pdf", b"%PDF-1.7", "No preview"),
        ("text/html", b"<script>alert(1)</script>", "&lt;script&gt;alert(1)"),
        ("image/png", b"\x89PNG", "<img "),
        ("image/svg+xml", b"<svg/>", "No preview"),
        ("text/plain", b"", "This object has no bytes."),
    ],
)
def test_a_preview_is_an_image_text_or_a_table_and_nothing_that_runs(owner, bucket, s3, kind, body, shown):
    s3.put_object(Bucket=bucket, Key="x", Body=body, ContentType=kind)

    told = page(owner, bucket, "x")

    assert shown in told
    assert "<script>alert(1)" not in told


def test_a_file_that_nobody_typed_is_previewed_by_its_name(owner, bucket, s3):
    s3.put_object(Bucket=bucket, Key="read.md", Body=b"# hello")

    assert "# hello" in page(owner, bucket, "read.md")


def test_tags_are_replaced_and_removed(owner, stored, s3):
    owner.post(f"/buckets/{stored}/object/tags", {"key": KEY, "tag_key": ["a", "", "b"], "tag_value": ["1", "", "2"]})
    assert s3.get_object_tagging(Bucket=stored, Key=KEY)["TagSet"] == [
        {"Key": "a", "Value": "1"},
        {"Key": "b", "Value": "2"},
    ]

    owner.post(f"/buckets/{stored}/object/tags", {"key": KEY, "tag_key": [""], "tag_value": [""]})
    assert s3.get_object_tagging(Bucket=stored, Key=KEY)["TagSet"] == []


def test_a_refused_tag_stands_at_the_field_with_what_was_typed(owner, stored):
    answer = owner.post(
        f"/buckets/{stored}/object/tags", {"key": KEY, "tag_key": ["aws:x"], "tag_value": ["kept text"]}
    )

    told = answer.content.decode()
    assert answer.status_code == 422
    assert 'id="tags-problem" role="alert">System tags cannot be added/updated by requester' in told
    assert "kept text" in told


def test_headers_and_metadata_change_and_the_rest_stays(owner, stored, s3):
    form = {"content_type": "text/markdown", "cache_control": "no-store", "meta_key": ["by"], "meta_value": ["joão"]}
    told = page(owner, stored, tab="details")
    assert 'value="max-age=60"' in told and 'value="maria"' in told

    owner.post(f"/buckets/{stored}/object/headers", {"key": KEY, "storage_class": "STANDARD", "sse": "AES256", **form})

    head = s3.head_object(Bucket=stored, Key=KEY)
    assert (head["ContentType"], head["CacheControl"]) == ("text/markdown", "no-store")
    assert head["TagCount"] == 1
    assert head["ServerSideEncryption"] == "AES256"


@pytest.mark.parametrize(
    ("form", "place"),
    [
        ({"redirect": "nowhere"}, "redirect"),
        ({"storage_class": "FAST"}, "storage_class"),
        ({"meta_key": ["a"], "meta_value": ["x" * 2100]}, "metadata"),
    ],
)
def test_a_refused_header_stands_at_its_field(owner, stored, form, place):
    answer = owner.post(f"/buckets/{stored}/object/headers", {"key": KEY, "content_type": "kept/type", **form})

    assert answer.status_code == 422
    assert f'id="{place}-problem" role="alert"' in answer.content.decode()


def test_versions_of_a_key_are_listed_opened_restored_and_deleted(owner, stored, s3):
    first = s3.head_object(Bucket=stored, Key=KEY)["VersionId"]
    second = s3.put_object(Bucket=stored, Key=KEY, Body=b"second")["VersionId"]
    s3.put_object(Bucket=stored, Key=KEY + "2", Body=b"another key")

    told = page(owner, stored, tab="versions")
    assert told.index(second) < told.index(first)
    assert told.count('name="version" value=') == 2
    assert "hello" in page(owner, stored, version=first)

    owner.post(f"/buckets/{stored}/restore", {"restore": f"{first}:{KEY}", "of": KEY})
    assert s3.get_object(Bucket=stored, Key=KEY)["Body"].read() == b"hello"
    answer = owner.post(f"/buckets/{stored}/delete", {"version": f"{second}:{KEY}", "of": KEY})
    assert "tab=versions" in answer.headers["Location"]
    assert second not in page(owner, stored, tab="versions")


def test_the_page_of_a_deleted_key_leads_to_its_versions(owner, stored, s3):
    answer = owner.post(f"/buckets/{stored}/delete", {"key": KEY, "of": KEY}, follow=True)
    told = answer.content.decode()
    marker = s3.list_object_versions(Bucket=stored, Prefix=KEY)["DeleteMarkers"][0]["VersionId"]

    assert "A delete marker hides this key." in told
    owner.post(f"/buckets/{stored}/restore", {"undelete": f"{marker}:{KEY}", "of": KEY})
    assert s3.get_object(Bucket=stored, Key=KEY)["Body"].read() == b"hello"


def test_the_last_version_deleted_leads_back_to_the_list(owner, bucket, s3):
    s3.put_object(Bucket=bucket, Key="a/k", Body=b"")

    answer = owner.post(f"/buckets/{bucket}/delete", {"key": "a/k", "of": "a/k"})

    assert answer.headers["Location"] == f"/buckets/{bucket}/?prefix=a%2F"
    assert owner.get(f"/buckets/{bucket}/object", {"key": "a/k"}).status_code == 404


def test_retention_and_hold_are_set_told_and_overridden(owner, locked, s3):
    until = (datetime.now(UTC) + timedelta(days=9)).strftime("%Y-%m-%dT%H:%M")
    owner.post(f"/buckets/{locked}/object/retention", {"key": "k", "mode": "GOVERNANCE", "until": until})
    owner.post(f"/buckets/{locked}/object/hold", {"key": "k", "status": "ON"})

    told = page(owner, locked, "k", tab="protection")
    assert f"governance until {until.replace('T', ' ')}" in told and "Lift the hold" in told
    owner.post(f"/buckets/{locked}/object/hold", {"key": "k", "status": "OFF"})
    refused = owner.post(f"/buckets/{locked}/object/retention", {"key": "k", "mode": ""})
    assert 'id="until-problem" role="alert"' in refused.content.decode()
    owner.post(f"/buckets/{locked}/object/retention", {"key": "k", "mode": "", "bypass": "1"})
    assert "ObjectLockMode" not in s3.head_object(Bucket=locked, Key="k")


@pytest.mark.parametrize(("until", "why"), [("", "A date and a time"), ("2001-01-01T00:00", "must be in the future")])
def test_a_date_that_is_none_stands_at_its_field(owner, locked, until, why):
    answer = owner.post(f"/buckets/{locked}/object/retention", {"key": "k", "mode": "COMPLIANCE", "until": until})

    assert answer.status_code == 422
    assert why in answer.content.decode()


def test_a_locked_version_is_not_deleted_unless_governance_is_overridden(owner, locked, s3):
    version = s3.head_object(Bucket=locked, Key="k")["VersionId"]
    kept = {"Mode": "GOVERNANCE", "RetainUntilDate": datetime.now(UTC) + timedelta(days=1)}
    s3.put_object_retention(Bucket=locked, Key="k", Retention=kept)

    refused = owner.post(f"/buckets/{locked}/delete", {"version": f"{version}:k", "of": "k"}, follow=True)
    owner.post(f"/buckets/{locked}/delete", {"version": f"{version}:k", "bypass": "1"})

    assert "AccessDenied" in refused.content.decode()
    assert "Versions" not in s3.list_object_versions(Bucket=locked)


def test_who_may_read_is_what_the_policies_say(account, stored, s3):
    bucket = Object.objects.filter(bucket__name=stored).first().bucket
    arn = f"arn:aws:cloudfront::{account.account_id}:distribution/E1"
    s3.delete_public_access_block(Bucket=stored)
    s3.put_bucket_policy(
        Bucket=stored,
        Policy=f'{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"Service":"cloudfront.amazonaws.com"}},'
        f'"Action":"s3:GetObject","Resource":"{bucket.arn}/*","Condition":{{"StringEquals":{{"AWS:SourceArn":"{arn}"}}}}}}]}}',
    )
    bucket.refresh_from_db()
    row = bucket.stored.get()

    found = {one["who"]: one for one in readers(bucket, row, clock.now(account.model), "localhost")}

    assert found["root user"]["allowed"] and found["E1"]["allowed"]
    assert not found["everyone"]["allowed"]
    assert "Add a statement" in found["everyone"]["change"]
    assert all(one["because"] for one in found.values())


def test_acls_are_shown_and_set_where_they_count(owner, s3):
    name = f"acls-{secrets.token_hex(5)}"
    s3.create_bucket(Bucket=name, ObjectOwnership="ObjectWriter")
    s3.delete_public_access_block(Bucket=name)
    s3.put_object(Bucket=name, Key="k", Body=b"x")

    owner.post(f"/buckets/{name}/object/object-acl", {"key": "k", "acl": "public-read"})

    told = page(owner, name, "k", tab="access")
    assert "everyone" in told and "The ACL grants READ to AllUsers." in told
    s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration={"BlockPublicAcls": True})
    refused = owner.post(f"/buckets/{name}/object/object-acl", {"key": "k", "acl": "public-read"})
    assert refused.status_code == 422 and 'id="acl-problem" role="alert"' in refused.content.decode()


@pytest.mark.parametrize(
    ("life", "unit", "why"),
    [
        ("0", "minutes", "At least one minute."),
        ("8", "days", "less than a week"),
        ("x", "hours", "A whole number"),
        ("1", "years", "A whole number"),
    ],
)
def test_a_life_that_s3_would_refuse_is_refused_at_its_field(owner, stored, life, unit, why):
    answer = owner.post(f"/buckets/{stored}/share", {"key": KEY, "life": life, "unit": unit})

    assert answer.status_code == 422
    assert why in answer.content.decode()


def test_an_object_under_the_customers_own_key_says_that_it_is_not_here(owner, bucket, s3):
    s3.put_object(Bucket=bucket, Key="c", Body=b"x", SSECustomerAlgorithm="AES256", SSECustomerKey=b"k" * 32)

    assert "The correct parameters must be provided" in page(owner, bucket, "c")


def test_an_object_of_another_lab_does_not_exist(other, stored):
    for tab in ("overview", "details", "versions", "protection", "access", "share"):
        assert other.get(f"/buckets/{stored}/object", {"key": KEY, "tab": tab}).status_code == 404
    for act in ("object/tags", "object/headers", "object/retention", "object/hold", "object/object-acl", "share"):
        assert other.post(f"/buckets/{stored}/{act}", {"key": KEY, "life": "1", "unit": "hours"}).status_code == 404
