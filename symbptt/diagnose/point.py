"""The forward values at which a backward pass is evaluated, stacked over the steps.

An array is (T, 1, N, rows, columns): the second axis is for the loss steps, along which adjoints are kept apart.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from functools import cached_property, singledispatchmethod
from typing import Any

import numpy as np
import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra.evaluate import Array, Values, evaluate
from symbptt.algebra.nodes import TIME, Timed
from symbptt.algebra.related import Cotangent, Related
from symbptt.derive.numeric import Evaluation
from symbptt.diagnose.displaced import Border, Displaced
from symbptt.errors import MissingRule
from symbptt.model.values import Variable


class _Leaves(dict[sp.MatrixSymbol, Array]):
    """Stacked values of symbols, made when they are first asked for."""

    def __init__(self, make: Callable[[sp.MatrixSymbol], Array]) -> None:
        self._make = make

    def __missing__(self, symbol: sp.MatrixSymbol) -> Array:
        made = self[symbol] = self._make(symbol)
        return made


class Point:
    """A forward run, ready for backward passes; `weight` (T, N, 1, 1) is what each step and sample counts in the loss.

    `padding` is the input of a chunk form that is zero where a chunk has no token, "" for other models.
    """

    def __init__(self, done: Evaluation, cotangents: dict[str, Array] | None = None, padding: str = "") -> None:
        self.run, self.padding = done, padding
        self.T, self.N = done.graph.T, done.N
        self.cotangents = cotangents or {}
        self.values = Values({}, {})
        self.values.sizes = done.values.sizes
        self.values.leaves = _Leaves(self._stacked)
        self._known: dict[MatrixExpr, Array] = {}
        self._sizes: dict[str, tuple[int, int]] = {}
        self.compiled: dict[MatrixExpr, Any] = {}

    @cached_property
    def started(self) -> frozenset[str]:
        """The states that do not start at zero."""
        leaves = self.run.values.leaves
        return frozenset(s.name for s in self.run.graph.model.states if s.at(0) in leaves and leaves[s.at(0)].any())

    @cached_property
    def losses(self) -> tuple[int, ...]:
        """The steps at which there is a loss, or at which a cotangent arrives."""
        return self.run.graph.loss_steps or tuple(range(1, self.T + 1))

    @cached_property
    def places(self) -> dict[int, int]:
        """The index of each loss step in `losses`, which is that on the second axis of arrays."""
        return {step: i for i, step in enumerate(self.losses)}

    def merged(self) -> Point:
        """The same point with all loss steps taken together: the gradients come out as they are, the terms do not."""
        made = copy(self)
        made.losses, made.places = (self.T,), dict.fromkeys(self.losses, 0)
        return made

    @cached_property
    def weight(self) -> Array:
        """What each step and sample counts, (T, N, 1, 1)."""
        made = np.ones((self.T, self.N, 1, 1))
        for step, value in self.run.weight.items():
            made[step - 1] = value
        return made

    def constant(self, expression: MatrixExpr) -> Array:
        """The value of an expression without adjoints at every step, (T, 1, N or 1, rows, columns)."""
        if expression not in self._known:
            value = evaluate(expression, self.values)
            if value.ndim < 5:
                value = value.reshape((1,) * (5 - value.ndim) + value.shape)
            self._known[expression] = np.broadcast_to(value, (self.T, *value.shape[1:]))
        return self._known[expression]

    def size(self, variable: Variable) -> tuple[int, int]:
        """The rows and columns of a variable."""
        if variable.name not in self._sizes:
            self._sizes[variable.name] = self.values.size(variable.rows), self.values.size(variable.columns)
        return self._sizes[variable.name]

    @singledispatchmethod
    def _stacked(self, symbol: sp.MatrixSymbol) -> Array:
        """The value of a symbol; of one without a step it is one value for all."""
        return np.asarray(self.run.values.leaves[symbol][None, None])

    @_stacked.register
    def _timed(self, symbol: Timed) -> Array:
        return self._displaced(Displaced(symbol))

    @_stacked.register
    def _related(self, symbol: Related) -> Array:
        raise MissingRule("value at a point", symbol, "symbptt/diagnose/point.py")

    @_stacked.register
    def _displaced(self, symbol: Displaced) -> Array:
        offset = int(symbol.step - TIME)
        values = [self._read(symbol, j + offset) for j in range(1, self.T + 1)]  # a learned start is one value for all samples
        return np.stack(np.broadcast_arrays(*values))[:, None]

    @_stacked.register
    def _cotangent(self, symbol: Cotangent) -> Array:
        rows, columns = self._shape(symbol)
        given = self.cotangents.get(symbol.primal.name)
        value = np.zeros((self.T, 1, rows * columns)) if given is None else np.asarray(given, float)
        return value.reshape(self.T, 1, -1, rows, columns)

    @_stacked.register
    def _border(self, symbol: Border) -> Array:
        first = (np.arange(self.T) % symbol.size == 0) & (np.arange(self.T) > 0)
        return np.broadcast_to(first[:, None, None, None, None].astype(float), (self.T, 1, 1, *self._shape(symbol)))

    def _read(self, symbol: Displaced, step: int) -> Array:
        """What is read at a step; zero where there is no such step."""
        leaves = self.run.values.leaves
        own = {j: Timed(symbol.args[0], symbol.rows, symbol.cols, j) for j in range(self.T + 1)}
        values = {j: leaves[at] for j, at in own.items() if at in leaves}
        known = tuple(values)
        place = symbol.place(step, self.T, known)
        if 1 <= place <= self.T and place not in values:
            # Computed for the loss alone, where there is one: no adjoint arrives here, any finite value will do.
            place = known[-1]
        return symbol.taken(values[place] if place in values else np.zeros_like(values[known[0]]))

    def _shape(self, symbol: Timed) -> tuple[int, int]:
        return self.values.size(symbol.rows), self.values.size(symbol.cols)
