"""Runtimes: what AWS knows, what this machine offers, and whether it proved itself.

A runtime is offered where its interpreter is: the Python that runs the playground, under its real
name. At start each worker runs a probe through the real sandbox (`prove`); only a runtime whose
probe found every wall standing takes invocations. There is no other way to run a function.
"""

import json
import logging
import sys
import time

from django.conf import settings

from playground import clock

from . import image, probe
from .errors import InvalidParameterValue, InvalidRuntime
from .models import RuntimeStatus
from .sandbox import Call, InitTimeout, SandboxError, Spec, loop
from .sandbox.environment import Environment

log = logging.getLogger(__name__)
CURRENT = (
    *("nodejs20.x", "nodejs22.x", "nodejs24.x", "nodejs26.x"),
    *("python3.10", "python3.11", "python3.12", "python3.13", "python3.14", "python3.15"),
    *("java8.al2", "java11", "java17", "java21", "java25", "java8.al2023", "java11.al2023", "java17.al2023"),
    *("dotnet8", "dotnet10", "ruby3.2", "ruby3.3", "ruby3.4", "ruby4.0", "provided.al2", "provided.al2023"),
)
RETIRED = (
    *("nodejs", "nodejs4.3", "nodejs4.3-edge", "nodejs6.10", "nodejs8.10", "nodejs10.x", "nodejs12.x", "nodejs14.x"),
    *("nodejs16.x", "nodejs18.x", "python2.7", "python3.6", "python3.7", "python3.8", "python3.9", "java8", "go1.x"),
    *("dotnetcore1.0", "dotnetcore2.0", "dotnetcore2.1", "dotnetcore3.1", "dotnet6", "ruby2.5", "ruby2.7", "provided"),
)
HERE = f"python{sys.version_info.major}.{sys.version_info.minor}"
OFFERED = (HERE,) if HERE in CURRENT else ()
PROBE_SLOT = 5000  # beyond every slot of a pool


def check_offered(name):
    """Refuse a runtime that does not exist, or not here. Raises InvalidParameterValueException."""
    if name in OFFERED:
        _refuse_failed(name)
        return
    if name in RETIRED:
        raise InvalidParameterValue(
            f"The runtime parameter of {name} is no longer supported for creating or updating AWS Lambda functions. "
            f"We recommend you use a supported runtime while creating or updating functions."
        )
    if name in CURRENT:
        raise InvalidParameterValue(
            f"The runtime parameter of {name} is one of AWS Lambda's, but not installed in this playground, "
            f"which offers: {', '.join(OFFERED) or 'none'}."
        )
    raise InvalidParameterValue(
        f"Value {name} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: "
        f"[{', '.join(CURRENT)}] or be a valid ARN"
    )


def _refuse_failed(name):
    found = list(RuntimeStatus.objects.filter(runtime=name))
    if found and not any(status.ready for status in found):
        raise InvalidParameterValue(
            f"The runtime {name} is not available: it did not pass its self-test in the sandbox. {found[0].reason}"
        )


def check_ready(name):
    """Refuse to invoke where no worker can run the runtime safely. Raises InvalidRuntimeException."""
    found = list(RuntimeStatus.objects.filter(runtime=name))
    if found and not any(status.ready for status in found):
        raise InvalidRuntime(f"The runtime {name} does not run here, because its sandbox failed: {found[0].reason}")
    if not found and name not in OFFERED:
        raise InvalidRuntime(f"The runtime {name} is not installed in this playground.")


def prove(name):
    """Run the probe through the real sandbox and record what came of it; return whether it may be used."""
    began = time.monotonic()
    try:
        reason = _probe()
    except (SandboxError, InitTimeout, OSError) as error:
        reason = str(error)
    spent = int((time.monotonic() - began) * 1000)
    if reason:
        log.error("runtime %s is not offered: %s", name, reason)
    RuntimeStatus.objects.update_or_create(
        node=settings.NODE,
        runtime=name,
        defaults={"ready": not reason, "reason": reason, "cold_start_ms": spent, "checked_at": clock.real_now()},
    )
    return not reason


def _probe():
    """Return "" when every wall stands, else a sentence naming those that do not."""
    folder = settings.DATA_DIR / "functions" / "probe"
    folder.mkdir(mode=0o755, exist_ok=True)
    (folder / "probe.py").write_text(probe.SOURCE)
    (folder / "probe.py").chmod(0o644)
    variables = {
        **base_variables(HERE, "probe.handler", 128),
        "PROBE_SECRET": str(settings.DATA_DIR / "secret-key"),
        "PROBE_PORTS": f"{settings.CONSOLE_PORT},{settings.EDGE_PORT}",
    }
    spec = Spec(image.python_image(), folder, "probe.handler", variables, 128, 64, aws_host(), settings.AWS_PORT)
    outcome = loop.call(_run_once(spec))
    if outcome.error_type:
        told = outcome.payload.decode(errors="replace")
        lines = " / ".join(text for _, text in [*outcome.init_lines, *outcome.lines][-3:])
        return f"the probe failed: {told} {lines}"
    return "; ".join(json.loads(outcome.payload))


async def _run_once(spec):
    environment = await Environment.start(spec, PROBE_SLOT)
    try:
        return await environment.invoke(Call("probe", b"{}", "arn:aws:lambda:::function:probe", 10))
    finally:
        await environment.end()


def aws_host():
    """Return the address on which the AWS endpoint is reached from this machine."""
    return "127.0.0.1" if settings.HOST in ("0.0.0.0", "localhost") else settings.HOST


def base_variables(runtime, handler, memory_mib):
    """Return the documented variables that do not depend on account and name."""
    return {
        "_HANDLER": handler,
        "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{runtime}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory_mib),
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "LAMBDA_TASK_ROOT": "/var/task",
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "TZ": ":UTC",
        "LANG": "en_US.UTF-8",
        "AWS_EC2_METADATA_DISABLED": "true",  # no request may hang looking for a machine's credentials
    }
