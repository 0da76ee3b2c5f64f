"""The file's shape of a value that the file does not declare."""

from collections.abc import Mapping

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import tidy
from symbptt.algebra.head_nodes import per_head
from symbptt.algebra.nodes import CrossEntropy, HalfSquaredNorm, LogSumExp, SumAll, is_leaf
from symbptt.model.shapes import Shape, axis_text
from symbptt.model.values import Variable

_TOTALS = (SumAll, HalfSquaredNorm, LogSumExp, CrossEntropy)


def _axes(value: MatrixExpr, variables: Mapping[str, Variable]) -> int:
    """1 if a 1x1 value is an array of one ("1"), 0 if it is a scalar (""): as in NumPy, W @ h has an axis, dot(u, v) none."""
    if is_leaf(value):
        return min(1, len(variables[value.name].shape))
    if isinstance(value, _TOTALS):
        return 0
    if isinstance(value, sp.MatMul):
        _, factors = tidy.split_number(value)
        first = factors[0].arg if isinstance(factors[0], sp.Transpose) else factors[0]
        if len(factors) == 1:
            return _axes(first, variables)
        return int(is_leaf(first) and len(variables[first.name].shape) == 2)
    return max((_axes(part, variables) for part in value.args if isinstance(part, MatrixExpr)), default=0)


def _text(size: sp.Expr, variables: Mapping[str, Variable]) -> str:
    """A sum of dimensions as a declared variable writes it, if there is one: SymPy sorts H+D."""
    if isinstance(size, (sp.Add, sp.Mul)):
        for variable in variables.values():
            for text, known in zip(variable.shape, variable.axes, strict=True):
                if known == size:
                    return text
    return axis_text(size)


def inferred(value: MatrixExpr, variables: Mapping[str, Variable], heads: sp.Expr | None) -> Shape:
    """The shape of an expression: a column has one axis, another matrix two; behind that of `heads` if it belongs to each."""
    rows, columns = value.shape
    if heads is not None:
        own = per_head(rows, heads)
        sizes = (heads,) if own == columns == 1 else (heads, own) if columns == 1 else (heads, own, columns)
        return Shape(tuple(_text(size, variables) for size in sizes), rows, columns, heads)
    if (rows, columns) == (1, 1):
        return Shape(("1",) * _axes(value, variables), rows, columns)
    sizes = (rows,) if columns == 1 else (rows, columns)
    return Shape(tuple(_text(size, variables) for size in sizes), rows, columns)
