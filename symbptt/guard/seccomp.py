"""seccomp: a filter in front of the kernel that refuses calls which a gradient does not need.

No sockets but pairs, no new processes (threads are allowed), no look into others and no signal to them, no change of times, modes
and owners of files, nothing that concerns the machine. The filter is a program of the classic BPF, put together here.
"""

import ctypes
import errno
import os
from collections.abc import Iterator

from symbptt.guard import linux

_PLATFORMS = (0xC000003E, 0xC00000B7)
_X32 = 0x40000000
_ABSENT = -1

REFUSED: dict[str, tuple[int, int]] = {
    # The network; io_uring would go round the filter.
    "socket": (41, 198), "io_uring_setup": (425, 425),
    # Programs and processes.
    "fork": (57, _ABSENT), "vfork": (58, _ABSENT), "execve": (59, 221), "execveat": (322, 281),
    # Other processes.
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "process_madvise": (440, 440),
    "kcmp": (312, 272), "pidfd_open": (434, 434), "pidfd_getfd": (438, 438), "pidfd_send_signal": (424, 424), "tkill": (200, 130),
    "setpriority": (141, 140), "ioprio_set": (251, 30), "sched_setscheduler": (144, 119), "sched_setparam": (142, 118),
    "sched_setattr": (314, 274), "sched_setaffinity": (203, 122),
    # What files are like; these calls name no path that a filter could read.
    "utime": (132, _ABSENT), "utimes": (235, _ABSENT), "futimesat": (261, _ABSENT), "utimensat": (280, 88),
    "chmod": (90, _ABSENT), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452),
    "chown": (92, _ABSENT), "lchown": (94, _ABSENT), "fchown": (93, 55), "fchownat": (260, 54),
    "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7), "setxattrat": (463, 463),
    "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16), "removexattrat": (466, 466),
    "file_setattr": (469, 469), "mknod": (133, _ABSENT), "mknodat": (259, 33),
    # Memory and keys that are shared.
    "shmget": (29, 194), "shmat": (30, 196), "msgget": (68, 186), "semget": (64, 190), "mq_open": (240, 180),
    "mq_unlink": (241, 181), "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218),
    # Mounts and namespaces.
    "mount": (165, 40), "umount2": (166, 39), "move_mount": (429, 429), "mount_setattr": (442, 442), "open_tree": (428, 428),
    "open_tree_attr": (467, 467), "fsopen": (430, 430), "fsmount": (432, 432), "fspick": (433, 433), "pivot_root": (155, 41),
    "chroot": (161, 51), "unshare": (272, 97), "setns": (308, 268), "open_by_handle_at": (304, 265),
    # The machine.
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "init_module": (175, 105),
    "finit_module": (313, 273), "delete_module": (176, 106), "kexec_load": (246, 104), "kexec_file_load": (320, 294),
    "reboot": (169, 142), "swapon": (167, 224), "swapoff": (168, 225), "acct": (163, 89), "sethostname": (170, 161),
    "setdomainname": (171, 162), "settimeofday": (164, 170), "clock_settime": (227, 112), "clock_adjtime": (305, 266),
    "adjtimex": (159, 171), "syslog": (103, 116), "quotactl": (179, 60), "quotactl_fd": (443, 443), "iopl": (172, _ABSENT),
    "ioperm": (173, _ABSENT), "fanotify_init": (300, 262),
}
"""Calls that are refused whatever their arguments, with their numbers on x86-64 and on aarch64."""

_CLONE, _CLONE3 = (56, 220), (435, 435)
_THREAD = 0x00010000
ONLY_ITSELF: dict[str, tuple[int, int]] = {
    "kill": (62, 129), "tgkill": (234, 131), "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240),
    "prlimit64": (302, 261),
}
"""Calls whose first argument is a process, which must be this one; 0 is, for limits."""
_PRLIMIT = ONLY_ITSELF["prlimit64"]
ARGUMENTS: dict[str, tuple[tuple[int, int], tuple[int, ...]]] = {
    "fcntl": ((72, 25), (8, 15)), "ioctl": ((16, 29), (0x5412, 0x541C)),
}
"""Calls with the second arguments that are refused: signals to the owner of a file, and typing into a terminal."""

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _PLATFORM, _FIRST, _SECOND = 0, 4, 16, 24
_ALLOW, _FAIL = 0x7FFF0000, 0x00050000
_SET_FILTER, _FILTER = 22, 2

Instruction = tuple[int, int, int, int]


def _program(column: int, process: int) -> Iterator[Instruction]:
    """The filter: instructions with where to jump if true and if false."""
    refuse = (_RETURN, 0, 0, _FAIL | errno.EPERM)
    yield from ((_LOAD, 0, 0, _PLATFORM), (_EQUAL, 1, 0, _PLATFORMS[column]), refuse, (_LOAD, 0, 0, _NUMBER))
    yield from ((_AT_LEAST, 0, 1, _X32), refuse)
    for numbers in REFUSED.values():
        if numbers[column] != _ABSENT:
            yield from ((_EQUAL, 0, 1, numbers[column]), refuse)
    # The arguments of clone3 lie in memory, which a filter cannot read; without it the C library takes clone.
    yield from ((_EQUAL, 0, 1, _CLONE3[column]), (_RETURN, 0, 0, _FAIL | errno.ENOSYS))
    yield from ((_EQUAL, 0, 4, _CLONE[column]), (_LOAD, 0, 0, _FIRST), (_ANY_BIT, 1, 0, _THREAD), refuse, (_RETURN, 0, 0, _ALLOW))
    for numbers in ONLY_ITSELF.values():
        itself = 0 if numbers == _PRLIMIT else process
        yield from ((_EQUAL, 0, 5, numbers[column]), (_LOAD, 0, 0, _FIRST), (_EQUAL, 2, 0, process), (_EQUAL, 1, 0, itself))
        yield from (refuse, (_RETURN, 0, 0, _ALLOW))
    for numbers, (one, other) in ARGUMENTS.values():
        yield from ((_EQUAL, 0, 5, numbers[column]), (_LOAD, 0, 0, _SECOND), (_EQUAL, 1, 0, one), (_EQUAL, 0, 1, other), refuse)
        yield (_RETURN, 0, 0, _ALLOW)
    yield (_RETURN, 0, 0, _ALLOW)


class _Instruction(ctypes.Structure):
    _fields_ = (("code", ctypes.c_uint16), ("true", ctypes.c_uint8), ("false", ctypes.c_uint8), ("value", ctypes.c_uint32))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.POINTER(_Instruction)))


def apply(folder: str) -> str:
    """Put the filter in front of this process for good; how many calls it refuses, in words. Raises Unavailable."""
    instructions = [*_program(linux.machine(), os.getpid())]
    lines = (_Instruction * len(instructions))(*(_Instruction(*i) for i in instructions))
    linux.prctl(linux.NO_NEW_PRIVILEGES, 1)
    linux.prctl(_SET_FILTER, _FILTER, ctypes.byref(_Program(len(lines), lines)))
    return f"{len(REFUSED)} calls"
