"""Serves a module that symbptt emitted, behind the guard; it imports nothing of symbptt but how functions are called.

The first message is the module's file; the answer says what it has. Then functions are called, one for each message. Residuals
stay here, the last ones, and pass the door as a number.
"""

import inspect
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from symbptt.guard import alone, wire
from symbptt.guard.caught import Caught, told

library = alone.load(Path(__file__).with_name("library.py"))
KEPT = "residuals"
"""The key of a dict that stands for residuals by their number."""


def _scheme(cut: Any) -> list[int]:
    """The two numbers of steps of a truncation; empty for something else."""
    return list(cut) if isinstance(cut, tuple) and len(cut) == 2 and all(isinstance(k, int) and k > 0 for k in cut) else []


class Served:
    """The module, and the residuals of its last forward pass."""

    def __init__(self, path: str, text: str) -> None:
        self._module = ModuleType(f"symbptt_verified_{Path(path).stem}")
        self._module.__file__ = path
        sys.modules[self._module.__name__] = self._module
        sys.path.insert(0, os.path.dirname(path))
        exec(compile(text, path, "exec"), self._module.__dict__)
        self._number = 0
        self._residuals: Any = None

    def told(self) -> dict[str, Any]:
        """What the module has: its functions with the names of their arguments, and the constants that say what it is."""
        functions = {n: f for n, f in vars(self._module).items() if inspect.isroutine(f) and not n.startswith("_")}
        constants = ("MODEL_FILE", "MODEL_NAME", "STEPS", "CHUNK", "TRUNCATION")
        file, name, steps, chunk, cut = (getattr(self._module, n, None) for n in constants)
        return {
            "functions": {n: list(inspect.signature(f).parameters) for n, f in functions.items()},
            # As bytes, because texts are put on one line at the door.
            "MODEL_FILE": np.frombuffer(file.encode(), np.uint8) if isinstance(file, str) else None,
            "MODEL_NAME": name if isinstance(name, str) else "",
            "STEPS": steps if isinstance(steps, int) else None,
            "truncated": _scheme(cut) or hasattr(self._module, "K1"),
            "chunk": chunk if isinstance(chunk, int) else None,
            "REAL_ONLY": hasattr(self._module, "REAL_ONLY"),
        }

    def called(self, function: str, arguments: list[Any], options: dict[str, Any]) -> Any:
        """The result of a function, fit to pass the door."""
        given = tuple(self._given(a) for a in arguments)
        found = library.call(self._module, function, given, options)
        if function == "forward" and isinstance(found, tuple) and len(found) == 2:
            self._number, self._residuals = self._number + 1, found[1]
            return [_passing(found[0]), {KEPT: self._number}]
        return _passing(found)

    def _given(self, argument: Any) -> Any:
        if isinstance(argument, dict) and argument.keys() == {KEPT}:
            if argument[KEPT] != self._number:
                raise LookupError("these residuals are gone")
            return self._residuals
        return argument


def _passing(tree: Any) -> Any:
    if isinstance(tree, Mapping):
        return {str(name): _passing(part) for name, part in tree.items()}
    if isinstance(tree, (tuple, list)):
        return [_passing(part) for part in tree]
    if tree is None:
        return None
    array = np.asarray(tree)
    if array.dtype.kind not in "biufc":
        raise TypeError(f"a {type(tree).__name__} where an array of numbers belongs")
    wider = np.complex128 if array.dtype.kind == "c" else np.float64
    return array if array.dtype.name in wire.KINDS else array.astype(wider)


def serve(channel: wire.Channel) -> None:
    """Run the module, then its functions."""
    orders = channel.receive()
    with Caught() as caught:
        served = Served(orders["path"], orders["text"])
        answer = served.told()
    channel.send({"fault": told(caught.error)} if caught.error else answer)
    while not caught.error:
        asked = channel.receive()
        with Caught() as failed:
            result = served.called(asked["function"], asked["arguments"], asked["options"])
        channel.send({"fault": told(failed.error)} if failed.error else {"result": result})
