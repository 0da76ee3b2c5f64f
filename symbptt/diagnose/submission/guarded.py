"""Plans carried out on somebody's file behind the guard, and what came of each."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.diagnose.submission import in_tab
from symbptt.guard import door
from symbptt.guard.door import Limits as Limits
from symbptt.guard.text import plain

_CHILD = Path(__file__).with_name("child.py")
_SHARE = 4
"""What is outside functions may take this part of the time."""


@dataclass(frozen=True)
class Answer:
    """What one plan gave: results by name of the first and of a second call, what the forward function returned before them,
    what else came back, and how it failed. `held` are the values that their functions had when they returned, `changed` the
    arguments that they changed."""

    first: Mapping[str, Array]
    again: Mapping[str, Array]
    before: Mapping[str, Array]
    kinds: Mapping[str, str]
    fault: str = ""
    refused: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    """Statements outside functions that were left out, and why."""
    fresh: Mapping[str, Array] = field(default_factory=dict)
    """Results in a module anew, where the second call gave others than the first."""
    held: Mapping[str, Array] = field(default_factory=dict)
    changed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Run:
    """The answers to the plans that were reached; `ended` says why the others were not."""

    answers: tuple[Answer, ...]
    ended: str
    printed: str
    files: tuple[str, ...]
    protections: str
    """Which were in force, in words."""


def run(path: Path, plans: Sequence[Mapping[str, Any]], arrays: Mapping[str, Array], limits: Limits) -> Run:
    """Carry out plans on a Python file."""
    if in_tab.HERE:
        text = io.StringIO()
        told = tuple(map(answer, in_tab.answers(path, plans, arrays, limits.seconds / _SHARE, text)))
        return Run(told, "", plain(text.getvalue()), (), in_tab.PROTECTIONS)
    orders = {"path": str(path.resolve()), "plans": list(plans), "arrays": dict(arrays), "seconds": limits.seconds / _SHARE}
    with door.opened(_CHILD, limits) as guarded:
        told, ended = answers(guarded, orders)
    return Run(told, ended, guarded.printed, guarded.files, guarded.force.words)


def answers(opened: door.Door, orders: Mapping[str, Any]) -> tuple[tuple[Answer, ...], str]:
    """An answer for each of the `plans` in the orders, as far as they come, and why no more do."""
    made: list[Answer] = []
    try:
        opened.send(orders)
        for _ in orders["plans"]:
            made.append(answer(opened.receive()))
    except door.Ended as end:
        return tuple(made), str(end)
    return tuple(made), ""


def answer(told: Any) -> Answer:
    """The answer in a message, which somebody's code may have written itself."""
    try:
        arrays = dict(told["arrays"])
        fault = str(told.get("fault", ""))
        fault += f" ({told['place']})" if fault and told["place"] else ""
        kinds = {str(n): str(kind) for n, kind in told.get("first", {}).items()}
        refused, skipped, changed = (tuple(map(str, told.get(key, ()))) for key in ("refused", "skipped", "changed"))

        def part(name: str) -> dict[str, Array]:
            return {n.split("/", 1)[1]: np.asarray(a) for n, a in arrays.items() if n.startswith(name + "/")}

        parts = (part("first"), part("again"), part("before"), kinds)
        return Answer(*parts, fault, refused, skipped, part("fresh"), part("held"), changed)
    except (ValueError, LookupError, TypeError, AttributeError):
        return Answer({}, {}, {}, {}, "it wrote into the answers of symbptt")
