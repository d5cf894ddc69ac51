"""The first code inside a sandbox: opens the doors, gives up its rights, becomes AWS's runtime.

Run as `python -I -S bootstrap.py CONTROL_FD UID AWS_PORT LOG_FD ADDRESS_SPACE FILE_SIZE`, standard library
only, nothing slow imported. It listens on the Runtime API's port and on the AWS endpoint's port *inside*
the sandbox's network, passes both sockets out to the worker over the control socket, reads the
handler's environment from it, drops to an unprivileged user, and runs AWS's own awslambdaric.
No code of a student runs before the last line.
"""

import _socket
import os
import resource
import sys
from struct import pack, unpack

RUNTIME_API_PORT = 9001
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
PACKAGES = f"lib/python{VERSION}/site-packages"


def open_doors(control, aws_port):
    """Listen on both ports and hand the listening sockets to the worker."""
    doors = []
    for port in (RUNTIME_API_PORT, aws_port):
        door = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
        door.bind(("127.0.0.1", port))
        door.listen(64)
        doors.append(door)
    rights = pack("2i", *(door.fileno() for door in doors))
    control.sendmsg([b"doors"], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, rights)])
    for door in doors:
        door.close()


def receive_exactly(control, size):
    data = b""
    while len(data) < size:
        chunk = control.recv(size - len(data))
        if not chunk:
            raise SystemExit(70)  # the worker went away
        data += chunk
    return data


def receive_variables(control):
    """Read the environment: a length, then NAME=VALUE texts with NUL between them."""
    (size,) = unpack("!I", receive_exactly(control, 4))
    for item in receive_exactly(control, size).split(b"\0"):
        if item:
            name, _, value = item.partition(b"=")
            os.environb[name] = value


def bound(address_space, file_size):
    """Set the limits that hold for every process in here."""
    for limit, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 1024),
        (resource.RLIMIT_NPROC, 1024),
        (resource.RLIMIT_FSIZE, file_size),
        (resource.RLIMIT_AS, address_space),
        (resource.RLIMIT_MEMLOCK, 65536),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        hard = resource.getrlimit(limit)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(limit, (value, value))
    os.nice(5)  # a busy loop must not make the console slow
    with open("/proc/self/oom_score_adj", "w") as out:
        out.write("1000")  # if the machine runs out of memory, this goes first


def drop_rights(uid):
    """Become an unprivileged user for good; uid 0 means we already are one."""
    if uid:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    if 0 in os.getresuid() or 0 in os.getresgid():
        raise SystemExit("still root")


def main():
    control_fd, uid, aws_port, log_fd, address_space, file_size = map(int, sys.argv[1:])
    control = _socket.socket(fileno=control_fd)
    open_doors(control, aws_port)
    receive_variables(control)
    control.close()
    bound(address_space, file_size)
    drop_rights(uid)
    os.environ["_LAMBDA_TELEMETRY_LOG_FD"] = str(log_fd)  # awslambdaric writes framed log lines there


if __name__ == "__main__":
    main()
    os.umask(0o022)
    standard_library = list(sys.path)
    sys.path = [*(p for p in standard_library if p.startswith("/var/lang")), "/var/runtime"]
    import site  # noqa: E402  with -S only defines; gives handlers exit(), quit() and help()
    import time  # noqa: E402

    site.setquit()
    site.sethelper()
    time.tzset()
    from awslambdaric import __main__ as runtime  # noqa: E402

    library = [p for p in sys.path if p != "/var/runtime"]
    extra = os.environ.get("PYTHONPATH", "").split(":")
    sys.path = [
        "/var/task",
        *(p for p in extra if p),
        f"/opt/python/{PACKAGES}",
        "/opt/python",
        "/var/runtime",
        *library,
    ]
    sys.argv = ["/var/runtime/bootstrap.py", os.environ["_HANDLER"]]
    runtime.main(sys.argv)
