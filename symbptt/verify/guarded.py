"""A module on disk as a namespace: its functions run behind the guard, and whatever they do is an answer or a disagreement."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from inspect import Parameter, Signature
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from symbptt.errors import BadInput, Disagreement
from symbptt.guard import door

LIMITS = door.Limits(seconds=600, memory=16 * 2**30)
"""Seconds that the module itself may take; arrays libraries reserve much memory that they never touch."""
_CHILD = Path(__file__).with_name("child.py")


@dataclass(frozen=True)
class _Function:
    """A function of the module, called through the door."""

    opened: door.Door
    place: str
    name: str
    __signature__: Signature

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        try:
            told = self.opened.ask({"function": self.name, "arguments": arguments, "options": options})
        except door.Ended as end:
            raise Disagreement(f"{self.place}: {self.name} did not come back: {end}") from None
        fault = told.get("fault") if isinstance(told, dict) else "it wrote into the answers of symbptt"
        if fault is not None:
            raise Disagreement(f"{self.place}: {self.name} fails: {fault}")
        return told["result"]


@contextmanager
def opened(place: str, text: str) -> Iterator[SimpleNamespace]:
    """The module's namespace while the door is open, with `notes`, a list that is filled when it closes.

    Raises BadInput if the module cannot be run.
    """
    notes: list[str] = []
    with door.opened(_CHILD, LIMITS) as made:
        try:
            told = made.ask({"path": str(Path(place).resolve()), "text": text})
        except door.Ended as end:
            raise BadInput(f"{place}: cannot be run: {end}") from None
        if "fault" in told:
            raise BadInput(f"{place}: cannot be run: {told['fault']}")
        yield _namespace(made, place, told, notes)
    notes.append(f"{place} ran behind {made.force.words}")
    if made.printed:
        notes.append(f"{place} printed, which is not shown: {made.printed[:60]}")


def refuse_chunks(place: str, chunk: int | None) -> None:
    """Raises BadInput for a module that takes so many tokens in one step."""
    if chunk is not None:
        what = f"symbptt verify MODEL --chunk {chunk}; the file itself, when it is run, checks its gradients"
        raise BadInput(f"{place}: takes chunks of tokens, which are compared with single steps by {what}")


def _namespace(made: door.Door, place: str, told: Mapping[str, Any], notes: list[str]) -> SimpleNamespace:
    functions = {name: _Function(made, place, name, _signature(names)) for name, names in told["functions"].items()}
    kind = {name: told[name] for name in ("MODEL_NAME", "REAL_ONLY", "truncated", "chunk")}
    found = SimpleNamespace(**functions, __name__=place, notes=notes, **kind)
    if told["MODEL_FILE"] is not None:
        found.MODEL_FILE = np.asarray(told["MODEL_FILE"]).tobytes().decode("utf-8", "replace")
    if told["STEPS"] is not None:
        found.STEPS = told["STEPS"]
    return found


def _signature(names: list[str]) -> Signature:
    return Signature([Parameter(name, Parameter.POSITIONAL_OR_KEYWORD) for name in names if name.isidentifier()])
