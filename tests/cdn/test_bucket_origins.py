"""Buckets behind distributions: private ones need an access control and a policy, as AWS documents it."""

import hashlib
import json

import pytest

from tests.cdn.conftest import OPTIMIZED, create


@pytest.fixture
def bucket(account):
    """Return a private bucket with a photo, a page and a file of 20 MiB."""
    s3, name = account.client("s3"), f"photos-{account.account_id}"
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="index.html", Body=b"<h1>home</h1>", ContentType="text/html")
    s3.put_object(Bucket=name, Key="a b/ä+(1).txt", Body=b"odd name", CacheControl="max-age=5")
    s3.put_object(Bucket=name, Key="big.bin", Body=bytes(range(256)) * 81920)
    return name


def over(bucket, domain=None, control="", **more):
    """Return a DistributionConfig over a bucket."""
    return {
        "CallerReference": bucket + control,
        "Comment": "",
        "Enabled": True,
        "Origins": {
            "Quantity": 1,
            "Items": [
                {
                    "Id": "bucket",
                    "DomainName": domain or f"{bucket}.s3.us-east-1.amazonaws.com",
                    "OriginAccessControlId": control,
                    "S3OriginConfig": {"OriginAccessIdentity": ""},
                }
            ],
        },
        "DefaultCacheBehavior": {
            "TargetOriginId": "bucket",
            "ViewerProtocolPolicy": "allow-all",
            "CachePolicyId": OPTIMIZED,
        },
        **more,
    }


def access_control(account, name):
    return account.client("cloudfront").create_origin_access_control(
        OriginAccessControlConfig={
            "Name": name,
            "SigningProtocol": "sigv4",
            "SigningBehavior": "always",
            "OriginAccessControlOriginType": "s3",
        }
    )["OriginAccessControl"]["Id"]


def allow(account, bucket, source_arn):
    """Let CloudFront read a bucket for one distribution."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
        "Condition": {"StringEquals": {"AWS:SourceArn": source_arn}},
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    account.client("s3").put_bucket_policy(Bucket=bucket, Policy=json.dumps(document))


def arn(account, site):
    return f"arn:aws:cloudfront::{account.account_id}:distribution/{site.id}"


def test_a_private_bucket_without_an_access_control_is_403(account, bucket):
    answer = create(account, over(bucket)).ask("/index.html")

    assert (answer.status, answer.result) == (403, "Error")
    assert b"AccessDenied" in answer.body


def test_an_access_control_without_a_policy_is_403_too(account, bucket):
    site = create(account, over(bucket, control=access_control(account, bucket)))

    assert site.ask("/index.html").status == 403


@pytest.mark.parametrize("domain", ["{}.s3.us-east-1.amazonaws.com", "{}.s3.amazonaws.com", "{}.s3.localhost:4566"])
def test_with_both_the_bucket_stays_private_and_the_site_is_public(account, bucket, domain):
    site = create(
        account,
        over(bucket, domain.format(bucket), access_control(account, bucket), DefaultRootObject="index.html"),
    )
    allow(account, bucket, arn(account, site))

    home, odd = site.ask("/"), site.ask("/a%20b/%C3%A4%2B(1).txt")

    assert (home.status, home.body, home.result) == (200, b"<h1>home</h1>", "Miss")
    assert (odd.status, odd.body) == (200, b"odd name")
    assert site.ask("/").result == "Hit"
    assert "x-amz-request-id" not in home.headers
    assert site.ask("/nothing").status in (403, 404)


def test_another_accounts_distribution_cannot_read_it(account, classmate, bucket):
    mine = create(account, over(bucket, control=access_control(account, bucket)))
    theirs = create(classmate, over(bucket, control=access_control(classmate, bucket)))
    allow(account, bucket, arn(account, mine))

    assert mine.ask("/index.html").status == 200
    assert theirs.ask("/index.html").status == 403


def test_a_big_object_streams_through_and_its_parts_come_from_the_cache(account, bucket):
    site = create(account, over(bucket, control=access_control(account, bucket)))
    allow(account, bucket, arn(account, site))

    whole, part = site.ask("/big.bin"), site.ask("/big.bin", range="bytes=20971510-")

    assert hashlib.sha256(whole.body).digest() == hashlib.sha256(bytes(range(256)) * 81920).digest()
    assert (part.status, part.result, part.body) == (206, "Hit", bytes(range(246, 256)))


def test_a_bucket_that_does_not_exist_is_404(account):
    answer = create(account, over("no-such-bucket-anywhere")).ask("/x")

    assert answer.status == 404 and b"NoSuchBucket" in answer.body
