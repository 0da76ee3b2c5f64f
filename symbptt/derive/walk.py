"""One walk back through the steps that carries J^T ... J^T g_t for every loss step t at once.

At source step k the walk holds the signals of the loss steps t >= k, and the terms (t, k) that they give. Nothing is kept
from one step to the next but the signals, so memory does not grow with the number of Jacobians.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import tidy
from symbptt.algebra.evaluate import Array, Values, evaluate
from symbptt.algebra.nodes import TIME
from symbptt.algebra.related import StepAdjoint
from symbptt.derive import step
from symbptt.derive.adjoint import initial
from symbptt.derive.numeric import Evaluation
from symbptt.model.values import Role, Variable

LANE_ENTRIES = 1 << 20
"""Terms are made for so many loss steps at once that a stack of them has about this many entries."""


@dataclass(frozen=True)
class Lane:
    """Terms of one variable for the loss steps at `places` of the visit's `losses`.

    (losses, N, rows, columns), for parameters (losses, 1, rows, columns) summed over the samples unless these are asked for.
    """

    name: str
    places: slice
    values: Array


@dataclass(frozen=True)
class Visit:
    """The walk at source step k. `losses` are the loss steps t >= k, the last first.

    `signals` by state: (dL_t/ds_k)^T with the states of the same step held fixed, (losses, N, rows, columns).
    `lanes` makes the terms (t, k) of the wanted variables, and has to be used before the next visit.
    """

    k: int
    losses: tuple[int, ...]
    signals: Mapping[str, Array]
    lanes: Iterator[Lane]


def size(variable: Variable, values: Values) -> tuple[int, int]:
    """Rows and columns as numbers."""
    return values.size(variable.rows), values.size(variable.columns)


def visits(done: Evaluation, wanted: tuple[Variable, ...], samples: bool = False) -> Iterator[Visit]:
    """Visit the steps T .. 1 of a model with a loss.

    `wanted` are parameters, inputs and states; an initial state, learned or not, has the terms (t, 1), at k = 1.
    `samples` keeps the terms of a parameter apart by sample.
    """
    return _Walk(done, wanted, samples).visits()


class _Walk:
    def __init__(self, done: Evaluation, wanted: tuple[Variable, ...], samples: bool) -> None:
        self.done, self.model, self.samples = done, done.graph.model, samples
        self.leaves = tuple(v for v in wanted if not initial(self.model, v))
        self.initial = tuple(v for v in wanted if initial(self.model, v))
        program = step.step_vjp(self.model)
        self.back = program.only(frozenset(s.at(TIME - 1) for s in self.model.states))
        self.pull = program.only(frozenset(v.at() for v in self.leaves))

    def visits(self) -> Iterator[Visit]:
        done, losses = self.done, tuple[int, ...]()
        signals = {s.name: np.zeros((0, done.N, *size(s, done.values))) for s in self.model.states}
        for k in range(done.graph.T, 0, -1):
            values = done.at(k)
            direct: dict[sp.MatrixSymbol, Array] = {}
            with np.errstate(all="ignore"):
                if k in done.graph.loss_steps:
                    losses = (*losses, k)
                    direct = step.loss_vjp(self.model).run(values)
                    signals = {s.name: self._joined(signals[s.name], direct.get(s.at())) for s in self.model.states}
                carried = self._carried(values, signals, direct)
                last = carried if k == 1 else {}
                yield Visit(k, losses, signals, self._lanes(values, len(losses), signals, direct, last))
            signals = carried

    def _joined(self, signals: Array, own: Array | None) -> Array:
        """The signals with that of the present loss step behind them."""
        lane = np.zeros(signals.shape[1:]) if own is None else self.done.batch(own)
        return np.concatenate([signals, lane[None]])

    def _seeded(self, values: Values, signals: Mapping[str, Array], places: slice) -> Values:
        for s in self.model.states:
            values.leaves[StepAdjoint(s.at())] = signals[s.name][places]
        return values

    def _carried(
        self, values: Values, signals: Mapping[str, Array], direct: Mapping[sp.MatrixSymbol, Array]
    ) -> dict[str, Array]:
        """J_k^T of every signal, and what the loss of step k takes from the states of step k-1 directly."""
        pulled = self.back.run(self._seeded(values, signals, slice(None)))
        carried = {}
        for s in self.model.states:
            back = s.at(TIME - 1)
            made = np.zeros(signals[s.name].shape) + pulled.get(back, 0.0)
            if back in direct:
                made[-1] += direct[back]
            carried[s.name] = made
        return carried

    def _lanes(
        self, values: Values, count: int, signals: Mapping[str, Array], direct: Mapping[sp.MatrixSymbol, Array],
        last: Mapping[str, Array],
    ) -> Iterator[Lane]:
        for v in self.initial if last else ():
            yield Lane(v.name, slice(0, count), self._first(v, count, last))
        largest = max((int(np.prod(size(v, values))) for v in self.leaves), default=1) * self.done.N
        width = max(1, LANE_ENTRIES // largest)
        for start in range(0, count, width) if self.leaves else ():
            places = slice(start, min(start + width, count))
            self._seeded(values, signals, places)
            for target, value in self.pull.assignments:
                values.leaves[target] = evaluate(value, values)
            pulled = dict(self.pull.outputs)
            for v in self.leaves:
                term = self._term(v, pulled.get(v.at()), values, places.stop - start)
                if places.stop == count and v.at() in direct:
                    own = self.done.batch(direct[v.at()])
                    term = term.copy()  # it may be the adjoint itself, which other terms are made of
                    term[-1] += own if term.shape[1] == self.done.N else own.sum(axis=0, keepdims=True)
                yield Lane(v.name, places, term)

    def _first(self, v: Variable, count: int, last: Mapping[str, Array]) -> Array:
        """The terms of an initial state, or of a parameter from which states start that are not given."""
        term = np.zeros((count, self.done.N, *size(v, self.done.values)))
        for s in initial(self.model, v):
            if s == v or s.name in self.done.started:
                term = term + last[s.name]
        return term

    def _term(self, v: Variable, expression: MatrixExpr | None, values: Values, count: int) -> Array:
        summed = v.role is Role.PARAMETER and not self.samples
        shape = (count, 1 if summed else self.done.N, *size(v, values))
        if expression is None:
            return np.zeros(shape)
        value = batch_sum(expression, values, self.done.N) if summed else evaluate(expression, values)
        return np.broadcast_to(value, shape)


def batch_sum(node: MatrixExpr, values: Values, N: int) -> Array:
    """The value of an expression summed over N samples: (..., 1, rows, columns)."""
    if isinstance(node, sp.MatAdd):
        return sum((batch_sum(a, values, N) for a in node.args[1:]), batch_sum(node.args[0], values, N))
    number, factors = tidy.split_number(node)
    if len(factors) > 1 and factors[-1].shape[0] == 1 and node.shape[0] != 1:
        column = _spread(evaluate(tidy.mul(*factors[:-1]), values), N)[..., 0]
        row = _spread(evaluate(factors[-1], values), N)[..., 0, :]
        # sum_n a_n b_n^T is one matrix product, the samples being its inner index.
        outer = (column.swapaxes(-1, -2) @ row)[..., None, :, :]
        return outer if number == 1 else values.number(number) * outer
    return np.asarray(_spread(evaluate(node, values), N).sum(axis=-3, keepdims=True))


def _spread(value: Array, N: int) -> Array:
    return np.broadcast_to(value, (*value.shape[:-3], N, *value.shape[-2:]))
