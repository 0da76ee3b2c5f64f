"""The algebra of complex values as pairs of trees of real expressions."""

import ast
import math
from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

PARTS = ("re", "im")


class Pair(NamedTuple):
    """A value as trees of its real and of its imaginary part, which a real value does not have."""

    re: ast.expr
    im: ast.expr | None = None


def names(name: str) -> tuple[str, str]:
    """What the parts of a complex variable are called."""
    return f"{name}_{PARTS[0]}", f"{name}_{PARTS[1]}"


def number(node: ast.expr) -> Fraction | None:
    """The value of a number, which stands as a name of digits; None for any other expression."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = number(node.operand)
        return None if value is None else -value
    return Fraction(node.id) if isinstance(node, ast.Name) and node.id[0] in "0123456789." else None


def literal(value: float) -> ast.expr:
    """A number as a tree."""
    size = ast.Name(repr(abs(value)))
    return ast.UnaryOp(ast.USub(), size) if value < 0 else size


def called(name: str, value: ast.expr) -> ast.expr:
    """exp, cos, sin, sqrt or abs of a real value; of a number the number, as functions of the language are of variables."""
    known = number(value)
    if known is None:
        return ast.Call(ast.Name(name), [value], [])
    return literal(abs(float(known)) if name == "abs" else getattr(math, name)(float(known)))


def negative(value: ast.expr) -> ast.expr:
    """-a."""
    return value if number(value) == 0 else ast.UnaryOp(ast.USub(), value)


def combined(left: ast.expr, sign: ast.operator, right: ast.expr) -> ast.expr:
    """The sum or difference of two real values; a zero is left out."""
    if number(right) == 0:
        return left
    if number(left) == 0:
        return right if isinstance(sign, ast.Add) else negative(right)
    return ast.BinOp(left, sign, right)


def by_entry(left: ast.expr, right: ast.expr) -> ast.expr:
    """The product entry by entry of two real values; zero and one are worked out."""
    for one, other in ((left, right), (right, left)):
        if number(one) == 0 or number(other) == 1:
            return one
    return ast.BinOp(left, ast.Mult(), right)


def quotient(left: ast.expr, right: ast.expr) -> ast.expr:
    """left / right of real values."""
    return left if number(left) == 0 else ast.BinOp(left, ast.Div(), right)


def each(change: Callable[[ast.expr], ast.expr], value: Pair) -> Pair:
    """What acts on each part of a value alone."""
    return Pair(change(value.re), None if value.im is None else change(value.im))


def added(left: Pair, right: Pair, sign: ast.operator) -> Pair:
    """The sum or difference of two values."""
    re = combined(left.re, sign, right.re)
    if left.im is None and right.im is not None:
        return Pair(re, right.im if isinstance(sign, ast.Add) else negative(right.im))
    return Pair(re, left.im if right.im is None or left.im is None else combined(left.im, sign, right.im))


def product(left: Pair, right: Pair, times: Callable[[ast.expr, ast.expr], ast.expr]) -> Pair:
    """(a + ib)(c + id) for any product of real values."""
    (a, b), (c, d) = left, right
    if b is None:
        return Pair(times(a, c), None if d is None else times(a, d))
    if d is None:
        return Pair(times(a, c), times(b, c))
    return Pair(combined(times(a, c), ast.Sub(), times(b, d)), combined(times(a, d), ast.Add(), times(b, c)))


def conjugate(value: Pair) -> Pair:
    """a - ib."""
    return Pair(value.re, None if value.im is None else negative(value.im))


def same(left: Pair, right: Pair) -> bool:
    """Whether two complex values are written alike."""
    return left.im is not None and right.im is not None and [*map(ast.dump, left)] == [*map(ast.dump, right)]  # type: ignore[arg-type]


def squared(value: Pair) -> ast.expr:
    """a² + b²."""
    own = by_entry(value.re, value.re)
    return own if value.im is None else combined(own, ast.Add(), by_entry(value.im, value.im))


def modulus(value: Pair) -> ast.expr:
    """|z|, whose slope at zero is zero: the root is taken of a number there, so that no slope is infinite."""
    if value.im is None:
        return called("abs", value.re)
    square = squared(value)
    if number(square) is not None:
        return called("sqrt", square)

    def where_positive(inside: ast.expr, elsewhere: str) -> ast.expr:
        return ast.Call(ast.Name("where"), [ast.Compare(square, [ast.Gt()], [ast.Name("0")]), inside, ast.Name(elsewhere)], [])

    return where_positive(called("sqrt", where_positive(square, "1")), "0")


def over(left: Pair, right: Pair) -> Pair:
    """left / right, with the conjugate of a complex divisor."""
    if right.im is None:
        return each(lambda part: quotient(part, right.re), left)
    return each(lambda part: quotient(part, squared(right)), product(left, conjugate(right), by_entry))
