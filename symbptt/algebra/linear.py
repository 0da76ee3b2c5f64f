"""Linear maps between matrices: the form of every local derivative. Compositions and sums of the maps in maps.py.

One map serves three purposes: `apply` pushes a tangent forward (jvp), `transposed().apply` pulls a cotangent back (vjp), and
`matrix` is the Jacobian in numerator layout where a column goes to a column.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import tidy
from symbptt.algebra.maps import AverageBatch as AverageBatch
from symbptt.algebra.maps import BroadcastMap as BroadcastMap
from symbptt.algebra.maps import EmbedMap as EmbedMap
from symbptt.algebra.maps import Hadamard as Hadamard
from symbptt.algebra.maps import Left as Left
from symbptt.algebra.maps import LinearMap as LinearMap
from symbptt.algebra.maps import RepeatColumns as RepeatColumns
from symbptt.algebra.maps import RepeatRows as RepeatRows
from symbptt.algebra.maps import Right as Right
from symbptt.algebra.maps import Scale as Scale
from symbptt.algebra.maps import SliceMap as SliceMap
from symbptt.algebra.maps import TotalMap as TotalMap
from symbptt.algebra.maps import TransposeMap as TransposeMap

Shape = tuple[sp.Expr, sp.Expr]


@dataclass(frozen=True)
class Compose(LinearMap):
    """The maps one after another, the last one first: (A, B) is X -> A(B(X)). Without maps: the identity."""

    maps: tuple[LinearMap, ...] = ()

    def apply(self, x: MatrixExpr) -> MatrixExpr:
        for item in reversed(self.maps):
            x = item.apply(x)
        return x

    def transposed(self) -> LinearMap:
        return Compose(tuple(item.transposed() for item in reversed(self.maps)))

    def matrix(self) -> MatrixExpr | None:
        """The product of the matrices; X^T y is read as y^T X, numbers scale."""
        number: sp.Expr = sp.S.One
        factors: list[MatrixExpr] = []
        maps = list(self.maps)
        while maps:
            item = maps.pop(0)
            if isinstance(item, Scale):
                number *= item.number
            elif isinstance(item, Right) and maps and isinstance(maps[0], TransposeMap) and item.factor.shape[1] == 1:
                maps.pop(0)
                factors.append(tidy.transpose(item.factor))
            elif (jacobian := item.matrix()) is not None:
                factors.append(jacobian)
            else:
                return None
        return tidy.scale(number, tidy.mul(*factors)) if factors else None

    def product(self, x: MatrixExpr) -> MatrixExpr:
        for item in reversed(self.maps):
            x = item.product(x)
        return x


@dataclass(frozen=True)
class Sum(LinearMap):
    """X -> A(X) + B(X) + ..."""

    maps: tuple[LinearMap, ...]

    def apply(self, x: MatrixExpr) -> MatrixExpr:
        return tidy.joined(*(item.apply(x) for item in self.maps))

    def transposed(self) -> LinearMap:
        return Sum(tuple(item.transposed() for item in self.maps))

    def matrix(self) -> MatrixExpr | None:
        """The sum of the matrices; a multiple of the identity takes its size from the others."""
        parts = [item.matrix() for item in self.maps]
        sizes = [p.shape[0] for p in parts if p is not None]
        if not sizes:
            return None
        made: list[MatrixExpr] = []
        for item, part in zip(self.maps, parts, strict=True):
            number = multiple(item)
            if part is None and number is None:
                return None
            made.append(tidy.scale(number, sp.Identity(sizes[0])) if part is None else part)
        return tidy.joined(*made)

    def product(self, x: MatrixExpr) -> MatrixExpr:
        return tidy.joined(*(item.product(x) for item in self.maps))


def multiple(item: LinearMap) -> sp.Expr | None:
    """The number c of a map X -> c X, or None for any other map."""
    if isinstance(item, Scale):
        return item.number
    if isinstance(item, Compose) and all(isinstance(part, Scale) for part in item.maps):
        return sp.Mul(*(part.number for part in item.maps if isinstance(part, Scale)))
    return None


def jacobian(item: LinearMap, source: Shape, target: Shape) -> MatrixExpr | None:
    """The Jacobian of a map from values of one shape to values of another, multiples of the identity included.

    None where it is no single matrix of one sample: between columns where a factor has none, and for matrices, of which a map
    such as X -> A X has the matrix A only column by column.
    """
    number = multiple(item)
    if number is not None:
        return tidy.scale(number, sp.Identity(source[0] * source[1]))
    return item.matrix() if source[1] == target[1] == 1 else None


IDENTITY = Compose()


def _flat(kind: type[Compose | Sum], maps: Iterable[LinearMap]) -> LinearMap:
    flat = tuple(inner for item in maps for inner in (item.maps if isinstance(item, kind) else (item,)))
    return flat[0] if len(flat) == 1 else kind(flat)


def compose(*maps: LinearMap) -> LinearMap:
    """The composition, flattened."""
    return _flat(Compose, maps)


def total(maps: Iterable[LinearMap]) -> LinearMap:
    """The sum of at least one map, flattened."""
    return _flat(Sum, maps)
