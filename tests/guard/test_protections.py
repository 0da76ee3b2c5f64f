"""Every way round Python that a hostile file may try is tried: by the kernel alone, by the hooks alone, and by all together."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from symbptt.guard import door

PROGRAM = Path(__file__).with_name("attempting.py")
LIMITS = door.Limits(seconds=120)
HOOKS, KERNEL = frozenset({"audit hooks"}), frozenset({"namespaces", "capabilities", "Landlock", "seccomp"})
SYSCALL = "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\ndef checked(code):\n" \
    "    if code < 0: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))\n    return code\n"


@dataclass(frozen=True)
class Route:
    """What is tried, any of the kernel's protections that refuses it, and whether Python's own hooks do."""

    text: str
    kernel: tuple[str, ...]
    hooks: bool = True


ROUTES = {
    "udp": Route("import socket\nsocket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', port))",
                 ("seccomp", "namespaces")),
    "tcp": Route("import socket\nsocket.create_connection(('127.0.0.1', port), 5)", ("seccomp", "Landlock", "namespaces")),
    "unix socket": Route("import socket\nsocket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b'x', outside + '.sock')",
                         ("seccomp",)),
    "names of hosts": Route("import socket\nsocket.getaddrinfo('localhost', 80)", ()),
    "io_uring": Route(SYSCALL + "checked(libc.syscall(425, 4, ctypes.create_string_buffer(120)))", ("seccomp",), False),
    "write": Route("open(outside, 'a').write('x')", ("Landlock",)),
    "fifo": Route("import os\nos.mkfifo(outside + '.fifo')", ("Landlock",)),
    "utime": Route("import os\nos.utime(outside, (1, 1))", ("seccomp",)),
    "chmod": Route("import os\nos.chmod(outside, 0o777)", ("seccomp",)),
    "truncate": Route("import os\nos.truncate(outside, 0)", ("Landlock",)),
    "hard link": Route("import os\nos.link(outside, 'inside')", ("Landlock",)),
    "rename": Route("import os\nopen('mine', 'w').close()\nos.rename('mine', outside)", ("Landlock",)),
    "attributes": Route("import os\nos.setxattr(outside, 'user.x', b'x')", ("seccomp",)),
    "sqlite": Route("import sqlite3\nsqlite3.connect(outside + '.db').execute('create table t (x)')", ("Landlock",)),
    "a library opens": Route(SYSCALL + "checked(libc.open(os.fsencode(outside), os.O_WRONLY))", ("Landlock",), False),
    "a link inside": Route("import os\nos.symlink(outside, 'link')\nopen('link', 'w').close()", ("Landlock",)),
    "shared memory": Route("from multiprocessing import shared_memory\nshared_memory.SharedMemory('symbptt', True, 9)",
                           ("Landlock",), False),
    "fork": Route("import os\nos.fork() or os._exit(0)", ("seccomp",)),
    "fork in C": Route(SYSCALL + "checked(libc.fork()) or os._exit(0)", ("seccomp",), False),
    "a program": Route("import subprocess\nsubprocess.run(['touch', outside + '.new'])", ("seccomp", "Landlock")),
    "exec in C": Route(SYSCALL + "path = b'/bin/true'\nchecked(libc.execv(path, (ctypes.c_char_p * 2)(path, None)))",
                       ("seccomp", "Landlock"), False),
    "spawn": Route("import multiprocessing as m, os\nm.get_context('spawn').Process(target=os.getpid).start()",
                   ("seccomp",)),
    "environment of the caller": Route("result = open(f'/proc/{caller}/environ').read()", ("Landlock",)),
    "memory of the caller": Route(SYSCALL + "checked(libc.ptrace(16, caller, 0, 0))", ("seccomp", "Landlock"), False),
    "signal": Route("import os\nos.kill(caller, 0)", ("seccomp", "Landlock")),
    "signal by C": Route(SYSCALL + "checked(libc.kill(caller, 0))", ("seccomp", "Landlock"), False),
    "limits of the caller": Route("import resource as r\nr.prlimit(caller, r.RLIMIT_CORE, r.getrlimit(r.RLIMIT_CORE))",
                                  ("seccomp",), False),
    "keys of the session": Route(SYSCALL + "import platform\nnumber = {'x86_64': 250}.get(platform.machine(), 219)\n"
                                 "checked(libc.syscall(number, 0, -3, 0))", ("seccomp",), False),
}
REFUSALS = ("Refused", "PermissionError", "OSError: [Errno 1]", "OSError: [Errno 13]", "OSError: [Errno 18]", "OSError: unable",
            "OSError: [Errno 101]", "OperationalError: unable")


@dataclass
class Outside:
    """A file that must stay as it is, and a port at which nothing must arrive."""

    path: Path
    listener: socket.socket

    def seen(self) -> tuple[Any, ...]:
        """Everything about the file and what lies beside it."""
        status = self.path.stat()
        return self.path.read_text(), status.st_mode, status.st_mtime, status.st_nlink, sorted(os.listdir(self.path.parent))


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    path = tmp_path_factory.mktemp("outside") / "mine"
    path.write_text("as it was")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.setblocking(False)
        yield Outside(path, listener)


@pytest.fixture(scope="module", params=[None, KERNEL, HOOKS], ids=["all", "kernel", "hooks"])
def opened(request: pytest.FixtureRequest) -> Iterator[door.Door]:
    with door.opened(PROGRAM, LIMITS, request.param) as made:
        yield made


@pytest.mark.parametrize("name", ROUTES)
def test_each_way_out_is_refused(name: str, opened: door.Door, outside: Outside) -> None:
    route, before = ROUTES[name], outside.seen()
    by_kernel = any(protection in opened.force.present for protection in route.kernel)
    by_hooks = route.hooks and "audit hooks" in opened.force.present
    if not by_kernel and not by_hooks:
        missing = ", ".join(f"{n}: {opened.force.absent.get(n)}" for n in route.kernel) or "nothing in the kernel refuses it"
        pytest.skip(f"{name} is not refused here ({missing})")
    names = {"outside": str(outside.path), "port": outside.listener.getsockname()[1], "caller": os.getpid()}
    told = opened.ask({"text": route.text, "names": names})
    assert told["outcome"].startswith(REFUSALS), told
    assert outside.seen() == before
    with pytest.raises(BlockingIOError):
        outside.listener.recv(9)


ALLOWED = {
    "threads": "import threading\nt = threading.Thread(target=print)\nt.start()\nt.join()",
    "a loop of events": "import asyncio\nasyncio.run(asyncio.sleep(0))",
    "own files": "import os\nos.mkdir('d')\nopen('d/f', 'w').write('x')\nos.rename('d/f', 'g')\nos.truncate('g', 0)\n"
                 "os.symlink('g', 'l')\nos.remove('g')\nos.rmdir('d')",
    "a temporary file": "import tempfile\ntempfile.TemporaryFile().write(b'x')",
    "a database in memory": "import sqlite3\nsqlite3.connect(':memory:').execute('create table t (x)')",
    "nothing to write to": "open('/dev/null', 'w').write('x')",
    "its own limits": "import resource as r\nr.prlimit(0, r.RLIMIT_CORE)",
    "libraries": "import ctypes.util\nimport numpy as np\nnp.linalg.svd(np.eye(3))\nopen('/proc/self/status').read()",
}


@pytest.mark.parametrize("name", ALLOWED)
def test_what_a_gradient_may_need_is_allowed(name: str, opened: door.Door) -> None:
    assert opened.ask({"text": ALLOWED[name], "names": {}})["outcome"] == "done"


def test_what_is_in_force_is_said(opened: door.Door) -> None:
    force = opened.force
    assert set(force.present) | set(force.absent) == HOOKS | KERNEL
    assert all(name in force.words for name in force.present)
    assert all(force.absent.values()), "a reason for what is missing"
