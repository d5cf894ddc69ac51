"""Run a handler through the real sandbox, without the rest of the playground."""

import tempfile
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from apps.functions import image, runtimes
from apps.functions.sandbox import Call, Spec, loop
from apps.functions.sandbox.environment import Environment

SLOT = 4000  # away from the slots of a worker on this machine


def write_code(files):
    """Put a handler's files where a sandbox can show them; return the folder."""
    folder = Path(tempfile.mkdtemp(dir=settings.DATA_DIR / "functions"))
    folder.chmod(0o755)
    for name, text in ({"app.py": files} if isinstance(files, str) else files).items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o644)
    return folder


def spec(files, *, handler="app.handler", memory_mib=128, tmp_mib=64, variables=(), aws_port=None):
    return Spec(
        image=image.python_image(),
        code=write_code(files),
        handler=handler,
        variables={**runtimes.base_variables(runtimes.HERE, handler, memory_mib), **dict(variables)},
        memory_mib=memory_mib,
        tmp_mib=tmp_mib,
        aws_host="127.0.0.1",
        aws_port=aws_port or settings.AWS_PORT,
    )


class Sandbox:
    """One environment, spoken to from a test's thread."""

    def __init__(self, environment):
        self.environment = environment
        self._count = 0

    def invoke(self, event=b"{}", timeout_seconds=5):
        self._count += 1
        return loop.call(self.environment.invoke(Call(f"request-{self._count}", event, "arn:aws:f", timeout_seconds)))

    def rest(self):
        return loop.call(self.environment.rest())


@contextmanager
def started(files, slot=SLOT, **limits):
    environment = loop.call(Environment.start(spec(files, **limits), slot))
    try:
        yield Sandbox(environment)
    finally:
        loop.call(environment.end())


def run(files, event=b"{}", timeout_seconds=5, **limits):
    """Run one event in a sandbox of its own; return its Outcome."""
    with started(files, **limits) as sandbox:
        return sandbox.invoke(event, timeout_seconds)


def text(outcome):
    return "\n".join(line for _, line in [*outcome.init_lines, *outcome.lines])
