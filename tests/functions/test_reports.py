"""Log lines, billed time and phases, from made-up outcomes: pure."""

import doctest
import json
from decimal import Decimal

import pytest

from apps.functions import names, reports
from apps.functions.sandbox import Outcome

ID = "8f507cfc-example"


def made(**changes):
    return Outcome(**{"payload": b"1", "duration_ms": 1.2, "memory_used_mib": 35, **changes})


def report(**changes):
    return reports.report(made(**changes), 128)


@pytest.mark.parametrize("module", [names, reports])
def test_examples_in_docstrings_hold(module):
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    ("duration", "init", "billed", "gb_seconds"),
    [
        (1.2, None, 2, "0.00025"),  # worked bill C11
        (12.4, 180.3, 193, "0.024125"),  # worked bill C12: added, then rounded up once
        (100.0, None, 100, "0.0125"),
        (100.01, None, 101, "0.012625"),
        (0.0, None, 1, "0.000125"),
        (0.6, 0.5, 2, "0.00025"),
    ],
)
def test_billed_time_is_exact(duration, init, billed, gb_seconds):
    numbers = report(duration_ms=duration, init_ms=init)

    assert numbers.billed_ms == billed
    assert numbers.gb_seconds == Decimal(gb_seconds)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {},
            "REPORT RequestId: ID\tDuration: 1.20 ms\tBilled Duration: 2 ms\tMemory Size: 128 MB\tMax Memory Used: 35 MB\t",
        ),
        (
            {"duration_ms": 12.4, "init_ms": 180.3},
            "REPORT RequestId: ID\tDuration: 12.40 ms\tBilled Duration: 193 ms\tMemory Size: 128 MB\t"
            "Max Memory Used: 35 MB\tInit Duration: 180.30 ms\t",
        ),
        (
            {"duration_ms": 3000.0, "status": "timeout", "error_type": "Sandbox.Timedout"},
            "REPORT RequestId: ID\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\t"
            "Max Memory Used: 35 MB\tStatus: timeout",
        ),
        (
            {"status": "error", "error_type": "Runtime.ExitError"},
            "REPORT RequestId: ID\tDuration: 1.20 ms\tBilled Duration: 2 ms\tMemory Size: 128 MB\tMax Memory Used: 35 MB\t"
            "Status: error\tError Type: Runtime.ExitError",
        ),
    ],
)
def test_the_report_line_is_the_real_services(changes, line):
    assert reports.report_line("ID", made(**changes), report(**changes)) == line


def test_a_cold_start_tells_its_life_in_order():
    outcome = made(
        start_ms=20.0,
        init_ms=30.0,
        init_lines=[(1010, "loading")],
        lines=[(1020, "hello")],
        dropped_bytes=7,
    )

    told = reports.events(ID, outcome, reports.report(outcome, 128), "python:3.11", 1000, 1030)

    assert [text for _, text in told][:4] == [
        "INIT_START Runtime Version: python:3.11",
        "loading",
        f"START RequestId: {ID} Version: $LATEST",
        "hello",
    ]
    assert "7 bytes" in told[4][1]
    assert told[5][1] == f"END RequestId: {ID}" and told[6][1].startswith("REPORT")
    assert [at for at, _ in told] == sorted(at for at, _ in told)


def test_a_killed_runtime_is_told_in_the_log():
    payload = json.dumps(
        {
            "errorType": "Runtime.ExitError",
            "errorMessage": f"RequestId: {ID} Error: Runtime exited with error: signal: killed",
        }
    ).encode()
    outcome = made(payload=payload, error_type="Runtime.ExitError", status="error")

    texts = [text for _, text in reports.events(ID, outcome, reports.report(outcome, 128), "python:3.11", 0, 1)]

    assert f"RequestId: {ID} Error: Runtime exited with error: signal: killed" in texts
    assert "Runtime.ExitError" in texts


def test_the_tail_is_the_last_four_kilobytes_even_amid_a_character():
    told = [(0, "ä" * 5000)]

    assert len(reports.tail(told).encode()) <= 4096
    assert reports.tail(told).endswith("ä\n")


def test_phases_follow_each_other_without_gaps():
    outcome = made(start_ms=20.0, init_ms=30.0)

    timeline = reports.phases(5.0, outcome)

    assert [phase["name"] for phase in timeline] == ["queued", "sandbox started", "init", "invoke", "frozen"]
    for before, after in zip(timeline, timeline[1:], strict=False):
        assert round(before["start_ms"] + before["duration_ms"], 2) == after["start_ms"]
    assert [p["name"] for p in reports.phases(5.0, made(reusable=False))] == ["queued", "invoke", "ended"]
