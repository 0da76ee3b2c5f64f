"""State Jacobians as numbers: J_k = ds_k/ds_{k-1}, its blocks, the direct routes, and products of them, one step at a time.

A Jacobian is an array (N, S, S), one matrix per sample, S the number of entries of s_t. Where an operation couples the samples
(batch_norm) it is one matrix (1, N S, N S) on the stacked samples.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import linear, tidy
from symbptt.algebra.evaluate import Array, Values, evaluate
from symbptt.algebra.nodes import TIME, BatchMean
from symbptt.algebra.related import StepAdjoint
from symbptt.derive import step
from symbptt.derive.numeric import Evaluation
from symbptt.derive.rules import paths
from symbptt.derive.walk import size
from symbptt.model.values import Model, Role, Variable


def coupled(model: Model) -> bool:
    """Whether an operation of the cell couples the samples of a batch."""
    return any(e.value.has(BatchMean) for e in model.equations)


@dataclass(frozen=True)
class Factor:
    """One factor of the products: the Jacobian (samples, S, S), and by state the matrices (N, n, n) of its direct routes.

    For an LSTM's c the direct route is diag(f_k).
    """

    jacobian: Array
    direct: Mapping[str, Array]


@dataclass(frozen=True)
class Jacobians:
    """The Jacobians of an evaluated graph, made when asked for and not kept."""

    done: Evaluation

    @property
    def model(self) -> Model:
        """The model."""
        return self.done.graph.model

    @property
    def places(self) -> dict[str, slice]:
        """The rows of each state in s_t."""
        found: dict[str, slice] = {}
        start = 0
        for s in self.model.states:
            stop = start + int(np.prod(size(s, self.done.values))) * (self.done.N if coupled(self.model) else 1)
            found[s.name] = slice(start, stop)
            start = stop
        return found

    @property
    def entries(self) -> int:
        """The side of a Jacobian."""
        return max((place.stop for place in self.places.values()), default=0)

    @property
    def samples(self) -> int:
        """The number of matrices: N, or one if the samples are coupled."""
        return 1 if coupled(self.model) else self.done.N

    def at(self, k: int) -> Factor:
        """J_k and the direct routes of step k."""
        values, model, side = self.done.at(k), self.model, self.entries
        with np.errstate(all="ignore"):
            direct = {name: self._spread(evaluate(matrix, values)) for name, matrix in direct_routes(model).items()}
        pulled = self._pulled(values, frozenset(s.at(TIME - 1) for s in model.states))
        made = np.zeros((side, self.samples, side))
        for s in model.states:
            if s.at(TIME - 1) in pulled:
                made[:, :, self.places[s.name]] = pulled[s.at(TIME - 1)].reshape(side, self.samples, -1)
        return Factor(made.swapaxes(0, 1), direct)

    def immediate(self, k: int, variables: Iterable[Variable]) -> dict[str, Array]:
        """d+s_k/d theta of parameters and inputs by name, (samples, S, entries); those that reach no state are left out."""
        wanted = {v.at(): v for v in variables}
        made = {}
        for leaf, value in self._pulled(self.done.at(k), frozenset(wanted)).items():
            shared = coupled(self.model) and wanted[leaf].role is Role.PARAMETER
            whole = value.sum(axis=1, keepdims=True) if shared else value
            made[wanted[leaf].name] = whole.reshape(self.entries, self.samples, -1).swapaxes(0, 1)
        return made

    def _pulled(self, values: Values, leaves: frozenset[sp.MatrixSymbol]) -> dict[sp.MatrixSymbol, Array]:
        """Every unit vector of s_k pulled back to leaves of the step: (S, N, rows, columns)."""
        side, N = self.entries, self.done.N
        with np.errstate(all="ignore"):
            for s in self.model.states:
                rows = np.eye(side)[:, self.places[s.name]].reshape(side, -1, *size(s, values))
                # One direction serves all samples, unless they are coupled.
                values.leaves[StepAdjoint(s.at())] = np.broadcast_to(rows, (side, N, *rows.shape[2:]))
            pulled = step.step_vjp(self.model).only(leaves).run(values)
        return {leaf: np.broadcast_to(value, (side, N, *value.shape[-2:])) for leaf, value in pulled.items()}

    def _spread(self, value: Array) -> Array:
        return np.broadcast_to(value, (self.done.N, *value.shape[-2:]))


@lru_cache(maxsize=64)
def direct_routes(model: Model) -> dict[str, MatrixExpr]:
    """For each state that its own equation reads with a lag: the matrix of that route alone, in template time.

    Left out where this route is all there is to the state's Jacobian, as in a linear recurrence.
    """
    inline = {v.at(): v.definition for v in model.variables if v.definition is not None}
    found: dict[str, MatrixExpr] = {}
    for equation in model.equations:
        v, value = equation.target, equation.value
        if v.role is not Role.STATE or v.columns != 1:
            continue
        for _ in inline:
            value = value.xreplace(inline)
        routes = paths(value, v.at())
        maps = [item for leaf, item in routes if leaf == v.at(TIME - 1)]
        parts = [sp.Identity(v.rows) if item == linear.IDENTITY else item.matrix() for item in maps]
        depending = step.accumulate(model.equations, v.at(TIME - 1), frozenset())
        further = any(leaf != v.at(TIME - 1) and leaf.name in depending for leaf, _ in routes)
        if parts and None not in parts and (further or len(model.states) > 1):
            found[v.name] = tidy.add(*parts)
    return found
