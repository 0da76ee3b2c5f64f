"""From arrays to a case: a model at values, its right terms, and the given gradients in the expected shapes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from math import prod
from typing import Any, Protocol

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.derive.numeric import in_own_shape, run
from symbptt.diagnose.causes import Cause
from symbptt.diagnose.findings import WRONG, Finding, Suspect
from symbptt.diagnose.interpret import Gradients, Sweep, Terms, interpret, sweep
from symbptt.diagnose.point import Point
from symbptt.diagnose.routes import BackwardPass, backward_pass
from symbptt.diagnose.submitted import SubmittedGradient, entries, whole
from symbptt.errors import BadInput, UnknownName
from symbptt.model.values import Model, Role, Variable
from symbptt.unroll.graph import UnrolledGraph, steps

Arrays = Mapping[str, Any]
MAX_NUMBERS = 50_000_000
"""The largest count of numbers in the terms of all gradients."""


class Known(Protocol):
    """What somebody's results are held against: a model at values, and its right gradients."""

    @property
    def model(self) -> Model: ...
    @property
    def T(self) -> int: ...
    @property
    def N(self) -> int: ...
    @property
    def right(self) -> Gradients: ...

    @property
    def loss(self) -> float | None:
        """The loss, summed over steps and samples as it counts them; None without one."""

    def computed(self) -> Iterator[tuple[Variable, Array, list[int]]]:
        """The variables that the model computes with their values (steps, N, ...), and the steps."""


@dataclass(frozen=True)
class Case:
    """A model at a point: its right adjoints and terms; `unset` is the point with zero in place of some initial states.

    `having` is another model, with other equations, for the same arrays.
    `merged` is the point with all loss steps taken together, `total` the adjoints there: most mistakes need no more.
    """

    backward: BackwardPass
    point: Point
    unset: Callable[[frozenset[str]], Point]
    having: Callable[[Model], Case]
    sweep: Sweep
    merged: Point
    total: Sweep
    terms: Terms
    right: Gradients

    @property
    def model(self) -> Model:
        """The model."""
        return self.backward.model

    @property
    def T(self) -> int:
        """The number of steps."""
        return self.point.T

    @property
    def N(self) -> int:
        """The number of samples."""
        return self.point.N

    @property
    def loss(self) -> float | None:
        """The loss, summed over steps and samples as it counts them; None without one."""
        loss, point = self.model.loss, self.point
        if loss is None:
            return None
        values = (point.weight[t - 1] * point.run.values.leaves[loss.target.at(t)] for t in point.losses)
        return float(sum(np.broadcast_to(v, (point.N, 1, 1)).sum() for v in values))

    def computed(self) -> Iterator[tuple[Variable, Array, list[int]]]:
        """The variables that the model computes with their values (steps, N, ...), and the steps."""
        model, leaves = self.model, self.point.run.values.leaves
        targets = {e.target.name for e in model.equations}
        for v in model.of(Role.STATE, Role.LOCAL):
            steps = [t for t in range(1, self.T + 1) if v.at(t) in leaves]
            if v.name in targets and v.definition is None and steps:
                values = [np.broadcast_to(leaves[v.at(t)], (self.N, *leaves[v.at(t)].shape[-2:])) for t in steps]
                yield v, in_own_shape(v, np.stack(values), 2, self.point.values), steps

    @property
    def counts(self) -> dict[str, int]:
        """The counts by which gradients are averaged."""
        T, N = self.point.T, self.point.N
        found = {"N": N, "T": T, "(T N)": T * N}
        for variable in self.backward.model.of(Role.TARGET):
            name, size = " ".join(variable.shape), prod(self.point.size(variable))
            found |= {name: size, f"(N {name})": N * size, f"(T N {name})": T * N * size}
        return found


def _array(value: Any, name: str) -> Array:
    try:
        array = np.asarray(value)
    except (ValueError, TypeError) as error:
        raise BadInput(f"{name}: not an array of numbers: {error}") from None
    if array.dtype.kind not in "biuf":
        raise BadInput(f"{name}: not an array of real numbers but of {array.dtype}")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise BadInput(f"{name}: has entries that are no finite numbers")
    return array


def _with_batch(model: Model, group: Arrays, lead: int, part: str) -> dict[str, Array]:
    """The arrays of a group; one without an axis for the samples gets one of length 1."""
    made: dict[str, Array] = {}
    for name, value in group.items():
        if name not in {v.name for v in model.variables}:
            raise UnknownName(part, name, (v.name for v in model.variables if v.definition is None))
        array = _array(value, f"{part}.{name}")
        axes = len(model[name].shape) + lead
        if array.ndim == axes - 1 and not (lead == 2 and array.dtype.kind in "iu" and array.ndim == 2):
            array = np.expand_dims(array, lead - 1)
        elif lead == 2 and array.ndim == 1 and array.dtype.kind in "iu":
            array = array[:, None]
        made[name] = array
    return made


def case(
    model: Model, *, parameters: Arrays, inputs: Arrays, targets: Arrays | None = None, cotangents: Arrays | None = None,
    states: Arrays | None = None, mask: Any = None, weights: Any = None, T: int | None = None, padding: str = "",
) -> Case:
    """Evaluate a model. Shapes are those of the emitted code; an axis for one sample may be left out.

    T is needed where no array has an axis for the steps; `padding` is the input that says where a chunk has no token.

    With `cotangents` the gradients are those of sum(cotangents * outputs) and the loss plays no part. Raises BadInput.
    """
    if cotangents and targets:
        raise BadInput("give targets, for the gradients of the loss, or cotangents, for those of the outputs, not both")
    if cotangents or model.loss is None:
        model, targets = replace(model, loss=None), None
    given = {
        "parameters": {name: _array(value, f"parameters.{name}") for name, value in parameters.items()},
        "inputs": _with_batch(model, inputs, 2, "inputs"),
        "targets": _with_batch(model, targets or {}, 2, "targets"),
        "states": _with_batch(model, states or {}, 1, "states"),
    }
    graph = steps(model, _steps(model, given, cotangents or {}) if T is None else T)
    T = graph.T
    _small(model, given["parameters"], graph, given["inputs"])
    done = run(graph, **given, mask=mask, weights=weights)
    outside = _cotangents(model, cotangents or {}, T, done.N)
    point = Point(done, outside, padding)

    @cache
    def unset(names: frozenset[str]) -> Point:
        zeros = {n: np.zeros_like(done.values.leaves[model[n].at(0)]) for n in names}
        cleared = given["states"] | {n: in_own_shape(model[n], zero, 1, done.values) for n, zero in zeros.items()}
        return Point(run(graph, **{**given, "states": cleared}, mask=mask, weights=weights), outside, padding)

    @cache
    def having(other: Model) -> Case:
        return case(other, **given, cotangents=cotangents, mask=mask, weights=weights, T=T, padding=padding)

    backward = backward_pass(model)
    right = sweep(backward, point)
    terms = interpret(backward, point, near=right)
    merged = point.merged()
    return Case(backward, point, unset, having, right, merged, sweep(backward, merged), terms, terms.gradients())


def _small(model: Model, parameters: Arrays, graph: UnrolledGraph, inputs: Arrays) -> None:
    """Refuse what is too large to keep the terms (t, k) of every sample apart."""
    N = max((np.shape(a)[1] for a in inputs.values() if np.ndim(a) > 1), default=1)
    pairs = max(len(graph.loss_steps), 1) * graph.T
    numbers = pairs * N * sum(int(np.size(a)) for a in parameters.values())
    if numbers > MAX_NUMBERS:
        what = f"the terms (t, k) of {model.name} hold {numbers} numbers, more than the {MAX_NUMBERS} that are compared"
        raise BadInput(f"{what}; a mistake shows just as well with fewer steps, samples and units")


def _steps(model: Model, given: Mapping[str, Arrays], cotangents: Arrays) -> int:
    """The number of steps, from the first array that has an axis for them."""
    untied = {n: a for n, a in given["parameters"].items() if n in {v.name for v in model.variables if v.timed}}
    for array in (*given["inputs"].values(), *given["targets"].values(), *untied.values(), *cotangents.values()):
        if np.ndim(array):
            return len(array)
    raise BadInput(f"no array of {model.name} has an axis for the steps; say their number, T")


def _cotangents(model: Model, given: Arrays, T: int, N: int) -> dict[str, Array]:
    outputs = {v.name for v in model.outputs}
    for name in given:
        if name not in outputs:
            raise UnknownName("output", name, outputs, "cotangents")
    made = _with_batch(model, given, 2, "cotangents")
    for name, array in made.items():
        expected = (T, N)
        if array.shape[:2] != expected:
            raise BadInput(f"cotangents.{name} has shape {array.shape}, expected {expected} in front")
    return made


def named(model: Model, name: str) -> Variable:
    """The variable that a gradient is for; W_hh and dW_hh, h, h0 and h_0 are understood. Raises UnknownName."""
    known = {v.name: v for v in model.with_gradient}
    for spelled in (name, name.removeprefix("grad_"), name.removeprefix("d"), name.removeprefix("d_")):
        for end in ("", "_0", "0"):
            bare = spelled.removesuffix(end)
            if bare in known and (not end or known[bare].role is Role.STATE):
                return known[bare]
    raise UnknownName("gradient", name, known)


def given(known: Known, theirs: Arrays, single: Arrays) -> tuple[tuple[SubmittedGradient, ...], tuple[Finding, ...]]:
    """The gradients that can be compared, and findings on those that cannot."""
    compared: dict[str, SubmittedGradient] = {}
    findings: list[Finding] = []
    for key, value in theirs.items():
        variable = named(known.model, key)
        expected = known.right[variable.name]
        array = value if isinstance(value, np.ndarray) else _loose(value)
        made = _comparable(variable, array, expected, {"T": known.T, "N": known.N})
        if isinstance(made, SubmittedGradient):
            compared[variable.name] = made
        else:
            findings.append(Finding(variable.name, WRONG, float("inf"), (Suspect(made, True),)))
    for key, value in single.items():
        variable = named(known.model, key)
        if variable.name in theirs:
            raise BadInput(f"{variable.name}: give the whole gradient or single entries, not both")
        compared[variable.name] = entries(variable, _array(value, f"entries.{key}"), known.right[variable.name].shape)
    return tuple(compared.values()), tuple(findings)


def _loose(value: Any) -> Array:
    try:
        return np.asarray(value)
    except (ValueError, TypeError):
        return np.array(None)


def _comparable(variable: Variable, array: Array, expected: Array, lead: Mapping[str, int]) -> SubmittedGradient | Cause:
    if array.dtype.kind not in "biuf":
        return Cause("not-real", None, variable.name, 0, ())
    bad = int((~np.isfinite(array)).sum()) if array.dtype.kind == "f" else 0
    if bad:
        return Cause("not-finite", None, variable.name, 0, (("count", str(bad)),))
    made = whole(variable, array if array.dtype.kind == "f" else array.astype(float), expected, lead)
    if made is None:
        shown = (("given", str(array.shape)), ("expected", str(expected.shape)))
        return Cause("shape-wrong", None, variable.name, 0, shown)
    return made
