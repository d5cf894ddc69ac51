"""Lambda over the wire, by boto3: what clients see of functions and their invocations."""

import base64
import json
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from apps.functions.models import Invocation
from tests import journey

ECHO = "def handler(event, context):\n    print('hello', context.function_name)\n    return event\n"


def role(lab, name="lambda-role"):
    return f"arn:aws:iam::{lab.account_id}:role/{name}"


def create(lab, name="f", source=ECHO, **changes):
    wanted = {
        "FunctionName": name,
        "Runtime": "python3.11",
        "Handler": "app.handler",
        "Role": role(lab),
        "Code": {"ZipFile": journey.zipped(source)},
    }
    return lab.client("lambda", parameter_validation=False).create_function(**{**wanted, **changes})


def invoke(lab, name="f", event=None, **options):
    answer = lab.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event), **options)
    return answer, answer["Payload"].read()


def refusal(call, *arguments, **keywords):
    with pytest.raises(ClientError) as refused:
        call(*arguments, **keywords)
    return refused.value.response["Error"]["Code"], refused.value.response["Error"]["Message"]


def test_a_function_lives_from_create_to_delete(account):
    client = account.client("lambda")
    made = create(account, Environment={"Variables": {"COLOUR": "blue"}}, Description="mine", MemorySize=256)

    arn = f"arn:aws:lambda:us-east-1:{account.account_id}:function:f"
    assert made["FunctionArn"] == arn and made["ResponseMetadata"]["HTTPStatusCode"] == 201
    client.get_waiter("function_active_v2").wait(FunctionName="f")
    for name in ("f", arn, f"{account.account_id}:function:f", f"{arn}:$LATEST", "function:f"):
        found = client.get_function(FunctionName=name)["Configuration"]
        assert found["FunctionArn"] == arn and found["State"] == "Active"
        assert found["Environment"] == {"Variables": {"COLOUR": "blue"}} and found["MemorySize"] == 256
    assert [f["FunctionName"] for f in client.list_functions()["Functions"]] == ["f"]

    changed = client.update_function_configuration(FunctionName="f", Timeout=7, Environment={"Variables": {}})
    client.get_waiter("function_updated_v2").wait(FunctionName="f")
    assert changed["Timeout"] == 7 and "Environment" not in changed and changed["MemorySize"] == 256
    assert changed["RevisionId"] != made["RevisionId"]

    assert client.delete_function(FunctionName="f")["ResponseMetadata"]["HTTPStatusCode"] in (200, 204)
    code, message = refusal(client.get_function, FunctionName="f")
    assert (code, message) == ("ResourceNotFoundException", f"Function not found: {arn}")


def test_the_location_of_the_code_works_without_a_signature(account):
    create(account)

    location = account.client("lambda").get_function(FunctionName="f")["Code"]["Location"]

    with urllib.request.urlopen(location) as answer:
        assert answer.read() == journey.zipped(ECHO)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(location[:-3] + "xxx")
    assert refused.value.code == 403
    refused.value.close()


def test_a_synchronous_invocation_answers_result_and_log(account):
    create(account)

    cold, payload = invoke(account, event={"n": 1}, LogType="Tail")
    warm, _ = invoke(account, event={"n": 2}, LogType="Tail")

    assert json.loads(payload) == {"n": 1}
    assert cold["StatusCode"] == 200 and cold["ExecutedVersion"] == "$LATEST" and "FunctionError" not in cold
    log = base64.b64decode(cold["LogResult"]).decode()
    request_id = cold["ResponseMetadata"]["RequestId"]
    assert f"START RequestId: {request_id} Version: $LATEST\nhello f\nEND RequestId: {request_id}\nREPORT" in log
    assert "Init Duration" in log
    assert "Init Duration" not in base64.b64decode(warm["LogResult"]).decode()


def test_the_row_of_an_invocation_tells_its_life(account):
    create(account)
    answer, _ = invoke(account)

    row = Invocation.objects.get(invocation_id=answer["ResponseMetadata"]["RequestId"])

    assert row.state == "succeeded" and row.account.account_id == account.account_id
    assert [phase["name"] for phase in row.phases] == ["queued", "sandbox started", "init", "invoke", "frozen"]
    assert row.billed_ms >= 1 and row.memory_used_mib >= 5


def test_a_handler_that_raises_answers_200_with_its_error(account):
    create(account, source="def handler(event, context):\n    raise KeyError('gone')\n")

    answer, payload = invoke(account)

    assert answer["StatusCode"] == 200 and answer["FunctionError"] == "Unhandled"
    told = json.loads(payload)
    assert told["errorType"] == "KeyError" and told["errorMessage"] == "'gone'" and told["stackTrace"]
    assert told["requestId"] == answer["ResponseMetadata"]["RequestId"]


def test_a_timeout_is_told_as_the_real_service_tells_it(account):
    create(account, source="import time\ndef handler(event, context):\n    time.sleep(9)\n", Timeout=1)

    answer, payload = invoke(account, LogType="Tail")

    request_id = answer["ResponseMetadata"]["RequestId"]
    assert json.loads(payload) == {
        "errorType": "Sandbox.Timedout",
        "errorMessage": f"RequestId: {request_id} Error: Task timed out after 1.00 seconds",
    }
    assert "Task timed out after 1.00 seconds" in base64.b64decode(answer["LogResult"]).decode()


def test_an_asynchronous_invocation_is_accepted_then_done(account):
    create(account)

    answer, payload = invoke(account, event={"n": 1}, InvocationType="Event")

    assert answer["StatusCode"] == 202 and payload == b""
    request_id = answer["ResponseMetadata"]["RequestId"]
    row = journey.until(lambda: Invocation.objects.filter(invocation_id=request_id, state="succeeded").first())
    assert json.loads(bytes(row.result)) == {"n": 1}


def test_a_failed_asynchronous_event_is_tried_again_on_the_labs_clock(account):
    create(account, source="def handler(event, context):\n    raise ValueError\n")
    answer, _ = invoke(account, InvocationType="Event")
    rows = Invocation.objects.filter(invocation_id=answer["ResponseMetadata"]["RequestId"])

    first = journey.until(lambda: rows.filter(attempt=1, state="queued").first())
    assert 50 <= (first.due_at - first.accepted_at).total_seconds() <= 70
    account.model.clock_offset_seconds += 61
    account.model.save()
    journey.until(lambda: rows.filter(attempt=2, state="queued").first())
    account.model.clock_offset_seconds += 121
    account.model.save()
    last = journey.until(lambda: rows.filter(state="failed").first())

    assert last.function_error == "Unhandled" and last.attempt == 2


def test_a_dry_run_runs_nothing(account):
    create(account)

    answer, _ = invoke(account, InvocationType="DryRun")

    assert answer["StatusCode"] == 204
    assert not Invocation.objects.filter(account=account.model).exists()


def test_new_code_is_run_by_the_next_invocation(account):
    create(account)
    invoke(account)

    changed = account.client("lambda").update_function_code(
        FunctionName="f", ZipFile=journey.zipped("def handler(event, context):\n    return 'new'\n")
    )

    assert changed["LastUpdateStatus"] == "Successful"
    assert json.loads(invoke(account)[1]) == "new"


def test_code_can_come_from_a_bucket(account):
    s3 = account.client("s3")
    bucket = f"code-{account.account_id}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="code.zip", Body=journey.zipped(ECHO))

    create(account, Code={"S3Bucket": bucket, "S3Key": "code.zip"})

    assert json.loads(invoke(account, event=[1])[1]) == [1]
    code, message = refusal(create, account, name="g", Code={"S3Bucket": bucket, "S3Key": "none.zip"})
    assert code == "InvalidParameterValueException" and "S3 Error Code: NoSuchKey" in message


def test_a_handler_uses_the_labs_buckets_with_its_role(account, classmate):
    for lab in (account, classmate):
        lab.client("s3").create_bucket(Bucket=f"role-{lab.account_id}")
    create(
        account,
        source="""
import boto3, os
def handler(event, context):
    s3 = boto3.client("s3")
    s3.put_object(Bucket=event["mine"], Key="made", Body=b"by a function")
    try:
        s3.put_object(Bucket=event["theirs"], Key="made", Body=b"by a thief")
    except s3.exceptions.ClientError as error:
        return [boto3.client("sts").get_caller_identity()["Arn"], error.response["Error"]["Code"]]
""",
        Timeout=20,
    )

    _, payload = invoke(account, event={"mine": f"role-{account.account_id}", "theirs": f"role-{classmate.account_id}"})

    assert json.loads(payload) == [f"arn:aws:sts::{account.account_id}:assumed-role/lambda-role/f", "AccessDenied"]
    got = account.client("s3").get_object(Bucket=f"role-{account.account_id}", Key="made")
    assert got["Body"].read() == b"by a function"


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        ({"Runtime": "nodejs22.x"}, "InvalidParameterValueException", "not installed in this playground"),
        ({"Runtime": "python2.7"}, "InvalidParameterValueException", "no longer supported"),
        ({"Runtime": "cobol"}, "InvalidParameterValueException", "Member must satisfy enum value set"),
        ({"MemorySize": 127}, "ValidationException", "Member must have value greater than or equal to 128"),
        ({"Timeout": 901}, "ValidationException", "Member must have value less than or equal to 900"),
        ({"Code": {"ZipFile": b"no zip"}}, "InvalidParameterValueException", "Could not unzip uploaded file."),
        ({"Role": "arn:aws:iam::ACCOUNT:role/none"}, "InvalidParameterValueException", "cannot be assumed by Lambda."),
        ({"Role": "arn:aws:iam::999999999999:role/lambda-role"}, "AccessDeniedException", "Cross-account"),
        ({"FunctionName": "bad name!"}, "ValidationException", "functionName"),
        ({"Environment": {"Variables": {"AWS_REGION": "x"}}}, "InvalidParameterValueException", "reserved keys"),
        ({"Environment": {"Variables": {"BIG": "x" * 5000}}}, "InvalidParameterValueException", "4KB limit"),
        (
            {"Layers": ["arn:aws:lambda:us-east-1:1:layer:x:1"]},
            "InvalidParameterValueException",
            "Layers are not built",
        ),
        ({"VpcConfig": {"SubnetIds": ["subnet-1"]}}, "InvalidParameterValueException", "no VPC"),
        ({"Environment": {"Variables": {"HALF": "\ud800"}}}, "SerializationException", "Invalid Unicode"),
        ({"Architectures": ["arm64"]}, "InvalidParameterValueException", "arm64 is not offered"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_bad_input_gets_the_real_services_error(account, changes, code, message):
    if "Role" in changes:
        changes = {"Role": changes["Role"].replace("ACCOUNT", account.account_id)}

    told = refusal(create, account, **changes)

    assert told[0] == code and message in told[1]


def test_a_second_function_of_the_same_name_is_a_conflict(account):
    create(account)

    assert refusal(create, account) == ("ResourceConflictException", "Function already exist: f")


def test_a_setting_without_effect_says_so(account):
    made = create(account, TracingConfig={"Mode": "Active"})

    assert made["TracingConfig"] == {"Mode": "Active"}
    assert "TracingConfig" in made["ResponseMetadata"]["HTTPHeaders"]["x-playground-no-effect"]


@pytest.mark.parametrize(
    ("payload", "kind", "code"),
    [
        (b"{not json", "RequestResponse", "InvalidRequestContentException"),
        (b"[" * 100_000, "RequestResponse", "InvalidRequestContentException"),
        (b'"' + b"x" * (6 * 2**20) + b'"', "RequestResponse", "RequestTooLargeException"),
        (b'"' + b"x" * 2**20 + b'"', "Event", "RequestTooLargeException"),
    ],
    ids=["no json", "too deep", "over 6 MB", "asynchronous over 1 MB"],
)
def test_a_bad_payload_is_refused(account, payload, kind, code):
    create(account)

    client = account.client("lambda")
    assert refusal(client.invoke, FunctionName="f", Payload=payload, InvocationType=kind)[0] == code


def test_tags_and_a_logging_setting_are_shown_again(account):
    create(account, Tags={"course": "clouds"}, LoggingConfig={"LogFormat": "JSON"})

    found = account.client("lambda").get_function(FunctionName="f")

    assert found["Tags"] == {"course": "clouds"}
    assert found["Configuration"]["LoggingConfig"] == {"LogFormat": "JSON", "LogGroup": "/aws/lambda/f"}


def test_a_missing_function_is_not_found(account):
    client = account.client("lambda")

    for call in (client.get_function, client.invoke, client.delete_function, client.get_policy):
        assert refusal(call, FunctionName="nobody")[0] == "ResourceNotFoundException"
    assert refusal(client.invoke, FunctionName="nobody:7")[0] == "ResourceNotFoundException"


def test_a_classmate_sees_and_runs_nothing_of_mine(account, classmate):
    create(account)
    arn = f"arn:aws:lambda:us-east-1:{account.account_id}:function:f"
    client = classmate.client("lambda")

    assert client.list_functions()["Functions"] == []
    assert refusal(client.invoke, FunctionName="f")[0] == "ResourceNotFoundException"
    for call in (client.invoke, client.get_function, client.delete_function):
        assert refusal(call, FunctionName=arn)[0] == "AccessDeniedException"
    missing = arn[:-1] + "none"
    assert refusal(client.get_function, FunctionName=missing)[0] == "AccessDeniedException"


def test_a_permission_lets_a_classmate_in_and_its_removal_out(account, classmate):
    create(account)
    arn = f"arn:aws:lambda:us-east-1:{account.account_id}:function:f"
    mine, theirs = account.client("lambda"), classmate.client("lambda")

    added = mine.add_permission(
        FunctionName="f", StatementId="mate", Action="lambda:InvokeFunction", Principal=classmate.account_id
    )

    assert json.loads(added["Statement"])["Sid"] == "mate"
    assert json.loads(mine.get_policy(FunctionName="f")["Policy"])["Statement"][0]["Resource"] == arn
    assert theirs.invoke(FunctionName=arn)["StatusCode"] == 200
    again = refusal(
        mine.add_permission, FunctionName="f", StatementId="mate", Action="lambda:InvokeFunction", Principal="*"
    )
    assert again[0] == "ResourceConflictException"
    mine.remove_permission(FunctionName="f", StatementId="mate")
    assert refusal(theirs.invoke, FunctionName=arn)[0] == "AccessDeniedException"
    assert refusal(mine.get_policy, FunctionName="f")[0] == "ResourceNotFoundException"


def test_functions_are_listed_in_pages(account):
    for n in range(3):
        create(account, name=f"f{n}")

    pages = account.client("lambda").get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 2})

    assert [[f["FunctionName"] for f in page["Functions"]] for page in pages] == [["f0", "f1"], ["f2"]]
    client = account.client("lambda", parameter_validation=False)
    assert refusal(client.list_functions, MaxItems=-1)[0] == "ValidationException"


def test_twenty_calls_at_once_are_all_answered(account):
    create(account, source="import time\ndef handler(event, context):\n    time.sleep(0.3)\n    return event\n")
    client = account.client("lambda")

    def call(n):
        return json.loads(client.invoke(FunctionName="f", Payload=json.dumps(n))["Payload"].read())

    began = time.monotonic()
    with ThreadPoolExecutor(20) as threads:
        assert sorted(threads.map(call, range(20))) == list(range(20))
    assert time.monotonic() - began < 15
