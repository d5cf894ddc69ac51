"""Queues through boto3: made, found, listed in pages, described, changed, tagged, emptied, deleted."""

import json

import pytest
from botocore.exceptions import ClientError

from apps.billing.models import Meter
from apps.observability import journal


def code(refusal):
    return refusal.value.response["Error"]["Code"]


def test_the_url_says_where_whose_and_which(sqs, account, stack):
    url = sqs.create_queue(QueueName="orders")["QueueUrl"]

    assert url == f"{stack.aws_url}/{account.account_id}/orders"
    assert sqs.get_queue_url(QueueName="orders")["QueueUrl"] == url
    assert sqs.create_queue(QueueName="orders")["QueueUrl"] == url


def test_a_queue_belongs_to_its_region(account):
    here, there = account.client("sqs"), account.client("sqs", region="eu-west-1")
    url = here.create_queue(QueueName="orders")["QueueUrl"]
    there.create_queue(QueueName="orders")

    here.send_message(QueueUrl=url, MessageBody="for the east")

    assert "Messages" not in there.receive_message(QueueUrl=url)
    assert here.receive_message(QueueUrl=url)["Messages"]
    arn = there.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    assert arn == f"arn:aws:sqs:eu-west-1:{account.account_id}:orders"


def test_a_new_queue_has_the_services_defaults(sqs, queue, account):
    found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]

    name = queue.rpartition("/")[2]
    assert found.pop("QueueArn") == f"arn:aws:sqs:us-east-1:{account.account_id}:{name}"
    assert int(found.pop("CreatedTimestamp")) == int(found.pop("LastModifiedTimestamp"))
    assert found == {
        "ApproximateNumberOfMessages": "0",
        "ApproximateNumberOfMessagesDelayed": "0",
        "ApproximateNumberOfMessagesNotVisible": "0",
        "DelaySeconds": "0",
        "MaximumMessageSize": "1048576",
        "MessageRetentionPeriod": "345600",
        "ReceiveMessageWaitTimeSeconds": "0",
        "SqsManagedSseEnabled": "true",
        "VisibilityTimeout": "30",
    }
    assert "Attributes" not in sqs.get_queue_attributes(QueueUrl=queue)


def test_attributes_change_and_empty_ones_go(sqs, queue, account):
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": arn,
                                        "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}]})  # fmt: skip
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "5", "Policy": policy})

    wanted = ["VisibilityTimeout", "Policy"]
    assert sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=wanted)["Attributes"] == {
        "VisibilityTimeout": "5",
        "Policy": policy,
    }
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": ""})
    assert sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=wanted)["Attributes"] == {"VisibilityTimeout": "5"}


def test_what_is_kept_without_effect_is_told(sqs, queue):
    answer = sqs.set_queue_attributes(QueueUrl=queue, Attributes={"KmsMasterKeyId": "alias/mine"})

    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-playground-no-effect"] == "Attributes.KmsMasterKeyId"
    found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert found["KmsMasterKeyId"] == "alias/mine" and found["SqsManagedSseEnabled"] == "false"


def test_the_same_name_with_other_attributes_is_refused(sqs, make):
    make("orders", DelaySeconds=5)

    assert make("orders", DelaySeconds=5) == make("orders")
    with pytest.raises(ClientError, match="different value for attribute DelaySeconds") as refusal:
        make("orders", DelaySeconds=6)
    assert code(refusal) == "QueueAlreadyExists"
    assert isinstance(refusal.value, sqs.exceptions.QueueNameExists)


def test_a_deleted_queue_is_gone_and_its_name_rests_a_minute(sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    sqs.delete_queue(QueueUrl=queue)

    with pytest.raises(sqs.exceptions.QueueDoesNotExist, match="The specified queue does not exist."):
        sqs.send_message(QueueUrl=queue, MessageBody="x")
    with pytest.raises(ClientError) as refusal:
        sqs.create_queue(QueueName=queue.rpartition("/")[2])
    assert code(refusal) == "AWS.SimpleQueueService.QueueDeletedRecently"


def test_queues_are_listed_by_name_prefix_and_page(sqs, make):
    for name in ("alpha-1", "alpha-2", "alpha-3", "Alpha-4", "beta"):
        make(name)

    def names(answer):
        return [url.rpartition("/")[2] for url in answer.get("QueueUrls", [])]

    assert names(sqs.list_queues()) == ["Alpha-4", "alpha-1", "alpha-2", "alpha-3", "beta"]
    first = sqs.list_queues(QueueNamePrefix="alpha", MaxResults=2)
    rest = sqs.list_queues(QueueNamePrefix="alpha", MaxResults=2, NextToken=first["NextToken"])
    assert names(first) == ["alpha-1", "alpha-2"] and names(rest) == ["alpha-3"]
    assert "NextToken" not in rest and "QueueUrls" not in sqs.list_queues(QueueNamePrefix="gamma")


def test_a_purge_empties_once_a_minute(sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="waits")
    sqs.send_message(QueueUrl=queue, MessageBody="flies")
    sqs.receive_message(QueueUrl=queue, VisibilityTimeout=0)

    sqs.purge_queue(QueueUrl=queue)

    assert "Messages" not in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
    with pytest.raises(ClientError, match="is allowed every 60 seconds") as refusal:
        sqs.purge_queue(QueueUrl=queue)
    assert code(refusal) == "AWS.SimpleQueueService.PurgeQueueInProgress"
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_tags_come_and_go(sqs):
    url = sqs.create_queue(QueueName="tagged", tags={"team": "blue", "empty": ""})["QueueUrl"]

    sqs.tag_queue(QueueUrl=url, Tags={"team": "red", "stage": "test"})
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"team": "red", "empty": "", "stage": "test"}
    sqs.untag_queue(QueueUrl=url, TagKeys=["team", "empty", "stage", "never"])
    assert "Tags" not in sqs.list_queue_tags(QueueUrl=url)


REFUSED = [
    ({"QueueName": "a b"}, "InvalidParameterValue"),
    ({"QueueName": "x" * 81}, "InvalidParameterValue"),
    ({"QueueName": "x.fifo"}, "InvalidParameterValue"),
    ({"QueueName": "x", "Attributes": {"FifoQueue": "true"}}, "InvalidParameterValue"),
    ({"QueueName": "x", "Attributes": {"ContentBasedDeduplication": "true"}}, "InvalidAttributeName"),
    ({"QueueName": "x", "Attributes": {"DeduplicationScope": "queue"}}, "InvalidAttributeName"),
    ({"QueueName": "x", "Attributes": {"Nonsense": "1"}}, "InvalidAttributeName"),
    ({"QueueName": "x", "Attributes": {"VisibilityTimeout": "43201"}}, "InvalidAttributeValue"),
    ({"QueueName": "x", "Attributes": {"DelaySeconds": "soon"}}, "InvalidAttributeValue"),
    ({"QueueName": "x", "Attributes": {"MaximumMessageSize": "1023"}}, "InvalidAttributeValue"),
    ({"QueueName": "x", "Attributes": {"Policy": "{"}}, "InvalidAttributeValue"),
    ({"QueueName": "x", "Attributes": {"RedrivePolicy": "[]"}}, "InvalidParameterValue"),
    ({"QueueName": "x", "Attributes": {"RedrivePolicy": '{"maxReceiveCount": 1}'}}, "InvalidParameterValue"),
]


@pytest.mark.parametrize(("asked", "expected"), REFUSED, ids=lambda v: str(v)[:60])
def test_queues_that_the_service_refuses(module_account, asked, expected):
    with pytest.raises(ClientError) as refusal:
        module_account.client("sqs").create_queue(**asked)

    assert code(refusal) == expected


def test_a_queue_keeps_its_type(sqs, queue, fifo):
    with pytest.raises(ClientError, match="Unknown Attribute FifoQueue"):
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"FifoQueue": "true"})
    with pytest.raises(ClientError, match="Modifying queue type is not supported"):
        sqs.set_queue_attributes(QueueUrl=fifo, Attributes={"FifoQueue": "false"})


def test_requests_are_metered_in_chunks_of_64_kb_and_cost_what_the_price_book_says(sqs, queue, account):
    sqs.send_message(QueueUrl=queue, MessageBody="x" * (64 * 1024 + 1))

    journal.ingest()
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    found = [int(one.quantity) for one in Meter.objects.filter(account=account.model, resource=arn).order_by("pk")]
    assert found[:2] == [1, 2]
