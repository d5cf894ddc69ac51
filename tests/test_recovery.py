"""A kill -9 of any process loses nothing that was acknowledged; a stop leaves no process behind.

These tests start playgrounds of their own, as `make run` does, and kill processes of theirs by pid.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from benchmarks import stage
from tests import journey

WRITER = "import boto3\ns3 = boto3.client('s3')\ndef handler(event, context):\n    s3.put_object(Bucket=event['bucket'], Key=event['key'], Body=b'x')\n"


@pytest.fixture
def playground(tmp_path):
    running = stage.Playground(str(tmp_path), PLAYGROUND_ADMIN_PASSWORD="recovery")
    yield running
    if running.process.poll() is None:
        running.stop()


def client(playground, service):
    """Speak as the demo lab."""
    return boto3.client(
        service,
        endpoint_url=playground.aws_url,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"max_attempts": 0}, connect_timeout=2, read_timeout=20, s3={"addressing_style": "path"}),
    )


def processes(playground, word):
    """Return the pids of this playground's processes whose command line holds a word."""
    found = []
    for pid in stage.family(playground.process.pid):
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if word in command:
            found.append(pid)
    return found


def alive(pids):
    """Return the pids that still run (a zombie does not)."""
    return [p for p in pids if Path(f"/proc/{p}/stat").exists() and ") Z " not in Path(f"/proc/{p}/stat").read_text()]


def test_ctrl_c_leaves_no_process_behind(playground):
    everyone = stage.family(playground.process.pid)

    playground.process.send_signal(signal.SIGINT)
    playground.process.wait(30)

    assert len(everyone) > 4
    journey.until(lambda: not alive(everyone), 10)


def test_killing_the_supervisor_leaves_no_process_behind_and_the_next_start_recovers(playground):
    s3 = client(playground, "s3")
    s3.create_bucket(Bucket="kept")
    s3.put_object(Bucket="kept", Key="a", Body=b"acknowledged")
    everyone = stage.family(playground.process.pid)

    os.kill(playground.process.pid, signal.SIGKILL)
    playground.process.wait()
    journey.until(lambda: not alive(everyone), 20)
    again = stage.Playground(playground.data_dir, PLAYGROUND_ADMIN_PASSWORD="recovery")

    try:
        assert client(again, "s3").get_object(Bucket="kept", Key="a")["Body"].read() == b"acknowledged"
    finally:
        again.stop()


def test_no_acknowledged_upload_is_lost_when_the_web_server_is_killed(playground):
    client(playground, "s3").create_bucket(Bucket="kept")
    acknowledged = []
    for number in range(60):
        if number in (20, 40):
            for pid in processes(playground, "gunicorn"):
                os.kill(pid, signal.SIGKILL)
        try:
            client(playground, "s3").put_object(Bucket="kept", Key=f"{number}", Body=str(number).encode() * 1000)
            acknowledged.append(number)
        except (ClientError, BotoCoreError):
            time.sleep(0.3)

    stage.wait_for(playground.aws_url + "/healthz")
    s3 = client(playground, "s3")
    assert len(acknowledged) > 30
    for number in acknowledged:
        assert s3.get_object(Bucket="kept", Key=f"{number}")["Body"].read() == str(number).encode() * 1000


def test_no_accepted_invocation_is_lost_when_worker_and_redis_are_killed(playground):
    s3, functions = client(playground, "s3"), client(playground, "lambda")
    s3.create_bucket(Bucket="kept")
    functions.create_function(
        FunctionName="writer",
        Runtime=f"python{sys.version_info[0]}.{sys.version_info[1]}",
        Handler="app.handler",
        Role="arn:aws:iam::000000000000:role/lambda-role",
        Code={"ZipFile": journey.zipped(WRITER)},
        Timeout=20,
    )
    functions.get_waiter("function_active_v2").wait(FunctionName="writer")

    accepted = []
    for number in range(12):
        if number == 4:
            for pid in processes(playground, "celery"):
                os.kill(pid, signal.SIGKILL)
        if number == 8:
            for pid in processes(playground, "valkey-server"):
                os.kill(pid, signal.SIGKILL)
        event = json.dumps({"bucket": "kept", "key": f"done/{number}"})
        try:
            answer = functions.invoke(FunctionName="writer", InvocationType="Event", Payload=event)
        except (ClientError, BotoCoreError):
            continue
        assert answer["StatusCode"] == 202
        accepted.append(f"done/{number}")

    def everything_done():
        listed = s3.list_objects_v2(Bucket="kept", Prefix="done/").get("Contents", [])
        return set(accepted) <= {item["Key"] for item in listed}

    assert len(accepted) >= 8
    journey.until(everything_done, 90, every=0.5)


def test_a_second_start_says_who_holds_the_data_directory(playground):
    second = subprocess.run(
        [sys.executable, "manage.py", "up"],
        cwd=stage.ROOT,
        env={**os.environ, **playground.env},
        capture_output=True,
        text=True,
        timeout=30,
    )

    assert second.returncode != 0
    assert "Already running" in second.stderr
