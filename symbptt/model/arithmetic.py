"""The operators of the expression language on numbers and matrices, with their shapes.

A value is a matrix expression or an exact number: a rational one, or an expression in dimensions.
Numbers and 1x1 values broadcast; nothing else does.
"""

import ast
from collections.abc import Callable

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import tidy
from symbptt.algebra.nodes import Elementwise
from symbptt.model.shapes import axis_text, is_scalar, is_vector, shown
from symbptt.model.single_assignment import is_atom
from symbptt.model.site import Site

Sizes = tuple[sp.Expr, sp.Expr]
"""Rows and columns."""
MAX_POWER = 16
"""The largest exponent, in size."""
MAX_BITS = 256
"""The most bits of a number's numerator and denominator."""
VECTORS = "; for two vectors write dot(u, v) or outer(u, v)"
"""A clause on a product of vectors."""


def is_number(value: sp.Basic) -> bool:
    """Whether a value is a number rather than a matrix expression."""
    return not isinstance(value, MatrixExpr)


def _bounded(number: sp.Expr, site: Site) -> sp.Expr:
    if number.is_Rational and max(abs(int(number.p)), int(number.q)).bit_length() > MAX_BITS:
        raise site.error(f"the number has more than {MAX_BITS} bits")
    return number


def fill(number: sp.Expr, like: MatrixExpr) -> MatrixExpr:
    """A number in every entry of a matrix of the shape of `like`."""
    return tidy.scale(number, OneMatrix(*like.shape))


def spread(scalar: MatrixExpr, like: MatrixExpr) -> MatrixExpr:
    """A scalar in every entry of a matrix of the shape of `like`; in a sum of variables and numbers each on its own."""
    terms = scalar.args if isinstance(scalar, sp.MatAdd) else ()
    if terms and all(len(factors) == 1 and is_atom(factors[0]) for _, factors in map(tidy.split_number, terms)):
        return tidy.add(*(tidy.spread(term, *like.shape) for term in terms))
    return tidy.spread(scalar, *like.shape)


def broadcast(operator: str, left: sp.Expr, right: sp.Expr, site: Site) -> tuple[MatrixExpr, MatrixExpr]:
    """Two operands, not both numbers, in one shape; raises BadInput with both shapes if they do not fit."""
    if is_number(left):
        return fill(left, right), right
    if is_number(right):
        return left, fill(right, left)
    if left.shape == right.shape:
        return left, right
    if is_scalar(left):
        return spread(left, right), right
    if is_scalar(right):
        return left, spread(right, left)
    what = f"the shapes {shown(left)} and {shown(right)} do not fit; {operator} expects two equal shapes or a scalar"
    raise site.error(what + along(operator, left.shape, right.shape))


def along(operator: str, left: Sizes, right: Sizes) -> str:
    """A clause on how to write an operation of a matrix with a vector along one of its axes; empty for other shapes."""
    vector, (rows, columns) = (left, right) if left[1] == 1 else (right, left)
    if vector[1] != 1 or columns == 1 or vector[0] not in (rows, columns) or operator not in ("+", "-", "*", "/"):
        return ""
    for_rows = vector[0] == rows
    if operator == "*":
        written = "diag(v) @ A" if for_rows else "A @ diag(v)"
    else:
        spread = f"outer(v, ones({axis_text(columns)}))" if for_rows else f"outer(ones({axis_text(rows)}), v)"
        written = f"A {operator} {spread}"
    return f"; with an entry of a vector v for each {'row' if for_rows else 'column'} of a matrix A write {written}"


def plus(left: sp.Expr, right: sp.Expr, site: Site) -> sp.Expr:
    """left + right."""
    if is_number(left) and is_number(right):
        return _bounded(left + right, site)
    return tidy.add(*broadcast("+", left, right, site))


def minus(left: sp.Expr, right: sp.Expr, site: Site) -> sp.Expr:
    """left - right."""
    if is_number(left) and is_number(right):
        return _bounded(left - right, site)
    first, second = broadcast("-", left, right, site)
    return tidy.add(first, tidy.scale(-1, second))


def times(left: sp.Expr, right: sp.Expr, site: Site) -> sp.Expr:
    """left * right, elementwise."""
    if is_number(left) and is_number(right):
        return _bounded(left * right, site)
    return _product("*", left, right, site)


def _product(operator: str, left: sp.Expr, right: sp.Expr, site: Site) -> MatrixExpr:
    if is_number(left) or is_number(right):
        return tidy.scale(left, right) if is_number(left) else tidy.scale(right, left)
    return tidy.hadamard(*broadcast(operator, left, right, site))


def over(left: sp.Expr, right: sp.Expr, site: Site) -> sp.Expr:
    """left / right, elementwise: a product with the reciprocal."""
    if is_number(right):
        if right == 0:
            raise site.error("division by zero")
        if right.free_symbols and not right.is_positive:
            raise site.error(f"{right} may be zero; expected a divisor that is above zero for every size of the dimensions")
        return times(left, 1 / right, site)
    return _product("/", left, Elementwise("reciprocal", right), site)


def power(left: sp.Expr, right: sp.Expr, site: Site) -> sp.Expr:
    """left ** right with a rational number on the right, elementwise."""
    if not is_number(right) or right.free_symbols:
        raise site.error("the exponent of ** must be a number; for a variable exponent use exp and log")
    if abs(right) > MAX_POWER:
        raise site.error(f"an exponent lies between -{MAX_POWER} and {MAX_POWER}")
    if not is_number(left):
        return raised(left, right)
    if isinstance(left, sp.Symbol):
        return left**right
    if left.free_symbols and (right < 0 or not right.is_Integer):
        raise site.error("a root and a negative power are taken of one dimension, as in K ** -0.5")
    if not right.is_Integer or (left == 0 and right < 0):
        raise site.error("a number is raised to an integer only, and zero to no negative one")
    return _bounded(left**right, site)


def raised(value: MatrixExpr, exponent: sp.Expr) -> MatrixExpr:
    """value ** exponent, elementwise; the exponents 0 and 1 need no node."""
    if exponent == 0:
        return fill(sp.S.One, value)
    return value if exponent == 1 else Elementwise("power", exponent, value)


def matmul(left: sp.Expr, right: sp.Expr, site: Site) -> sp.Expr:
    """left @ right, the matrix product."""
    if is_number(left) or is_number(right):
        raise site.error("'@' is a product of matrices; write * for a number")
    if left.shape[1] == right.shape[0]:
        return tidy.mul(left, right)
    hint = ""
    if is_scalar(left) or is_scalar(right):
        hint = "; write * for a scalar"
    elif is_vector(left) and is_vector(right):
        hint = VECTORS
    shapes = f"{shown(left)} and {shown(right)}"
    raise site.error(f"the shapes {shapes} do not fit; '@' expects as many columns as the right side has rows{hint}")


Binary = Callable[[sp.Expr, sp.Expr, Site], sp.Expr]

OPERATORS: dict[type[ast.operator], Binary] = {
    ast.Add: plus, ast.Sub: minus, ast.Mult: times, ast.Div: over, ast.Pow: power, ast.MatMult: matmul,
}
"""The operators by their syntax node."""
