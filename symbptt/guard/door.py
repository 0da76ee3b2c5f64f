"""The door: opens a guarded process, hands orders in, and takes answers out; nothing of what comes is believed.

The process has limits on time, memory and the size of files, a folder of its own which is thrown away, none of the caller's
environment, and the protections of the operating system.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import IO, Any

from symbptt.errors import BadInput
from symbptt.guard import wire
from symbptt.guard.force import Force
from symbptt.guard.text import plain

_MIB = 1024 * 1024
_ROOT = str(Path(__file__).resolve().parents[2])
_START = "import sys; sys.path.insert(0, {root!r}); from symbptt.guard.inside import main; main(sys.argv[1])"
_FAREWELL = 5.0
"""Seconds for a process that has hung up to end."""
_PRINTED = 4096
_STOPPING = ("SIGTERM", "SIGHUP")


@dataclass(frozen=True)
class Limits:
    """Seconds for all that is waited for, and bytes of memory and of any file."""

    seconds: float = 20.0
    memory: int = 2048 * _MIB
    file: int = 16 * _MIB

    def json(self) -> dict[str, int]:
        """The limits by their names in the module `resource`."""
        return {
            "RLIMIT_CPU": int(self.seconds) + 1, "RLIMIT_AS": self.memory, "RLIMIT_FSIZE": self.file, "RLIMIT_CORE": 0,
        }


class Ended(Exception):
    """The process gives no more answers; the message says why, as "it ran longer than 3 s and was stopped"."""


class Door:
    """The caller's end. When it is closed, `printed` is what was printed first, `files` what was written, by name."""

    printed = ""
    files: tuple[str, ...] = ()
    force = Force({}, {})

    def __init__(self, process: subprocess.Popen[bytes], channel: socket.socket, limits: Limits) -> None:
        self._process, self._channel, self._limits = process, channel, limits
        self._left = limits.seconds

    def send(self, tree: Any) -> None:
        """Hand orders in. Raises Ended."""
        with self._waiting():
            self._channel.sendall(wire.packed(tree))

    def receive(self) -> Any:
        """Take an answer out, its texts each on one line and without control characters. Raises Ended."""
        try:
            with self._waiting():
                return _cleaned(wire.unpacked(self._read))
        except wire.Garbled:
            raise Ended("it wrote into the answers of symbptt") from None

    def ask(self, tree: Any) -> Any:
        """Hand orders in and take the answer out."""
        self.send(tree)
        return self.receive()

    @contextmanager
    def _waiting(self) -> Iterator[None]:
        """Time is counted while this end waits."""
        begun = monotonic()
        self._until = begun + self._left
        try:
            self._channel.settimeout(max(self._left, 0.001))
            yield
        except TimeoutError:
            raise self._too_long() from None
        except OSError:
            raise self._ended() from None
        finally:
            self._left -= monotonic() - begun

    def _read(self, size: int) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            self._channel.settimeout(max(self._until - monotonic(), 0.001))
            part = self._channel.recv(min(size - len(parts), _MIB))
            if not part:
                raise ConnectionError
            parts += part
        return bytes(parts)

    def _too_long(self) -> Ended:
        return Ended(f"it ran longer than {self._limits.seconds:g} s and was stopped")

    def _ended(self) -> Ended:
        try:
            code = self._process.wait(_FAREWELL)
        except subprocess.TimeoutExpired:
            return Ended("it hung up")
        if code == -signal.SIGXCPU:
            return self._too_long()
        if code < 0:
            return Ended(f"its process was ended by {_signal(-code)}")
        return Ended(f"it ended its process with code {code}")


def _signal(number: int) -> str:
    return next((known.name for known in signal.Signals if known == number), f"signal {number}")


def _cleaned(tree: Any) -> Any:
    if isinstance(tree, str):
        return plain(tree)
    if isinstance(tree, dict):
        return {plain(name): _cleaned(part) for name, part in tree.items()}
    return [_cleaned(part) for part in tree] if isinstance(tree, list) else tree


@contextmanager
def opened(program: Path, limits: Limits, protections: Collection[str] | None = None) -> Iterator[Door]:
    """A guarded process that runs `program`, a file of symbptt with a function `serve(channel)`; it is ended at the close.

    `protections` are those to use, all if None. Raises BadInput if the process does not begin.
    """
    if os.name != "posix":
        raise BadInput("code of others is run on Linux and macOS only, where it can be guarded")
    with _ended_by_signals(), tempfile.TemporaryDirectory(prefix="symbptt-", ignore_cleanup_errors=True) as folder, \
            tempfile.TemporaryFile() as output:
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                process = _process(program, Path(folder), theirs.fileno(), output, limits, protections)
            door = Door(process, ours, limits)
            try:
                _begin(door)
                yield door
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                output.seek(0)
                door.printed = plain(output.read(_PRINTED).decode("utf-8", "replace"))
                door.files = _left_behind(folder)


def _begin(door: Door) -> None:
    """Hear which protections are in force."""
    try:
        told = door.receive()
    except Ended as end:
        raise BadInput(f"no process for foreign code: {end}") from None
    door.force = Force(told["present"], told["absent"])


def _process(
    program: Path, folder: Path, channel: int, output: IO[bytes], limits: Limits, protections: Collection[str] | None
) -> subprocess.Popen[bytes]:
    orders = {
        "program": str(program), "channel": channel, "folder": str(folder), "limits": limits.json(), "root": _ROOT,
        "parent": os.getpid(), "protections": None if protections is None else list(protections),
    }
    command = [sys.executable, "-I", "-B", "-u", "-c", _START.format(root=_ROOT), json.dumps(orders)]
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=folder, env=_environment(folder),
        start_new_session=True, pass_fds=(channel,),
    )


def _environment(folder: Path) -> dict[str, str]:
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {"PATH": os.defpath, "HOME": str(folder), "TMPDIR": str(folder), "LANG": "C.UTF-8", "MPLBACKEND": "Agg",
            "JAX_PLATFORMS": "cpu", "CUDA_VISIBLE_DEVICES": "", **one}


def _left_behind(folder: str) -> tuple[str, ...]:
    """The files in a folder, which is made fit to be thrown away."""
    found: list[str] = []
    for place, folders, files in os.walk(folder):
        for name in folders:
            path = os.path.join(place, name)
            if not os.path.islink(path):
                with suppress(OSError):
                    os.chmod(path, 0o700)
        found += [plain(os.path.relpath(os.path.join(place, name), folder)) for name in files]
    return tuple(sorted(found))


class _Stopped(BaseException):
    """The caller was told to stop."""


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Signals that would end this process at once first close what is open, and then end it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    caught: list[int] = []

    def stop(number: int, frame: FrameType | None) -> None:
        if not caught:
            caught.append(number)
            raise _Stopped

    numbers = [getattr(signal, name) for name in _STOPPING if hasattr(signal, name)]
    usual = [number for number in numbers if signal.getsignal(number) == signal.SIG_DFL]
    for number in usual:
        signal.signal(number, stop)
    try:
        yield
    except _Stopped:
        # Where one door is inside another, the outer one listens.
        if not caught:
            raise
    finally:
        for number in usual:
            signal.signal(number, signal.SIG_DFL)
        if caught:
            os.kill(os.getpid(), caught[0])
