"""The algebra of complex values as pairs of trees of real expressions."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import NamedTuple


class Pair(NamedTuple):
    """A value as trees of its real and of its imaginary part, which a real value does not have."""

    re: ast.expr
    im: ast.expr | None = None


def each(change: Callable[[ast.expr], ast.expr], value: Pair) -> Pair:
    """What acts on each part of a value alone."""
    return Pair(change(value.re), None if value.im is None else change(value.im))


def added(left: Pair, right: Pair, sign: ast.operator) -> Pair:
    """The sum or difference of two values."""
    re = ast.BinOp(left.re, sign, right.re)
    if left.im is None and right.im is not None:
        return Pair(re, right.im if isinstance(sign, ast.Add) else ast.UnaryOp(ast.USub(), right.im))
    return Pair(re, left.im if right.im is None or left.im is None else ast.BinOp(left.im, sign, right.im))


def product(left: Pair, right: Pair, times: Callable[[ast.expr, ast.expr], ast.expr]) -> Pair:
    """(a + ib)(c + id) for any product of real values."""
    (a, b), (c, d) = left, right
    if b is None:
        return Pair(times(a, c), None if d is None else times(a, d))
    if d is None:
        return Pair(times(a, c), times(b, c))
    return Pair(ast.BinOp(times(a, c), ast.Sub(), times(b, d)), ast.BinOp(times(a, d), ast.Add(), times(b, c)))


def conjugate(value: Pair) -> Pair:
    """a - ib."""
    return Pair(value.re, None if value.im is None else ast.UnaryOp(ast.USub(), value.im))


def same(left: Pair, right: Pair) -> bool:
    """Whether two complex values are written alike."""
    return left.im is not None and right.im is not None and [*map(ast.dump, left)] == [*map(ast.dump, right)]  # type: ignore[arg-type]


def by_entry(left: ast.expr, right: ast.expr) -> ast.expr:
    """The product entry by entry of two real values."""
    return ast.BinOp(left, ast.Mult(), right)


def squared(value: Pair) -> ast.expr:
    """a² + b²."""
    own = by_entry(value.re, value.re)
    return own if value.im is None else ast.BinOp(own, ast.Add(), by_entry(value.im, value.im))


def over(left: Pair, right: Pair) -> Pair:
    """left / right, with the conjugate of a complex divisor."""
    if right.im is None:
        return each(lambda part: ast.BinOp(part, ast.Div(), right.re), left)
    return each(lambda part: ast.BinOp(part, ast.Div(), squared(right)), product(left, conjugate(right), by_entry))
