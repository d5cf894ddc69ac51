"""The only way out of a sandbox: connections to the AWS endpoint, carried by the worker.

A handler connects to 127.0.0.1:<AWS port> in its own network; the worker accepts there and connects to
the real endpoint. There is no address in what it sends us, so there is nothing to choose: it reaches
the endpoint or nothing.
"""

import asyncio

CHUNK = 65536
CONNECTIONS = 128  # of one sandbox at a time; more are refused


class Relay:
    """Carries the connections of one environment."""

    def __init__(self, host, port):
        self.host, self.port = host, port
        self._server = None
        self._tasks = set()

    async def listen(self, door):
        self._server = await asyncio.start_server(self._carry, sock=door, limit=CHUNK)

    def close(self):
        if self._server:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()

    async def _carry(self, reader, writer):
        task = asyncio.current_task()
        self._tasks.add(task)
        try:
            if len(self._tasks) > CONNECTIONS:
                return
            out_reader, out_writer = await asyncio.open_connection(self.host, self.port, limit=CHUNK)
            try:
                await asyncio.gather(_pump(reader, out_writer), _pump(out_reader, writer))
            finally:
                out_writer.transport.abort()
        except (OSError, asyncio.CancelledError):
            pass  # the endpoint is down or the sandbox is gone: the client sees a closed connection
        finally:
            self._tasks.discard(task)
            writer.transport.abort()


async def _pump(reader, writer):
    """Carry one direction until its end, then close that direction only."""
    while data := await reader.read(CHUNK):
        writer.write(data)
        await writer.drain()
    if writer.can_write_eof():
        writer.write_eof()
