"""Smart constructors and linear maps of the nodes of heads: zeros, numbers and double transposes go, as in `build`."""

from collections.abc import Callable
from dataclasses import dataclass

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import tidy
from symbptt.algebra.head_nodes import (
    CutHeads,
    EachHead,
    HeadBroadcast,
    HeadProduct,
    HeadTranspose,
    JoinHeads,
    OfHeads,
    SumHeads,
    per_head,
)
from symbptt.algebra.linear import LinearMap

_Function = Callable[[MatrixExpr, sp.Expr], MatrixExpr]


def _inner(value: MatrixExpr) -> tuple[sp.Expr, MatrixExpr]:
    number, factors = tidy.split_number(value)
    return number, factors[0] if len(factors) == 1 else sp.MatMul(*factors)


def product(a: MatrixExpr, b: MatrixExpr, heads: sp.Expr) -> MatrixExpr:
    """A B of each head: (M r, c) and (M c, d) give (M r, d)."""
    if tidy.is_zero(a) or tidy.is_zero(b):
        return sp.ZeroMatrix(a.shape[0], b.shape[1])
    (m, left), (n, right) = _inner(a), _inner(b)
    if a.shape[1] == 1 and isinstance(left, OneMatrix):
        return tidy.scale(m * n, spread(right, per_head(a.shape[0], heads), b.shape[1], heads))
    if a.shape[1] == 1 and isinstance(right, OneMatrix):
        return tidy.scale(m * n, spread(left, per_head(a.shape[0], heads), b.shape[1], heads))
    return tidy.scale(m * n, HeadProduct(left, right, heads))


def transpose(value: MatrixExpr, heads: sp.Expr) -> MatrixExpr:
    """X^T of each head, pushed through sums and products: (M r, c) becomes (M c, r)."""
    rows, columns = value.shape
    if (rows, columns) == (heads, 1):
        return value
    if isinstance(value, sp.MatAdd):
        return tidy.add(*(transpose(term, heads) for term in value.args))
    if isinstance(value, (sp.ZeroMatrix, OneMatrix)):
        return value.func(sp.expand(heads * columns), per_head(rows, heads))
    number, inner = _inner(value)
    if isinstance(inner, HeadTranspose):
        return tidy.scale(number, inner.args[0])
    if isinstance(inner, EachHead):
        return tidy.scale(number, each(tidy.transpose(inner.args[0]), heads))
    if isinstance(inner, HeadProduct):
        left, right, _ = inner.args
        return tidy.scale(number, product(transpose(right, heads), transpose(left, heads), heads))
    if isinstance(inner, HeadBroadcast):
        x, height, width, _ = inner.args
        return tidy.scale(number, spread(transpose(x, heads), width, height, heads))
    return tidy.scale(number, HeadTranspose(inner, heads))


def spread(value: MatrixExpr, rows: sp.Expr, columns: sp.Expr, heads: sp.Expr) -> MatrixExpr:
    """Of each head a scalar, column or row repeated to (rows, columns): (M rows, columns) in all."""
    shape = (sp.expand(heads * rows), columns)
    if value.shape == shape:
        return value
    if tidy.is_zero(value):
        return sp.ZeroMatrix(*shape)
    number, inner = _inner(value)
    if isinstance(inner, OneMatrix):
        return tidy.scale(number, OneMatrix(*shape))
    return tidy.scale(number, HeadBroadcast(inner, rows, columns, heads))


def each(value: MatrixExpr, heads: sp.Expr) -> MatrixExpr:
    """What heads share, (r, c), once for each: (M r, c)."""
    shape = (sp.expand(heads * value.shape[0]), value.shape[1])
    number, inner = _inner(value)
    if isinstance(inner, (OneMatrix, sp.ZeroMatrix)):
        return tidy.scale(number, inner.func(*shape))
    return tidy.scale(number, EachHead(inner, heads))


def total(value: MatrixExpr, heads: sp.Expr) -> MatrixExpr:
    """The sum over the heads: (M r, c) becomes (r, c)."""
    if isinstance(value, sp.MatAdd):
        return tidy.add(*(total(term, heads) for term in value.args))
    number, inner = _inner(value)
    if isinstance(inner, (OneMatrix, sp.ZeroMatrix)):
        return tidy.scale(number * heads, inner.func(per_head(value.shape[0], heads), value.shape[1]))
    return tidy.scale(number, SumHeads(inner, heads))


def joined(value: MatrixExpr, heads: sp.Expr) -> MatrixExpr:
    """The vectors of the heads, (M r, 1), as one vector; its entries stay where they are."""
    number, inner = _inner(value)
    if isinstance(inner, (OneMatrix, sp.ZeroMatrix)):
        return value
    return tidy.scale(number, inner.args[0] if isinstance(inner, CutHeads) else JoinHeads(inner, heads))


def cut(value: MatrixExpr, heads: sp.Expr) -> MatrixExpr:
    """One vector (M r, 1) as the vectors of the heads, the way back from `joined`."""
    number, inner = _inner(value)
    if isinstance(inner, (OneMatrix, sp.ZeroMatrix)):
        return value
    return tidy.scale(number, inner.args[0] if type(inner) is JoinHeads else CutHeads(inner, heads))


def summed(value: MatrixExpr, heads: sp.Expr, rows: bool = True, columns: bool = True) -> MatrixExpr:
    """1^T X 1 of each head: the sum of its entries, or along one axis."""
    if rows and (height := per_head(value.shape[0], heads)) != 1:
        value = product(OneMatrix(heads, height), value, heads)
    if columns and value.shape[1] != 1:
        value = product(value, OneMatrix(sp.expand(heads * value.shape[1]), 1), heads)
    return value


@dataclass(frozen=True)
class HeadLeft(LinearMap):
    """X -> A X of each head."""

    factor: MatrixExpr
    heads: sp.Expr

    def apply(self, x: MatrixExpr) -> MatrixExpr:
        return product(self.factor, x, self.heads)

    def transposed(self) -> LinearMap:
        return HeadLeft(transpose(self.factor, self.heads), self.heads)


@dataclass(frozen=True)
class HeadRight(LinearMap):
    """X -> X B of each head."""

    factor: MatrixExpr
    heads: sp.Expr

    def apply(self, x: MatrixExpr) -> MatrixExpr:
        return product(x, self.factor, self.heads)

    def transposed(self) -> LinearMap:
        return HeadRight(transpose(self.factor, self.heads), self.heads)


@dataclass(frozen=True)
class HeadSpread(LinearMap):
    """Of each head a matrix (height, width), either of them 1, repeated to (rows, columns); backward a sum."""

    height: sp.Expr
    width: sp.Expr
    rows: sp.Expr
    columns: sp.Expr
    heads: sp.Expr

    def apply(self, x: MatrixExpr) -> MatrixExpr:
        return spread(x, self.rows, self.columns, self.heads)

    def transposed(self) -> LinearMap:
        return HeadTotal(self.height, self.width, self.rows, self.columns, self.heads)


@dataclass(frozen=True)
class HeadTotal(HeadSpread):
    """The sum over the rows, columns or entries of each head that `HeadSpread` repeats."""

    def apply(self, x: MatrixExpr) -> MatrixExpr:
        return summed(x, self.heads, self.height != self.rows, self.width != self.columns)

    def transposed(self) -> LinearMap:
        return HeadSpread(self.height, self.width, self.rows, self.columns, self.heads)


@dataclass(frozen=True)
class HeadMap(LinearMap):
    """One of the functions above of a value and the number of its heads."""

    function: _Function
    heads: sp.Expr

    def apply(self, x: MatrixExpr) -> MatrixExpr:
        return self.function(x, self.heads)

    def transposed(self) -> LinearMap:
        return HeadMap(_TRANSPOSED[self.function], self.heads)


_TRANSPOSED: dict[_Function, _Function] = {transpose: transpose, each: total, total: each, joined: cut, cut: joined}


def product_rule(node: HeadProduct) -> tuple[tuple[MatrixExpr, LinearMap], ...]:
    """d(A B) = dA B + A dB."""
    a, b, heads = node.args
    return ((a, HeadRight(b, heads)), (b, HeadLeft(a, heads)))


def spread_rule(node: HeadBroadcast) -> tuple[tuple[MatrixExpr, LinearMap], ...]:
    """d(x repeated) = dx repeated."""
    x, rows, columns, heads = node.args
    return ((x, HeadSpread(per_head(x.shape[0], heads), x.shape[1], rows, columns, heads)),)


def map_rule(node: OfHeads) -> tuple[tuple[MatrixExpr, LinearMap], ...]:
    """What is linear: a change goes the way of the value."""
    return ((node.args[0], HeadMap(_FUNCTIONS[type(node)], node.heads)),)


_FUNCTIONS: dict[type, _Function] = {
    HeadTranspose: transpose, EachHead: each, SumHeads: total, JoinHeads: joined, CutHeads: cut,
}
