"""Sandboxes: where students' code runs, and the only place it runs.

Words: a *spec* says what to run and within which limits; an *environment* is a live sandbox made
from it; a *call* is one event for it; an *outcome* is what came of the call. A handler that fails is
an outcome; a sandbox that fails is a SandboxError, our fault. There is no unsandboxed way.

bubblewrap.py builds the walls, bootstrap.py is the first code inside them, environment.py leads one
environment through its life, runtime_api.py speaks AWS's Runtime API to it, relay.py is its only way
out, processes.py measures, freezes and kills it from outside.
"""

from dataclasses import dataclass, field
from pathlib import Path


class SandboxError(Exception):
    """The sandbox itself failed: our fault, not the handler's."""


class Busy(SandboxError):
    """Every environment of this node is running: the call may come again later."""


class InitTimeout(Exception):
    """The handler's module did not load within the init phase: the call gets one more environment."""


@dataclass(frozen=True)
class Spec:
    """What an environment runs, and its limits.

    image: folder shown as /var/runtime. code: folder shown as /var/task. variables: the handler's
    environment, credentials included. aws_port: the one port it may reach.
    """

    image: Path
    code: Path
    handler: str
    variables: dict
    memory_mib: int
    tmp_mib: int
    aws_host: str
    aws_port: int


@dataclass(frozen=True)
class Call:
    """One event for an environment, as the Runtime API hands it over."""

    request_id: str
    event: bytes
    function_arn: str
    timeout_seconds: float
    trace_id: str = ""
    client_context: str = ""


@dataclass
class Outcome:
    """What came of a call.

    payload: the handler's result, or the JSON of its error. error_type: "" when it succeeded.
    status: "", "error" or "timeout", as the REPORT line says it. lines: [(unix ms, text)] that the
    handler wrote, start-up included. dropped_bytes: output past the cap.
    reusable: the environment may take another call. init_ms: None when it was warm.
    """

    payload: bytes = b""
    error_type: str = ""
    status: str = ""
    duration_ms: float = 0.0
    init_ms: float | None = None
    start_ms: float = 0.0  # from asking for the environment until its walls stood; 0 when warm
    memory_used_mib: int = 0
    lines: list = field(default_factory=list)
    init_lines: list = field(default_factory=list)
    dropped_bytes: int = 0
    reusable: bool = True
