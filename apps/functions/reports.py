"""What an invocation leaves to read: its log lines, its billed time, its phases. Pure.

Source of the lines: Lambda developer guide, "Using CloudWatch Logs with Lambda"; of billing for the
init phase: AWS's announcement of 2025-08-01.
"""

import base64
import math
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

TAIL_BYTES = 4096
FREE_EVENT_BYTES = 256 * 1024  # of an asynchronous event; each further 64 KiB counts as a request
EVENT_STEP_BYTES = 64 * 1024


@dataclass(frozen=True)
class Report:
    """The numbers of one finished invocation, exact. init_ms: None when it was warm."""

    duration_ms: Decimal
    init_ms: Decimal | None
    billed_ms: int
    memory_mib: int
    memory_used_mib: int

    @property
    def gb_seconds(self):
        """Return what is billed, exact: GB here are 1024 MB.

        >>> Report(Decimal("1.2"), None, 2, 128, 30).gb_seconds
        Decimal('0.000250')
        """
        return (Decimal(self.memory_mib) / 1024) * (Decimal(self.billed_ms) / 1000)


def exact(milliseconds):
    """Return a measured time with two decimals, as the REPORT line shows it."""
    return Decimal(repr(milliseconds)).quantize(Decimal("0.01"), ROUND_HALF_UP)


def report(outcome, memory_mib):
    """Return the Report of an Outcome. Init and handler time are added, then rounded up once.

    >>> from types import SimpleNamespace as O
    >>> report(O(duration_ms=12.4, init_ms=180.3, memory_used_mib=40), 128).billed_ms
    193
    """
    duration = exact(outcome.duration_ms)
    init = None if outcome.init_ms is None else exact(outcome.init_ms)
    billed = max(1, math.ceil(duration + (init or 0)))
    return Report(duration, init, billed, memory_mib, outcome.memory_used_mib)


def requests_billed(kind, event_bytes):
    """Return how many requests an event counts as.

    >>> requests_billed("Event", 300 * 1024), requests_billed("RequestResponse", 300 * 1024)
    (2, 1)
    """
    if kind != "Event" or event_bytes <= FREE_EVENT_BYTES:
        return 1
    return 1 + math.ceil((event_bytes - FREE_EVENT_BYTES) / EVENT_STEP_BYTES)


def events(request_id, outcome, numbers, runtime_version, started_ms, ended_ms):
    """Return the log events of one invocation: [(unix ms, text)], in order."""
    made = []
    if outcome.start_ms:
        made.append((started_ms, f"INIT_START Runtime Version: {runtime_version}"))
    made += [(at, text) for at, text in outcome.init_lines]
    start_at = max([started_ms, *(at for at, _ in outcome.init_lines)])
    made.append((start_at, f"START RequestId: {request_id} Version: $LATEST"))
    made += [(at, text) for at, text in outcome.lines]
    if outcome.dropped_bytes:
        made.append((ended_ms, f"[playground] {outcome.dropped_bytes} bytes of output were dropped: 1 MiB is kept"))
    made += [(ended_ms, text) for text in _fault_lines(request_id, outcome)]
    made.append((ended_ms, f"END RequestId: {request_id}"))
    made.append((ended_ms, report_line(request_id, outcome, numbers)))
    return made


def _fault_lines(request_id, outcome):
    if outcome.error_type == "Sandbox.Timedout":
        return [f"{request_id} Task timed out after {outcome.duration_ms / 1000:.2f} seconds", ""]
    if outcome.error_type == "Runtime.ExitError":
        told = outcome.payload.decode("utf-8", "replace")
        how = told[told.find("Error: ") :].rstrip('"}')
        return [f"RequestId: {request_id} {how}", "Runtime.ExitError"]
    return []


def report_line(request_id, outcome, numbers):
    """Return the REPORT line: fields that end in a tab each."""
    fields = [
        f"REPORT RequestId: {request_id}",
        f"Duration: {numbers.duration_ms} ms",
        f"Billed Duration: {numbers.billed_ms} ms",
        f"Memory Size: {numbers.memory_mib} MB",
        f"Max Memory Used: {numbers.memory_used_mib} MB",
    ]
    if numbers.init_ms is not None:
        fields.append(f"Init Duration: {numbers.init_ms} ms")
    line = "".join(field + "\t" for field in fields)
    if outcome.status == "timeout":
        line += "Status: timeout"
    elif outcome.error_type.startswith(("Runtime.", "Function.")):
        line += f"Status: error\tError Type: {outcome.error_type}"
    return line


def tail(made):
    """Return the last 4 KiB of an invocation's log, as LogType=Tail answers it (before base64)."""
    text = "\n".join(text for _, text in made) + "\n"
    return text.encode("utf-8", "replace")[-TAIL_BYTES:].decode("utf-8", "ignore")


def wire_tail(text):
    return base64.b64encode(text.encode()).decode()


def phases(queued_ms, outcome):
    """Return the life of one invocation as a timeline, in ms since it was accepted."""
    at = 0.0
    timeline = []
    for name, spent in (
        ("queued", queued_ms),
        ("sandbox started", outcome.start_ms),
        ("init", outcome.init_ms or 0.0),
        ("invoke", outcome.duration_ms),
    ):
        if spent or name in ("queued", "invoke"):
            timeline.append({"name": name, "start_ms": round(at, 2), "duration_ms": round(spent, 2)})
            at += spent
    last = "frozen" if outcome.reusable else "ended"
    timeline.append({"name": last, "start_ms": round(at, 2), "duration_ms": 0.0})
    return timeline
