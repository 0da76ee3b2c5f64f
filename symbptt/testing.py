"""Assertions for graders and test suites: a wrong gradient fails, and the message names the cause."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from symbptt.diagnose.check import gradients
from symbptt.diagnose.diagnosis import Diagnosis
from symbptt.diagnose.findings import Finding
from symbptt.diagnose.foreign.draw import draw
from symbptt.errors import UnknownName
from symbptt.model.read import load
from symbptt.model.values import Model

GROUPS = ("parameters", "inputs", "targets", "states", "cotangents")


@dataclass(frozen=True)
class Point:
    """Seeded arrays for a model, in the shapes of the emitted code: inputs and targets (T, N, ...), states (N, ...)."""

    parameters: Mapping[str, Any]
    inputs: Mapping[str, Any]
    targets: Mapping[str, Any]
    states: Mapping[str, Any]


def point(model: Model | str, T: int = 6, N: int = 2, seed: int = 7, **dims: int) -> Point:
    """A point at which gradients can be checked; sizes of dimensions by name."""
    known = load(model) if isinstance(model, str) else model
    made = draw(known, T, N, given=dims, seed=seed)
    return Point(*({n: a.copy() for n, a in part.items()} for part in (made.parameters, made.inputs, made.targets, made.states)))


def diagnose_function(model: Model | str, function: Callable[..., Any], at: Point | None = None, **sizes: int) -> Diagnosis:
    """Call `function` at a point and diagnose the gradients that it returns.

    Its arguments are named parameters, inputs, targets and states (dicts of arrays, those that it has), or after the model's
    variables. It returns a dict of gradients, or a loss and such a dict. It runs in this process: for code that nobody has
    read, use `symbptt.diagnose.code.file`.
    """
    known = load(model) if isinstance(model, str) else model
    used = at or point(known, **sizes)
    given = {part: {n: a.copy() for n, a in getattr(used, part).items()} for part in GROUPS[:4]}
    single = {name: array for part in given.values() for name, array in part.items()}
    offered = {**single, **given}
    arguments: dict[str, Any] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if name in offered:
            arguments[name] = offered[name]
        elif parameter.default is parameter.empty and parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            raise UnknownName("argument", name, offered)
    returned = function(**arguments)
    theirs = returned[-1] if isinstance(returned, tuple) else returned
    kept = {part: getattr(used, part) for part in GROUPS[:4]}
    takes_states = "states" in arguments or any(s.name in arguments for s in known.states)
    return gradients(known, theirs, **(kept if takes_states else {**kept, "states": {}}))


def assert_gradients(
    model: Model | str, function: Callable[..., Any], only: Iterable[str] | None = None, at: Point | None = None, **sizes: int
) -> Diagnosis:
    """Fail, with the report, unless the gradients that `function` returns are right; those in `only`, all if None.

    See `diagnose_function` for what is called with what. Sizes are T, N and dimensions by name. Returns the diagnosis.
    """
    found = diagnose_function(model, function, at, **sizes)
    wanted = frozenset(only) if only is not None else frozenset(f.gradient for f in found.findings)
    missing = wanted - {f.gradient for f in found.findings}
    if missing:
        raise AssertionError(f"no gradient of {', '.join(sorted(missing))} was returned")
    failing = tuple(f for f in found.findings if f.gradient in wanted and not f.right)
    if failing:
        shown = Diagnosis(found.model, failing, found.notes)
        raise AssertionError(f"{len(failing)} of {len(wanted)} gradients are not right\n{shown}")
    return found


def points(found: Diagnosis, each: float = 1.0, scaled: float = 0.5, certain: float = 0.0) -> float:
    """Marks for a diagnosis: `each` for a right gradient, that times `scaled` for one right up to layout or a factor."""

    def share(finding: Finding) -> float:
        return {"right": 1.0, "scaled": scaled}.get(finding.verdict, certain if finding.certain else 0.0)

    return each * sum(share(f) for f in found.findings)
