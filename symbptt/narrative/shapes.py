"""Shapes as text: (H×O)(O×1) + (H×H)(H×1) = (H×1)."""

import re
from functools import singledispatch

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import tidy
from symbptt.algebra.nodes import Broadcast, SumOver

LONG = 100
"""Characters up to which the shapes of operands are shown: every summand of a sum, or none."""
_POWERS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def size(expression: sp.Expr) -> str:
    """A dimension: H, H+D, H²."""
    text = str(expression).replace(" ", "")
    while "**" in text:
        head, tail = text.split("**", 1)
        digits = len(tail) - len(tail.lstrip("0123456789"))
        text = head + tail[:digits].translate(_POWERS) + tail[digits:]
    return re.sub(r"(?<=\d)\*(?=[A-Za-z])", "", text).replace("*", "·")


def _side(dimension: sp.Expr) -> str:
    text = size(dimension)
    return f"({text})" if "+" in text else text


def shape(expression: MatrixExpr) -> str:
    """(rows×columns) of an expression."""
    rows, columns = expression.shape
    return f"({_side(rows)}×{_side(columns)})"


@singledispatch
def _written(node: MatrixExpr) -> str:
    return shape(node)


@_written.register
def _sum(node: sp.MatAdd) -> str:
    return " + ".join(_written(term) for term in node.args)


@_written.register
def _product(node: sp.MatMul) -> str:
    _, factors = tidy.split_number(node)
    return _written(factors[0]) if len(factors) == 1 else "".join(shape(f) for f in factors)


@_written.register
def _hadamard(node: sp.HadamardProduct) -> str:
    numbers = [f.args[0] for f in node.args if isinstance(f, Broadcast)]
    others = [f for f in node.args if not isinstance(f, Broadcast)]
    return "".join(map(shape, numbers)) + "⊙".join(map(shape, others))


@_written.register
def _series(node: SumOver) -> str:
    return _written(node.args[0])


def check(value: MatrixExpr, result: MatrixExpr | None = None) -> str:
    """The shapes of the operands of `value` and the shape they give, which is that of `result`; alone where there are many."""
    whole = shape(value if result is None else result)
    parts = _written(value)
    return whole if parts == whole or len(parts) > LONG else f"{parts} = {whole}"
