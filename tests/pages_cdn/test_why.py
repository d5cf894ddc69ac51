"""The pages that say why: every request of a lab, its decisions, what it led to and what it cost."""

import botocore.exceptions
import pytest

from apps.observability import traces


def newest(account, text):
    return traces.recent(account.model, text=text)[0]


def test_the_list_is_filtered_by_its_address(owner, account, bucket):
    with pytest.raises(botocore.exceptions.ClientError):
        account.client("s3").get_object(Bucket=bucket, Key="missing")

    everything = owner.get("/requests/").content.decode()
    failed = owner.get("/requests/", {"status": "failed", "service": "s3"}).content.decode()
    nothing = owner.get("/requests/", {"text": "no-such-words"}).content.decode()

    assert "CreateBucket" in everything and "NoSuchKey" in everything
    assert "NoSuchKey" in failed and "CreateBucket" not in failed
    assert "No request fits" in nothing


def test_a_request_says_who_what_and_every_decision(owner, account, bucket):
    page = owner.get(f"/requests/{newest(account, 'PutObject').request_id}").content.decode()

    assert "PutObject" in page and "Signature: valid" in page
    assert "s3:PutObject" in page
    assert "What it cost" in page and "0.000005" in page


def test_a_denied_request_shows_the_statement_that_denied_it(owner, account, bucket):
    s3 = account.client("s3", region="us-west-1")
    statement = (
        '{"Version":"2012-10-17","Statement":[{"Sid":"NobodyDeletes","Effect":"Deny","Principal":"*",'
        f'"Action":"s3:DeleteObject","Resource":"arn:aws:s3:::{bucket}/*"}}]}}'
    )
    s3.put_bucket_policy(Bucket=bucket, Policy=statement)
    with pytest.raises(botocore.exceptions.ClientError):
        s3.delete_object(Bucket=bucket, Key="index.html")

    page = owner.get(f"/requests/{newest(account, 'DeleteObject').request_id}").content.decode()

    assert "ExplicitDeny" in page and "NobodyDeletes" in page
    assert "AccessDenied" in page


def test_a_visit_says_why_and_leads_to_the_request_at_its_origin(owner, site):
    answer = owner.post(
        "/map/visit",
        {"distribution": site.distribution_id, "path": "/", "location": "London"},
        headers={"Accept": "application/json"},
    ).json()
    owner.get("/map/visits", {"distribution": site.distribution_id})
    visit = site.visits.get(request_id=answer["request_id"])

    page = owner.get(f"/requests/{answer['request_id']}").content.decode()
    origin = owner.get(f"/requests/{visit.detail['origin_request_id']}")

    assert "LHR (London) is 0 km away" in page
    assert "Managed-CachingOptimized" in page
    assert f"/requests/{visit.detail['origin_request_id']}" in page
    assert "GetObject" in origin.content.decode() and "LetDistributionRead" in origin.content.decode()


def test_a_hit_did_not_ask_its_origin(owner, site):
    values = {"distribution": site.distribution_id, "path": "/", "location": "London"}
    for _ in range(2):
        answer = owner.post("/map/visit", values, headers={"Accept": "application/json"}).json()

    page = owner.get(f"/requests/{answer['request_id']}").content.decode()

    assert "Origin: not asked" in page


def test_another_labs_request_does_not_exist(owner, other, account, site):
    answer = owner.post(
        "/map/visit",
        {"distribution": site.distribution_id, "path": "/", "location": "Rome"},
        headers={"Accept": "application/json"},
    ).json()
    trace = newest(account, "CreateDistribution")

    for request_id in (trace.request_id, answer["request_id"]):
        assert owner.get(f"/requests/{request_id}").status_code == 200
        assert other.get(f"/requests/{request_id}").status_code == 404
    assert trace.request_id not in other.get("/requests/").content.decode()


@pytest.mark.parametrize("request_id", ["nonsense", "a/b/c", "%00", "x" * 500])
def test_a_request_that_never_was_is_not_there(owner, request_id):
    assert owner.get(f"/requests/{request_id}").status_code == 404
