"""What the tests of queues share: a client of the owner's, a queue, and the old query protocol by hand."""

import uuid
from dataclasses import dataclass
from urllib.parse import urlencode
from xml.etree import ElementTree

import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

SPACE = "{http://queue.amazonaws.com/doc/2012-11-05/}"


@pytest.fixture
def sqs(account):
    """Return the owner's boto3 client, which speaks JSON."""
    return account.client("sqs")


@pytest.fixture
def make(sqs):
    """Return a function that makes a queue and returns its URL."""

    def make_queue(name=None, **attributes):
        name = name or f"jobs-{uuid.uuid4().hex[:8]}"
        if attributes.get("FifoQueue"):
            name += ".fifo"
        given = {key: str(value) for key, value in attributes.items()}
        return sqs.create_queue(QueueName=name, Attributes=given)["QueueUrl"]

    return make_queue


@pytest.fixture
def queue(make):
    return make()


@pytest.fixture
def fifo(make):
    return make(FifoQueue="true", ContentBasedDeduplication="true")


@dataclass
class Answer:
    """An answer of the query protocol. status, headers, root: ElementTree."""

    status: int
    headers: dict
    root: ElementTree.Element

    def texts(self, path):
        """Return the texts at a path of element names below the root."""
        return [one.text for one in self.root.iterfind("/".join(SPACE + part for part in path.split("/")))]

    def text(self, path):
        found = self.texts(path)
        return found[0] if found else None


def query(lab, url, sign=True, method="POST", **fields):
    """Send a request of the query protocol to a URL, signed by a lab, and return its Answer."""
    form = urlencode({"Version": "2012-11-05", **fields})
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    if method == "GET":
        request = AWSRequest("GET", f"{url}?{form}")
    else:
        request = AWSRequest("POST", url, data=form, headers=headers)
    if sign:
        SigV4Auth(Credentials(lab.access_key, lab.secret_key), "sqs", "us-east-1").add_auth(request)
    ready = request.prepare()
    found = httpx.request(method, ready.url, content=ready.body, headers=dict(ready.headers), timeout=30)
    assert found.headers["content-type"].startswith("text/xml"), found.text
    return Answer(found.status_code, found.headers, ElementTree.fromstring(found.text))
