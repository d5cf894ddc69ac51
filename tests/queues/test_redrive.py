"""Dead letters: when a message becomes one, what it keeps, and how it goes back."""

import json
import time

import pytest
from botocore.exceptions import ClientError


def arn_of(sqs, url):
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def receive(sqs, url, **more):
    return sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"], **more).get("Messages", [])


@pytest.fixture
def pair(sqs, make):
    """Return (source, dead-letter queue); one receive is allowed."""
    dead = make()
    policy = json.dumps({"deadLetterTargetArn": arn_of(sqs, dead), "maxReceiveCount": 1})
    return make(RedrivePolicy=policy), dead


def bury(sqs, source, *bodies):
    for body in bodies:
        sqs.send_message(QueueUrl=source, MessageBody=body)
    assert len(receive(sqs, source, VisibilityTimeout=0)) == len(bodies)
    assert receive(sqs, source) == []


def test_a_message_received_too_often_goes_to_the_dead_letters_as_it_is(sqs, pair):
    source, dead = pair
    sent = sqs.send_message(QueueUrl=source, MessageBody="poison")
    receive(sqs, source, VisibilityTimeout=0)

    assert receive(sqs, source) == []
    [found] = receive(sqs, dead)

    assert found["Body"] == "poison" and found["MessageId"] == sent["MessageId"]
    assert found["Attributes"]["ApproximateReceiveCount"] == "2"
    assert found["Attributes"]["DeadLetterQueueSourceArn"] == arn_of(sqs, source)
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"] == [source]


def test_a_good_message_passes_one_that_is_buried(sqs, pair):
    source, dead = pair
    sqs.send_message(QueueUrl=source, MessageBody="poison")
    receive(sqs, source, VisibilityTimeout=0)
    sqs.send_message(QueueUrl=source, MessageBody="good")

    assert [one["Body"] for one in receive(sqs, source)] == ["good"]
    assert [one["Body"] for one in receive(sqs, dead)] == ["poison"]


def test_fifo_letters_keep_their_order(sqs, make):
    dead = make(FifoQueue="true")
    policy = json.dumps({"deadLetterTargetArn": arn_of(sqs, dead), "maxReceiveCount": "1"})
    source = make(FifoQueue="true", ContentBasedDeduplication="true", RedrivePolicy=policy)
    for body in ("m0", "m1"):
        sqs.send_message(QueueUrl=source, MessageBody=body, MessageGroupId="a")
    receive(sqs, source, VisibilityTimeout=0)

    assert receive(sqs, source) == []
    assert [one["Body"] for one in receive(sqs, dead)] == ["m0", "m1"]


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        ({"maxReceiveCount": 0}, "valid values are from 1 to 1000"),
        ({"maxReceiveCount": "many"}, "valid values are from 1 to 1000"),
        ({"deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000001:x"}, "owner and region should be same"),
        ({"deadLetterTargetArn": "nonsense"}, "Invalid value for deadLetterTargetArn"),
    ],
    ids=str,
)
def test_redrive_policies_that_are_refused(sqs, queue, policy, reason):
    whole = {"deadLetterTargetArn": arn_of(sqs, queue), "maxReceiveCount": 3, **policy}

    with pytest.raises(ClientError, match=reason) as refusal:
        sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": json.dumps(whole)})

    assert refusal.value.response["Error"]["Code"] == "InvalidParameterValue"


def test_a_dead_letter_queue_may_refuse_sources(sqs, make):
    dead = make(RedriveAllowPolicy=json.dumps({"redrivePermission": "denyAll"}))

    with pytest.raises(ClientError, match="does not allow this source queue"):
        make(RedrivePolicy=json.dumps({"deadLetterTargetArn": arn_of(sqs, dead), "maxReceiveCount": 1}))


def wait_for(sqs, source_arn, status):
    end = time.monotonic() + 30
    while True:
        [task] = sqs.list_message_move_tasks(SourceArn=source_arn)["Results"]
        if task["Status"] == status or time.monotonic() > end:
            return task
        time.sleep(0.2)


def test_a_move_task_takes_letters_back_as_new_messages(sqs, pair):
    source, dead = pair
    bury(sqs, source, "one", "two")

    sqs.start_message_move_task(SourceArn=arn_of(sqs, dead))
    task = wait_for(sqs, arn_of(sqs, dead), "COMPLETED")

    assert task["Status"] == "COMPLETED"
    assert task["ApproximateNumberOfMessagesMoved"] == task["ApproximateNumberOfMessagesToMove"] == 2
    assert "TaskHandle" not in task and "DestinationArn" not in task
    found = receive(sqs, source)
    assert sorted(one["Body"] for one in found) == ["one", "two"]
    assert {one["Attributes"]["ApproximateReceiveCount"] for one in found} == {"1"}
    assert receive(sqs, dead) == []


def test_a_slow_move_task_can_be_cancelled_and_is_the_only_one(sqs, pair, make):
    source, dead = pair
    bury(sqs, source, *(f"m{n}" for n in range(8)))
    where = arn_of(sqs, make())

    handle = sqs.start_message_move_task(
        SourceArn=arn_of(sqs, dead), DestinationArn=where, MaxNumberOfMessagesPerSecond=1
    )
    with pytest.raises(ClientError, match="Only one active task is allowed"):
        sqs.start_message_move_task(SourceArn=arn_of(sqs, dead))
    moved = sqs.cancel_message_move_task(TaskHandle=handle["TaskHandle"])["ApproximateNumberOfMessagesMoved"]
    [task] = sqs.list_message_move_tasks(SourceArn=arn_of(sqs, dead))["Results"]

    assert moved < 8 and task["Status"] == "CANCELLED" and task["DestinationArn"] == where
    with pytest.raises(ClientError, match="Only active tasks can be cancelled"):
        sqs.cancel_message_move_task(TaskHandle=handle["TaskHandle"])


def test_move_tasks_that_are_refused(sqs, pair, queue):
    _source, dead = pair

    for params, expected in [
        ({"SourceArn": arn_of(sqs, queue)}, "InvalidParameterValue"),
        ({"SourceArn": "nonsense"}, "InvalidParameterValue"),
        ({"SourceArn": arn_of(sqs, dead) + "x"}, "ResourceNotFoundException"),
        ({"SourceArn": arn_of(sqs, dead), "DestinationArn": arn_of(sqs, dead) + "x"}, "ResourceNotFoundException"),
    ]:
        with pytest.raises(ClientError) as refusal:
            sqs.start_message_move_task(**params)
        assert refusal.value.response["Error"]["Code"] == expected, params
    with pytest.raises(ClientError, match="Value for parameter TaskHandle is invalid"):
        sqs.cancel_message_move_task(TaskHandle="garbage")
