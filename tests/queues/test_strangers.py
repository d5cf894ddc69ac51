"""What another lab may see and do of a queue: nothing, until its policy says so; and who may be let in."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError

from apps.identity import sessions
from apps.identity.models import Role
from playground import clock
from playground.wire.context import Principal
from tests.queues.conftest import query

ACTS = [
    ("send_message", {"MessageBody": "x"}),
    ("send_message_batch", {"Entries": [{"Id": "a", "MessageBody": "x"}]}),
    ("receive_message", {}),
    ("delete_message", {"ReceiptHandle": "x"}),
    ("delete_message_batch", {"Entries": [{"Id": "a", "ReceiptHandle": "x"}]}),
    ("change_message_visibility", {"ReceiptHandle": "x", "VisibilityTimeout": 1}),
    ("change_message_visibility_batch", {"Entries": [{"Id": "a", "ReceiptHandle": "x", "VisibilityTimeout": 1}]}),
    ("get_queue_attributes", {"AttributeNames": ["All"]}),
    ("set_queue_attributes", {"Attributes": {"DelaySeconds": "1"}}),
    ("purge_queue", {}),
    ("delete_queue", {}),
    ("tag_queue", {"Tags": {"a": "b"}}),
    ("untag_queue", {"TagKeys": ["a"]}),
    ("list_queue_tags", {}),
    ("add_permission", {"Label": "l", "AWSAccountIds": ["000000000000"], "Actions": ["*"]}),
    ("remove_permission", {"Label": "l"}),
    ("list_dead_letter_source_queues", {}),
]


def arn_of(sqs, url):
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def allow(sqs, url, principal, action="sqs:*", **condition):
    statement = {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": arn_of(sqs, url)}
    if condition:
        statement["Condition"] = condition
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": document})


@pytest.mark.parametrize(("act", "more"), ACTS, ids=lambda v: str(v)[:30])
def test_a_classmate_may_do_nothing_and_learns_nothing(account, classmate, act, more):
    url = account.client("sqs").create_queue(QueueName="private")["QueueUrl"]
    theirs = classmate.client("sqs")
    said = []

    for address in (url, url + "-that-does-not-exist"):
        with pytest.raises(ClientError) as refusal:
            getattr(theirs, act)(QueueUrl=address, **more)
        said.append(refusal.value.response["Error"])

    assert said[0]["Code"] == said[1]["Code"] == "AccessDenied"
    assert said[1]["Message"].replace("-that-does-not-exist", "") == said[0]["Message"]
    assert "is not authorized to perform: sqs:" in said[0]["Message"]


def test_a_classmate_finds_no_queue_of_others(sqs, queue, classmate, account):
    theirs = classmate.client("sqs")

    assert "QueueUrls" not in theirs.list_queues()
    for name in (queue.rpartition("/")[2], "nowhere"):
        with pytest.raises(theirs.exceptions.QueueDoesNotExist):
            theirs.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account.account_id)


def test_move_tasks_of_others_are_out_of_reach(sqs, queue, classmate):
    theirs = classmate.client("sqs")
    for arn in (arn_of(sqs, queue), arn_of(sqs, queue) + "-nowhere"):
        for act in (theirs.start_message_move_task, theirs.list_message_move_tasks):
            with pytest.raises(ClientError) as refusal:
                act(SourceArn=arn)
            assert refusal.value.response["Error"]["Code"] == "AccessDenied"


def test_a_policy_lets_another_account_in_for_what_it_says(sqs, queue, classmate, account):
    theirs = classmate.client("sqs")
    allow(sqs, queue, {"AWS": classmate.account_id}, ["sqs:SendMessage", "sqs:GetQueueUrl"])

    name = queue.rpartition("/")[2]
    url = theirs.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account.account_id)["QueueUrl"]
    theirs.send_message(QueueUrl=url, MessageBody="from outside")

    [got] = sqs.receive_message(QueueUrl=queue, AttributeNames=["SenderId"])["Messages"]
    assert got["Body"] == "from outside" and got["Attributes"]["SenderId"] == classmate.account_id
    with pytest.raises(ClientError, match="AccessDenied"):
        theirs.receive_message(QueueUrl=url)


def test_what_is_the_owners_only_no_policy_gives_away(sqs, queue, classmate):
    allow(sqs, queue, {"AWS": classmate.account_id})
    theirs = classmate.client("sqs")

    theirs.purge_queue(QueueUrl=queue)
    for act, more in (("delete_queue", {}), ("set_queue_attributes", {"Attributes": {"DelaySeconds": "1"}})):
        with pytest.raises(ClientError, match="AccessDenied"):
            getattr(theirs, act)(QueueUrl=queue, **more)


def test_add_permission_writes_a_statement_and_remove_permission_takes_it(sqs, queue, classmate):
    asked = {"QueueUrl": queue, "Label": "mates", "AWSAccountIds": [classmate.account_id], "Actions": ["SendMessage"]}
    sqs.add_permission(**asked)

    found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["Policy"])["Attributes"]["Policy"]
    arn = arn_of(sqs, queue)
    assert json.loads(found) == {
        "Version": "2008-10-17",
        "Id": f"{arn}/SQSDefaultPolicy",
        "Statement": [
            {
                "Sid": "mates",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{classmate.account_id}:root"},
                "Action": "SQS:SendMessage",
                "Resource": arn,
            }
        ],
    }
    classmate.client("sqs").send_message(QueueUrl=queue, MessageBody="hello")
    with pytest.raises(ClientError, match="Reason: Already exists."):
        sqs.add_permission(**asked)
    with pytest.raises(ClientError, match="WSDL for a list of valid actions"):
        sqs.add_permission(**{**asked, "Label": "other", "Actions": ["Everything"]})
    with pytest.raises(ClientError, match="can't find label"):
        sqs.remove_permission(QueueUrl=queue, Label="other")
    sqs.remove_permission(QueueUrl=queue, Label="mates")
    assert "Attributes" not in sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["Policy"])
    with pytest.raises(ClientError, match="AccessDenied"):
        classmate.client("sqs").send_message(QueueUrl=queue, MessageBody="hello")


def test_a_deny_binds_the_owner_too(sqs, queue):
    arn = arn_of(sqs, queue)
    statement = {"Effect": "Deny", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps({"Statement": [statement]})})

    with pytest.raises(ClientError, match="with an explicit deny in a resource-based policy"):
        sqs.send_message(QueueUrl=queue, MessageBody="x")


def test_nobody_may_use_a_queue_unless_its_policy_says_everybody(sqs, queue, stack, account):
    refused = query(None, queue, sign=False, Action="SendMessage", MessageBody="x")
    allow(sqs, queue, "*", "sqs:SendMessage")
    sent = query(None, queue, sign=False, Action="SendMessage", MessageBody="hello from nobody")
    missing = query(
        None, f"{stack.aws_url}/{account.account_id}/nowhere", sign=False, Action="SendMessage", MessageBody="x"
    )

    assert (refused.status, refused.text("Error/Code")) == (403, "AccessDenied")
    assert refused.text("Error/Message") == f"Access to the resource {queue} is denied."
    assert sent.status == 200
    assert sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"] == "hello from nobody"
    assert missing.text("Error/Code") == "AccessDenied"
    assert query(None, stack.aws_url + "/" + "0" * 12 + "/x", sign=False, Action="ListQueues").status == 403


def role_client(account, stack, name):
    role = Role.objects.get(account=account.model, name=name)
    arn = f"arn:aws:sts::{account.account_id}:assumed-role/{name}/test"
    principal = Principal("role", arn, f"{role.role_id}:test", name)
    key, secret, token = sessions.issue(account.model, principal, 600, clock.real_now())
    return boto3.client("sqs", endpoint_url=stack.aws_url, region_name="us-east-1", aws_access_key_id=key,
                        aws_secret_access_key=secret, aws_session_token=token)  # fmt: skip


def test_a_functions_role_may_use_the_labs_own_queues_and_no_others(sqs, queue, account, classmate, stack):
    mine, theirs = role_client(account, stack, "lambda-role"), role_client(classmate, stack, "lambda-role")

    mine.send_message(QueueUrl=queue, MessageBody="from a function")

    [got] = mine.receive_message(QueueUrl=queue, AttributeNames=["SenderId"])["Messages"]
    assert got["Attributes"]["SenderId"].endswith(":test") and got["Attributes"]["SenderId"].startswith("AROA")
    with pytest.raises(ClientError, match="is not authorized to perform: sqs:sendmessage on resource"):
        theirs.send_message(QueueUrl=queue, MessageBody="x")
