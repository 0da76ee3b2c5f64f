"""Assertions for graders and test suites: a wrong gradient fails, and the message names the cause."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from symbptt.compose.either import Subject, any_model
from symbptt.data.values import GROUPS
from symbptt.diagnose import autodiff
from symbptt.diagnose import function as judges
from symbptt.diagnose.autodiff import libraries
from symbptt.diagnose.check import gradients
from symbptt.diagnose.diagnosis import Diagnosis
from symbptt.diagnose.findings import Finding
from symbptt.diagnose.submission import in_process
from symbptt.diagnose.submission import mapping as mappings
from symbptt.diagnose.submission.answer import answer
from symbptt.diagnose.submission.drawn_data import T as STEPS
from symbptt.diagnose.submission.drawn_data import draw
from symbptt.diagnose.submission.mapping import Table
from symbptt.errors import BadInput, UnknownName
from symbptt.model.read import load
from symbptt.model.values import Model


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
    return Point(*({n: a.copy() for n, a in group.items()} for group in made.groups))


Declared = Mapping[str, Any] | Path | str


def diagnose_function(
    model: Model | str, function: Callable[..., Any], at: Point | None = None, mapping: Declared | None = None, **sizes: int
) -> Diagnosis:
    """Call `function` at a point and diagnose the gradients that it returns.

    Its arguments are named parameters, inputs, targets and states (dicts of arrays, those that it has), or after the model's
    variables. It returns a dict of gradients, or a loss and such a dict. It runs in this process: for code that nobody has
    read, use `symbptt.diagnose.code.file`.

    With a `mapping`, a dict or a file with the keys of `symbptt diagnose --mapping`, names and layouts are as it says, others are
    guessed. Of a torch.autograd.Function, a function with jax.custom_vjp, or one of the library that the mapping names, the
    gradients are read off, for cotangents that are drawn.
    """
    known = load(model) if isinstance(model, str) else model
    library = libraries.library_of(function) if mapping is not None or libraries.is_differentiated(function) else ""
    if mapping is not None or library:
        if at is not None:
            raise BadInput("at= goes without a mapping: with one the arrays are drawn in the layout that it says")
        table = _table(known, mapping or {}, sizes)
        judge = in_process.function if (table.library or library) in ("", "numpy") else autodiff.function
        return judge(known, function, table)
    used = at or point(known, **sizes)
    given = {part: {n: a.copy() for n, a in getattr(used, part).items()} for part in GROUPS}
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
    kept = {part: getattr(used, part) for part in GROUPS}
    takes_states = "states" in arguments or any(s.name in arguments for s in known.states)
    return gradients(known, theirs, **(kept if takes_states else {**kept, "states": {}}))


def feedback(model: Subject | str, function: Callable[..., Any], only: Iterable[str] | None = None, T: int | None = None) -> str:
    """What somebody at work is told of `function(parameters, inputs, targets, states)`, whatever it does.

    The model may be a composed one.
    Of every gradient (those in `only`, those of the parameters if None) whether it is right and if not why, as
    `diagnose_function` finds it, or why there are none. It runs in this process. T is the number of steps at which it is called.
    """
    known = any_model(model)
    names = tuple(only) if only is not None else tuple(v.name for v in known.parameters)
    at = judges.drawn(known, T or STEPS)
    theirs, reason = answer(function, at, names)
    if reason:
        return reason
    missing = [f"{name}  not returned" for name in names if name not in theirs]
    return "\n".join((str(judges.gradients(known, theirs, at)), *missing))


def assert_gradients(
    model: Model | str, function: Callable[..., Any], only: Iterable[str] | None = None, at: Point | None = None,
    mapping: Declared | None = None, **sizes: int,
) -> Diagnosis:
    """Fail, with the report, unless the gradients that `function` returns are right; those in `only`, all if None.

    See `diagnose_function` for what is called with what. Sizes are T, N and dimensions by name. Returns the diagnosis.
    """
    found = diagnose_function(model, function, at, mapping, **sizes)
    if found.failed or (only is None and found.unjudged):
        raise AssertionError(f"not every gradient was judged\n{found}")
    wanted = frozenset(only) if only is not None else frozenset(f.gradient for f in found.findings)
    missing = wanted - {f.gradient for f in found.findings}
    if missing:
        raise AssertionError(f"no gradient of {', '.join(sorted(missing))} was returned")
    failing = tuple(f for f in found.findings if f.gradient in wanted and not f.right)
    if failing:
        shown = replace(found, findings=failing)
        raise AssertionError(f"{len(failing)} of {len(wanted)} gradients are not right\n{shown}")
    return found


def _table(model: Model, mapping: Declared, sizes: Mapping[str, int]) -> Table:
    """The table of a mapping with the sizes beside it."""
    read = mappings.table(mapping, model) if isinstance(mapping, Mapping) else mappings.file(mapping, model)
    said = {key: sizes[key] for key in ("T", "N") if key in sizes}
    return replace(read, **said, sizes={**read.sizes, **{n: size for n, size in sizes.items() if n not in said}})  # type: ignore[arg-type]


def points(found: Diagnosis, each: float = 1.0, scaled: float = 0.5, certain: float = 0.0) -> float:
    """Marks for a diagnosis: `each` for a right gradient, that times `scaled` for one right up to layout or a factor."""

    def share(finding: Finding) -> float:
        return {"right": 1.0, "scaled": scaled}.get(finding.verdict, certain if finding.certain else 0.0)

    return each * sum(share(f) for f in found.findings)
