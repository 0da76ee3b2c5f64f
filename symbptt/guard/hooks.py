"""Audit hooks: Python's own calls are refused with a word on what was refused. The only protection on every system.

They hold against accidents; what goes round Python is for the kernel to refuse.
"""

import _posixsubprocess
import os
import posix
import sys
from collections.abc import Callable, Mapping
from typing import Any

REFUSED: list[str] = []
"""What was refused so far."""

_PATHS = {
    "os.remove": (0,), "os.rmdir": (0,), "os.mkdir": (0,), "os.truncate": (0,), "os.chmod": (0,), "os.chown": (0,),
    "os.utime": (0,), "os.setxattr": (0,), "os.removexattr": (0,), "os.chflags": (0,), "os.rename": (0, 1), "os.link": (0, 1),
    "os.symlink": (1,), "sqlite3.connect": (0,),
}
"""Events that change files, with the arguments that are their paths."""
_FORBIDDEN = frozenset({
    "subprocess.Popen", "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.startfile", "pty.spawn", "os.kill",
    "os.killpg", "socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname",
    "socket.gethostbyaddr", "socket.getnameinfo", "socket.sethostname",
})
_UNHEARD: Mapping[str, tuple[Any, ...]] = {
    "mkfifo": (os, posix), "mknod": (os, posix), "setpriority": (os, posix), "fork_exec": (_posixsubprocess,),
}
"""Functions that raise no event, with the modules that have them."""
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Refused(PermissionError):
    """What is raised in foreign code."""


def refuse(what: str) -> None:
    """Note what was refused, and refuse it."""
    REFUSED.append(what)
    raise Refused(f"{what} is refused while gradients are checked")


def apply(folder: str) -> str:
    """Refuse from now on. Always available."""
    root = os.path.realpath(folder) + os.sep

    def outside(path: Any) -> bool:
        if isinstance(path, int) or path is None or os.fsdecode(path) in (os.devnull, ":memory:", ""):
            return False
        return not (os.path.realpath(os.fsdecode(path)) + os.sep).startswith(root)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            if _opens_to_write(arguments) and outside(arguments[0]):
                refuse(f"writing to {os.fsdecode(arguments[0])}")
            if _is_of_another_process(arguments[0]):
                refuse(f"reading {os.fsdecode(arguments[0])}")
        elif event in _PATHS:
            for place in _PATHS[event]:
                if outside(arguments[place]):
                    refuse(f"{event} of {os.fsdecode(arguments[place])}")
        elif event in _FORBIDDEN:
            refuse(event)

    sys.addaudithook(hook)
    for name, modules in _UNHEARD.items():
        for module in modules:
            if hasattr(module, name):
                setattr(module, name, _refusing(f"{module.__name__}.{name}"))
    return ""


def _refusing(name: str) -> Callable[..., None]:
    def refused(*arguments: object, **options: object) -> None:
        refuse(name)

    return refused


def _opens_to_write(arguments: tuple[Any, ...]) -> bool:
    mode, flags = arguments[1], arguments[2]
    if isinstance(mode, str):
        return bool(set(mode) & set("wax+"))
    return isinstance(flags, int) and bool(flags & _WRITING)


def _is_of_another_process(path: Any) -> bool:
    if isinstance(path, int) or path is None:
        return False
    parts = os.path.realpath(os.fsdecode(path)).split(os.sep)
    return parts[1:2] == ["proc"] and len(parts) > 3 and parts[2].isdigit() and int(parts[2]) != os.getpid()
