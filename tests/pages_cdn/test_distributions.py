"""The pages of distributions: made over a bucket, read, changed, invalidated, switched off and deleted."""

import pytest

from apps.buckets.models import Bucket
from apps.cdn import policies, readable
from apps.cdn.models import Distribution, OriginAccessControl
from tests.pages_cdn.conftest import PAGE, arrived

DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"


def test_one_form_makes_access_control_distribution_and_policy(site, account, bucket):
    assert OriginAccessControl.objects.filter(account=account.model).count() == 1
    statement = Bucket.objects.get(name=bucket).policy["Statement"][0]
    assert statement["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": {"AWS:SourceArn": site.arn}}


def test_the_new_distribution_serves_the_private_bucket(site, stack, owner):
    answer = owner.post(
        "/map/visit",
        {"distribution": site.distribution_id, "path": "/", "location": "London"},
        headers={"Accept": "application/json"},
    ).json()

    assert (answer["status"], answer["result"], answer["pop"]) == (200, "Miss", "LHR")
    assert answer["size_bytes"] >= len(PAGE)


def test_a_second_distribution_keeps_the_statement_of_the_first(site, owner, bucket):
    owner.post("/distributions/new", {"bucket": bucket, "comment": "second"})

    statements = Bucket.objects.get(name=bucket).policy["Statement"]
    assert len(statements) == 2
    assert len({one["Sid"] for one in statements}) == 2


def test_the_page_shows_the_calls_before_they_are_made(owner, bucket):
    page = owner.get("/distributions/new", {"bucket": bucket, "policy": DISABLED}).content.decode()

    for words in ("create-origin-access-control", "create-distribution", "put-bucket-policy", bucket):
        assert words in page
    assert "Not at all: every request goes on to the origin." in page


def test_a_bucket_of_another_lab_cannot_be_an_origin(other, classmate, bucket):
    classmate.client("s3").create_bucket(Bucket=f"{bucket}-of-mine")

    answer = other.post("/distributions/new", {"bucket": bucket})

    assert answer.status_code == 422
    assert "Choose one of this lab&#x27;s buckets." in answer.content.decode()
    assert f'"{bucket}"' not in other.get("/distributions/new").content.decode()
    assert not Distribution.objects.filter(account=classmate.model).exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [("root", "/index.html"), ("policy", "no-such-policy"), ("price_class", "PriceClass_9")],
)
def test_a_refusal_stands_at_its_field_and_leaves_nothing_behind(owner, account, bucket, field, value):
    answer = owner.post("/distributions/new", {"bucket": bucket, field: value})

    assert answer.status_code == 422
    assert f'id="{field}-problem" role="alert"' in answer.content.decode()
    assert not Distribution.objects.filter(account=account.model).exists()
    assert not OriginAccessControl.objects.filter(account=account.model).exists()


def test_the_overview_says_whether_the_bucket_lets_the_edges_read_and_mends_it(site, owner, bucket, account):
    account.client("s3", region="us-west-1").delete_bucket_policy(Bucket=bucket)
    address = f"/distributions/{site.distribution_id}/"
    before = owner.get(address).content.decode()

    owner.post(f"{address}grant")

    assert "Add a statement to the bucket" in before
    assert "Add a statement to the bucket" not in owner.get(address).content.decode()
    assert Bucket.objects.get(name=bucket).policy["Statement"]


def test_an_invalidation_is_made_and_completes(site, owner):
    address = f"/distributions/{site.distribution_id}/"
    owner.post(f"{address}invalidate", {"paths": "/index.html\n/img/*"})

    row = site.invalidations.get()
    assert row.paths == ["/index.html", "/img/*"]
    for _ in range(50):
        fragment = owner.get(address, {"tab": "invalidations"}, headers={"HX-Request": "true"}).content.decode()
        if "Completed" in fragment:
            break
    assert "Completed" in fragment
    assert "hx-get" not in fragment  # nothing left to wait for: the page stops asking


@pytest.mark.parametrize("paths", ["", "\n \n", "/" + "x" * 5000])
def test_paths_that_are_none_are_refused_at_their_field(site, owner, paths):
    answer = owner.post(f"/distributions/{site.distribution_id}/invalidate", {"paths": paths})

    assert answer.status_code == 422
    assert 'id="paths-problem" role="alert"' in answer.content.decode()


def test_settings_are_changed_through_the_etag(site, owner):
    address = f"/distributions/{site.distribution_id}/"
    values = {"comment": "renamed", "root": "home.html", "policy": DISABLED, "price_class": "PriceClass_100"}

    saved = owner.post(f"{address}update", {**values, "etag": site.etag})
    stale = owner.post(f"{address}update", {**values, "etag": site.etag})

    site.refresh_from_db()
    assert saved.status_code == 302
    assert (site.config["Comment"], site.config["DefaultRootObject"]) == ("renamed", "home.html")
    assert site.config["DefaultCacheBehavior"]["CachePolicyId"] == DISABLED
    assert site.config["PriceClass"] == "PriceClass_100"
    assert stale.status_code == 422
    assert "changed this distribution after you opened the page" in stale.content.decode()


def test_a_distribution_is_switched_off_and_deleted(site, owner):
    address = f"/distributions/{site.distribution_id}/"
    early = owner.post(f"{address}delete", {"etag": site.etag}, follow=True)
    owner.post(f"{address}enabled", {"enabled": "0", "etag": site.etag})
    arrived(site)

    answer = owner.post(f"{address}delete", {"etag": site.etag}, follow=True)

    assert "The distribution you are trying to delete has not been disabled." in early.content.decode()
    assert (
        f"The distribution {site.distribution_id} is gone. Its buckets kept their policies." in answer.content.decode()
    )
    assert owner.get(address).status_code == 404


def test_a_distribution_of_another_lab_does_not_exist(site, other):
    address = f"/distributions/{site.distribution_id}/"
    for path in ("", "?tab=invalidations", "?tab=configuration"):
        assert other.get(address + path).status_code == 404
    for act in ("invalidate", "grant", "update", "enabled", "delete"):
        assert other.post(address + act, {"etag": site.etag, "paths": "/*"}).status_code == 404
    assert site.distribution_id not in other.get("/distributions/").content.decode()


LIVES = {
    "658327ea-f89d-4fab-a63d-7e88639e58f6": "at least 1 second, at most 1 year; 1 day when it says nothing",
    DISABLED: "Not at all",
    "9111c0de-9111-4911-8911-000000009111": "RFC 9111",
}


@pytest.mark.parametrize("policy_id", list(LIVES))
def test_a_policy_says_how_long_it_keeps(policy_id):
    assert LIVES[policy_id] in readable.lifetime(policies.managed()[policy_id])


@pytest.mark.parametrize("policy", policies.managed().values(), ids=lambda policy: policy.name)
def test_every_managed_policy_says_its_key(policy):
    told = readable.key(policy)

    assert told.endswith(".")
    for name in policy.headers:
        assert name in told


def test_the_older_form_of_a_policy_is_readable():
    behavior = {
        "TargetOriginId": "o",
        "ViewerProtocolPolicy": "https-only",
        "ForwardedValues": {"QueryString": True, "Cookies": {"Forward": "all"}},
        "MinTTL": 0,
    }

    row = readable.behaviors({"DefaultCacheBehavior": behavior})[0]

    assert row["pattern"] == "everything"
    assert row["key"] == "Host, path, every query string, every cookie."
    assert row["protocol"] == "HTTPS only"
