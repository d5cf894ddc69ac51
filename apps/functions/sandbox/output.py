"""What a handler wrote, as log events: one line each, bounded whatever it prints.

Two pipes come out of a sandbox: plain stdout and stderr, split at line ends, and the runtime client's
telemetry pipe, where each message is framed (type, length, time) and may hold several lines.
"""

import os
import time

EVENT_BYTES = 256 * 1024  # the longest log event
KEPT_BYTES = 2**20  # of one invocation; the rest is counted, not kept
CHUNK = 65536
FRAME_MARK = b"\xa5\x5a\x00"  # the type's first bytes; the fourth tells text or JSON and the level
HEADER = 16


class Output:
    """Collects both pipes of one environment; `take()` empties it after each invocation."""

    def __init__(self, plain, framed):
        self.plain, self.framed = plain, framed
        self._line = b""
        self._frames = b""
        self._lines = []
        self._size = 0
        self._dropped = 0

    def drain(self):
        """Read what is there now, without waiting."""
        self._read(self.plain, self._split)
        self._read(self.framed, self._unframe)

    def read_plain(self):
        """Read a little; return whether more may come."""
        return self._read(self.plain, self._split, 4)

    def read_framed(self):
        return self._read(self.framed, self._unframe, 4)

    def take(self):
        """Return ([(unix ms, text)], dropped bytes) since the last time, unfinished lines included."""
        if self._line:
            self._keep(self._line)
            self._line = b""
        lines, dropped = self._lines, self._dropped
        self._lines, self._size, self._dropped = [], 0, 0
        return lines, dropped

    def close(self):
        for descriptor in (self.plain, self.framed):
            os.close(descriptor)

    def _read(self, descriptor, use, chunks=256):
        for _ in range(chunks):
            try:
                data = os.read(descriptor, CHUNK)
            except BlockingIOError:
                return True
            if not data:
                return False
            use(data)
        return True

    def _split(self, data):
        *whole, self._line = (self._line + data).split(b"\n")
        for line in whole:
            self._keep(line[:EVENT_BYTES])
        while len(self._line) > EVENT_BYTES:  # a line without end becomes several events
            self._keep(self._line[:EVENT_BYTES])
            self._line = self._line[EVENT_BYTES:]

    def _unframe(self, data):
        self._frames += data
        while len(self._frames) >= HEADER:
            size = int.from_bytes(self._frames[4:8], "big")
            if not self._frames.startswith(FRAME_MARK) or size > EVENT_BYTES * 4:
                self._split(self._frames)  # not the runtime client: the handler wrote here itself
                self._frames = b""
                return
            if len(self._frames) < HEADER + size:
                return
            micros = int.from_bytes(self._frames[8:16], "big")
            now = time.time()
            at = micros / 1e6 if abs(micros / 1e6 - now) < 3600 else now
            self._keep(self._frames[HEADER : HEADER + size].rstrip(b"\n"), int(at * 1000))
            self._frames = self._frames[HEADER + size :]

    def _keep(self, line, at_ms=None):
        if self._size + len(line) > KEPT_BYTES:
            self._dropped += len(line) + 1
            return
        self._size += len(line) + 1
        text = line[:EVENT_BYTES].decode("utf-8", "replace").replace("\x00", "\ufffd")
        self._lines.append((at_ms or int(time.time() * 1000), text))
