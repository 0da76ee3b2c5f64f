"""Runs somebody's functions in a process of its own: `python -I child.py FOLDER FILE`. It imports nothing of symbptt.

FOLDER holds plan.json and arrays.npz; one answer after the other is appended to FOLDER/answers. A guard refuses, within this
process, to write outside FOLDER/work, to start programs and to open connections: against accidents. It is no sandbox against
malice.
"""

from __future__ import annotations
import __future__

import ast
import importlib.util
import io
import json
import os
import resource
import signal
import sys
import time
import traceback
import types
from typing import Any, BinaryIO

import numpy as np


def _beside(name: str) -> Any:
    """A module of this folder, which is on no path: its names would hide those of the standard library."""
    spec = importlib.util.spec_from_file_location(name, os.path.join(os.path.dirname(os.path.abspath(__file__)), f"{name}.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


calling = _beside("calling")

_CHANGING = {"os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.chmod", "os.chown"}
_FORBIDDEN = {
    "subprocess.Popen", "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.kill", "os.killpg",
    "socket.connect", "socket.bind",
}


class Refused(PermissionError):
    """What the guard raises in their code."""


def guard(folder: str, refused: list[str]) -> None:
    """Refuse what a gradient does not need; what was refused is added to the list."""
    root = os.path.realpath(folder) + os.sep
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

    def outside(path: Any) -> bool:
        if isinstance(path, int) or path is None or os.fsdecode(path) == os.devnull:
            return False
        return not (os.path.realpath(os.fsdecode(path)) + os.sep).startswith(root)

    def opens_to_write(arguments: tuple[Any, ...]) -> bool:
        mode, flags = arguments[1], arguments[2]
        if isinstance(mode, str):
            return bool(set(mode) & set("wax+"))
        return isinstance(flags, int) and bool(flags & writing)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and opens_to_write(arguments) and outside(arguments[0]):
            refuse(f"writing to {os.fsdecode(arguments[0])}")
        elif event in _CHANGING and outside(arguments[0]):
            refuse(f"{event} of {os.fsdecode(arguments[0])}")
        elif event in _FORBIDDEN:
            refuse(event)

    def refuse(what: str) -> None:
        refused.append(what)
        raise Refused(f"{what} is refused while gradients are checked")

    sys.addaudithook(hook)


class TooLong(BaseException):
    """A statement outside functions went on and on."""


class Theirs:
    """Their file, run as a module anew for every call, statement by statement.

    A statement outside functions that fails or takes too long, as a script's training loop does, is skipped from then on and
    noted: the functions may do without it.
    """

    def __init__(self, path: str, seconds: float) -> None:
        with open(path, encoding="utf-8") as file:
            self._statements = ast.parse(file.read(), path).body
        self._path, self._seconds = path, seconds
        self.skipped: dict[int, str] = {}

    def module(self) -> types.ModuleType:
        """The module of another run."""
        module = types.ModuleType("theirs")
        module.__file__ = self._path
        sys.modules["theirs"] = module
        flags = 0
        for statement in self._statements:
            if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
                for name in statement.names:
                    flags |= getattr(__future__, name.name).compiler_flag
            elif statement.lineno not in self.skipped:
                self._run(statement, module, flags)
        return module

    def _run(self, statement: ast.stmt, module: types.ModuleType, flags: int) -> None:
        code = compile(ast.Module([statement], []), self._path, "exec", flags, dont_inherit=True)
        begun = time.monotonic()
        signal.setitimer(signal.ITIMER_REAL, max(self._seconds, 0.01))
        with calling.Caught() as caught:
            exec(code, module.__dict__)
            signal.setitimer(signal.ITIMER_REAL, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        self._seconds -= time.monotonic() - begun
        if caught.error is not None:
            what = "took too long" if isinstance(caught.error, TooLong) else f"raised {calling.told(caught.error)}"
            self.skipped[statement.lineno] = what


def _ring(number: int, frame: object) -> None:
    raise TooLong


def fault(error: BaseException, path: str) -> dict[str, str]:
    """An error with the last line of their file that it passed."""
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [f for f in frames if f.filename == path]
    place = f"line {theirs[-1].lineno}: {theirs[-1].line}" if theirs else ""
    said = calling.told(error)
    if isinstance(error, KeyError) and frames and frames[-1].filename == type(os.environ).__getitem__.__code__.co_filename:
        said += ", an environment variable: the caller's environment is not handed on"
    return {"fault": said, "place": place}


def answered(plan: dict[str, Any], arrays: dict[str, Any], theirs: Theirs, path: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two calls of their function with the same arguments: what came back, and the arrays."""
    kept: dict[str, Any] = {}
    answer: dict[str, Any] = {}
    with calling.Caught() as caught:
        module = theirs.module()
        result, before = calling.call(module, plan, arrays)
        calling.record(calling.flatten(before, []), "before", kept)
        answer["first"] = calling.record(calling.flatten(result, plan["returns"]), "first", kept)
        calling.record(calling.flatten(calling.call(module, plan, arrays)[0], plan["returns"]), "again", kept)
    if caught.error is not None:
        answer.update(fault(caught.error, path))
    return answer, kept


def append(stream: BinaryIO, answer: dict[str, Any], kept: dict[str, Any]) -> None:
    """Write one answer: two blocks, each behind its length."""
    packed = io.BytesIO()
    np.savez(packed, **{f"a{i}": array for i, array in enumerate(kept.values())})
    answer["names"] = list(kept)
    for block in (json.dumps(answer).encode(), packed.getvalue()):
        stream.write(len(block).to_bytes(8, "big") + block)
    stream.flush()


def main(folder: str, path: str) -> None:
    """Carry out the plan."""
    with open(os.path.join(folder, "plan.json"), encoding="utf-8") as file:
        orders = json.load(file)
    with np.load(os.path.join(folder, "arrays.npz"), allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    with open(os.path.join(folder, "answers"), "ab") as stream:
        work = os.path.join(folder, "work")
        os.chdir(work)
        sys.path.insert(0, os.path.dirname(path))
        sys.argv = [path]
        for limit, value in orders["limits"].items():
            resource.setrlimit(getattr(resource, limit), (value, value))
        refused: list[str] = []
        guard(work, refused)
        signal.signal(signal.SIGALRM, _ring)
        theirs = Theirs(path, orders["seconds"])
        for plan in orders["plans"]:
            answer, kept = answered(plan, arrays, theirs, path)
            answer["refused"] = sorted(set(refused))
            answer["skipped"] = [f"line {line} {what}" for line, what in sorted(theirs.skipped.items())]
            append(stream, answer, kept)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
