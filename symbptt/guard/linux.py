"""Calls of the Linux kernel that Python has no function for, by their numbers."""

import ctypes
import os
import platform
import sys
from typing import Any

MACHINES = {"x86_64": 0, "aarch64": 1}
"""Columns of the tables of numbers."""


class Unavailable(Exception):
    """The kernel does not offer a protection, or not to this process."""


def machine() -> int:
    """The column of this machine's numbers. Raises Unavailable on others."""
    name = platform.machine()
    if sys.platform != "linux" or name not in MACHINES or sys.maxsize < 2**32:
        raise Unavailable(f"not on {sys.platform} {name}")
    return MACHINES[name]


def call(function: str, *arguments: Any) -> int:
    """Call a function of the C library. Raises Unavailable with the kernel's reason."""
    library = ctypes.CDLL(None, use_errno=True)
    found = getattr(library, function, None)
    if found is None:
        raise Unavailable(f"the C library has no {function}")
    # Variadic functions, as syscall and prctl, take whole words.
    words = [ctypes.c_ulong(a) if isinstance(a, int) else a for a in arguments]
    found.restype = ctypes.c_long
    done: int = found(*words)
    if done < 0:
        raise Unavailable(os.strerror(ctypes.get_errno()))
    return done


NO_NEW_PRIVILEGES = 38
PARENT_DEATH_SIGNAL = 1


def prctl(option: int, *arguments: Any) -> int:
    """Set a property of this process."""
    return call("prctl", option, *arguments, *[0] * (4 - len(arguments)))
