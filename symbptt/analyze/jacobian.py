"""State Jacobians as numbers: J_k = ds_k/ds_{k-1}, its blocks, the direct routes, and products of them, one step at a time.

A Jacobian is an array (N, S, S), one matrix per sample, S the number of entries of s_t. Where an operation couples the samples
(batch_norm) it is one matrix (1, N S, N S) on the stacked samples.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import build, linear
from symbptt.algebra.evaluate import Array, evaluate
from symbptt.algebra.nodes import TIME, BatchMean
from symbptt.analyze.walk import only, size
from symbptt.derive import step
from symbptt.derive.adjoint import STEP, symbol
from symbptt.derive.numeric import Run
from symbptt.derive.rules import paths
from symbptt.model.values import Model, Role


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

    done: Run

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
        values, N, together = self.done.at(k), self.done.N, coupled(self.model)
        model, side = self.model, self.entries
        program = only(step.step_vjp(model), frozenset(s.at(TIME - 1) for s in model.states))
        with np.errstate(all="ignore"):
            direct = {name: self._spread(evaluate(matrix, values)) for name, matrix in direct_routes(model).items()}
            for s in model.states:
                rows = np.eye(side)[:, self.places[s.name]].reshape(side, -1, *size(s, values))
                # One direction serves all samples, unless they are coupled.
                values.leaves[symbol(STEP, s, TIME)] = rows if together else np.broadcast_to(rows, (side, N, *rows.shape[2:]))
            pulled = program.run(values)
            made = np.zeros((side, self.samples, side))
            for s in model.states:
                if s.at(TIME - 1) in pulled:
                    block = np.broadcast_to(pulled[s.at(TIME - 1)], (side, N, *size(s, values)))
                    made[:, :, self.places[s.name]] = block.reshape(side, self.samples, -1)
        return Factor(made.swapaxes(0, 1), direct)

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
        maps = [item for leaf, item in paths(value, v.at()) if leaf == v.at(TIME - 1)]
        parts = [sp.Identity(v.rows) if item == linear.IDENTITY else item.matrix() for item in maps]
        alone = len(model.states) == len(maps) == 1 and step.state_jacobian(model)[v.name, v.name] == maps[0]
        if parts and None not in parts and not alone:
            found[v.name] = build.add(*parts)
    return found
