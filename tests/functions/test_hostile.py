"""Handlers that mean harm, through the real sandbox: each gets its verdict, and the host is unharmed."""

import json
import os
import socket
import subprocess
import sys
import threading
import time

import pytest
from django.conf import settings

from tests.functions.sandboxes import run, started, text

LISTENERS = """
import socket
def reachable(address, family=socket.AF_INET):
    try:
        with socket.socket(family) as s:
            s.settimeout(1)
            s.connect(address)
            return True
    except OSError:
        return False
"""


def value(outcome):
    assert not outcome.error_type, outcome.payload
    return json.loads(outcome.payload)


def greet(server):
    connection, _ = server.accept()
    with connection:
        connection.sendall(b"aws")


def alive(environment):
    return os.path.exists(f"/proc/{environment.root}")


def test_a_fork_bomb_is_bounded_and_ends_with_its_sandbox():
    bomb = """
import os, time
def handler(event, context):
    made = 0
    try:
        while True:
            if os.fork() == 0:
                time.sleep(60)
                os._exit(0)
            made += 1
    except OSError:
        return made
"""
    with started(bomb, memory_mib=3000) as sandbox:
        outcome = sandbox.invoke(timeout_seconds=20)

        assert outcome.error_type in ("", "Runtime.ExitError")
        if not outcome.error_type:
            assert json.loads(outcome.payload) < 1024
        began = time.monotonic()
    assert time.monotonic() - began < 3
    assert not alive(sandbox.environment)


def test_a_memory_bomb_is_killed_and_told_as_the_real_service_tells_it():
    bomb = """
def handler(event, context):
    held = []
    while True:
        held.append(bytearray(8 * 2**20))
"""
    outcome = run(bomb, memory_mib=128)

    told = json.loads(outcome.payload)
    assert outcome.error_type == "Runtime.ExitError"
    assert told["errorMessage"] == "RequestId: request-1 Error: Runtime exited with error: signal: killed"
    assert outcome.memory_used_mib == 128


def test_a_memory_bomb_spread_over_children_is_killed_too():
    bomb = """
import os, time
def handler(event, context):
    for _ in range(8):
        if os.fork() == 0:
            held = bytearray(40 * 2**20)
            for i in range(0, len(held), 4096):
                held[i] = 1
            time.sleep(60)
    time.sleep(60)
"""
    outcome = run(bomb, memory_mib=128)

    assert json.loads(outcome.payload)["errorMessage"].endswith("signal: killed")


def test_a_full_disk_is_the_sandboxes_own():
    filler = """
import os
def handler(event, context):
    written = 0
    try:
        with open("/tmp/fill", "wb", buffering=0) as out:
            while True:
                written += out.write(b"x" * 2**20)
    except OSError as error:
        return [error.errno, written]
"""
    number, written = value(run(filler, tmp_mib=64))

    assert number in (27, 28) and written <= 64 * 2**20


def test_a_million_empty_files_end_the_sandbox():
    filler = """
def handler(event, context):
    for n in range(10**7):
        open(f"/tmp/{n}", "w").close()
"""
    outcome = run(filler, timeout_seconds=30, memory_mib=512)

    assert json.loads(outcome.payload)["errorMessage"].endswith("signal: killed")


def test_nothing_but_the_aws_endpoint_can_be_reached():
    with socket.create_server(("127.0.0.1", 0)) as console, socket.create_server(("127.0.0.1", 0)) as aws:
        threading.Thread(target=greet, args=(aws,), daemon=True).start()
        ports = {"console": console.getsockname()[1], "aws": aws.getsockname()[1]}
        probe = (
            LISTENERS
            + f"""
def route(address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        try:
            s.connect((address, 9))
            return True
        except OSError:
            return False
def handler(event, context):
    with socket.create_connection(("127.0.0.1", {ports["aws"]}), 2) as s:
        aws = s.recv(3).decode()
    return {{
        "aws": aws,
        "console": reachable(("127.0.0.1", {ports["console"]})),
        "redis": reachable({str(settings.RUN_DIR / "redis.sock")!r}, socket.AF_UNIX),
        "metadata": route("169.254.169.254"),
        "outside": route("192.0.2.1"),
        "names": sorted(n for _, n in socket.if_nameindex()),
    }}
"""
        )
        found = value(run(probe, aws_port=ports["aws"]))

    assert found == {
        "aws": "aws", "console": False, "redis": False, "metadata": False, "outside": False, "names": ["lo"],
    }  # fmt: skip


def test_the_playgrounds_files_and_other_functions_cannot_be_read():
    (settings.DATA_DIR / "functions" / "neighbour").mkdir(exist_ok=True)
    paths = [
        str(settings.BASE_DIR / "manage.py"),
        str(settings.DATA_DIR),
        str(settings.DATA_DIR / "secret-key"),
        str(settings.DATA_DIR / "functions" / "neighbour"),
        "/etc/shadow",
        "/root",
        "/home",
        "/var/runtime/django",
    ]
    probe = f"""
import os
def handler(event, context):
    import importlib.util
    seen = [path for path in {paths!r} if os.path.exists(path)]
    environ = open("/proc/1/environ").read() if os.access("/proc/1/environ", os.R_OK) else ""
    return {{"seen": seen, "django": importlib.util.find_spec("django") is not None, "environ": environ,
            "processes": sorted(p for p in os.listdir("/proc") if p.isdigit())}}
"""
    found = value(run(probe))

    assert found["seen"] == [] and not found["django"] and found["environ"] == ""
    assert len(found["processes"]) <= 3


def test_code_and_root_folder_are_read_only():
    probe = """
def refused(path):
    try:
        open(path, "w")
    except OSError:
        return True
    return False
def handler(event, context):
    return [p for p in ("/var/task/x", "/var/runtime/x", "/x", "/etc/passwd", "/usr/x", "/dev/x", "/dev/shm/x",
                        "/proc/sys/kernel/hostname", "/opt/x", "/var/lang/x") if not refused(p)]
"""
    assert value(run(probe)) == []


def test_killing_everything_kills_only_itself():
    code = """
import os, signal
def handler(event, context):
    for target in (-1, 1, os.getpid()):
        try:
            os.kill(target, signal.SIGKILL)
        except OSError:
            pass
"""
    outcome = run(code)

    assert json.loads(outcome.payload)["errorMessage"].endswith("signal: killed")


def test_ten_megabytes_of_output_are_bounded_and_counted():
    outcome = run(
        "def handler(event, context):\n    for _ in range(10):\n        print('x' * 2**20)\n    print('done')\n    return 1\n",
        timeout_seconds=20,
    )

    assert value(outcome) == 1
    kept = sum(len(line) for _, line in outcome.lines)
    assert kept <= 2**20
    assert kept + outcome.dropped_bytes >= 10 * 2**20
    assert max(len(line) for _, line in outcome.lines) <= 256 * 1024


def test_an_endless_loop_times_out_to_the_hundredth():
    began = time.monotonic()
    outcome = run("def handler(event, context):\n    while True:\n        pass\n", timeout_seconds=1)

    assert time.monotonic() - began < 2.5
    assert outcome.error_type == "Sandbox.Timedout" and outcome.status == "timeout"
    assert (
        json.loads(outcome.payload)["errorMessage"] == "RequestId: request-1 Error: Task timed out after 1.00 seconds"
    )
    assert not outcome.reusable


def test_ignoring_sigterm_does_not_help():
    outcome = run(
        "import signal, time\nfor n in range(1, 65):\n    try:\n        signal.signal(n, signal.SIG_IGN)\n    except (OSError, ValueError):\n        pass\n"
        "def handler(event, context):\n    time.sleep(60)\n",
        timeout_seconds=1,
    )

    assert outcome.error_type == "Sandbox.Timedout"


@pytest.mark.parametrize(
    ("body", "how"),
    [
        ("import sys; sys.exit(1)", "exit status 1"),
        ("import os; os._exit(7)", "exit status 7"),
        ("import os; os.abort()", "signal: aborted"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "signal: segmentation fault"),
    ],
)
def test_a_runtime_that_ends_itself_is_told_how(body, how):
    outcome = run(f"def handler(event, context):\n    {body}\n")

    assert outcome.error_type == "Runtime.ExitError" and not outcome.reusable
    assert (
        json.loads(outcome.payload)["errorMessage"] == f"RequestId: request-1 Error: Runtime exited with error: {how}"
    )


def test_leaving_with_zero_gives_no_reason():
    outcome = run("import os\ndef handler(event, context):\n    os._exit(0)\n")

    assert json.loads(outcome.payload)["errorMessage"].endswith("Runtime exited without providing a reason")


def test_closing_every_descriptor_harms_only_itself():
    outcome = run(
        "import os\ndef handler(event, context):\n    os.closerange(0, 1024)\n    return 1\n", timeout_seconds=2
    )

    assert outcome.error_type in ("", "Runtime.ExitError", "Sandbox.Timedout")


def test_killing_the_worker_outright_leaves_no_sandbox():
    program = (
        "import django, time; django.setup()\n"
        "from tests.functions.sandboxes import loop, spec, Environment\n"
        "code = 'import time\\ndef handler(event, context):\\n    pass'\n"
        "print(loop.call(Environment.start(spec(code), 4001)).root, flush=True)\n"
        "time.sleep(60)\n"
    )
    worker = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=settings.BASE_DIR)
    with worker:
        inside = int(worker.stdout.readline())
        assert os.path.exists(f"/proc/{inside}")
        worker.kill()
    end = time.monotonic() + 3
    while os.path.exists(f"/proc/{inside}"):
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_thread_left_running_stands_still_while_frozen():
    code = """
import threading, time
count = 0
def tick():
    global count
    while True:
        count += 1
        time.sleep(0.001)
def handler(event, context):
    if not threading.active_count() > 1:
        threading.Thread(target=tick, daemon=True).start()
    return count
"""
    with started(code) as sandbox:
        sandbox.invoke()
        assert sandbox.rest()
        time.sleep(0.5)
        frozen = value(sandbox.invoke())

    assert frozen < 100


def test_a_double_forked_daemon_is_frozen_and_ends_with_the_sandbox():
    code = """
import os, time
def handler(event, context):
    if not os.path.exists("/tmp/beat"):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                while True:
                    with open("/tmp/beat", "a") as out:
                        out.write("x")
                    time.sleep(0.001)
            os._exit(0)
        os.wait()
        time.sleep(0.1)
    return os.path.getsize("/tmp/beat")
"""
    with started(code) as sandbox:
        before = value(sandbox.invoke())
        assert sandbox.rest()
        time.sleep(0.5)
        after = value(sandbox.invoke())

        assert 0 < before <= after < before + 150
    assert not alive(sandbox.environment)


def test_answering_for_another_request_is_refused():
    code = """
import http.client
def post(path, body):
    connection = http.client.HTTPConnection("127.0.0.1", 9001, timeout=2)
    connection.request("POST", "/2018-06-01/runtime/invocation/" + path, body)
    return connection.getresponse().status
def handler(event, context):
    return [post("someone-else/response", b"1"), post("../../x/response", b"1"), post(context.aws_request_id, b"")]
"""
    assert value(run(code)) == [400, 404, 404]


def test_nonsense_at_the_runtime_api_harms_nobody():
    code = """
import socket
def handler(event, context):
    for junk in (b"\\0" * 100, b"GET / HTTP/9\\r\\n\\r\\n", b"POST / HTTP/1.1\\r\\nContent-Length: -5\\r\\n\\r\\n",
                 b"POST /2018-06-01/runtime/init/error HTTP/1.1\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\nzz\\r\\n"):
        with socket.create_connection(("127.0.0.1", 9001), 2) as s:
            s.sendall(junk)
            s.settimeout(1)
            try:
                s.recv(100)
            except OSError:
                pass
    return "still here"
"""
    assert value(run(code)) == "still here"


def test_a_response_over_six_megabytes_is_refused():
    outcome = run("def handler(event, context):\n    return 'x' * 7 * 2**20\n", memory_mib=512)

    assert outcome.error_type == "Function.ResponseSizeTooLarge"
    assert "6291556" in json.loads(outcome.payload)["errorMessage"]


def test_the_kernels_sharp_edges_are_out_of_reach():
    code = """
import ctypes, socket
libc = ctypes.CDLL(None, use_errno=True)
def refused(number, *arguments):
    return libc.syscall(number, *arguments) == -1
CALLS = {"ptrace": (101, 0, 0, 0, 0), "mount": (165, b"a", b"/tmp", b"tmpfs", 0, 0), "unshare": (272, 0x10000000),
         "keyctl": (250, 0, -3, 1), "bpf": (321, 0, 0, 0), "io_uring": (425, 8, 0), "userfaultfd": (323, 0),
         "perf": (298, 0, 0, -1, -1, 0), "setns": (308, 0, 0), "clone in a new namespace": (56, 0x10000011, 0, 0, 0, 0)}
def handler(event, context):
    open_families = []
    for family in (17, 38, 40, 44):
        try:
            socket.socket(family, socket.SOCK_RAW)
            open_families.append(family)
        except OSError:
            pass
    try:
        socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)
        open_families.append("raw")
    except OSError:
        pass
    return [name for name, call in CALLS.items() if not refused(*call)] + open_families
"""
    assert value(run(code)) == []


def test_strange_values_come_back_as_the_real_runtime_sends_them():
    assert run("def handler(event, context):\n    return float('nan')\n").payload == b"NaN"
    assert run("def handler(event, context):\n    return '\\ud800'\n").error_type in ("", "UnicodeEncodeError")
    outcome = run("def handler(event, context):\n    return {1, 2}\n")
    assert outcome.error_type == "Runtime.MarshalError"


@pytest.mark.parametrize(
    ("files", "handler", "error_type", "message"),
    [
        (
            {"other.py": ""},
            "app.handler",
            "Runtime.ImportModuleError",
            "Unable to import module 'app': No module named 'app'",
        ),
        ("x = 1", "app.handler", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'app'"),
        ("def handler(:", "app.handler", "Runtime.UserCodeSyntaxError", "Syntax error in module 'app'"),
        ("x = 1", "nodot", "Runtime.MalformedHandlerName", "Bad handler 'nodot'"),
        ("raise RuntimeError('at import')", "app.handler", "RuntimeError", "at import"),
    ],
)
def test_a_handler_that_does_not_load_says_why(files, handler, error_type, message):
    outcome = run(files, handler=handler)

    told = json.loads(outcome.payload)
    assert outcome.error_type == error_type
    assert told["errorType"] == error_type and message in told["errorMessage"]
    assert told["requestId"] == "request-1"
    assert "[ERROR]" in text(outcome)


def test_an_exception_carries_its_stack_trace():
    outcome = run("def handler(event, context):\n    raise ValueError('no good')\n")

    told = json.loads(outcome.payload)
    assert outcome.error_type == "ValueError" and outcome.reusable
    assert told["errorMessage"] == "no good" and '/var/task/app.py", line 2' in told["stackTrace"][0]
