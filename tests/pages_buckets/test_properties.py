"""The settings of a bucket and the form that makes one, without scripts: each is set, told, and refused at its field."""

import json
import secrets

import pytest
from botocore.exceptions import ClientError

from apps.kms.models import Key

CORS = [{"AllowedOrigins": ["https://a.example"], "AllowedMethods": ["GET"]}]


def page(client, bucket, **query):
    return client.get(f"/buckets/{bucket}/", {"tab": "properties", **query}).content.decode()


def put(client, bucket, section, **form):
    return client.post(f"/buckets/{bucket}/properties/{section}", form)


def refused(answer, field, words):
    told = answer.content.decode()
    assert answer.status_code == 422
    place = told.partition(f'id="{field}-problem" role="alert">')[2].partition("<")[0]
    assert words in place, place


@pytest.fixture
def key(account):
    made = account.client("kms").create_key(Description="mine")["KeyMetadata"]
    return made["Arn"]


def test_versioning_is_enabled_and_suspended(owner, bucket, s3):
    assert put(owner, bucket, "versioning", status="Enabled").status_code == 302
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"

    put(owner, bucket, "versioning", status="Suspended")

    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Suspended"
    assert "put-bucket-versioning" in page(owner, bucket)


def test_versioning_under_object_lock_stays(owner, s3):
    name = f"lock-{secrets.token_hex(5)}"
    s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)

    refused(put(owner, name, "versioning", status="Suspended"), "status", "Object Lock configuration is present")


def test_new_objects_are_encrypted_with_the_labs_key(owner, bucket, s3, key):
    put(owner, bucket, "encryption", algorithm="aws:kms", key=key, bucket_key="1")
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")

    head = s3.head_object(Bucket=bucket, Key="k")
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"], head["BucketKeyEnabled"]) == ("aws:kms", key, True)
    told = page(owner, bucket, open="encryption")
    assert "SSE-KMS" in told and f'value="{key}" selected' in told
    put(owner, bucket, "encryption", algorithm="AES256", key=key)
    rule = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}


def test_an_unknown_encryption_is_refused_at_its_choice(owner, bucket):
    refused(put(owner, bucket, "encryption", algorithm="ROT13"), "algorithm", "XML")


def test_object_lock_needs_versions_and_keeps_new_ones(owner, bucket, s3):
    refused(put(owner, bucket, "lock", mode="", period=""), "mode", "Versioning must be")
    put(owner, bucket, "versioning", status="Enabled")

    put(owner, bucket, "lock", mode="GOVERNANCE", period="3", unit="Days")

    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert s3.head_object(Bucket=bucket, Key="k")["ObjectLockMode"] == "GOVERNANCE"
    assert "on, governance for 3 days" in page(owner, bucket)
    refused(put(owner, bucket, "lock", mode="COMPLIANCE", period="999", unit="Years"), "period", "too large")
    refused(put(owner, bucket, "lock", mode="COMPLIANCE", period="x"), "period", "a whole number")


def test_tags_of_a_bucket_are_set_removed_and_refused(owner, bucket, s3):
    put(owner, bucket, "bucket-tags", tag_key=["course"], tag_value=["clouds"])
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == [{"Key": "course", "Value": "clouds"}]

    refused(put(owner, bucket, "bucket-tags", tag_key=["aws:x"], tag_value=["1"]), "bucket-tags", "System tags")
    put(owner, bucket, "bucket-tags")
    with pytest.raises(ClientError, match="NoSuchTagSet"):
        s3.get_bucket_tagging(Bucket=bucket)


def test_a_website_is_switched_on_redirected_and_off(owner, bucket, s3):
    put(owner, bucket, "website", kind="host", index="home.html", error="404.html")
    found = s3.get_bucket_website(Bucket=bucket)
    assert (found["IndexDocument"]["Suffix"], found["ErrorDocument"]["Key"]) == ("home.html", "404.html")
    told = page(owner, bucket, open="website")
    assert f"http://{bucket}.s3-website.us-east-1.localhost:" in told and "Visit the website" in told

    put(owner, bucket, "website", kind="redirect", host="www.example.com", protocol="https")
    assert s3.get_bucket_website(Bucket=bucket)["RedirectAllRequestsTo"]["HostName"] == "www.example.com"
    put(owner, bucket, "website", kind="")
    with pytest.raises(ClientError, match="NoSuchWebsiteConfiguration"):
        s3.get_bucket_website(Bucket=bucket)


@pytest.mark.parametrize(
    ("form", "field", "words"),
    [
        ({"kind": "host", "index": ""}, "index", "IndexDocument Suffix"),
        ({"kind": "host", "index": "a/b"}, "index", "not well formed"),
        ({"kind": "host", "index": "i", "rules": "{"}, "rules", "This is not JSON"),
        ({"kind": "host", "index": "i", "rules": '{"a": 1}'}, "rules", "Invalid type for parameter"),
    ],
)
def test_a_refused_website_stands_at_its_field(owner, bucket, form, field, words):
    refused(put(owner, bucket, "website", **form), field, words)


def test_cors_rules_are_a_list_or_a_configuration(owner, bucket, s3):
    for text in (json.dumps(CORS), json.dumps({"CORSRules": CORS})):
        put(owner, bucket, "cors", cors=text)
        assert s3.get_bucket_cors(Bucket=bucket)["CORSRules"] == CORS
    assert "1 rule" in page(owner, bucket)

    put(owner, bucket, "cors", cors="")
    with pytest.raises(ClientError, match="NoSuchCORSConfiguration"):
        s3.get_bucket_cors(Bucket=bucket)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[", "This is not JSON"),
        ('["x"]', "Invalid type for parameter"),
        ('[{"AllowedOrigins": "https://a", "AllowedMethods": ["GET"]}]', "Invalid type for parameter"),
        ('[{"AllowedOrigins": ["*"], "AllowedMethods": ["PATCH"]}]', "unsupported HTTP method"),
    ],
)
def test_refused_cors_rules_say_why_and_keep_the_text(owner, bucket, text, words):
    answer = put(owner, bucket, "cors", cors=text)

    refused(answer, "cors", words)
    assert "PATCH" in answer.content.decode() or "PATCH" not in text


def test_lifecycle_rules_are_added_removed_and_replaced(owner, bucket, s3):
    put(owner, bucket, "lifecycle", by="form", id="old logs", prefix="logs/", days="30", noncurrent="7", abort="2")
    put(owner, bucket, "lifecycle", by="form", id="second", days="1")
    first, second = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    assert first["Expiration"] == {"Days": 30}
    assert first["NoncurrentVersionExpiration"] == {"NoncurrentDays": 7}
    assert first["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 2}
    told = page(owner, bucket)
    assert "Keys that begin with logs/: expire after 30 days; delete older versions after 7 days" in told

    put(owner, bucket, "lifecycle", remove="old logs")
    assert [one["ID"] for one in s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]] == ["second"]
    rule = {"ID": "j", "Status": "Disabled", "Filter": {}, "Expiration": {"Date": "2040-01-01T00:00:00Z"}}
    put(owner, bucket, "lifecycle", by="json", json=json.dumps([rule]))
    assert "expire on 2040-01-01" in page(owner, bucket)
    put(owner, bucket, "lifecycle", by="json", json="")
    with pytest.raises(ClientError, match="NoSuchLifecycleConfiguration"):
        s3.get_bucket_lifecycle_configuration(Bucket=bucket)


@pytest.mark.parametrize(
    ("form", "field", "words"),
    [
        ({"by": "form", "days": "0"}, "days", "a whole number"),
        ({"by": "form", "days": ""}, "days", "at least one"),
        ({"by": "form", "id": "x" * 256, "days": "1"}, "id", "ID length"),
        ({"by": "json", "json": "nonsense"}, "json", "This is not JSON"),
        ({"by": "json", "json": '[{"Status": "Enabled", "Filter": {}}]'}, "json", "At least one action"),
    ],
)
def test_a_refused_rule_stands_at_its_field(owner, bucket, form, field, words):
    refused(put(owner, bucket, "lifecycle", **form), field, words)


def test_the_access_log_goes_into_another_bucket_that_lets_it(owner, bucket, s3):
    target = f"{bucket}-logs"
    s3.create_bucket(Bucket=target)
    mine = {
        "Sid": "Mine",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:DeleteObject",
        "Resource": f"arn:aws:s3:::{target}/*",
    }
    s3.put_bucket_policy(Bucket=target, Policy=json.dumps({"Version": "2012-10-17", "Statement": [mine]}))

    for _ in range(2):
        put(owner, bucket, "logging", target=target, log_prefix="a/", grant="1")

    assert s3.get_bucket_logging(Bucket=bucket)["LoggingEnabled"]["TargetBucket"] == target
    statements = json.loads(s3.get_bucket_policy(Bucket=target)["Policy"])["Statement"]
    assert [one["Sid"] for one in statements] == ["Mine", f"LogsOf-{bucket}"]
    told = page(owner, bucket, open="logging")
    assert f"into {target}" in told and "no log is delivered" not in told
    s3.delete_bucket_policy(Bucket=target)
    assert "no log is delivered" in page(owner, bucket)
    put(owner, bucket, "logging", target="")
    assert "LoggingEnabled" not in s3.get_bucket_logging(Bucket=bucket)


def test_a_target_that_is_none_is_refused_at_its_field(owner, bucket):
    refused(put(owner, bucket, "logging", target="nobodys-bucket"), "target", "does not exist")


def test_acls_appear_when_they_count(owner, bucket, s3):
    assert 'id="acl"' not in page(owner, bucket)

    put(owner, bucket, "ownership", ownership="ObjectWriter")

    assert 'id="acl"' in page(owner, bucket)
    refused(put(owner, bucket, "acl", acl="public-read"), "acl", "Access Denied")
    put(owner, bucket, "acl", acl="log-delivery-write")
    assert "S3 log delivery" in page(owner, bucket)
    refused(put(owner, bucket, "ownership", ownership="BucketOwnerEnforced"), "ownership", "cannot have ACLs set")


@pytest.mark.parametrize(
    ("what", "form", "shown"),
    [
        ("versioning", {"status": "Suspended"}, "Suspended"),
        ("lifecycle", {"by": "form", "days": "9"}, '"Days": 9'),
        ("cors", {"cors": json.dumps(CORS)}, "https://a.example"),
        ("website", {"kind": "host", "index": "start.html"}, "start.html"),
        ("policy", {"policy": "{}"}, "put-bucket-policy"),
        ("public-access", {"BlockPublicAcls": "on"}, '"BlockPublicAcls": true'),
        ("events", {"function": "arn:x"}, "arn:x"),
        ("cors", {"cors": "["}, ""),
    ],
)
def test_every_form_shows_the_same_act_four_ways(owner, bucket, what, form, shown):
    told = owner.post(f"/buckets/{bucket}/ways/{what}", form).content.decode().replace("&quot;", '"')

    assert shown in told
    assert ("s3api" in told) == bool(shown)


def test_properties_of_another_lab_do_not_exist(other, bucket, s3):
    assert other.get(f"/buckets/{bucket}/", {"tab": "properties"}).status_code == 404
    for section in ("versioning", "encryption", "lock", "bucket-tags", "website", "cors", "lifecycle", "logging"):
        assert put(other, bucket, section, status="Enabled").status_code == 404
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)


def test_a_target_of_another_lab_gets_no_statement(owner, classmate, bucket):
    theirs = f"{bucket}-theirs"
    classmate.client("s3").create_bucket(Bucket=theirs)

    refused(put(owner, bucket, "logging", target=theirs, grant="1"), "target", "does not exist")

    with pytest.raises(ClientError, match="NoSuchBucketPolicy"):
        classmate.client("s3").get_bucket_policy(Bucket=theirs)


# -- a new bucket -----------------------------------------------------------------------------------


def test_a_bucket_is_made_with_all_that_the_form_offers(owner, account, key):
    name = f"made-{secrets.token_hex(5)}"
    form = {
        "name": name, "region": "us-east-1", "ownership": "BucketOwnerPreferred", "public": "1", "lock": "1",
        "algorithm": "aws:kms", "key": key, "bucket_key": "1", "tag_key": ["a"], "tag_value": ["1"],
    }  # fmt: skip

    assert owner.post("/buckets/new", form).status_code == 302

    s3 = account.client("s3")
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    assert s3.get_object_lock_configuration(Bucket=name)
    assert s3.get_bucket_tagging(Bucket=name)["TagSet"] == [{"Key": "a", "Value": "1"}]
    assert s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"][0]["ObjectOwnership"] == (
        "BucketOwnerPreferred"
    )
    assert not any(s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"].values())
    rule = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"] == key


def test_a_plain_bucket_in_another_region_keeps_versions(owner, account):
    name = f"plain-{secrets.token_hex(5)}"

    owner.post("/buckets/new", {"name": name, "region": "eu-west-1", "versioning": "Enabled"})

    s3 = account.client("s3", region="eu-west-1")
    assert s3.get_bucket_location(Bucket=name)["LocationConstraint"] == "eu-west-1"
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    assert all(s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"].values())


def test_a_refused_bucket_stands_at_its_field_and_keeps_the_choices(owner, bucket):
    answer = owner.post("/buckets/new", {"name": "Not A Name", "region": "eu-west-1", "lock": "1"})

    refused(answer, "name", "Use 3 to 63 small letters")
    assert "<option selected>eu-west-1" in answer.content.decode()
    tags = {"tag_key": ["aws:a"], "tag_value": ["1"]}
    refused(owner.post("/buckets/new", {"name": "fine-name-x", **tags}), "bucket-tags", "System tags")


def test_the_list_of_buckets_counts_and_shows_itself_four_ways(owner, versioned, s3):
    s3.put_object(Bucket=versioned, Key="k", Body=b"12345")
    s3.put_object(Bucket=versioned, Key="k", Body=b"123")

    told = owner.get("/buckets/").content.decode()

    assert versioned in told and "8 B" in told and "list-buckets" in told
    assert "create-bucket" in owner.get("/buckets/?new=1").content.decode()
    assert "b-b-b" in owner.post("/buckets/new/ways", {"name": "b-b-b"}).content.decode()


def test_a_bucket_is_deleted_when_it_is_empty(owner, bucket, s3):
    s3.put_object(Bucket=bucket, Key="k", Body=b"")
    kept = owner.post(f"/buckets/{bucket}/delete-bucket", follow=True).content.decode()
    s3.delete_object(Bucket=bucket, Key="k")

    gone = owner.post(f"/buckets/{bucket}/delete-bucket", follow=True).content.decode()

    assert "Delete its objects, versions and unfinished uploads first." in kept
    assert f"The bucket {bucket} is gone." in gone


def test_keys_of_another_lab_are_not_offered(owner, classmate, bucket):
    arn = classmate.client("kms").create_key()["KeyMetadata"]["Arn"]

    assert Key.objects.filter(account=classmate.model).exists()
    assert arn not in page(owner, bucket) and arn not in owner.get("/buckets/?new=1").content.decode()
