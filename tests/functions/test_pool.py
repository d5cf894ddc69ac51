"""The pool: reuse, freezing, room, idle ends, stops. Real sandboxes, no database."""

import json
import os
import threading
import time

import pytest

from apps.functions.pool import Pool
from apps.functions.sandbox import Call, SandboxError
from tests.functions.sandboxes import spec

COUNTER = """
import os, time
calls = 0
def handler(event, context):
    global calls
    calls += 1
    time.sleep(event.get("sleep", 0))
    return [os.environ["AWS_LAMBDA_FUNCTION_VERSION"], calls]
"""


@pytest.fixture
def make_pool():
    made = []

    def make(limit=3, idle_seconds=60):
        pool = Pool(limit, idle_seconds, first_slot=3000)
        made.append(pool)
        return pool

    yield make
    for pool in made:
        pool.close()
        until(lambda pool=pool: not pool.snapshot())


def until(check, seconds=5):
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end
        time.sleep(0.01)


def run(pool, key="f", event=b"{}", code=COUNTER, **options):
    call = Call(f"request-{time.monotonic_ns()}", event, "arn:aws:f", options.pop("timeout_seconds", 5))
    return pool.run((key, "revision"), lambda warm: spec(code), call, "stream", **options)


def calls(outcome):
    assert not outcome.error_type, outcome.payload
    return json.loads(outcome.payload)[1]


def test_calls_in_a_row_share_one_environment(make_pool):
    pool = make_pool()

    outcomes = [run(pool) for _ in range(5)]

    assert [calls(outcome) for outcome, _ in outcomes] == [1, 2, 3, 4, 5]
    assert len({warm.environment_id for _, warm in outcomes}) == 1
    assert outcomes[0][0].init_ms is not None and outcomes[1][0].init_ms is None


def test_calls_at_once_get_environments_of_their_own(make_pool):
    pool = make_pool()
    results = []
    threads = [threading.Thread(target=lambda: results.append(run(pool, event=b'{"sleep": 0.3}'))) for _ in range(3)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [calls(outcome) for outcome, _ in results] == [1, 1, 1]
    assert len({warm.slot for _, warm in results}) == 3


def test_another_function_or_revision_never_shares(make_pool):
    pool = make_pool()

    assert calls(run(pool, key="f")[0]) == 1
    assert calls(run(pool, key="g")[0]) == 1


def test_a_full_node_ends_the_environment_longest_unused(make_pool):
    pool = make_pool(limit=2)
    for key in ("a", "b"):
        run(pool, key=key)
    until(lambda: all(warm.state == "frozen" for warm in pool.snapshot()))

    run(pool, key="c")

    assert {warm.key[0] for warm in pool.snapshot()} == {"b", "c"}


def test_a_node_full_of_running_calls_makes_others_wait(make_pool):
    pool = make_pool(limit=1)
    first = threading.Thread(target=run, args=(pool,), kwargs={"event": b'{"sleep": 0.6}'})
    first.start()
    until(lambda: any(warm.state == "running" for warm in pool.snapshot()))

    with pytest.raises(SandboxError, match="busy"):
        run(pool, key="g", wait_seconds=0.2)
    assert calls(run(pool, key="h")[0]) == 1
    first.join()


def test_idle_environments_end(make_pool):
    pool = make_pool(idle_seconds=0)
    _, warm = run(pool)
    until(lambda: warm.state == "frozen")
    time.sleep(0.01)

    pool.reap()

    assert pool.snapshot() == []
    until(lambda: not os.path.exists(f"/proc/{warm.pid}"))


def test_an_environment_that_died_while_frozen_is_not_used_again(make_pool):
    pool = make_pool()
    _, warm = run(pool)
    until(lambda: warm.state == "frozen")
    os.kill(warm.pid, 9)
    until(lambda: not warm.environment.alive)

    outcome, other = run(pool)

    assert calls(outcome) == 1 and other.environment_id != warm.environment_id


@pytest.mark.parametrize(
    "code", ["def handler(event, context):\n    import os\n    os._exit(1)\n", "raise ValueError\n"]
)
def test_a_broken_environment_is_not_kept(make_pool, code):
    pool = make_pool()

    outcome, _ = run(pool, code=code)

    assert outcome.error_type and pool.snapshot() == []


def test_stopping_a_running_environment_fails_its_call(make_pool):
    pool = make_pool()
    results = []
    thread = threading.Thread(target=lambda: results.append(run(pool, event=b'{"sleep": 4}')))
    thread.start()
    until(lambda: any(warm.state == "running" and warm.environment.init_done for warm in pool.snapshot()))
    time.sleep(0.1)

    pool.stop(pool.snapshot()[0].environment_id)
    thread.join(2)

    assert not thread.is_alive()
    assert json.loads(results[0][0].payload)["errorMessage"].endswith("signal: killed")


def test_closing_gives_running_calls_back_and_leaves_nothing(make_pool):
    pool = make_pool()
    failures = []

    def call():
        try:
            run(pool, event=b'{"sleep": 4}')
        except SandboxError as error:
            failures.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    until(lambda: any(warm.state == "running" and warm.environment.init_done for warm in pool.snapshot()))
    pid = pool.snapshot()[0].pid

    pool.close()
    thread.join(2)

    assert len(failures) == 1
    until(lambda: not os.path.exists(f"/proc/{pid}"))
    with pytest.raises(SandboxError):
        run(pool)


def test_a_slow_import_gets_a_second_environment_within_the_timeout(make_pool, monkeypatch):
    monkeypatch.setattr("apps.functions.sandbox.environment.INIT_SECONDS", 0.3)
    pool = make_pool()
    slow = "import time\ntime.sleep(0.6)\n" + COUNTER

    outcome, _ = run(pool, code=slow)
    late, _ = run(pool, key="late", code=slow, timeout_seconds=0.4)

    assert calls(outcome) == 1
    assert late.error_type == "Sandbox.Timedout"
