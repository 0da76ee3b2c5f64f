"""Runs somebody's functions behind the guard; it imports nothing of symbptt but what passes the door.

The first message names the file, the plans and their arrays; one answer goes out for each plan.
"""

import __future__

import ast
import os
import signal
import sys
import time
import traceback
import types
from pathlib import Path
from typing import Any

import numpy as np

from symbptt.guard import alone, hooks, wire
from symbptt.guard.caught import Caught, told

invoke = alone.load(Path(__file__).with_name("invoke.py"))


class TooLong(BaseException):
    """A statement outside functions went on and on."""


class Theirs:
    """Their file, run as a module anew for every call, statement by statement.

    A statement outside functions that fails or takes too long, as a script's training loop does, is skipped from then on and
    noted: the functions may do without it.
    """

    def __init__(self, path: str, seconds: float) -> None:
        with open(path, encoding="utf-8-sig") as file:
            self._statements = ast.parse(file.read(), path).body
        self._path, self._seconds = path, seconds
        self._package, self.root = _package(path)
        self.skipped: dict[int, str] = {}

    @property
    def left_out(self) -> list[str]:
        """What was skipped, and why."""
        return [f"line {line} {what}" for line, what in sorted(self.skipped.items())]

    def module(self) -> types.ModuleType:
        """The module of another run."""
        module = types.ModuleType("theirs")
        module.__file__ = self._path
        if self._package:
            module.__package__ = self._package
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
        _alarm(max(self._seconds, 0.01))
        with Caught() as caught:
            exec(code, module.__dict__)
            _alarm(0)
        _alarm(0)
        self._seconds -= time.monotonic() - begun
        if caught.error is not None:
            what = "took too long" if isinstance(caught.error, TooLong) else f"raised {told(caught.error)}"
            self.skipped[statement.lineno] = what


def _package(path: str) -> tuple[str, str]:
    """The package that a file lies in, and the folder to import it from."""
    folder = os.path.dirname(path)
    names: list[str] = []
    while os.path.isfile(os.path.join(folder, "__init__.py")):
        folder, name = os.path.split(folder)
        names.insert(0, name)
    return ".".join(names), folder


def _alarm(seconds: float) -> None:
    """Ring after so many seconds, never for 0; a tab of the browser has no such clock, and is ended from outside."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _ring(number: int, frame: object) -> None:
    raise TooLong


def fault(error: BaseException, path: str) -> dict[str, str]:
    """An error with the last line of their file that it passed."""
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [f for f in frames if f.filename == path]
    place = f"line {theirs[-1].lineno}: {theirs[-1].line}" if theirs else ""
    said = told(error)
    if isinstance(error, KeyError) and frames and frames[-1].filename == type(os.environ).__getitem__.__code__.co_filename:
        said += ", an environment variable: the caller's environment is not handed on"
    return {"fault": said, "place": place}


def answered(plan: dict[str, Any], arrays: dict[str, Any], theirs: Theirs, path: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Calls of their function with the same arguments: what came back, and the arrays.

    The first two run in one module. Where they differ a third runs in a module anew, which tells what is kept between calls
    from what is drawn at random.
    """
    kept: dict[str, Any] = {}
    answer: dict[str, Any] = {}
    watch = invoke.Watch(path)
    with Caught() as caught:
        module = theirs.module()
        sys.setprofile(watch)
        result, before, answer["changed"] = invoke.call(module, plan, arrays)
        sys.setprofile(None)
        invoke.record(invoke.flatten(before, plan["forward"]["returns"] if plan["forward"] else []), "before", kept)
        invoke.record(watch.held, "held", kept)
        answer["first"] = invoke.record(invoke.flatten(result, plan["returns"]), "first", kept)
        invoke.record(invoke.flatten(invoke.call(module, plan, arrays)[0], plan["returns"]), "again", kept)
        if any(_differ(kept[f"first/{name}"], kept.get(f"again/{name}")) for name in answer["first"] if f"first/{name}" in kept):
            invoke.record(invoke.flatten(invoke.call(theirs.module(), plan, arrays)[0], plan["returns"]), "fresh", kept)
    sys.setprofile(None)
    if caught.error is not None:
        answer.update(fault(caught.error, path))
        with Caught():
            invoke.record(watch.held, "held", kept)
    return answer, kept


def _differ(first: Any, second: Any) -> bool:
    return second is None or first.shape != second.shape or not np.array_equal(first, second, equal_nan=True)


def serve(channel: wire.Channel) -> None:
    """Carry out the plans."""
    orders = channel.receive()
    path = orders["path"]
    sys.argv = [path]
    signal.signal(signal.SIGALRM, _ring)
    theirs = Theirs(path, orders["seconds"])
    sys.path[:0] = dict.fromkeys((os.path.dirname(path), theirs.root))
    for plan in orders["plans"]:
        answer, kept = answered(plan, orders["arrays"], theirs, path)
        answer["refused"] = sorted(set(hooks.REFUSED))
        answer["skipped"] = theirs.left_out
        passing = {name: a if a.dtype.name in wire.KINDS else a.astype(float) for name, a in kept.items()}
        channel.send({**answer, "arrays": passing})
