"""The cast at the pages: the owner of a lab with a site behind a distribution, and a classmate, each at a browser."""

import secrets
import time

import pytest
from django.test import Client

from apps.cdn.models import Distribution
from apps.identity.models import User

PAGE = b"<h1>hello</h1>"


def browser(lab):
    """Return a browser of somebody who owns a lab and is signed in."""
    user = User.objects.create(username=f"student-{secrets.token_hex(4)}", kind=User.Kind.STUDENT)
    lab.model.owner = user
    lab.model.save(update_fields=["owner"])
    client = Client(headers={"Origin": "http://testserver"})
    client.force_login(user)
    return client


@pytest.fixture
def owner(account):
    return browser(account)


@pytest.fixture
def other(classmate):
    return browser(classmate)


@pytest.fixture
def bucket(account):
    """Return the name of a bucket in California with a page in it."""
    name = f"site-{secrets.token_hex(5)}"
    s3 = account.client("s3", region="us-west-1")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "us-west-1"})
    s3.put_object(Bucket=name, Key="index.html", Body=PAGE, ContentType="text/html")
    return name


@pytest.fixture
def site(owner, bucket):
    """Return a distribution over the bucket, made at the page and arrived at the edges."""
    answer = owner.post("/distributions/new", {"bucket": bucket, "root": "index.html"})
    assert answer.status_code == 302
    found = Distribution.objects.get(distribution_id=answer.headers["Location"].split("/")[2])
    arrived(found)
    return found


def arrived(distribution):
    """Wait until every edge has a distribution as it is."""
    for _ in range(100):
        distribution.refresh_from_db()
        if distribution.status == Distribution.Status.DEPLOYED:
            return
        time.sleep(0.05)
    raise AssertionError("the edges did not take the distribution on")


@pytest.fixture
def client_of_nobody(stack):
    """Return a browser that is not signed in."""
    return Client(headers={"Origin": "http://testserver"})
