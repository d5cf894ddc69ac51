"""One execution environment: start, invoke, freeze, kill. Runs on the sandbox loop's thread.

Its life: walls stand (doors received) -> init (the handler's module loads, at most 10 s) -> the runtime
asks for `next` -> invoke -> frozen -> thawed for the next invoke ... -> killed when idle, timed out,
crashed, over its memory, or outdated.
"""

import asyncio
import json
import logging
import os
import signal
import socket
import struct
import time

from . import InitTimeout, Outcome, SandboxError, bubblewrap, processes
from .output import Output
from .relay import Relay
from .runtime_api import PAYLOAD_BYTES, RuntimeApi

log = logging.getLogger(__name__)
MIB = 2**20
DOORS_SECONDS = 15  # for bubblewrap and the interpreter; 20 ms on a quiet machine
INIT_SECONDS = 10  # the real service's limit for the init phase
RETURN_SECONDS = 2  # after its answer a runtime has this long to ask for the next event
WATCH_SECONDS = 0.04  # between two looks at its memory
FILES_IN_TMP = 200_000  # a tmpfs bounds bytes, not inodes


def _milliseconds(start, end):
    return round((end - start) * 1000, 2)


class Environment:
    """A sandbox that takes one call at a time. Make it with `await Environment.start(...)`."""

    def __init__(self, spec, slot):
        self.spec, self.slot = spec, slot
        self.api = RuntimeApi()
        self.relay = Relay(spec.aws_host, spec.aws_port)
        self.walls = None
        self.root = 0  # the sandbox's process 1, as the host numbers it
        self.main = 0  # the runtime's process
        self.init_done = False
        self.killed_for = ""  # "memory", "files", "stop", ...: why we killed it, "" while we did not
        self.peak = 0
        self.calls = 0
        self.busy = False
        self._exit = None
        self._watcher = None
        self._init_started = self._init_finished = 0.0
        self.start_ms = 0.0

    @classmethod
    async def start(cls, spec, slot):
        """Build the walls and let the runtime begin to load; return as soon as it does. Raises SandboxError."""
        self = cls(spec, slot)
        began = time.monotonic()
        self.walls = bubblewrap.start(spec, slot)
        loop = asyncio.get_running_loop()
        self.output = Output(self.walls.output, self.walls.telemetry)
        loop.add_reader(self.walls.output, self._readable, self.walls.output, self.output.read_plain)
        loop.add_reader(self.walls.telemetry, self._readable, self.walls.telemetry, self.output.read_framed)
        self._exit = loop.create_task(self._wait_exit())
        try:
            doors = await asyncio.wait_for(self._receive_doors(), DOORS_SECONDS)
            await self.api.listen(doors[0])
            await self.relay.listen(doors[1])
            await self._send_variables()
        except (OSError, TimeoutError, EOFError) as error:
            self.kill("start")
            await self._exit
            told = " / ".join(text for _, text in self.output.take()[0][-3:])
            self.close()
            raise SandboxError(f"the sandbox did not start: {told or error or 'no answer'}") from error
        self.walls.control.close()
        self._init_started = time.monotonic()
        self.start_ms = _milliseconds(began, self._init_started)
        self.root = next(iter(processes.children(self.walls.process.pid)), 0)
        self.main = next(iter(processes.children(self.root)), 0) if self.root else 0
        self._watcher = loop.create_task(self._watch())
        return self

    async def _receive_doors(self):
        loop = asyncio.get_running_loop()
        readable = loop.create_future()
        control = self.walls.control
        loop.add_reader(control, lambda: readable.done() or readable.set_result(None))
        try:
            await asyncio.wait({readable, self._exit}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            loop.remove_reader(control)
        if not readable.done():
            raise EOFError("the sandbox ended")
        _data, descriptors, _flags, _address = socket.recv_fds(control, 16, 2)
        if len(descriptors) != 2:
            raise EOFError("the sandbox ended")
        doors = [socket.socket(fileno=descriptor) for descriptor in descriptors]
        for door in doors:
            door.setblocking(False)
        return doors

    async def _send_variables(self):
        data = b"\0".join(f"{n}={v}".encode("utf-8", "surrogateescape") for n, v in self.spec.variables.items())
        await asyncio.get_running_loop().sock_sendall(self.walls.control, struct.pack("!I", len(data)) + data)

    def _readable(self, descriptor, read):
        if not read():
            asyncio.get_running_loop().remove_reader(descriptor)

    async def _wait_exit(self):
        """Return the exit status once the sandbox has ended; found by a pidfd, without a thread."""
        loop = asyncio.get_running_loop()
        ended = loop.create_future()
        descriptor = os.pidfd_open(self.walls.process.pid)
        loop.add_reader(descriptor, lambda: ended.done() or ended.set_result(None))
        try:
            await ended
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)
        return self.walls.process.wait()

    @property
    def alive(self):
        return self.walls is not None and not self._exit.done() and not self.killed_for

    # -- one call --------------------------------------------------------------------------------

    async def invoke(self, call, second_try=False):
        """Run one call to its end; return its Outcome. Call rest() afterwards.

        second_try: an earlier environment did not finish its init phase in 10 s, so this one loads
        its handler within the call's own time, as the real service does. Raises InitTimeout, SandboxError.
        """
        self.busy = True
        self.calls += 1
        outcome = Outcome(start_ms=self.start_ms if not self.init_done else 0.0)
        try:
            if self.init_done:
                processes.reset_peak(self.main)
                self.peak = 0
                processes.thaw(self.root)
            elif not await self._initialise(call, outcome, second_try):
                return self._finish(outcome)
            await self._run(call, outcome)
            return self._finish(outcome)
        finally:
            self.api.forget()
            self.busy = False

    async def _initialise(self, call, outcome, second_try):
        """Wait for the end of the init phase; return whether the handler is ready for an event."""
        await self._asked_or_ended(call.timeout_seconds if second_try else INIT_SECONDS)
        outcome.init_ms = _milliseconds(self._init_started, time.monotonic())
        if self.api.init_error:
            self._blame_init(call, outcome)
        elif self.api.asked.is_set() and not self._exit.done():
            self.init_done = True
        elif self._exit.done():
            self._blame_exit(call, outcome)
        else:
            if not second_try:
                self.kill("init")
                raise InitTimeout("the init phase took longer than 10 seconds")
            self._blame_timeout(call, outcome, call.timeout_seconds)
        if not self.init_done:  # what it took is the invocation's own time: there was no other
            outcome.duration_ms, outcome.init_ms = outcome.init_ms, None
        self.output.drain()
        outcome.init_lines, outcome.dropped_bytes = self.output.take()
        return self.init_done

    async def _asked_or_ended(self, seconds):
        """Wait until the runtime asks for an event, its process ends, or the time is over."""
        asked = asyncio.create_task(self.api.asked.wait())
        await asyncio.wait({asked, self._exit}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()

    async def _run(self, call, outcome):
        """Hand over the event and wait for the answer, the end of the time, or the end of the process."""
        started = time.monotonic()
        answer = self.api.deliver(call)
        await asyncio.wait({answer, self._exit}, timeout=call.timeout_seconds, return_when=asyncio.FIRST_COMPLETED)
        ended = time.monotonic()
        outcome.duration_ms = _milliseconds(started, ended)
        if answer.done():
            self._take_answer(call, outcome, answer.result())
        elif self._exit.done():
            self._blame_exit(call, outcome)
        else:
            outcome.duration_ms = float(call.timeout_seconds * 1000)
            self._blame_timeout(call, outcome, call.timeout_seconds)

    def _take_answer(self, call, outcome, answer):
        outcome.payload, outcome.error_type = answer.payload, answer.error_type
        if answer.error_type:
            outcome.status = "error"
        if answer.too_large:
            told = f"Response payload size exceeded maximum allowed payload size ({PAYLOAD_BYTES} bytes)."
            self._blame(outcome, "Function.ResponseSizeTooLarge", told, "error")

    def _finish(self, outcome):
        """Gather what the handler wrote and used."""
        self.output.drain()
        lines, dropped = self.output.take()
        outcome.lines, outcome.dropped_bytes = lines, outcome.dropped_bytes + dropped
        self.peak = max(self.peak, processes.peak_bytes(self.main))
        limit = self.spec.memory_mib
        outcome.memory_used_mib = min(limit, -(-self.peak // MIB)) if self.killed_for != "memory" else limit
        outcome.reusable = self.alive and self.init_done
        return outcome

    async def rest(self):
        """After a call: let the runtime ask for the next event, then freeze. Returns whether it may be used again."""
        if not self.alive:
            return False
        await self._asked_or_ended(RETURN_SECONDS)
        if not self.api.asked.is_set() or not self.alive:
            self.kill("no next")
            return False
        processes.freeze(self.root)
        return True

    # -- whose fault -----------------------------------------------------------------------------

    def _blame(self, outcome, error_type, message, status, **fields):
        outcome.error_type, outcome.status = error_type, status
        outcome.payload = json.dumps({"errorType": error_type, "errorMessage": message, **fields}).encode()

    def _blame_init(self, call, outcome):
        """The runtime said why the handler did not load; say so with the request's id."""
        answer = self.api.init_error
        outcome.error_type, outcome.status = answer.error_type, "error"
        try:
            told = json.loads(answer.payload)
            outcome.payload = json.dumps({**told, "requestId": call.request_id}).encode()
        except (ValueError, TypeError, RecursionError):
            outcome.payload = answer.payload
        self.kill("init")

    def _blame_timeout(self, call, outcome, seconds):
        told = f"RequestId: {call.request_id} Error: Task timed out after {seconds:.2f} seconds"
        self._blame(outcome, "Sandbox.Timedout", told, "timeout")
        self.kill("timeout")

    def _blame_exit(self, call, outcome):
        """The runtime's process ended without an answer: say how, in the real service's words."""
        if self.killed_for == "close":
            raise SandboxError("this worker is stopping")
        code = self._exit.result()
        if self.killed_for:
            how = "Runtime exited with error: signal: killed"
        elif code == 0:
            how = "Runtime exited without providing a reason"
        elif code > 128:
            how = f"Runtime exited with error: signal: {signal_words(code - 128)}"
        else:
            how = f"Runtime exited with error: exit status {code}"
        self._blame(outcome, "Runtime.ExitError", f"RequestId: {call.request_id} Error: {how}", "error")
        self.kill("exit")

    # -- watch and end ---------------------------------------------------------------------------

    async def _watch(self):
        """Look at the sandbox's memory while it runs; end it when it takes too much."""
        looks = 0
        while not self._exit.done():
            await asyncio.sleep(WATCH_SECONDS)
            if self.init_done and not self.busy:
                continue
            looks += 1
            self._look(files_too=looks % 10 == 0)

    def _look(self, files_too):
        limit = self.spec.memory_mib * MIB
        pids = processes.tree(self.root)
        used = processes.resident_bytes(pids)
        if len(pids) > 1 and used > limit // 2:
            used = processes.proportional_bytes(pids) or used
        self.peak = max(self.peak, used)
        if used > limit:
            self.kill("memory")
        elif files_too and processes.files_in_tmp(self.root) > FILES_IN_TMP:
            self.kill("files")

    def kill(self, reason):
        """End every process of the sandbox, now."""
        if self.walls and not self.killed_for:
            self.killed_for = reason
        if self.walls and not self._exit.done():
            # With its process 1 all of a sandbox ends; the outer process sees that end, then leaves too.
            processes.kill(self.root or self.walls.process.pid)

    async def end(self, reason="end"):
        """Kill and wait until nothing is left of it."""
        self.kill(reason)
        await self._exit
        self.close()

    def close(self):
        if self._watcher:
            self._watcher.cancel()
        self.api.close()
        self.relay.close()
        loop = asyncio.get_running_loop()
        for descriptor in (self.walls.output, self.walls.telemetry):
            loop.remove_reader(descriptor)
        self.output.close()
        self.walls.control.close()


def signal_words(number):
    """Return a signal as the real service says it: "killed", "segmentation fault", ...

    >>> signal_words(9)
    'killed'
    """
    try:
        return signal.strsignal(number).lower()
    except (ValueError, AttributeError):
        return str(number)
