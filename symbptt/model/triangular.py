"""Functions of triangular matrices: what the steps of a chunk do to each other."""

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import tidy
from symbptt.algebra.nodes import InverseUnitLower, LowerOnes
from symbptt.model.calls import Call, Numbers, Operands
from symbptt.model.shapes import shown
from symbptt.model.site import Site


def _square(name: str, value: MatrixExpr, site: Site) -> MatrixExpr:
    if value.shape[0] != value.shape[1]:
        raise site.error(f"{name} expects a square matrix, not the shape {shown(value)}")
    return value


def _tril(operands: Operands, numbers: Numbers, site: Site) -> MatrixExpr:
    """The entries at and below a diagonal, zeros elsewhere."""
    x, (k,) = _square("tril", operands[0], site), numbers
    if not k.is_Integer:
        raise site.error(f"the diagonal k of tril is a whole number, not {k}")
    return tidy.hadamard(LowerOnes(x.shape[0], k), x)


def _cumsum(operands: Operands, numbers: Numbers, site: Site) -> MatrixExpr:
    """Row i is the sum of the rows up to i."""
    x = operands[0]
    return x if x.shape[0] == 1 else tidy.mul(LowerOnes(x.shape[0], 0), x)


def _solve_unit_lower(operands: Operands, numbers: Numbers, site: Site) -> MatrixExpr:
    """The solution X of (I + L) X = B, where L is the part of the first operand strictly below the diagonal."""
    lower, right = _square("solve_unit_lower", operands[0], site), operands[1]
    if lower.shape[1] != right.shape[0]:
        shapes = f"{shown(lower)} and {shown(right)}"
        raise site.error(f"the shapes {shapes} do not fit; solve_unit_lower expects as many columns as the second has rows")
    return right if lower.shape == (1, 1) else tidy.mul(InverseUnitLower(lower), right)


TRIANGULAR = (
    Call("tril", _tril, "tril(X, k=0)", numbers=(("k", sp.S.Zero),), positive=False),
    Call("cumsum", _cumsum, "cumsum(X)"),
    Call("solve_unit_lower", _solve_unit_lower, "solve_unit_lower(L, B)", (2, 2)),
)
