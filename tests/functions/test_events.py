"""From an upload to a function: matched, let in, exactly once, and never lost."""

import json
import time
from urllib.parse import unquote_plus

import pytest
from botocore.exceptions import ClientError

from apps.buckets.models import Bucket, Event
from apps.functions.models import Invocation
from tests import journey

KEEP = "def handler(event, context):\n    return event\n"


@pytest.fixture
def lab(account):
    """A bucket whose uploads under in/ start the function `keep`."""
    account.bucket = f"events-{account.account_id}"
    account.arn = f"arn:aws:lambda:us-east-1:{account.account_id}:function:keep"
    account.client("s3").create_bucket(Bucket=account.bucket)
    account.client("lambda").create_function(
        FunctionName="keep",
        Runtime="python3.11",
        Handler="app.handler",
        Role=f"arn:aws:iam::{account.account_id}:role/lambda-role",
        Code={"ZipFile": journey.zipped(KEEP)},
    )
    return account


def allow(lab, **conditions):
    lab.client("lambda").add_permission(
        FunctionName="keep",
        StatementId="s3",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        **(conditions or {"SourceArn": f"arn:aws:s3:::{lab.bucket}"}),
    )


def connect(lab, bucket=None):
    lab.client("s3").put_bucket_notification_configuration(
        Bucket=bucket or lab.bucket,
        NotificationConfiguration={
            "LambdaFunctionConfigurations": [
                {
                    "LambdaFunctionArn": lab.arn,
                    "Events": ["s3:ObjectCreated:*"],
                    "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "in/"}]}},
                }
            ]
        },
    )


def upload(lab, key):
    lab.client("s3").put_object(Bucket=lab.bucket, Key=key, Body=b"x")


def invocations(lab, state="succeeded"):
    return Invocation.objects.filter(account=lab.model, state=state)


def test_an_upload_becomes_one_invocation_with_its_record(lab):
    allow(lab)
    connect(lab)

    upload(lab, "elsewhere.txt")
    upload(lab, "in/a photo.txt")

    row = journey.until(lambda: invocations(lab).first())
    time.sleep(0.3)
    assert Invocation.objects.filter(account=lab.model).count() == 1
    assert not Event.objects.filter(bucket__name=lab.bucket).exists()
    (record,) = json.loads(bytes(row.event))["Records"]
    assert unquote_plus(record["s3"]["object"]["key"]) == "in/a photo.txt"
    assert " " not in record["s3"]["object"]["key"] and record["s3"]["bucket"]["name"] == lab.bucket
    assert row.source == "s3:ObjectCreated:Put" and row.kind == "Event"


@pytest.mark.parametrize("conditions", [{"SourceArn": "arn:aws:s3:::another"}, {"SourceAccount": "1" * 12}, None])
def test_a_destination_that_does_not_let_the_bucket_in_is_refused(lab, conditions):
    if conditions:
        allow(lab, **conditions)

    with pytest.raises(ClientError) as refused:
        connect(lab)

    assert "Unable to validate the following destination configurations" in str(refused.value)


def test_a_bucket_cannot_start_a_classmates_function(lab, classmate):
    allow(lab)
    theirs = f"theirs-{classmate.account_id}"
    classmate.client("s3").create_bucket(Bucket=theirs)
    classmate.arn = lab.arn

    with pytest.raises(ClientError) as refused:
        connect(classmate, theirs)

    assert "Unable to validate" in str(refused.value)


def test_an_event_whose_permission_is_gone_is_dropped(lab):
    allow(lab)
    connect(lab)
    lab.client("lambda").remove_permission(FunctionName="keep", StatementId="s3")

    upload(lab, "in/late.txt")

    time.sleep(0.5)
    assert not Invocation.objects.filter(account=lab.model).exists()
    assert not Event.objects.filter(bucket__name=lab.bucket).exists()


def test_an_event_that_no_signal_brought_is_swept_up(lab):
    allow(lab)
    upload(lab, "in/lost.txt")
    Event.objects.create(
        bucket=Bucket.objects.get(name=lab.bucket),
        destination_arn=lab.arn,
        event_name="ObjectCreated:Put",
        record={"lost": True},
        request_id="lost",
    )

    row = journey.until(lambda: invocations(lab).first())

    assert json.loads(bytes(row.event)) == {"Records": [{"lost": True}]}
