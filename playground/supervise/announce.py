"""Wait until every port is healthy, then print where to go. Light on purpose: no Django."""

import json
import os
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

WAIT_SECONDS = 60


def healthy(url):
    """Tell whether a /healthz answers 200."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def main():
    facts = json.loads(Path(os.environ["PLAYGROUND_BANNER"]).read_text())
    started = time.monotonic()
    waiting = dict(facts["health"])
    while waiting and time.monotonic() - started < WAIT_SECONDS:
        waiting = {name: url for name, url in waiting.items() if not healthy(url)}
        time.sleep(0.1)
    if waiting:
        print(f"\n  Not healthy after {WAIT_SECONDS} s: {', '.join(waiting)}. Logs: {facts['logs']}", flush=True)
        return 1
    print("\n".join(["", *facts["lines"], ""]), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
