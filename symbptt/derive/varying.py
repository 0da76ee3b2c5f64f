"""Along which axes the entries of a matrix can differ: a scalar in every entry varies along none, outer(v, ones) along the rows.

Names with an equation in the same step are looked into, so that `one = v - v + 1` is a constant.
"""

from collections.abc import Mapping

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import tidy
from symbptt.algebra.nodes import Broadcast, Elementwise, is_leaf

Axes = frozenset[str]
Definitions = Mapping[sp.MatrixSymbol, MatrixExpr]

NONE: Axes = frozenset()
ROWS: Axes = frozenset({"rows"})
COLUMNS: Axes = frozenset({"columns"})
_SWAPPED = {"rows": "columns", "columns": "rows"}


def swapped(axes: Axes) -> Axes:
    """The axes of the transpose."""
    return frozenset(_SWAPPED[axis] for axis in axes)


def varying(value: MatrixExpr, known: Definitions) -> Axes:
    """The axes along which the entries of `value` can differ."""
    inside = frozenset(axis for axis, size in zip(("rows", "columns"), value.shape, strict=True) if size != 1)
    return inside & _varying(tidy.collected(value), known)


def _varying(value: MatrixExpr, known: Definitions) -> Axes:
    if isinstance(value, (OneMatrix, sp.ZeroMatrix)):
        return NONE
    if isinstance(value, Broadcast):
        return varying(value.args[0], known)
    if is_leaf(value):
        return varying(known[value], known) if value in known else ROWS | COLUMNS
    if isinstance(value, sp.Transpose):
        return swapped(varying(value.arg, known))
    if isinstance(value, sp.MatMul):
        _, factors = tidy.split_number(value)
        return varying(factors[0], known) & ROWS | varying(factors[-1], known) & COLUMNS
    if isinstance(value, (sp.MatAdd, sp.HadamardProduct, Elementwise)):
        return frozenset().union(*(varying(a, known) for a in value.args if isinstance(a, MatrixExpr)))
    return ROWS | COLUMNS


def fills(value: MatrixExpr) -> bool:
    """Whether a value is a scalar in every entry."""
    return isinstance(value, Broadcast) and value.args[0].shape == (1, 1)


def is_one(value: MatrixExpr, known: Definitions) -> bool:
    """Whether every entry is one."""
    value = tidy.collected(value)
    if isinstance(value, sp.Transpose):
        return is_one(value.arg, known)
    return isinstance(value, OneMatrix) or (is_leaf(value) and value in known and is_one(known[value], known))
