"""The one thread on which all sandboxes of a worker live.

It starts bubblewrap (so that the kernel ties sandboxes to this thread's life), serves the Runtime API,
carries bytes and watches memory; threads that wait for a result hand it coroutines.
"""

import asyncio
import threading

_lock = threading.Lock()
_loop = None


def _run(loop):
    asyncio.set_event_loop(loop)
    loop.run_forever()


def running():
    """Return the loop, started on first use."""
    global _loop
    with _lock:
        if _loop is None:
            _loop = asyncio.new_event_loop()
            threading.Thread(target=_run, args=(_loop,), name="sandboxes", daemon=True).start()
        return _loop


def call(coroutine):
    """Run a coroutine on the loop from any thread; return what it returns."""
    return asyncio.run_coroutine_threadsafe(coroutine, running()).result()
