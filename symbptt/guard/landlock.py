"""Landlock: the kernel refuses to change files outside one folder, to start programs, TCP, and signals to others.

A process under Landlock cannot look into the memory or the environment of one that is not. Descriptors that are open stay so.
"""

import ctypes
import os

from symbptt.guard import linux

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_ASK_VERSION = 1
_BENEATH = 1

_EXECUTE, _WRITE = 1 << 0, 1 << 1
_REMOVE = 1 << 4 | 1 << 5
_MAKE_DEVICES_SOCKETS_PIPES = 1 << 6 | 1 << 9 | 1 << 10 | 1 << 11
_MAKE = 1 << 7 | 1 << 8 | 1 << 12
_REFER, _TRUNCATE, _DEVICES = 1 << 13, 1 << 14, 1 << 15
_FILES = {1: _EXECUTE | _WRITE | _REMOVE | _MAKE_DEVICES_SOCKETS_PIPES | _MAKE, 2: _REFER, 3: _TRUNCATE, 5: _DEVICES}
"""What is handled from each version on, and so refused where it is not granted. Reading is not handled."""
_TCP = {4: 1 << 0 | 1 << 1}
_SCOPES = {6: 1 << 0 | 1 << 1}
"""Unix sockets without a file, and signals."""
_GRANTED = _WRITE | _REMOVE | _MAKE | _REFER | _TRUNCATE


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


class _Rule(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("granted", ctypes.c_uint64), ("folder", ctypes.c_int32))


def version() -> int:
    """The kernel's version of Landlock. Raises Unavailable."""
    linux.machine()
    return linux.call("syscall", _CREATE, None, 0, _ASK_VERSION)


def apply(folder: str) -> str:
    """Confine this process for good; what may be changed lies beneath `folder`. The version in words; raises Unavailable."""
    found = version()
    handled = [sum(bits for since, bits in table.items() if since <= found) for table in (_FILES, _TCP, _SCOPES)]
    rules = linux.call("syscall", _CREATE, ctypes.byref(_Ruleset(*handled)), ctypes.sizeof(_Ruleset), 0)
    try:
        for path, granted in ((folder, _GRANTED), (os.devnull, _WRITE | _TRUNCATE)):
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
            try:
                rule = _Rule(granted & handled[0], place)
                linux.call("syscall", _ADD, rules, _BENEATH, ctypes.byref(rule), 0)
            finally:
                os.close(place)
        linux.prctl(linux.NO_NEW_PRIVILEGES, 1)
        linux.call("syscall", _RESTRICT, rules, 0)
    finally:
        os.close(rules)
    return f"version {found}"
