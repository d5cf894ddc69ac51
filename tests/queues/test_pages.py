"""The pages of queues at a browser: the owner's acts, what they show, and nothing of it for a classmate."""

import re
import secrets

import pytest
from django.test import Client

from apps.identity.models import User
from apps.queues.models import Queue


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


def page(answer):
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def test_a_queue_is_made_and_shown_with_the_four_ways(owner):
    assert "Your first queue" in page(owner.get("/queues/"))
    assert (
        owner.post("/queues/new", {"name": "jobs", "region": "us-east-1"}).headers["Location"]
        == "/queues/us-east-1/jobs/"
    )

    shown = page(owner.get("/queues/us-east-1/jobs/"))

    assert "Nothing waits" in shown and "aws --endpoint-url" in shown and "send-message" in shown
    assert "X-Amz-Target: AmazonSQS.SendMessage" in shown and "client.send_message(" in shown
    assert "jobs" in page(owner.get("/queues/"))


def test_a_name_that_is_refused_stands_at_its_field(owner):
    answer = owner.post("/queues/new", {"name": "a b", "region": "us-east-1"})

    assert answer.status_code == 422 and "Can only include alphanumeric characters" in answer.content.decode()


def test_a_message_is_sent_seen_received_given_back_and_deleted(owner, account):
    owner.post("/queues/new", {"name": "jobs", "region": "us-east-1"})
    address = "/queues/us-east-1/jobs/"
    assert owner.post(address + "send", {"body": "<b>hello</b>"}).status_code == 302
    waiting = page(owner.get(address + "waiting"))
    assert "&lt;b&gt;hello" in waiting and "1 ready" in waiting

    received = page(owner.post(address + "receive", {"most": "1", "wait": "0"}, headers={"HX-Request": "true"}))
    handle = re.search(r'name="handle" value="([^"]+)"', received)[1]
    assert "&lt;b&gt;hello" in received and "ApproximateReceiveCount" in received and "<html" not in received
    assert "1 in flight" in page(owner.get(address + "waiting"))
    owner.post(address + "act", {"handle": handle, "act": "give-back"})
    assert "1 ready" in page(owner.get(address + "waiting"))
    again = page(owner.post(address + "receive", {"most": "1", "wait": "0"}))
    owner.post(address + "act", {"handle": re.search(r'name="handle" value="([^"]+)"', again)[1], "act": "delete"})

    assert "Nothing waits" in page(owner.get(address + "waiting"))


def test_configuration_dead_letters_purge_and_deletion(owner, account):
    for name in ("jobs", "dead"):
        owner.post("/queues/new", {"name": name, "region": "us-east-1"})
    address = "/queues/us-east-1/jobs/"
    form = {"VisibilityTimeout": "9", "DelaySeconds": "0", "MessageRetentionPeriod": "60",
            "ReceiveMessageWaitTimeSeconds": "0", "MaximumMessageSize": "1024", "policy": ""}  # fmt: skip
    target = f"arn:aws:sqs:us-east-1:{account.account_id}:dead"

    assert owner.post(address + "configuration", form).status_code == 302
    refused = owner.post(address + "configuration", {**form, "VisibilityTimeout": "99999", "policy": "{"})
    assert owner.post(address + "dead-letters", {"target": target, "receives": "2"}).status_code == 302

    assert refused.status_code == 422 and "99999" in refused.content.decode()
    row = Queue.objects.get(account=account.model, name="jobs")
    assert row.attributes["VisibilityTimeout"] == "9" and target in row.attributes["RedrivePolicy"]
    assert 'value="9"' in page(owner.get(address + "?tab=configuration"))
    assert "Dead letters come here" in page(owner.get("/queues/us-east-1/dead/?tab=dead-letters"))
    assert owner.post("/queues/us-east-1/dead/move-back").status_code == 302
    assert owner.post(address + "purge").status_code == 302
    assert owner.post(address + "delete").headers["Location"] == "/queues/"
    assert owner.get(address).status_code == 404


def test_a_fifo_queue_asks_for_a_group(owner):
    owner.post("/queues/new", {"name": "line", "kind": "fifo", "region": "eu-west-1"})
    address = "/queues/eu-west-1/line.fifo/"

    assert "Message group" in page(owner.get(address))
    assert owner.post(address + "send", {"body": "x", "group": ""}).status_code == 422
    assert owner.post(address + "send", {"body": "x", "group": "a"}).status_code == 302
    assert "a duplicate" in page(owner.get(address + "?tab=configuration"))


def test_a_classmate_sees_no_page_of_it(owner, classmate):
    owner.post("/queues/new", {"name": "jobs", "region": "us-east-1"})
    other = browser(classmate)

    assert "jobs" not in page(other.get("/queues/"))
    for address in ("", "waiting"):
        assert other.get(f"/queues/us-east-1/jobs/{address}").status_code == 404
    for act in ("send", "receive", "act", "configuration", "dead-letters", "move-back", "purge", "delete"):
        assert other.post(f"/queues/us-east-1/jobs/{act}", {"body": "x"}).status_code == 404
