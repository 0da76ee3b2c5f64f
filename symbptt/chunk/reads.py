"""What the tokens of a chunk read of a state, and values that are affine in it."""

from __future__ import annotations

from dataclasses import dataclass, field

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import tidy
from symbptt.chunk.terms import Expander


@dataclass(frozen=True)
class Read:
    """S^T q by a token: of the state `before` the token, the same `decayed` by the token, or the state `after` it."""

    state: str
    kind: str
    query: MatrixExpr


@dataclass
class Affine:
    """free + sum of coefficient * read over the reads; a coefficient is a column (C, 1)."""

    free: MatrixExpr
    reads: dict[Read, MatrixExpr] = field(default_factory=dict)

    def plus(self, other: Affine) -> Affine:
        """The sum of two affine values: free parts and equal reads are added."""
        keys = dict.fromkeys((*self.reads, *other.reads))
        found = {k: tidy.add(*(r[k] for r in (self.reads, other.reads) if k in r)) for k in keys}
        return Affine(tidy.add(self.free, other.free), found)

    def scaled(self, number: sp.Expr) -> Affine:
        """A multiple by a number."""
        return Affine(tidy.scale(number, self.free), {k: tidy.scale(number, c) for k, c in self.reads.items()})


@dataclass
class Held:
    """A state as the rewrite sees it: its terms, and along which axis the keys lie."""

    expander: Expander
    after: sp.MatrixSymbol
    keys: str
    decay: MatrixExpr | None
    """What multiplies it in one token, as a column over the keys or a scalar; None for one."""


def pieces_of(factors: tuple[MatrixExpr, ...]) -> list[list[MatrixExpr]]:
    """A product cut wherever it has passed through a single column: a column of the token, then scalars."""
    pieces: list[list[MatrixExpr]] = [[]]
    for factor in factors:
        pieces[-1].append(factor)
        if factor.shape[1] == 1:
            pieces.append([])
    return [piece for piece in pieces if piece]
