"""Symbols for what a wrong backward pass reads in the place of a value: that of another step or sample.

An offset, as in v at t+1 or t-2, needs no symbol of its own: there is zero where there is no such step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
import sympy as sp

from symbptt.algebra.evaluate import Array
from symbptt.algebra.nodes import TIME, Timed, plain
from symbptt.algebra.related import Related

NOWHERE = -1
"""A step that no value has."""


class Displaced(Related):
    """A value that is read elsewhere; this one where it belongs."""

    mark = "read"

    def place(self, step: int, T: int, known: Sequence[int]) -> int:
        """The step that is read instead, of the `known` ones or of none."""
        return step

    def taken(self, value: Array) -> Array:
        """What is taken for the value of that step, (N or 1, rows, columns)."""
        return value


Displacement: TypeAlias = Callable[[sp.MatrixSymbol], Displaced]


class Wrapped(Displaced):
    """Counted from the other end where there is no such step, as a negative index does."""

    mark = "wrap"

    def place(self, step: int, T: int, known: Sequence[int]) -> int:
        return step if step in known else known[(step - known[0]) % len(known)]


class Late(Displaced):
    """The value of the last step whatever the step, but for the initial value."""

    mark = "late"

    def place(self, step: int, T: int, known: Sequence[int]) -> int:
        return known[-1] if step > 0 else step


class Reversed(Displaced):
    """The value of step T+1-t at step t."""

    mark = "reversed"

    def place(self, step: int, T: int, known: Sequence[int]) -> int:
        return T + 1 - step


class Unset(Displaced):
    """Zero in place of the initial value."""

    mark = "unset"

    def place(self, step: int, T: int, known: Sequence[int]) -> int:
        return step or NOWHERE


class Written(Displaced):
    """One-hot columns, zero where a later sample of the same step has the same class."""

    mark = "written"

    def taken(self, value: Array) -> Array:
        return value * (value[::-1].cumsum(axis=0)[::-1] == value)


class Numbered(Displaced):
    """Has a number behind the arguments of its primal."""

    @property
    def number(self) -> int:
        return int(self.args[4])

    @property
    def name(self) -> str:
        return f"{self.mark} {self.number}:{self.args[0].name}"


class _AtStep(Numbered):
    mark = "at"

    def place(self, step: int, T: int, known: Sequence[int]) -> int:
        return self.number


class _OfSample(Numbered):
    mark = "sample"

    def taken(self, value: Array) -> Array:
        return np.broadcast_to(value[self.number : self.number + 1], value.shape) if len(value) > 1 else value


def at(step: int) -> Displacement:
    """The value of this step whatever the step: that of the last step is a buffer that was overwritten."""
    return lambda symbol: _AtStep(symbol, step)


def sample(index: int) -> Displacement:
    """The value of this sample for every sample."""
    return lambda symbol: _OfSample(symbol, index)


class Border(Timed):
    """Border(size, rows, columns): ones where a stretch of so many steps begins after another, zeros elsewhere."""

    def __new__(cls, size: int | sp.Integer, rows: sp.Expr, columns: sp.Expr, step: sp.Expr = TIME) -> Border:
        return sp.Basic.__new__(cls, *map(plain, (size, rows, columns, step)))

    @property
    def size(self) -> int:
        """The steps of a stretch."""
        return int(self.args[0])

    @property
    def name(self) -> str:
        return f"border {self.size}"
