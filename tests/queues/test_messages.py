"""Standard queues through boto3: what is sent, received, hidden, deleted; what clients check of it."""

import hashlib
import threading
import time

import pytest
from botocore.exceptions import ClientError


def bodies(found):
    return [one["Body"] for one in found.get("Messages", [])]


def test_a_message_arrives_with_its_attributes_and_sums(sqs, queue, account):
    given = {
        "city": {"DataType": "String", "StringValue": "Zürich"},
        "count": {"DataType": "Number.int", "StringValue": "42"},
        "thumb": {"DataType": "Binary", "BinaryValue": b"\x00\xff\x10"},
    }
    trace = {"AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-5759e988-bd862e3fe1be46a994272793"}}

    sent = sqs.send_message(
        QueueUrl=queue, MessageBody="hello <&> 🌍", MessageAttributes=given, MessageSystemAttributes=trace
    )
    [got] = sqs.receive_message(
        QueueUrl=queue, MessageSystemAttributeNames=["All"], MessageAttributeNames=["All"], MaxNumberOfMessages=10
    )["Messages"]

    assert got["MessageId"] == sent["MessageId"]
    assert got["Body"] == "hello <&> 🌍"
    assert got["MD5OfBody"] == sent["MD5OfMessageBody"] == hashlib.md5("hello <&> 🌍".encode()).hexdigest()
    assert got["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]
    assert sent["MD5OfMessageSystemAttributes"]
    assert got["MessageAttributes"] == given
    assert got["Attributes"]["SenderId"] == account.account_id
    assert got["Attributes"]["ApproximateReceiveCount"] == "1"
    assert got["Attributes"]["AWSTraceHeader"].startswith("Root=1-")
    assert abs(int(got["Attributes"]["SentTimestamp"]) / 1000 - time.time()) < 10
    assert "SequenceNumber" not in got["Attributes"]


def test_only_the_attributes_asked_for_are_answered_and_summed(sqs, queue):
    given = {name: {"DataType": "String", "StringValue": name} for name in ("foo.one", "foo.two", "bar")}
    sqs.send_message(QueueUrl=queue, MessageBody="x", MessageAttributes=given)

    [got] = sqs.receive_message(QueueUrl=queue, MessageAttributeNames=["foo.*"], VisibilityTimeout=0)["Messages"]
    [plain] = sqs.receive_message(QueueUrl=queue)["Messages"]

    assert set(got["MessageAttributes"]) == {"foo.one", "foo.two"}
    assert "MessageAttributes" not in plain and "MD5OfMessageAttributes" not in plain and "Attributes" not in plain


def test_a_received_message_is_hidden_until_its_time_and_comes_with_a_new_receipt(sqs, make):
    queue = make(VisibilityTimeout=1)
    sqs.send_message(QueueUrl=queue, MessageBody="again")

    [first] = sqs.receive_message(QueueUrl=queue)["Messages"]
    assert bodies(sqs.receive_message(QueueUrl=queue)) == []
    [second] = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5, AttributeNames=["ApproximateReceiveCount"])[
        "Messages"
    ]

    assert second["ReceiptHandle"] != first["ReceiptHandle"]
    assert second["Attributes"] == {"ApproximateReceiveCount": "2"}
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=first["ReceiptHandle"])  # old: succeeds, deletes nothing
    sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=second["ReceiptHandle"], VisibilityTimeout=0)
    [third] = sqs.receive_message(QueueUrl=queue)["Messages"]
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=third["ReceiptHandle"])
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=third["ReceiptHandle"])
    assert bodies(sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=2)) == []


def test_a_delayed_message_waits_its_delay(sqs, make):
    queue = make(DelaySeconds=1)
    sqs.send_message(QueueUrl=queue, MessageBody="later")
    sqs.send_message(QueueUrl=queue, MessageBody="now", DelaySeconds=0)

    assert bodies(sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)) == ["now"]
    counts = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert counts["ApproximateNumberOfMessagesDelayed"] == "1"
    assert counts["ApproximateNumberOfMessagesNotVisible"] == "1"
    assert counts["ApproximateNumberOfMessages"] == "0"
    started = time.monotonic()
    assert bodies(sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5)) == ["later"]
    assert time.monotonic() - started < 3


def test_a_long_poll_ends_when_a_message_arrives_and_not_before_its_time(sqs, queue):
    started = time.monotonic()
    assert "Messages" not in sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1)
    assert 0.9 < time.monotonic() - started < 3

    def send():
        time.sleep(0.5)
        sqs.send_message(QueueUrl=queue, MessageBody="at last")

    sender = threading.Thread(target=send)
    sender.start()
    started = time.monotonic()
    found = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20)
    sender.join()

    assert bodies(found) == ["at last"]
    assert time.monotonic() - started < 3


def test_many_long_polls_leave_the_server_answering(stack, account, make):
    queue = make()
    client = account.client("sqs", max_pool_connections=60)
    found = []

    def poll():
        answer = client.receive_message(QueueUrl=queue, WaitTimeSeconds=20, VisibilityTimeout=60)
        found.extend(answer.get("Messages", []))

    pollers = [threading.Thread(target=poll) for _ in range(40)]
    for poller in pollers:
        poller.start()
    time.sleep(1)
    started = time.monotonic()
    for number in range(4):
        account.client("sqs").send_message_batch(
            QueueUrl=queue, Entries=[{"Id": str(n), "MessageBody": f"{number}-{n}"} for n in range(10)]
        )
    spent = time.monotonic() - started
    for poller in pollers:
        poller.join()

    assert spent < 5
    assert len({one["MessageId"] for one in found}) == len(found) == 40


def test_of_many_receivers_each_message_goes_to_one(account, make):
    queue = make(VisibilityTimeout=60)
    sent = {f"m{n}" for n in range(60)}
    client = account.client("sqs", max_pool_connections=30)
    for start in range(0, 60, 10):
        entries = [{"Id": str(n), "MessageBody": f"m{start + n}"} for n in range(10)]
        assert "Failed" not in client.send_message_batch(QueueUrl=queue, Entries=entries)
    found = []

    def drain():
        while got := client.receive_message(QueueUrl=queue, MaxNumberOfMessages=3).get("Messages"):
            found.extend(one["Body"] for one in got)

    receivers = [threading.Thread(target=drain) for _ in range(12)]
    for one in receivers:
        one.start()
    for one in receivers:
        one.join()

    assert sorted(found) == sorted(sent)


def test_a_batch_says_of_each_entry_how_it_went(sqs, make):
    queue = make(MaximumMessageSize=1024)

    sent = sqs.send_message_batch(
        QueueUrl=queue,
        Entries=[
            {"Id": "good", "MessageBody": "x"},
            {"Id": "long", "MessageBody": "x" * 1025},
            {"Id": "bad", "MessageBody": "\x01"},
        ],
    )
    [got] = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    hidden = sqs.change_message_visibility_batch(
        QueueUrl=queue,
        Entries=[
            {"Id": "a", "ReceiptHandle": got["ReceiptHandle"], "VisibilityTimeout": 30},
            {"Id": "b", "ReceiptHandle": "garbage", "VisibilityTimeout": 30},
        ],
    )
    gone = sqs.delete_message_batch(QueueUrl=queue, Entries=[{"Id": "a", "ReceiptHandle": got["ReceiptHandle"]}])

    assert [one["Id"] for one in sent["Successful"]] == ["good"]
    assert {one["Id"]: one["Code"] for one in sent["Failed"]} == {
        "long": "InvalidParameterValue",
        "bad": "InvalidMessageContents",
    }
    assert [one["Id"] for one in hidden["Successful"]] == ["a"]
    assert hidden["Failed"][0]["Code"] == "ReceiptHandleIsInvalid" and hidden["Failed"][0]["SenderFault"]
    assert [one["Id"] for one in gone["Successful"]] == ["a"] and "Failed" not in gone


ENTRY = {"Id": "a", "MessageBody": "x"}
REFUSED = [
    ("send_message", {"MessageBody": ""}, "MissingParameter"),
    ("send_message", {"MessageBody": "\x02"}, "InvalidMessageContents"),
    ("send_message", {"MessageBody": "x" * 1048577}, "InvalidParameterValue"),
    ("send_message", {"MessageBody": "x", "DelaySeconds": 901}, "InvalidParameterValue"),
    ("send_message", {"MessageBody": "x", "MessageDeduplicationId": "d"}, "InvalidParameterValue"),
    ("send_message", {"MessageBody": "x", "MessageGroupId": "two words"}, "InvalidParameterValue"),
    ("receive_message", {"MaxNumberOfMessages": 11}, "InvalidParameterValue"),
    ("receive_message", {"WaitTimeSeconds": 21}, "InvalidParameterValue"),
    ("receive_message", {"VisibilityTimeout": 43201}, "InvalidParameterValue"),
    ("receive_message", {"AttributeNames": ["Nonsense"]}, "InvalidAttributeName"),
    ("delete_message", {"ReceiptHandle": "garbage"}, "ReceiptHandleIsInvalid"),
    ("change_message_visibility", {"ReceiptHandle": "garbage", "VisibilityTimeout": 1}, "ReceiptHandleIsInvalid"),
    ("send_message_batch", {"Entries": []}, "AWS.SimpleQueueService.EmptyBatchRequest"),
    (
        "send_message_batch",
        {"Entries": [{"Id": str(n), "MessageBody": "x"} for n in range(11)]},
        "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
    ),
    ("send_message_batch", {"Entries": [ENTRY, ENTRY]}, "AWS.SimpleQueueService.BatchEntryIdsNotDistinct"),
    (
        "send_message_batch",
        {"Entries": [{"Id": "a b", "MessageBody": "x"}]},
        "AWS.SimpleQueueService.InvalidBatchEntryId",
    ),
    (
        "send_message_batch",
        {"Entries": [{"Id": str(n), "MessageBody": "x" * 600_000} for n in range(2)]},
        "AWS.SimpleQueueService.BatchRequestTooLong",
    ),
]


@pytest.mark.parametrize(("act", "more", "code"), REFUSED, ids=lambda v: str(v)[:40])
def test_what_the_service_refuses_is_refused_in_its_words(module_account, act, more, code):
    sqs = module_account.client("sqs")
    queue = sqs.create_queue(QueueName="refusing")["QueueUrl"]

    with pytest.raises(ClientError) as refusal:
        getattr(sqs, act)(QueueUrl=queue, **more)

    assert refusal.value.response["Error"]["Code"] == code


@pytest.mark.parametrize(
    "attribute",
    [
        {"aws.x": {"DataType": "String", "StringValue": "v"}},
        {"a!b": {"DataType": "String", "StringValue": "v"}},
        {"a": {"DataType": "Nonsense", "StringValue": "v"}},
        {"a": {"DataType": "String", "StringValue": ""}},
        {"a": {"DataType": "Number", "StringValue": "many"}},
        {f"a{n}": {"DataType": "String", "StringValue": "v"} for n in range(11)},
    ],
    ids=lambda v: str(v)[:30],
)
def test_message_attributes_that_the_service_refuses(module_account, attribute):
    sqs = module_account.client("sqs")
    queue = sqs.create_queue(QueueName="refusing")["QueueUrl"]

    with pytest.raises(ClientError, match="InvalidParameterValue"):
        sqs.send_message(QueueUrl=queue, MessageBody="x", MessageAttributes=attribute)


def test_a_deleted_message_has_no_visibility_to_change(sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="x")
    handle = sqs.receive_message(QueueUrl=queue)["Messages"][0]["ReceiptHandle"]
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=handle)

    with pytest.raises(ClientError, match="Message does not exist or is not available for visibility timeout change"):
        sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=handle, VisibilityTimeout=9)


def test_messages_end_with_their_retention_in_the_labs_own_time(sqs, make, account):
    queue = make(MessageRetentionPeriod=60)
    sqs.send_message(QueueUrl=queue, MessageBody="old")

    account.model.clock_offset_seconds = 61
    account.model.save(update_fields=["clock_offset_seconds"])
    time.sleep(2.1)  # a key is remembered for two seconds

    assert bodies(sqs.receive_message(QueueUrl=queue)) == []
    counts = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["ApproximateNumberOfMessages"])
    assert counts["Attributes"] == {"ApproximateNumberOfMessages": "0"}
