"""Linear maps between matrices, the simple ones: see linear.py for sums and compositions.

One map serves three purposes: `apply` pushes a tangent forward (jvp), `transposed().apply` pulls a cotangent back (vjp), and
`matrix` is the Jacobian in numerator layout where a column goes to a column. `product` is `apply` written with explicit
Jacobian factors, diag(d) X in place of d * X, as the sum of products shows them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import tidy
from symbptt.algebra.nodes import BatchMean, Concat, Slice


class LinearMap(ABC):
    """X -> A(X), linear in X."""

    @abstractmethod
    def apply(self, x: MatrixExpr) -> MatrixExpr:
        """A(X)."""

    @abstractmethod
    def transposed(self) -> LinearMap:
        """The map A^T with <A(X), Y> = <X, A^T(Y)>."""

    def matrix(self) -> MatrixExpr | None:
        """The Jacobian, or None where the map is no matrix acting on columns."""
        return None

    def replaced(self, symbols: Mapping[Any, Any]) -> LinearMap:
        """The map with symbols replaced in every expression, as when t becomes 3."""
        return type(self)(*(_replaced(getattr(self, f.name), symbols) for f in fields(self)))  # type: ignore[arg-type]

    def product(self, x: MatrixExpr) -> MatrixExpr:
        """A(X) with explicit Jacobian factors."""
        jacobian = self.matrix()
        return self.apply(x) if jacobian is None or x.shape[1] != 1 else tidy.mul(jacobian, x)


@dataclass(frozen=True)
class Left(LinearMap):
    """X -> A X."""

    factor: MatrixExpr

    def apply(self, x: MatrixExpr) -> MatrixExpr:
        return tidy.mul(self.factor, x)

    def transposed(self) -> LinearMap:
        return Left(tidy.transpose(self.factor))

    def matrix(self) -> MatrixExpr:
        return self.factor


@dataclass(frozen=True)
class Right(LinearMap):
    """X -> X B."""

    factor: MatrixExpr

    def apply(self, x: MatrixExpr) -> MatrixExpr:
        return tidy.mul(x, self.factor)

    def transposed(self) -> LinearMap:
        return Right(tidy.transpose(self.factor))


@dataclass(frozen=True)
class Hadamard(LinearMap):
    """X -> d * X, entry by entry; for a column the matrix diag(d)."""

    weights: MatrixExpr

    def apply(self, x: MatrixExpr) -> MatrixExpr:
        return tidy.hadamard(x, self.weights)

    def transposed(self) -> LinearMap:
        return self

    def matrix(self) -> MatrixExpr | None:
        return tidy.diag(self.weights) if self.weights.shape[1] == 1 else None


@dataclass(frozen=True)
class Scale(LinearMap):
    """X -> c X with a number c."""

    number: sp.Expr

    def apply(self, x: MatrixExpr) -> MatrixExpr:
        return tidy.scale(self.number, x)

    def transposed(self) -> LinearMap:
        return self

    def product(self, x: MatrixExpr) -> MatrixExpr:
        return self.apply(x)


@dataclass(frozen=True)
class TransposeMap(LinearMap):
    """X -> X^T."""

    def apply(self, x: MatrixExpr) -> MatrixExpr:
        return tidy.transpose(x)

    def transposed(self) -> LinearMap:
        return self


@dataclass(frozen=True)
class BroadcastMap(LinearMap):
    """A scalar repeated in every entry of a rows x columns matrix."""

    rows: sp.Expr
    columns: sp.Expr

    def apply(self, x: MatrixExpr) -> MatrixExpr:
        return tidy.spread(x, self.rows, self.columns)

    def transposed(self) -> LinearMap:
        return TotalMap(self.rows, self.columns)

    def matrix(self) -> MatrixExpr | None:
        return OneMatrix(self.rows, 1) if self.columns == 1 else None


@dataclass(frozen=True)
class RepeatColumns(LinearMap):
    """A column repeated in so many columns, x -> x 1^T; backward the sum of each row, X -> X 1."""

    columns: sp.Expr

    def apply(self, x: MatrixExpr) -> MatrixExpr:
        return tidy.spread(x, x.shape[0], self.columns)

    def transposed(self) -> LinearMap:
        return Right(OneMatrix(self.columns, 1))


@dataclass(frozen=True)
class RepeatRows(LinearMap):
    """A row repeated in so many rows, x -> 1 x; backward the sum of each column, X -> 1^T X."""

    rows: sp.Expr

    def apply(self, x: MatrixExpr) -> MatrixExpr:
        return tidy.spread(x, self.rows, x.shape[1])

    def transposed(self) -> LinearMap:
        return Left(OneMatrix(1, self.rows))


@dataclass(frozen=True)
class TotalMap(LinearMap):
    """The sum of all entries of a rows x columns matrix."""

    rows: sp.Expr
    columns: sp.Expr

    def apply(self, x: MatrixExpr) -> MatrixExpr:
        return tidy.total(x)

    def transposed(self) -> LinearMap:
        return BroadcastMap(self.rows, self.columns)

    def matrix(self) -> MatrixExpr | None:
        return OneMatrix(1, self.rows) if self.columns == 1 else None


@dataclass(frozen=True)
class SliceMap(LinearMap):
    """The rows start .. stop-1 of a column of n entries."""

    start: sp.Expr
    stop: sp.Expr
    n: sp.Expr

    def apply(self, x: MatrixExpr) -> MatrixExpr:
        return x if (self.start, self.stop) == (0, self.n) else Slice(x, self.start, self.stop)

    def transposed(self) -> LinearMap:
        return EmbedMap(self.start, self.stop, self.n)

    def matrix(self) -> MatrixExpr:
        return tidy.transpose(self.transposed().matrix())


@dataclass(frozen=True)
class EmbedMap(LinearMap):
    """A column put into the rows start .. stop-1 of a column of n entries, zeros elsewhere."""

    start: sp.Expr
    stop: sp.Expr
    n: sp.Expr

    def apply(self, x: MatrixExpr) -> MatrixExpr:
        if tidy.is_zero(x):
            return sp.ZeroMatrix(self.n, x.shape[1])
        parts = (sp.ZeroMatrix(self.start, x.shape[1]), x, sp.ZeroMatrix(self.n - self.stop, x.shape[1]))
        kept = tuple(p for p in parts if p.shape[0] != 0)
        return kept[0] if len(kept) == 1 else Concat(*kept)

    def transposed(self) -> LinearMap:
        return SliceMap(self.start, self.stop, self.n)

    def matrix(self) -> MatrixExpr:
        return self.apply(sp.Identity(self.stop - self.start))


@dataclass(frozen=True)
class AverageBatch(LinearMap):
    """The mean over the samples; symmetric, and no matrix of one sample."""

    def apply(self, x: MatrixExpr) -> MatrixExpr:
        return x if tidy.is_zero(x) else BatchMean(x)

    def transposed(self) -> LinearMap:
        return self


def _replaced(value: Any, symbols: Mapping[Any, Any]) -> Any:
    if isinstance(value, tuple):
        return tuple(item.replaced(symbols) for item in value)
    return value.xreplace(dict(symbols)) if isinstance(value, sp.Basic) else value
