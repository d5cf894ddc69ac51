"""A sandbox's processes as the worker sees them from outside: memory, freezing, killing.

All through /proc, so it needs neither cgroups nor root. The tree is walked from the sandbox's own
process 1, to which even a double-forked daemon belongs.
"""

import os
import signal

PAGE = os.sysconf("SC_PAGE_SIZE")
MIB = 2**20


def children(pid):
    """Return the direct children of all threads of a process."""
    found = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children") as lines:
                found += map(int, lines.read().split())
    except (FileNotFoundError, ProcessLookupError):
        pass  # it ended meanwhile
    return found


def tree(root):
    """Return all descendants of a process, parents first, without itself."""
    found = []
    waiting = children(root)
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += children(pid)
    return found


def resident_bytes(pids):
    """Return the resident memory of some processes; pages they share count once per process."""
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/statm") as line:
                total += int(line.read().split()[1]) * PAGE
        except (FileNotFoundError, ProcessLookupError):
            continue
    return total


def proportional_bytes(pids):
    """Return the memory of some processes with shared pages divided among their users: exact, slower."""
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/smaps_rollup") as lines:
                total += next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
        except OSError:  # it ended meanwhile, or the kernel keeps this to itself
            continue
    return total


def peak_bytes(pid):
    """Return the highest resident memory one process ever had: catches peaks between two looks."""
    try:
        with open(f"/proc/{pid}/status") as lines:
            return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)
    except (FileNotFoundError, ProcessLookupError):
        return 0


def reset_peak(pid):
    """Forget the peak, so that the next invocation has its own."""
    try:
        with open(f"/proc/{pid}/clear_refs", "w") as out:
            out.write("5")
    except OSError:
        pass  # the kernel may not offer it: then the peak is the environment's


def files_in_tmp(pid):
    """Return how many files and folders the sandbox keeps in its /tmp."""
    try:
        told = os.statvfs(f"/proc/{pid}/root/tmp")
    except OSError:
        return 0
    return told.f_files - told.f_ffree


def send(pids, number):
    for pid in pids:
        try:
            os.kill(pid, number)
        except (ProcessLookupError, PermissionError):
            continue


def freeze(root):
    """Stop every process of a sandbox. A process may fork while we look, so look until nothing is new."""
    stopped = set()
    for _ in range(50):
        new = set(tree(root)) - stopped
        if not new:
            return
        send(new, signal.SIGSTOP)
        stopped |= new


def thaw(root):
    send(tree(root), signal.SIGCONT)


def kill(root):
    """End a sandbox at once: with its process 1, the kernel ends every process in it."""
    send([root], signal.SIGKILL)
