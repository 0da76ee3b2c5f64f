"""Complex step: df/dv = Im f(x + i h v) / h, exact to rounding, because nothing is subtracted (h = 1e-200).

Squire and Trapp (1998), Using complex variables to estimate derivatives of real functions, SIAM Review 40(1).
The functions are the interpreter's objective, and the emitted module's own.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from symbptt.data.arrays import shape
from symbptt.data.classes import takes_classes
from symbptt.data.values import Array, Data
from symbptt.model.values import Model, Role, Variable
from symbptt.unroll.graph import UnrolledGraph
from symbptt.verify.case import Case
from symbptt.verify.compare import Comparison, Scale
from symbptt.verify.interpreter import evaluate
from symbptt.verify.objective import by_step, leaf, leaves, objective
from symbptt.verify.probe import ENTRIES, Probes, probes
from symbptt.verify.report import Check

STEP = 1e-200
TOLERANCE = 1e-11

_OWN_PROBES = 8
"""Directions per variable in which the module's own objective is probed; it takes one call each."""


def slopes(graph: UnrolledGraph, data: Data, probe: Probes) -> Array:
    """The derivatives (E,) of the interpreter's objective along the probes."""
    point = data.value(probe.variable)
    steps = [objective(graph, data.having(probe.variable, point + 1j * STEP * d)) for d in probe.chunks()]
    return np.concatenate([_broadcast(s, len(d)) for s, d in zip(steps, probe.chunks(), strict=True)]).imag / STEP


def _broadcast(values: Array, count: int) -> Array:
    # An objective that does not depend on the variable has lost the perturbation axis.
    return np.broadcast_to(values, (count,)).astype(complex)


def gradient(graph: UnrolledGraph, data: Data, variable: Variable) -> Array:
    """The gradient of the interpreter's objective, entry by entry, in the shape that the data have."""
    size = data.value(variable).shape
    return slopes(graph, data, probes(variable, size, np.random.default_rng(0), limit=int(np.prod(size)))).reshape(size)


def terms(graph: UnrolledGraph, data: Data, variable: Variable) -> dict[tuple[int, int], Array]:
    """The parts (t, k) of a gradient: how the variable's use at step k changes the objective of step t.

    A parameter's parts are summed over the samples; those of an input and of an initial state (k = 1) keep them.
    """
    point = data.value(variable)
    size = point.shape if _is_tied(variable) else point.shape[1:]
    count = int(np.prod(size))
    found: dict[tuple[int, int], list[Array]] = {}
    for start in range(0, count, ENTRIES):
        directions = np.eye(min(ENTRIES, count - start), count, start).reshape(-1, *size)
        for pair, part in _terms_along(graph, data, variable, directions).items():
            found.setdefault(pair, []).append(part)
    return {pair: np.concatenate(parts).reshape(size) for pair, parts in sorted(found.items())}


def _is_tied(variable: Variable) -> bool:
    return variable.role is Role.STATE or (variable.role is Role.PARAMETER and variable.tied)


def _terms_along(
    graph: UnrolledGraph, data: Data, variable: Variable, directions: Array
) -> dict[tuple[int, int], Array]:
    """The parts (t, k) along directions (E, ...) of one step's value."""
    found: dict[tuple[int, int], Array] = {}
    fixed, point = leaves(graph, data), data.value(variable)
    # Every step is moved, and then the value at one step alone is taken.
    along = directions if _is_tied(variable) else directions[:, None]
    moved = leaf(graph, data.having(variable, point + 1j * STEP * along), variable)
    for k in (1,) if variable.role is Role.STATE else range(1, graph.T + 1):
        use = (variable.name, 0 if variable.role is Role.STATE else k)
        # A parameter that a state starts from is used there, which belongs to the terms (t, 1).
        started = {(s.name, 0): moved[use] for s in graph.model.starting(variable) if k == 1 and s.name not in data.states}
        parts = by_step(graph, evaluate(graph, fixed | {use: moved[use]} | started, data.dims), data)
        found |= {(t, k): _broadcast(part, len(directions)).imag / STEP for t, part in parts.items() if t >= k}
    return found


def check(case: Case, rng: np.random.Generator) -> Iterator[Check]:
    """Emitted gradients against the complex step of the interpreter."""
    made = case.probes(rng)
    measured = {name: slopes(case.graph, case.data, probe) for name, probe in made.items()}
    compare = Comparison("complex step", "emitted", "complex step", TOLERANCE, Scale.of(measured.values()))
    for name, probe in made.items():
        yield compare.slopes(case.given[name], measured[name], probe)


def check_weighted(case: Case, rng: np.random.Generator) -> Iterator[Check]:
    """The same with a random mask and random weights of the steps, if the code takes them."""
    if not case.code.takes_weights:
        return
    T, N = case.data.T, case.data.N
    mask, weights = (rng.random((T, N)) < 0.7) * rng.uniform(0.5, 1.5, (T, N)), rng.uniform(0.5, 1.5, T)
    data = replace(case.data, mask=mask, weights=weights, targets=_as_vectors(case.data, case.graph.model, rng))
    for item in check(replace(case, data=data, given=case.code.gradients(data)), rng):
        yield replace(item, name="complex step, mask")
    if case.code.has_loss:
        ours, theirs = np.asarray(case.code.value(data).real), np.asarray(objective(case.graph, data).real).reshape(())
        compare = Comparison("complex step, mask", "emitted", "interpreter", TOLERANCE, Scale.of([theirs]))
        yield compare.arrays("loss", ours, theirs)


def _as_vectors(data: Data, model: Model, rng: np.random.Generator) -> dict[str, Array]:
    """The targets, classes as vectors that sum to anything: a cross-entropy counts their sum."""
    found = dict(data.targets)
    for v in model.of(Role.TARGET):
        if takes_classes(model, v):
            found[v.name] = rng.uniform(0.1, 1.0, (data.T, data.N, *shape(v, data.dims)))
    return found


def check_own(case: Case, rng: np.random.Generator) -> Iterator[Check]:
    """Emitted gradients against the complex step of the module's own objective, along random directions, where it takes any."""
    if not case.code.takes_complex:
        return
    made = case.probes(rng, _OWN_PROBES)
    measured = {name: np.array([_own(case, probe.variable, d) for d in probe.directions]) for name, probe in made.items()}
    compare = Comparison("complex step, own", "emitted", "complex step of the module", TOLERANCE, Scale.of(measured.values()))
    for name, probe in made.items():
        yield compare.slopes(case.given[name], measured[name], probe)


def _own(case: Case, variable: Variable, direction: Array) -> float:
    point = case.data.value(variable)
    return case.code.value(case.data.having(variable, point + 1j * STEP * direction)).imag / STEP
