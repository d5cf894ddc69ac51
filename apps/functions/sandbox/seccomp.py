"""A seccomp filter in plain BPF: refuses the kernel's sharp edges that no handler needs.

A deny list on top of namespaces, no capabilities and no_new_privs: what makes new namespaces, touches
mounts, other processes' memory, keys, kernel tracing, io_uring, or socket families that network
namespaces do not hold. Refused calls answer EPERM (clone3: ENOSYS, so that libc falls back to clone,
whose flags a filter can read).
"""

import platform
import struct

ALLOW, ERRNO, KILL = 0x7FFF0000, 0x00050000, 0x80000000
EPERM, ENOSYS, EAFNOSUPPORT = 1, 38, 97
LOAD, EQUAL, GREATER_EQUAL, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER, ARCHITECTURE, ARGUMENT_0 = 0, 4, 16  # offsets in struct seccomp_data
NEW_NAMESPACES = 0x7E020080  # CLONE_NEWNS, CGROUP, UTS, IPC, USER, PID, NET, TIME
FAMILIES = (1, 2, 10, 16)  # unix, inet, inet6, netlink (getifaddrs): all bounded by the namespaces

# name: (x86_64, aarch64); None where the architecture has no such call
DENIED = {
    "ptrace": (101, 117), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51),
    "unshare": (272, 97), "setns": (308, 268), "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "kcmp": (312, 272), "kexec_load": (246, 104), "kexec_file_load": (320, 294),
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106), "acct": (163, 89),
    "swapon": (167, 224), "swapoff": (168, 225), "reboot": (169, 142), "quotactl": (179, 60), "syslog": (103, 116),
    "open_by_handle_at": (304, 265), "name_to_handle_at": (303, 264), "lookup_dcookie": (212, 18),
    "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431),
    "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442), "pidfd_getfd": (438, 438),
    "settimeofday": (164, 170), "clock_settime": (227, 112), "adjtimex": (159, 171), "clock_adjtime": (305, 266),
    "sethostname": (170, 161), "setdomainname": (171, 162), "personality": (135, 92), "vhangup": (153, 58),
    "mbind": (237, 235), "set_mempolicy": (238, 237), "move_pages": (279, 239), "migrate_pages": (256, 238),
    "iopl": (172, None), "ioperm": (173, None), "modify_ldt": (154, None), "uselib": (134, None),
}  # fmt: skip
ARCHITECTURES = {"x86_64": (0, 0xC000003E, 56, 435, 41), "aarch64": (1, 0xC00000B7, 220, 435, 198)}


def _instruction(code, value, jump_true=0, jump_false=0):
    return struct.pack("=HBBI", code, jump_true, jump_false, value)


def program():
    """Return the filter for this machine as bytes for `bwrap --seccomp`, or b"" on an unknown architecture."""
    if platform.machine() not in ARCHITECTURES:
        return b""
    column, audit_architecture, clone, clone3, socket = ARCHITECTURES[platform.machine()]
    code = [
        _instruction(LOAD, ARCHITECTURE),
        _instruction(EQUAL, audit_architecture, 1, 0),
        _instruction(RETURN, KILL),
        _instruction(LOAD, NUMBER),
        _instruction(GREATER_EQUAL, 0x40000000, 0, 1),  # the x32 numbers would pass below unseen
        _instruction(RETURN, ERRNO | ENOSYS),
        _instruction(EQUAL, clone3, 0, 1),
        _instruction(RETURN, ERRNO | ENOSYS),
    ]
    for numbers in DENIED.values():
        if numbers[column] is not None:
            code += [_instruction(EQUAL, numbers[column], 0, 1), _instruction(RETURN, ERRNO | EPERM)]
    code += [
        _instruction(EQUAL, clone, 0, 4),
        _instruction(LOAD, ARGUMENT_0),
        _instruction(ANY_BIT, NEW_NAMESPACES, 0, 1),
        _instruction(RETURN, ERRNO | EPERM),
        _instruction(RETURN, ALLOW),
        _instruction(EQUAL, socket, 0, 2 + len(FAMILIES)),
        _instruction(LOAD, ARGUMENT_0),
    ]
    for place, family in enumerate(FAMILIES):
        code.append(_instruction(EQUAL, family, len(FAMILIES) - place, 0))
    code += [_instruction(RETURN, ERRNO | EAFNOSUPPORT), _instruction(RETURN, ALLOW)]
    return b"".join(code)
