"""The true gradients of a model at a point, and how much of a difference rounding alone explains.

The gradients are complex steps of the interpreter's objective. Rounding is judged as in Monte Carlo arithmetic (Parker (1997),
Monte Carlo arithmetic: exploiting rounding error, UCLA CSD-970002): the same computation is repeated with every intermediate
value multiplied by 1 + d, d random of size 1e-8; what then changes, scaled from 1e-8 to the machine's epsilon, is what an
honest implementation may differ by. So a gradient that is zero by cancellation is compared with the size of what cancels.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import sympy as sp

from symbptt.data.arrays import size
from symbptt.data.values import Array, Data
from symbptt.model.values import Role, Variable
from symbptt.unroll.graph import Assignment, UnrolledGraph
from symbptt.verify.complex_step import STEP
from symbptt.verify.interpreter import Values, evaluate
from symbptt.verify.objective import by_step, leaves

_NOISE = 1e-8
_DRAWS = 4
_FACTOR = 1000.0
"""Roundings add up, and a handful of draws does not show the worst case."""
_RELATIVE = 1e-9
"""Differences below this share of a gradient's largest entry are let pass in any case."""
_FLOOR = 1e-13
"""So are differences below this: where values are homogeneous, as behind batch_norm, a factor moves nothing, yet entries of size
one cancel and leave their rounding."""
_PREFIX = "noise:"


@dataclass(frozen=True)
class Truth:
    """A value, the difference that `rounding` explains, and the one that is `allowed`; `loose` if that is much of the value."""

    value: Array
    allowed: Array
    rounding: float

    @property
    def finite(self) -> bool:
        """Whether there is something to compare."""
        return bool(np.isfinite(self.value).all() and np.isfinite(self.allowed).all())

    @property
    def loose(self) -> bool:
        """Whether rounding alone makes the comparison weak."""
        return bool(np.max(self.allowed, initial=0.0) > 1e-6 * max(1.0, float(np.abs(self.value).max(initial=0.0))))


def truths(graph: UnrolledGraph, data: Data) -> tuple[Truth, dict[str, Truth]]:
    """The objective, and its gradient by every parameter, input and initial state with real values."""
    variables = [v for v in graph.model.of(Role.PARAMETER, Role.INPUT, Role.STATE) if not v.classes]
    return moved_truths(variables, data, lambda at: sum(by_step(graph, noisy_values(graph, at), at).values(), np.zeros(())))


def moved_truths(
    variables: Iterable[Variable], data: Data, objective: Callable[[Data], Array]
) -> tuple[Truth, dict[str, Truth]]:
    """An objective of `noisy_values`, and its gradient by these variables; it is asked once, for all entries and draws."""
    ahead = sorted(variables, key=lambda v: v.role is not Role.PARAMETER)
    entries = sum(data.value(v).size for v in ahead)
    total = np.broadcast_to(objective(_moved(data, ahead, entries)), (_DRAWS + 1, entries + 1))
    slopes = total.imag / STEP
    found, start = dict[str, Truth](), 1
    for v in ahead:
        shape = data.value(v).shape
        stop = start + data.value(v).size
        found[v.name] = _truth(slopes[:, start:stop].reshape(-1, *shape))
        start = stop
    return _truth(total[:, 0].real), found


def outputs(graph: UnrolledGraph, data: Data) -> Mapping[str, Truth]:
    """The outputs of all steps."""
    values = noisy_values(graph, data)

    def drawn(value: Array) -> Array:
        return np.broadcast_to(value, (_DRAWS + 1, 1, data.N, *value.shape[-2:]))[:, 0]

    steps = range(1, graph.T + 1)
    return {v.name: _truth(np.stack([drawn(values[v.name, t]) for t in steps], axis=1)) for v in graph.model.outputs}


def _truth(draws: Array) -> Truth:
    exact = draws[0]
    spread = np.abs(draws[1:] - exact).max(axis=(0, *range(1, draws.ndim)), initial=0.0)
    largest = np.abs(exact).max(initial=0.0)
    share = _FACTOR * np.finfo(np.float64).eps / _NOISE
    return Truth(exact, np.asarray(max(_RELATIVE * largest, share * spread, _FLOOR)), float(share * spread))


def _moved(data: Data, variables: list[Variable], count: int) -> Data:
    """The data with one perturbation each: none, then one for every entry of every variable; axes (1, count + 1, ...)."""
    start, made = 1, data
    for v in variables:
        point = data.value(v)
        directions = np.zeros((count + 1, point.size))
        directions[start : start + point.size] = np.eye(point.size)
        start += point.size
        moved = point + 1j * STEP * directions.reshape(-1, *point.shape)
        if v.initial is not None and v.name not in data.states:
            # A state that starts from a parameter moves with it, too. Parameters come first.
            moved = moved + (made.parameters[v.initial] - data.parameters[v.initial])[:, None]
        made = made.having(v, moved)
    return made


def noisy_values(graph: UnrolledGraph, data: Data) -> Values:
    """The values of a graph with noise at every assignment; axes (draws, 1, ...) in front, the first draw without any."""
    noisy = _noisy(graph)
    return evaluate(noisy, leaves(graph, data) | _noise(noisy, data), data.dims)


def _noisy(graph: UnrolledGraph) -> UnrolledGraph:
    """The graph with a factor at every assignment."""
    made = (
        Assignment(a.variable, a.step, sp.HadamardProduct(_factor(a.variable).at(a.step), a.value), a.equation) for a in graph
    )
    return UnrolledGraph(graph.model, graph.T, tuple(made))


def _factor(variable: Variable) -> Variable:
    return Variable(_PREFIX + variable.name, Role.LOCAL, variable.shape, variable.rows, variable.columns)


def _noise(graph: UnrolledGraph, data: Data) -> Values:
    """The factors: 1 for the first draw, 1 + d for the others; axes (draws, 1, N, rows, columns)."""
    rng = np.random.default_rng(0)
    found: Values = {}
    for a in graph:
        rows, columns = (size(extent, data.dims) for extent in a.variable.at(a.step).shape)
        noise = _NOISE * rng.uniform(-1, 1, (_DRAWS + 1, 1, data.N, rows, columns))
        noise[0] = 0.0
        found[_PREFIX + a.variable.name, a.step] = 1.0 + noise
    return found
