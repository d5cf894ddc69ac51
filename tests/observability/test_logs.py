"""CloudWatch Logs through boto3: groups, streams, events, and what a classmate sees of them."""

import time

import pytest
from botocore.exceptions import ClientError

GROUP = "/test/group"


@pytest.fixture
def logs(account):
    client = account.client("logs")
    client.create_log_group(logGroupName=GROUP)
    client.create_log_stream(logGroupName=GROUP, logStreamName="one")
    now = int(time.time() * 1000)
    events = [{"timestamp": now + n, "message": f"line {n} {'ERROR' if n % 2 else 'fine'}"} for n in range(6)]
    client.put_log_events(logGroupName=GROUP, logStreamName="one", logEvents=events)
    return client


def test_events_come_back_by_stream_and_by_search(logs):
    got = logs.get_log_events(logGroupName=GROUP, logStreamName="one", startFromHead=True, limit=4)
    rest = logs.get_log_events(logGroupName=GROUP, logStreamName="one", nextToken=got["nextForwardToken"])
    found = logs.filter_log_events(logGroupName=GROUP, filterPattern="ERROR")

    assert [e["message"][:6] for e in got["events"] + rest["events"]] == [f"line {n}" for n in range(6)]
    assert len(found["events"]) == 3 and found["events"][0]["logStreamName"] == "one"
    assert logs.describe_log_streams(logGroupName=GROUP)["logStreams"][0]["logStreamName"] == "one"


def test_pages_of_a_search_hold_everything_once(logs):
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=GROUP, PaginationConfig={"PageSize": 2})

    assert len([event for page in pages for event in page["events"]]) == 6


def test_what_is_missing_or_twice_is_told(logs):
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        logs.filter_log_events(logGroupName="/none")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        logs.get_log_events(logGroupName=GROUP, logStreamName="none")
    with pytest.raises(ClientError, match="ResourceAlreadyExistsException"):
        logs.create_log_group(logGroupName=GROUP)


def test_a_classmate_sees_no_group_of_the_owner(logs, classmate):
    theirs = classmate.client("logs")

    assert theirs.describe_log_groups()["logGroups"] == []
    for call in (
        lambda: theirs.filter_log_events(logGroupName=GROUP),
        lambda: theirs.delete_log_group(logGroupName=GROUP),
        lambda: theirs.describe_log_streams(logGroupName=GROUP),
    ):
        with pytest.raises(ClientError):
            call()
    assert logs.describe_log_groups()["logGroups"]
