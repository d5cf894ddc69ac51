"""Messages from other rooms: events of buckets through the outbox, and the door they come through."""

import json
import time

import pytest

from apps.buckets.models import Bucket, Event
from apps.identity.models import Account
from apps.queues import deliver, events
from playground.wire.errors import ServiceError

S3 = "s3.amazonaws.com"


@pytest.fixture
def bucket(account):
    name = f"photos-{account.account_id}"
    account.client("s3").create_bucket(Bucket=name)
    return Bucket.objects.select_related("account").get(name=name)


@pytest.fixture
def arn(sqs, queue):
    return sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def let_in(sqs, queue, arn, bucket, source=None):
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": S3},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {
            "ArnLike": {"aws:SourceArn": source or bucket.arn},
            "StringEquals": {"aws:SourceAccount": bucket.account.account_id},
        },
    }
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps({"Statement": [statement]})})


def outbox(bucket, arn, key="cat.jpg"):
    record = {"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": {"object": {"key": key}}}
    return Event.objects.create(
        bucket=bucket, destination_arn=arn, event_name="ObjectCreated:Put", record=record, request_id="r-1"
    )


def test_an_event_becomes_one_message_however_often_it_is_taken(sqs, queue, arn, bucket):
    let_in(sqs, queue, arn, bucket)
    event = outbox(bucket, arn)

    events.take(event.pk)
    events.take(event.pk)

    [got] = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, AttributeNames=["SenderId"])["Messages"]
    assert json.loads(got["Body"]) == {"Records": [event.record]}
    assert got["Attributes"]["SenderId"] == S3
    assert not Event.objects.filter(pk=event.pk).exists()


def test_an_event_that_no_signal_brought_is_taken_by_the_sweep(sqs, queue, arn, bucket):
    let_in(sqs, queue, arn, bucket)
    outbox(bucket, arn, "late.jpg")

    events.take_all()

    assert "late.jpg" in sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"]


def test_the_test_of_a_new_notification_arrives_as_it_is(sqs, queue, arn, bucket):
    let_in(sqs, queue, arn, bucket)
    record = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": bucket.name}
    Event.objects.create(bucket=bucket, destination_arn=arn, event_name="s3:TestEvent", record=record, request_id="r-1")

    events.take_all()

    assert json.loads(sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"]) == record


def test_an_event_whose_queue_lets_nobody_in_is_dropped(sqs, queue, arn, bucket):
    event = outbox(bucket, arn)

    events.take(event.pk)

    assert not Event.objects.filter(pk=event.pk).exists()
    assert "Messages" not in sqs.receive_message(QueueUrl=queue)


def test_an_event_for_a_function_is_left_to_functions(bucket):
    event = outbox(bucket, f"arn:aws:lambda:us-east-1:{bucket.account.account_id}:function:thumbs")

    events.take(event.pk)

    assert Event.objects.filter(pk=event.pk).exists()


def test_a_destination_is_checked_before_it_is_kept(sqs, queue, fifo, arn, bucket, classmate):
    assert "do not allow S3 to publish" in deliver.may_deliver(arn, bucket)
    let_in(sqs, queue, arn, bucket, source="arn:aws:s3:::another-bucket")
    assert "do not allow S3 to publish" in deliver.may_deliver(arn, bucket)
    let_in(sqs, queue, arn, bucket)
    assert deliver.may_deliver(arn, bucket) == ""

    assert "does not exist" in deliver.may_deliver(arn + "x", bucket)
    ordered = sqs.get_queue_attributes(QueueUrl=fifo, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    assert "FIFO" in deliver.may_deliver(ordered, bucket)
    assert deliver.may_deliver("arn:aws:lambda:us-east-1:000000000000:function:f", bucket) == ""
    bucket.account = classmate.model  # the confused deputy: the policy pins the account too
    assert deliver.may_deliver(arn, bucket)


def test_the_door_says_what_is_wrong(arn, account):
    who = {"source_arn": "arn:aws:s3:::b", "source_account": account.model, "service": S3}

    with pytest.raises(ServiceError) as refusal:
        deliver.deliver(arn, "x", **who)
    assert refusal.value.code == "AccessDenied" and "sqs:sendmessage" in refusal.value.message
    with pytest.raises(ServiceError) as refusal:
        deliver.deliver(arn + "x", "x", **who)
    assert refusal.value.code == "QueueDoesNotExist"


def test_the_door_takes_a_group_for_a_fifo_queue_and_wakes_who_waits(sqs, fifo, account):
    found = sqs.get_queue_attributes(QueueUrl=fifo, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sqs:SendMessage",
                 "Resource": found}  # fmt: skip
    sqs.set_queue_attributes(QueueUrl=fifo, Attributes={"Policy": json.dumps({"Statement": [statement]})})
    attributes = {"ErrorCode": {"DataType": "Number", "StringValue": "200"}}

    message_id = deliver.deliver(
        found,
        "dead",
        source_arn=f"arn:aws:lambda:us-east-1:{account.account_id}:function:f",
        source_account=Account.objects.get(pk=account.model.pk),
        service="lambda.amazonaws.com",
        group_id="f",
        attributes=attributes,
    )

    started = time.monotonic()
    [got] = sqs.receive_message(QueueUrl=fifo, WaitTimeSeconds=5, MessageAttributeNames=["All"])["Messages"]
    assert got["MessageId"] == message_id and got["MessageAttributes"] == attributes
    assert time.monotonic() - started < 3
