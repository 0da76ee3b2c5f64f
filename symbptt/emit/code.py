"""An emitted expression and what is known of the array that it stands for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.emit.tree import Tree, Word


@dataclass(frozen=True)
class Code:
    """An expression with what is known of its array.

    `rank` counts the axes behind the batch axis (None: a number). `full` is False where the array may be smaller than its
    formula's shape and relies on broadcasting. `negative` marks a leading minus sign that was left out of the body.
    """

    body: Tree
    batched: bool
    rank: int | None
    full: bool = True
    negative: bool = False

    @property
    def tree(self) -> Tree:
        """The expression with its sign."""
        return -self.body if self.negative else self.body

    @property
    def text(self) -> str:
        """The expression without its sign, as NumPy text."""
        return self.body.at(-1)

    def at(self, least: int) -> str:
        """The NumPy text, parenthesised if it binds less than `least`."""
        return self.tree.at(least)

    def then(self, text: str, rank: int | None, full: bool = True) -> Code:
        """The code of an attribute, a method or an index of the value."""
        return Code(self.tree.then(text), self.batched, rank, full)

    @property
    def positive(self) -> Code:
        """The value without its sign."""
        return replace(self, negative=False)


def place(text: str, batched: bool, rank: int | None) -> Code:
    """The code of a value that is kept somewhere."""
    return Code(Word(text), batched, rank)


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

    def spread(self, code: Code, shape: str) -> Tree:
        """An array of this shape."""
