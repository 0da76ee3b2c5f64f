"""Capabilities: the rights of root are given up, but that of reading files; a user's process has none to give up."""

import ctypes

from symbptt.guard import linux

_VERSION = 0x20080522
_READ_FILES = 1 << 2


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("process", ctypes.c_int))


class _Half(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def apply(folder: str) -> str:
    """Give them up for good. Raises Unavailable."""
    linux.machine()
    header, halves = _Header(_VERSION, 0), (_Half * 2)()
    linux.call("capget", ctypes.byref(header), ctypes.byref(halves))
    kept = halves[0].permitted & _READ_FILES
    linux.call("capset", ctypes.byref(header), ctypes.byref((_Half * 2)(_Half(kept, kept, 0), _Half(0, 0, 0))))
    return ""
