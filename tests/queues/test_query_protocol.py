"""The protocol that SQS began with: form fields in, XML out; and what JSON adds for those who come from it."""

import base64
import hashlib
import io
import json
from urllib.parse import quote

import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from playground.wire import model, parse, render
from playground.wire.http import Request
from tests.queues.conftest import query
from tests.wire.samples import sample

WIRE = model.load("sqs", query=True)


# -- by hand, against the live stack --------------------------------------------------------------


def test_a_whole_life_in_the_query_protocol(account, stack):
    made = query(account, stack.aws_url + "/", Action="CreateQueue", QueueName="old", **{
        "Attribute.1.Name": "VisibilityTimeout", "Attribute.1.Value": "7", "Tag.1.Key": "team", "Tag.1.Value": "blue",
    })  # fmt: skip
    url = made.text("CreateQueueResult/QueueUrl")
    assert made.status == 200 and url.endswith(f"/{account.account_id}/old")
    assert made.text("ResponseMetadata/RequestId") == made.headers["x-amzn-requestid"]

    sent = query(account, url, Action="SendMessage", MessageBody="hé <&>", **{
        "MessageAttribute.1.Name": "kind", "MessageAttribute.1.Value.DataType": "String",
        "MessageAttribute.1.Value.StringValue": "test",
    })  # fmt: skip
    assert sent.text("SendMessageResult/MD5OfMessageBody") == hashlib.md5("hé <&>".encode()).hexdigest()

    got = query(account, url, Action="ReceiveMessage", **{
        "AttributeName.1": "All", "MessageAttributeName.1": "kind", "MaxNumberOfMessages": "10",
    })  # fmt: skip
    assert got.text("ReceiveMessageResult/Message/Body") == "hé <&>"
    assert "SentTimestamp" in got.texts("ReceiveMessageResult/Message/Attribute/Name")
    assert got.text("ReceiveMessageResult/Message/MessageAttribute/Name") == "kind"
    assert got.text("ReceiveMessageResult/Message/MessageAttribute/Value/StringValue") == "test"

    handle = got.text("ReceiveMessageResult/Message/ReceiptHandle")
    assert query(account, url, Action="DeleteMessage", ReceiptHandle=handle).status == 200
    empty = query(account, url, Action="ReceiveMessage")
    assert empty.root.find("{*}ReceiveMessageResult") is not None
    assert empty.text("ReceiveMessageResult/Message/Body") is None

    told = query(account, url, method="GET", Action="GetQueueAttributes", **{"AttributeName.1": "VisibilityTimeout"})
    assert told.texts("GetQueueAttributesResult/Attribute/Value") == ["7"]
    tags = query(account, stack.aws_url, Action="ListQueueTags", QueueUrl=url)
    assert tags.texts("ListQueueTagsResult/Tag/Key") == ["team"]
    listed = query(account, stack.aws_url, Action="ListQueues", QueueNamePrefix="o")
    assert listed.texts("ListQueuesResult/QueueUrl") == [url]
    assert query(account, url, Action="DeleteQueue").text("ResponseMetadata/RequestId")


def test_a_batch_in_the_query_protocol(account, sqs, queue):
    entry = "SendMessageBatchRequestEntry"
    sent = query(account, queue, Action="SendMessageBatch", **{
        f"{entry}.1.Id": "a", f"{entry}.1.MessageBody": "one", f"{entry}.2.Id": "b", f"{entry}.2.MessageBody": "\x01",
    })  # fmt: skip

    assert sent.texts("SendMessageBatchResult/SendMessageBatchResultEntry/Id") == ["a"]
    assert sent.texts("SendMessageBatchResult/BatchResultErrorEntry/Code") == ["InvalidMessageContents"]
    assert sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"] == "one"


ERRORS = [
    ({"Action": "SendMessage", "MessageBody": ""}, 400, "MissingParameter", "must contain the parameter MessageBody."),
    ({"Action": "SendMessage"}, 400, "MissingParameter", "must contain the parameter MessageBody."),
    ({"Action": "FooBar"}, 400, "InvalidAction", "The action FooBar is not valid for this endpoint."),
    (
        {"Action": "DeleteMessage", "ReceiptHandle": "garbage"},
        404,
        "ReceiptHandleIsInvalid",
        '"garbage" is not a valid',
    ),
    ({"Action": "GetQueueAttributes", "AttributeName.1": "Foobar"}, 400, "InvalidAttributeName", "Unknown Attribute"),
    ({"Action": "ReceiveMessage", "WaitTimeSeconds": "21"}, 400, "InvalidParameterValue", "Must be >= 0 and <= 20"),
    ({"Action": "ReceiveMessage", "WaitTimeSeconds": "soon"}, 400, "InvalidParameterValue", "soon"),
]


@pytest.mark.parametrize(("fields", "status", "code", "message"), ERRORS, ids=lambda v: str(v)[:40])
def test_errors_in_the_query_protocol(account, queue, fields, status, code, message):
    answer = query(account, queue, **fields)

    assert (answer.status, answer.text("Error/Code"), answer.text("Error/Type")) == (status, code, "Sender")
    assert message in answer.text("Error/Message")
    assert answer.root.find("{*}Error/{*}Detail") is not None
    assert answer.text("RequestId") == answer.headers["x-amzn-requestid"]


def test_a_queue_that_does_not_exist_is_said_in_each_protocols_words(account, stack):
    url = f"{stack.aws_url}/{account.account_id}/nowhere"

    old = query(account, url, Action="SendMessage", MessageBody="x")
    new = json_request(account, stack.aws_url, "SendMessage", {"QueueUrl": url, "MessageBody": "x"})

    assert (old.status, old.text("Error/Code")) == (400, "AWS.SimpleQueueService.NonExistentQueue")
    assert old.text("Error/Message") == "The specified queue does not exist for this wsdl version."
    assert new.status_code == 400
    assert new.headers["x-amzn-query-error"] == "AWS.SimpleQueueService.NonExistentQueue;Sender"
    assert new.headers["content-type"] == "application/x-amz-json-1.0"
    assert new.json() == {
        "__type": "com.amazonaws.sqs#QueueDoesNotExist",
        "message": "The specified queue does not exist.",
    }


def json_request(lab, url, operation, params, sign=True):
    headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"AmazonSQS.{operation}"}
    request = AWSRequest("POST", url + "/", data=json.dumps(params), headers=headers)
    if sign:
        SigV4Auth(Credentials(lab.access_key, lab.secret_key), "sqs", "us-east-1").add_auth(request)
    ready = request.prepare()
    return httpx.post(ready.url, content=ready.body, headers=dict(ready.headers), timeout=30)


def test_errors_of_the_framework_have_its_name_space_in_json(account, queue, stack):
    bad = json_request(account, stack.aws_url, "ReceiveMessage", {"QueueUrl": queue, "MaxNumberOfMessages": 11})
    nothing = json_request(account, stack.aws_url, "FooBar", {})

    assert bad.json()["__type"] == "com.amazon.coral.service#InvalidParameterValueException"
    assert bad.headers["x-amzn-query-error"] == "InvalidParameterValue;Sender"
    assert nothing.json()["__type"] == "com.amazon.coral.service#UnknownOperationException"
    assert nothing.status_code == 404


def test_a_wrong_signature_is_refused_in_both_protocols(account, queue, stack):
    class Thief:
        access_key, secret_key = account.access_key, "guessed"

    old = query(Thief, queue, Action="ReceiveMessage")
    new = json_request(Thief, stack.aws_url, "ReceiveMessage", {"QueueUrl": queue})

    assert (old.status, old.text("Error/Code")) == (403, "SignatureDoesNotMatch")
    assert new.status_code == 403 and new.headers["x-amzn-query-error"] == "SignatureDoesNotMatch;Sender"


def test_hosts_of_the_real_service_lead_to_the_queues(account, stack, sqs, queue):
    name = queue.rpartition("/")[2]
    for host in ("sqs.us-east-1.amazonaws.com", "sqs.us-east-1.localhost", "sqs.localhost.localstack.cloud"):
        port = stack.aws_url.rpartition(":")[2]
        request = AWSRequest("POST", f"http://{host}:{port}/", data="Action=GetQueueUrl&QueueName=" + name,
                             headers={"Content-Type": "application/x-www-form-urlencoded"})  # fmt: skip
        SigV4Auth(Credentials(account.access_key, account.secret_key), "sqs", "us-east-1").add_auth(request)
        ready = request.prepare()
        headers = {**dict(ready.headers), "Host": f"{host}:{port}"}
        answer = httpx.post(stack.aws_url + "/", content=ready.body, headers=headers)
        assert f"<QueueUrl>http://{host}:{port}/{account.account_id}/{name}</QueueUrl>" in answer.text


# -- our reading and writing against botocore's ---------------------------------------------------


@pytest.mark.parametrize("name", WIRE.model.operation_names)
def test_what_botocore_writes_in_the_query_protocol_is_what_we_read(name):
    operation = WIRE.operation(name)
    params = sample(operation.input_shape)

    made = create_serializer("query", include_validation=False).serialize_to_request(params, operation)
    form = "&".join(f"{quote(k, safe='')}={quote(str(v), safe='')}" for k, v in made["body"].items())
    request = Request("POST", "/", "", [], io.BytesIO(form.encode()))
    found = parse.parse_query(operation, parse.form_fields(request.body.read()))

    assert plain(found) == plain(params)


@pytest.mark.parametrize("name", [n for n in WIRE.model.operation_names if WIRE.operation(n).output_shape])
def test_what_we_write_in_the_query_protocol_is_what_botocore_reads(name):
    operation = WIRE.operation(name)
    params = sample(operation.output_shape)

    response = render.render("sqs", "query", operation, dict(params), "request-1")
    wrapped = {"status_code": 200, "headers": dict(response.headers), "body": response.body}
    shape = operation.output_shape
    shape.serialization["resultWrapper"] = f"{name}Result"
    found = create_parser("query").parse(wrapped, shape)
    found.pop("ResponseMetadata")

    assert plain(found) == plain(params)


def plain(value):
    """Return a value with bytes as base64, for comparing."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items() if v not in ({}, [], None)}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value
