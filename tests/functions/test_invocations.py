"""The life of invocations and environments, looked at behind the wire: what is lost is found again."""

import json
import os
import threading
import uuid
from datetime import timedelta

import pytest

from apps.functions import environments, invocations
from apps.functions.models import Environment, Function, Invocation, Node, RuntimeStatus
from apps.observability.models import LogEvent
from playground import clock
from tests import journey

SLEEP = "import time\ndef handler(event, context):\n    time.sleep(event)\n    return 'done'\n"


@pytest.fixture
def function(account):
    account.client("lambda").create_function(
        FunctionName="f",
        Runtime="python3.11",
        Handler="app.handler",
        Role=f"arn:aws:iam::{account.account_id}:role/lambda-role",
        Code={"ZipFile": journey.zipped(SLEEP)},
        Timeout=20,
    )
    return Function.objects.select_related("account").get(account=account.model)


def row(function, **values):
    """Return an invocation's row as a process that died left it behind."""
    now = clock.now(function.account)
    wanted = {
        "invocation_id": str(uuid.uuid4()),
        "account": function.account,
        "function": function,
        "function_name": function.name,
        "kind": "Event",
        "event": b"0",
        "accepted_at": now,
        "due_at": now,
    }
    return Invocation.objects.create(**{**wanted, **values})


def ends(invocation, state):
    return journey.until(lambda: Invocation.objects.filter(pk=invocation.pk, state=state).first(), 30)


def test_an_accepted_event_whose_message_was_lost_runs(function):
    lost = row(function, sent_at=clock.real_now() - timedelta(minutes=1))

    assert json.loads(bytes(ends(lost, "succeeded").result)) == "done"


def test_what_a_dead_worker_held_is_run_again_or_told_as_failed(function):
    accepted = row(function, state="running", boot="a life that ended")
    waited_for = row(function, state="running", boot="a life that ended", kind="RequestResponse")

    assert ends(accepted, "succeeded").attempt == 0
    assert "worker ended" in ends(waited_for, "failed").log_tail
    assert "failed" in invocations.wait(waited_for.invocation_id, 2)[0]


def test_only_one_worker_gets_an_invocation(function):
    waiting = row(function, due_at=clock.now(function.account) + timedelta(hours=1))

    first = invocations.claim(waiting.invocation_id, "one")
    second = invocations.claim(waiting.invocation_id, "two")

    assert first is not None and second is None
    first.boot = "two"
    assert not invocations.finish(first, result=b"1")


def test_an_event_of_a_deleted_function_ends(function):
    waiting = row(function, due_at=clock.now(function.account) + timedelta(hours=1))
    Invocation.objects.filter(pk=waiting.pk).update(due_at=clock.now(function.account), function=None)

    assert "deleted" in ends(waiting, "failed").log_tail


def test_an_answer_that_redis_lost_is_read_from_the_row(function):
    done = row(function, state="succeeded", result=b'"kept"', log_tail="log", kind="RequestResponse")

    head, payload = invocations.wait(done.invocation_id, 5)

    assert payload == b'"kept"' and head["function_error"] == ""


def test_live_environments_are_seen_and_stopped(account, function):
    client = account.client("lambda")
    answers = []

    def call():
        answers.append(client.invoke(FunctionName="f", Payload=b"15"))

    thread = threading.Thread(target=call)
    thread.start()
    mine = Environment.objects.filter(function=function)
    running = journey.until(lambda: mine.filter(state="running").first())
    assert running in environments.live() and os.path.exists(f"/proc/{running.pid}")

    assert environments.stop(running.environment_id)
    thread.join(5)

    assert not thread.is_alive()
    assert json.loads(answers[0]["Payload"].read())["errorMessage"].endswith("signal: killed")
    journey.until(lambda: not mine.exists())
    assert not os.path.exists(f"/proc/{running.pid}")
    assert not environments.stop("nobody")


def test_new_code_and_deletion_end_the_warm_environments(account, function):
    client = account.client("lambda")
    client.invoke(FunctionName="f", Payload=b"0")
    journey.until(lambda: Environment.objects.filter(function=function, state="frozen").first())

    client.update_function_code(FunctionName="f", ZipFile=journey.zipped(SLEEP + "\n"))

    journey.until(lambda: not Environment.objects.filter(function=function).exists())


def test_the_node_and_its_runtime_are_known(stack):
    node = Node.objects.get()

    assert clock.real_now() - node.seen_at < timedelta(seconds=30)
    assert node.isolation["driver"] == "bubblewrap" and node.isolation["seccomp"]
    assert RuntimeStatus.objects.get(runtime="python3.11").ready


def test_a_runtime_that_failed_its_test_is_refused_and_says_why(account, function):
    status = RuntimeStatus.objects.get(runtime="python3.11")
    RuntimeStatus.objects.filter(pk=status.pk).update(ready=False, reason="it runs as root")
    try:
        client = account.client("lambda")
        with pytest.raises(client.exceptions.ClientError) as refused:
            client.invoke(FunctionName="f", Payload=b"0")
        assert refused.value.response["Error"]["Code"] == "InvalidRuntimeException"
        assert "it runs as root" in str(refused.value)
    finally:
        status.save()


def test_logs_are_dated_by_the_labs_clock(account, function):
    account.model.clock_offset_seconds = 86_400 * 40
    account.model.save()

    account.client("lambda").invoke(FunctionName="f", Payload=b"0")

    told = LogEvent.objects.filter(group__account=account.model, message__startswith="START").get()
    later = clock.real_now() + timedelta(days=39)
    assert told.timestamp_ms > later.timestamp() * 1000
    assert told.stream.name.startswith(f"{clock.now(account.model):%Y/%m/%d}/[$LATEST]")


def test_more_callers_than_the_machine_has_room_for_are_throttled(account, function):
    client = account.client("lambda", max_pool_connections=80)
    verdicts = []

    def call():
        try:
            verdicts.append(client.invoke(FunctionName="f", Payload=b"1.5")["StatusCode"])
        except client.exceptions.TooManyRequestsException as error:
            verdicts.append(error.response["Reason"])

    threads = [threading.Thread(target=call) for _ in range(70)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert len(verdicts) == 70 and set(verdicts) == {200, "ConcurrentInvocationLimitExceeded"}
    assert verdicts.count(200) >= 24
