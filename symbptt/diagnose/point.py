"""The forward values at which a backward pass is evaluated, stacked over the steps.

An array is (T, 1, N, rows, columns): the second axis is for the loss steps, along which adjoints are kept apart.
A wrong backward pass may read a value at a wrong step. Symbols with a prefix say which:

    v at t+1, t-2 ...     zero where there is no such step
    wrap:v                counted from the other end where there is no such step, as a negative index does
    at 3:v                the value of step 3 whatever the step: that of the last step is a buffer that was overwritten
    late:v                the value of step T whatever the step, but for the initial value
    reversed:v            the value of step T+1-t at step t
    unset:v               zero in place of the initial value
    sample 0:v            the value of sample 0 for every sample
    written:v             one-hot columns, zero where a later sample of the same step has the same class
    border 4:             ones where a stretch of 4 steps begins after another, zeros elsewhere
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra.evaluate import Array, Values, evaluate
from symbptt.algebra.nodes import TIME, Timed
from symbptt.derive.numeric import Run
from symbptt.derive.recursion import OUTSIDE
from symbptt.model.values import Variable

WRAP, LATE, REVERSED, UNSET, WRITTEN, BORDER = "wrap:", "late:", "reversed:", "unset:", "written:", "border "
_AT, _SAMPLE = "at ", "sample "


def at(step: int) -> str:
    """The prefix for the value of this step."""
    return f"{_AT}{step}:"


def sample(index: int) -> str:
    """The prefix for the value of this sample."""
    return f"{_SAMPLE}{index}:"


def border(size: int, rows: sp.Expr, columns: sp.Expr) -> Timed:
    """A matrix of ones where a stretch of this many steps begins after another, of zeros at other steps."""
    return Timed(f"{BORDER}{size}", rows, columns, TIME)


def displaced(prefix: str, symbol: Timed) -> Timed:
    """The symbol that reads the same variable in one of the ways above."""
    return Timed(prefix + symbol.name, *symbol.args[1:])


class _Leaves(dict[sp.MatrixSymbol, Array]):
    """Stacked values of symbols, made when they are first asked for."""

    def __init__(self, make: Callable[[sp.MatrixSymbol], Array]) -> None:
        self._make = make

    def __missing__(self, symbol: sp.MatrixSymbol) -> Array:
        made = self[symbol] = self._make(symbol)
        return made


class Point:
    """A forward run, ready for backward passes; `weight` (T, N, 1, 1) is what each step and sample counts in the loss."""

    def __init__(self, done: Run, cotangents: dict[str, Array] | None = None) -> None:
        self.run = done
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
        """The places of the loss steps among them."""
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

    def _stacked(self, symbol: sp.MatrixSymbol) -> Array:
        if not isinstance(symbol, Timed):
            return np.asarray(self.run.values.leaves[symbol][None, None])
        prefix, _, name = symbol.name.rpartition(":")
        if symbol.name.startswith(OUTSIDE):
            return self._cotangent(name, symbol)
        if symbol.name.startswith(BORDER):
            size = int(symbol.name.removeprefix(BORDER))
            first = (np.arange(self.T) % size == 0) & (np.arange(self.T) > 0)
            return np.broadcast_to(first[:, None, None, None, None].astype(float), (self.T, 1, 1, *self._shape(symbol)))
        offset = int(symbol.step - TIME)
        plain = Timed(name, *symbol.args[1:])
        return np.stack([self._at(plain, prefix + ":" if prefix else "", j + offset) for j in range(1, self.T + 1)])[:, None]

    def _at(self, symbol: Timed, prefix: str, step: int) -> Array:
        leaves = self.run.values.leaves
        known = [j for j in range(self.T + 1) if self._symbol(symbol, j) in leaves]
        if prefix.startswith(_SAMPLE):
            index = int(prefix.removeprefix(_SAMPLE).rstrip(":"))
            value = self._at(symbol, "", step)
            return np.broadcast_to(value[index : index + 1], value.shape) if len(value) > 1 else value
        if prefix == WRITTEN:
            x = self._at(symbol, "", step)
            return x * (x[::-1].cumsum(axis=0)[::-1] == x)
        if prefix == LATE and step > 0:
            step = known[-1]
        if prefix.startswith(_AT):
            step = int(prefix.removeprefix(_AT).rstrip(":"))
        if prefix == REVERSED:
            step = self.T + 1 - step
        if prefix == WRAP and step not in known:
            step = known[(step - known[0]) % len(known)]
        if 1 <= step <= self.T and step not in known:
            # Computed for the loss alone, where there is one: no adjoint arrives here, any finite value will do.
            step = known[-1]
        if step not in known or (prefix == UNSET and step == 0):
            return np.zeros_like(leaves[self._symbol(symbol, known[0])])
        return leaves[self._symbol(symbol, step)]

    def _shape(self, symbol: Timed) -> tuple[int, int]:
        return self.values.size(symbol.rows), self.values.size(symbol.cols)

    def _symbol(self, symbol: Timed, step: int) -> Timed:
        return Timed(symbol.name, symbol.rows, symbol.cols, step)

    def _cotangent(self, name: str, symbol: Timed) -> Array:
        rows, columns = self._shape(symbol)
        given = self.cotangents.get(name)
        value = np.zeros((self.T, 1, rows * columns)) if given is None else np.asarray(given, float)
        return value.reshape(self.T, 1, -1, rows, columns)
