"""A bucket's events in a queue, from the configuration to the message, through the wire alone."""

import json
import time

import pytest
from botocore.exceptions import ClientError


def let_in(sqs, queue, arn, bucket):
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{bucket}"}},
    }
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps({"Statement": [statement]})})


def next_body(sqs, queue):
    [got] = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=10)["Messages"]
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=got["ReceiptHandle"])
    return json.loads(got["Body"])


def test_an_upload_becomes_a_message(account, sqs, queue):
    s3, bucket = account.client("s3"), f"photos-{account.account_id}"
    s3.create_bucket(Bucket=bucket)
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    wanted = {"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}
    with pytest.raises(ClientError, match="Unable to validate the following destination configurations"):
        s3.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [wanted]}
        )
    let_in(sqs, queue, arn, bucket)

    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [wanted]})
    assert next_body(sqs, queue)["Event"] == "s3:TestEvent"
    started = time.monotonic()
    s3.put_object(Bucket=bucket, Key="cats/a b.jpg", Body=b"x")

    [record] = next_body(sqs, queue)["Records"]
    assert record["eventName"] == "ObjectCreated:Put" and record["s3"]["object"]["key"] == "cats/a+b.jpg"
    assert time.monotonic() - started < 5
    assert "Messages" not in sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1)
