"""A model at a point, one sample: every value of every step as a matrix, and every derivative, by complex steps.

Derivatives are Jacobians in numerator layout: d u / d v has a row for each entry of u and a column for each entry of v, a
matrix being read row by row. The immediate derivative holds earlier steps fixed; the total one does not.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.algebra.nodes import CrossEntropy, LogSumExp, Softmax
from symbptt.data.arrays import size
from symbptt.data.classes import one_hot
from symbptt.data.values import Data
from symbptt.diagnose.formula.operations import Absent, Unfit
from symbptt.diagnose.submission.drawn_data import draw
from symbptt.model.older_values import held
from symbptt.model.values import Model
from symbptt.unroll.graph import UnrolledGraph, steps
from symbptt.verify.interpreter import Values, evaluate
from symbptt.verify.objective import by_step, leaves

H = 1e-30
TOTAL = "L"
SAMPLES = 7


@dataclass(frozen=True)
class Regime:
    """Under which circumstances a formula is tried, in words, and the data for it."""

    words: str
    scalars: bool
    zero_start: bool


REGIMES = (
    Regime("for matrices and any initial state", False, False),
    Regime("only if the initial state is zero", False, True),
    Regime("only for scalars (one unit per layer)", True, False),
    Regime("only for scalars with an initial state of zero", True, True),
)
"""From the most general to the least."""


class World:
    """Values and derivatives of a model over T steps; computed when asked for, and kept."""

    def __init__(self, model: Model, regime: Regime, T: int, seed: int) -> None:
        self.model, self.T = model, T
        data = draw(model, T, 1, given=_one_unit(model) if regime.scalars else None, seed=seed)
        if regime.zero_start:
            data = replace(data, states={s.name: 0 * data.value(s) for s in model.states})
        self.data: Data = _classes_as_rows(model, data)
        self.graph: UnrolledGraph = steps(model, T)
        self.behind = False
        """Whether a value behind the last step was read, where adjoints are zero."""
        self._variables = {v.name: v for v in model.variables}
        self._known: dict[tuple[object, ...], Array] = {}

    @cached_property
    def leaves(self) -> Values:
        """The given values."""
        return leaves(self.graph, self.data)

    @cached_property
    def values(self) -> Values:
        """All values by name and step."""
        return evaluate(self.graph, self.leaves, self.data.dims)

    def size(self, name: str) -> int | None:
        """A dimension; N, the number of samples of which a formula describes one, is no number that anything else has."""
        mean = self.model.loss is not None and self.model.loss.reduction == "mean"
        return self.data.dims.get(name, {"N": 1 if mean else SAMPLES}.get(name))

    def read(self, name: str, step: int | None) -> Array:
        """A value or, for dh and dW, an adjoint. Raises Unfit where there is none."""
        known = self._variables
        if name not in known and name.startswith("d") and (name[1:] in known or name[1:] == TOTAL):
            return self.adjoint(name[1:], step)
        return self.value(name, step)

    def value(self, name: str, step: int | None) -> Array:
        """A value as a matrix, zero at T+1; the loss of one step, or of all. Raises Unfit where there is none."""
        if name == TOTAL and step is None:
            return sum((self.values[self.loss, t][..., 0, :, :] for t in self.graph.loss_steps), np.zeros((1, 1)))
        if name == TOTAL and step is not None and 1 <= step <= self.T:
            return np.asarray(self.values[self.loss, step][0]) if step in self.graph.loss_steps else np.zeros((1, 1))
        if step == self.T + 1 and (name == TOTAL or self._variables[name].timed):
            self.behind = True
            return np.zeros_like(self.value(name, self.T))
        return np.asarray(self.values[self._key(name, step)][0])

    def _key(self, name: str, step: int | None) -> tuple[str, int]:
        """Where a value is kept: one that is older than the initial state in the state that holds it."""
        timed = name == TOTAL or self._variables[name].timed
        key = (name, 1 if step is None else step)
        if step is not None and step <= 0 and name in self._variables and (name, step) not in self.values:
            key = (held(self._variables[name], 1 - step), 0)
        if name == TOTAL and step in self.graph.loss_steps:
            key = (self.loss, key[1])
        if key not in self.values or (step is None and timed):
            raise Absent(f"there is no {name}" + ("" if step is None else f"[{step}]"))
        return key

    @property
    def loss(self) -> str:
        """The name of the loss."""
        assert self.model.loss is not None
        return self.model.loss.target.name

    def jacobian(self, of: str, at: int | None, by: str, when: int | None, total: bool) -> Array:
        """A Jacobian; with `total` through all steps, otherwise with earlier steps held fixed. Raises Unfit."""
        for name in (of, by):
            if name not in self._variables and name != TOTAL:
                raise Unfit(f"{name} is no variable")
        key = (of, at, by, when, total)
        if key not in self._known:
            self._known[key] = self._total(of, at, by, when) if total else self._immediate(of, at, by, when)
        return self._known[key]

    def term(self, t: int, k: int, name: str) -> Array:
        """The term (t, k) of the gradient of a parameter: how its use at step k changes the loss of step t; a row."""
        moved, count = self._perturbed(name, None, [(name, k)])
        values = evaluate(self.graph, {**self.leaves, **moved}, self.data.dims)
        return self._read(values, TOTAL, t, count)

    def adjoint(self, name: str, step: int | None) -> Array:
        """The total derivative of the loss in the shape of the value; zero behind the last step."""
        point = self.value(name, step)
        if step == self.T + 1:
            return point
        if name == TOTAL:
            return np.ones((1, 1))
        return self.jacobian(TOTAL, None, name, step, total=True).reshape(point.shape)

    def _perturbed(self, by: str, when: int | None, uses: Iterable[tuple[str, int]]) -> tuple[Values, int]:
        """Values with one entry of `by` moved along a new first axis, at these uses."""
        point = self.value(by, when)
        moves = 1j * H * np.eye(point.size).reshape(point.size, 1, *point.shape)
        return {use: self.values[use] + moves for use in uses}, point.size

    def _uses(self, by: str, when: int | None) -> list[tuple[str, int]]:
        """Where a value is read from: a parameter at every step, and by the states that start from it."""
        if when is not None:
            return [self._key(by, when)]
        started = [(s.name, 0) for s in self.model.starting(self.model[by]) if s.name not in self.data.states]
        return [(by, t) for t in range(1, self.T + 1) if (by, t) in self.values] + started

    def _total(self, of: str, at: int | None, by: str, when: int | None) -> Array:
        if when == self.T + 1 or by == TOTAL:
            return self._apart(of, at, by, when)
        moved, count = self._perturbed(by, when, self._uses(by, when))
        graph = replace(self.graph, assignments=tuple(
            a for a in self.graph.assignments if (a.variable.name, a.step) not in moved
        ))
        return self._read(evaluate(graph, {**self.leaves, **moved}, self.data.dims), of, at, count)

    def _immediate(self, of: str, at: int | None, by: str, when: int | None) -> Array:
        if at is None:
            raise Unfit(f"d({of}, ...) needs a step: d({of}[t], ...)")
        self.value(of, at)
        if (at <= 0 and when != at) or self.T + 1 in (at, when) or by == TOTAL:
            return self._apart(of, at, by, when)
        uses = [(by, at)] if when is None else [self._key(by, when)]
        moved, count = self._perturbed(by, when, uses)
        graph = replace(self.graph, assignments=tuple(
            a for a in self.graph.assignments if a.step == at and (a.variable.name, a.step) not in moved
        ))
        return self._read(evaluate(graph, {**self.values, **moved}, self.data.dims), of, at, count)

    def _apart(self, of: str, at: int | None, by: str, when: int | None) -> Array:
        """The derivative of one value by another that does not reach it, or by itself."""
        shape = (self.value(of, at).size, self.value(by, when).size)
        return np.eye(*shape) if (of, at) == (by, when) else np.zeros(shape)

    def _read(self, values: Values, of: str, at: int | None, count: int) -> Array:
        if of == TOTAL and (at is None or at in self.graph.loss_steps):
            steps = by_step(self.graph, values, self.data)
            parts = [x.reshape(-1, 1, 1, 1) for t, x in steps.items() if at in (None, t)]
        else:
            point = self.value(of, at)
            if at == self.T + 1 or of == TOTAL:
                return np.zeros((point.size, count))
            parts = [values[self._key(of, at)]]
        rows = parts[0].shape[-1] * parts[0].shape[-2]
        total = sum((np.broadcast_to(p, (count, 1, *p.shape[-2:])).imag / H for p in parts), np.zeros(1))
        return np.asarray(total).reshape(count, rows).T


def _one_unit(model: Model) -> dict[str, int]:
    """Every dimension 1, but that of a softmax: over one class it is constant."""
    nodes = [n for e in model.all_equations for n in e.value.atoms(Softmax, CrossEntropy, LogSumExp)]
    classes = {s.name for node in nodes for s in node.args[0].shape[0].free_symbols}
    return {name: 3 if name in classes else 1 for name in model.dimensions}


def _classes_as_rows(model: Model, data: Data) -> Data:
    targets = {
        n: one_hot(a, size(model[n].rows, data.dims)) if a.dtype.kind in "iu" else a for n, a in data.targets.items()
    }
    return replace(data, targets=targets)
