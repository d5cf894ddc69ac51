"""FIFO queues: order within a group, groups side by side, duplicates, sequence numbers, attempts."""

import threading
import time

import pytest
from botocore.exceptions import ClientError


def send(sqs, queue, group, *bodies):
    return [sqs.send_message(QueueUrl=queue, MessageBody=body, MessageGroupId=group) for body in bodies]


def receive(sqs, queue, most=10, **more):
    return sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=most, **more).get("Messages", [])


def bodies(found):
    return [one["Body"] for one in found]


def delete(sqs, queue, found):
    for one in found:
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=one["ReceiptHandle"])


def test_a_group_waits_for_its_message_in_flight_and_others_do_not(sqs, fifo):
    send(sqs, fifo, "a", "a1", "a2")
    send(sqs, fifo, "b", "b1")

    first = receive(sqs, fifo, 1)
    others = receive(sqs, fifo)
    delete(sqs, fifo, first)
    after = receive(sqs, fifo)

    assert (bodies(first), bodies(others), bodies(after)) == (["a1"], ["b1"], ["a2"])


def test_one_receive_takes_several_of_a_group_in_order_with_rising_sequence_numbers(sqs, fifo):
    sent = send(sqs, fifo, "a", *(f"m{n}" for n in range(5)))

    found = receive(sqs, fifo, AttributeNames=["All"])

    assert bodies(found) == [f"m{n}" for n in range(5)]
    numbers = [one["Attributes"]["SequenceNumber"] for one in found]
    assert numbers == sorted(numbers) == [one["SequenceNumber"] for one in sent]
    assert all(len(one) == 20 for one in numbers)
    assert found[0]["Attributes"]["MessageGroupId"] == "a"
    assert len(found[0]["Attributes"]["MessageDeduplicationId"]) == 64
    assert receive(sqs, fifo) == []


def test_what_stands_behind_a_hidden_message_waits_and_what_stands_before_does_not(sqs, fifo):
    send(sqs, fifo, "a", "m0", "m1", "m2")
    found = receive(sqs, fifo, VisibilityTimeout=1)
    sqs.change_message_visibility(QueueUrl=fifo, ReceiptHandle=found[1]["ReceiptHandle"], VisibilityTimeout=30)
    time.sleep(1.2)

    assert bodies(receive(sqs, fifo)) == ["m0"]


def test_a_duplicate_is_accepted_and_not_delivered_even_after_deletion(sqs, fifo):
    first, second = send(sqs, fifo, "a", "same", "same")
    found = receive(sqs, fifo)
    delete(sqs, fifo, found)
    [third] = send(sqs, fifo, "b", "same")

    assert bodies(found) == ["same"]
    assert first["MessageId"] == second["MessageId"] == third["MessageId"]
    assert receive(sqs, fifo) == []


def test_duplicates_end_after_five_minutes_of_the_labs_time(sqs, fifo, account):
    send(sqs, fifo, "a", "same")
    delete(sqs, fifo, receive(sqs, fifo))

    account.model.clock_offset_seconds = 301
    account.model.save(update_fields=["clock_offset_seconds"])
    time.sleep(2.1)
    send(sqs, fifo, "a", "same")

    assert bodies(receive(sqs, fifo)) == ["same"]


def test_a_queue_may_look_for_duplicates_by_group(sqs, make):
    queue = make(FifoQueue="true", DeduplicationScope="messageGroup", FifoThroughputLimit="perMessageGroupId")
    for group in ("a", "a", "b"):
        sqs.send_message(QueueUrl=queue, MessageBody=group, MessageGroupId=group, MessageDeduplicationId="one")

    assert bodies(receive(sqs, queue)) == ["a", "b"]


def test_what_orders_messages_must_be_said(sqs, make, fifo):
    plain = make(FifoQueue="true")

    with pytest.raises(ClientError, match="must contain the parameter MessageGroupId") as refusal:
        sqs.send_message(QueueUrl=fifo, MessageBody="x")
    assert refusal.value.response["Error"]["Code"] == "MissingParameter"
    with pytest.raises(ClientError, match="ContentBasedDeduplication enabled or MessageDeduplicationId provided"):
        sqs.send_message(QueueUrl=plain, MessageBody="x", MessageGroupId="a")
    with pytest.raises(ClientError, match="not valid for this queue type"):
        sqs.send_message(QueueUrl=fifo, MessageBody="x", MessageGroupId="a", DelaySeconds=2)
    with pytest.raises(ClientError, match="InvalidParameterValue"):
        sqs.send_message_batch(QueueUrl=fifo, Entries=[{"Id": "1", "MessageBody": "x"}])


def test_an_expired_receipt_deletes_nothing(sqs, fifo):
    send(sqs, fifo, "a", "m")
    [found] = receive(sqs, fifo, VisibilityTimeout=1)
    time.sleep(1.2)

    with pytest.raises(ClientError, match="The receipt handle has expired"):
        sqs.delete_message(QueueUrl=fifo, ReceiptHandle=found["ReceiptHandle"])
    with pytest.raises(ClientError) as refusal:
        sqs.change_message_visibility(QueueUrl=fifo, ReceiptHandle=found["ReceiptHandle"], VisibilityTimeout=5)
    assert refusal.value.response["Error"]["Code"] == "AWS.SimpleQueueService.MessageNotInflight"
    assert bodies(receive(sqs, fifo)) == ["m"]


def test_the_same_attempt_gets_the_same_messages(sqs, fifo):
    send(sqs, fifo, "a", "m0", "m1")

    first = receive(sqs, fifo, ReceiveRequestAttemptId="try-1")
    again = receive(sqs, fifo, ReceiveRequestAttemptId="try-1")

    assert [one["ReceiptHandle"] for one in again] == [one["ReceiptHandle"] for one in first]
    assert receive(sqs, fifo, ReceiveRequestAttemptId="try-2") == []


def test_deleting_a_message_wakes_who_waits_for_the_next_of_its_group(account, sqs, fifo):
    send(sqs, fifo, "a", "m0", "m1")
    first = receive(sqs, fifo, 1)
    found = []
    poller = threading.Thread(target=lambda: found.extend(receive(account.client("sqs"), fifo, 1, WaitTimeSeconds=20)))
    poller.start()
    time.sleep(0.5)

    started = time.monotonic()
    delete(sqs, fifo, first)
    poller.join()

    assert bodies(found) == ["m1"]
    assert time.monotonic() - started < 3


def test_many_receivers_keep_each_groups_order(account, sqs, fifo):
    for number in range(6):
        sqs.send_message_batch(
            QueueUrl=fifo,
            Entries=[{"Id": g, "MessageBody": f"{g}{number}", "MessageGroupId": g} for g in ("a", "b", "c")],
        )
    client = account.client("sqs", max_pool_connections=10)
    found, lock = [], threading.Lock()
    end = time.monotonic() + 30

    def work():
        while len(found) < 18 and time.monotonic() < end:
            for one in receive(client, fifo, 2, VisibilityTimeout=60):
                with lock:
                    found.append(one["Body"])
                delete(client, fifo, [one])

    workers = [threading.Thread(target=work) for _ in range(6)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()

    assert sorted(found) == sorted(f"{g}{n}" for g in "abc" for n in range(6))
    for group in "abc":
        assert [one for one in found if one[0] == group] == [f"{group}{n}" for n in range(6)]
