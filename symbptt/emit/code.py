"""A piece of emitted text and what is known of the array that it stands for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.emit.scalars import ADD, TIMES, wrap


@dataclass(frozen=True)
class Code:
    """A text with what is known of its array.

    `rank` counts the axes behind the batch axis (None: a number). `full` is False where the array may be smaller than its
    formula's shape and relies on broadcasting. `negative` marks a leading minus sign that was left out of the text.
    """

    text: str
    strength: int
    batched: bool
    rank: int | None
    full: bool = True
    negative: bool = False

    def at(self, least: int) -> str:
        """The text, parenthesised if it binds less than `least`."""
        if self.negative:
            return wrap("-" + wrap(self.text, self.strength, TIMES), ADD, least)
        return wrap(self.text, self.strength, least)


class Lowers(Protocol):
    """What writes the operands of an operation: see `lowering.Lowering`."""

    batch: str

    def __call__(self, expression: MatrixExpr) -> Code: ...

    def whole(self, expression: MatrixExpr) -> Code:
        """The code of an expression whose array has the full shape."""

    def size(self, expression: sp.Expr) -> str:
        """A dimension as text."""

    @property
    def view(self) -> Callable[[MatrixExpr, str, str], str | None]:
        """From a variable, axes and an index behind them to the name of its array in these axes, where there is one."""

    def spread(self, code: Code, shape: str) -> str:
        """The text of an array of this shape."""
