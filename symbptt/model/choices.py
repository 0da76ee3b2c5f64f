"""Functions that choose between values, or between a value and its derivative: where, max, min, clip, surrogate.

No derivative goes through a condition: what is chosen has all of it, where two values are equal as everywhere else.
"""

import ast
from collections.abc import Iterable
from functools import reduce

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra.nodes import Choice, Elementwise, leaves
from symbptt.model.arithmetic import fill, is_number, minus, plus, spread
from symbptt.model.calls import Call, Numbers, Operands
from symbptt.model.shapes import is_scalar, shown
from symbptt.model.site import Site

MAX_OPERANDS = 16
"""The most operands of max and min."""
def _shape(values: Iterable[sp.Expr]) -> MatrixExpr:
    """A value of the shape that all are brought to: the first one that is no scalar."""
    matrices = [value for value in values if not is_number(value)]
    return next((value for value in matrices if not is_scalar(value)), matrices[0])


def _fitted(value: sp.Expr, like: MatrixExpr, site: Site) -> MatrixExpr:
    if is_number(value):
        return fill(value, like)
    if value.shape == like.shape:
        return value
    if is_scalar(value):
        return spread(value, like)
    raise site.error(f"the shapes {shown(like)} and {shown(value)} do not fit; expected equal shapes or scalars")


def _choice(a: sp.Expr, b: sp.Expr, u: sp.Expr, v: sp.Expr, site: Site) -> MatrixExpr:
    """u where a > b, else v."""
    if not any(leaves(side) for side in (a, b)):
        raise site.error("both sides are constant; expected a comparison with a variable")
    like = _shape((a, b, u, v))
    return Choice(*(_fitted(value, like, site) for value in (a, b, u, v)))


def _where(operands: Operands, numbers: Numbers, site: Site) -> MatrixExpr:
    """u where the comparison holds, else v; a >= b holds where b > a does not."""
    (sign, a, b), u, v = operands
    if sign in (ast.Lt, ast.GtE):
        a, b = b, a
    return _choice(a, b, u, v, site) if sign in (ast.Gt, ast.Lt) else _choice(a, b, v, u, site)


def _max(operands: Operands, numbers: Numbers, site: Site) -> MatrixExpr:
    """The larger one; of two equal ones the second."""
    return reduce(lambda a, b: _choice(a, b, a, b, site), (_named(x, site) for x in operands))


def _min(operands: Operands, numbers: Numbers, site: Site) -> MatrixExpr:
    """The smaller one; of two equal ones the second."""
    return reduce(lambda a, b: _choice(b, a, a, b, site), (_named(x, site) for x in operands))


def _named(value: sp.Expr, site: Site) -> sp.Expr:
    return value if is_number(value) else site.name(value)


def _clip(operands: Operands, numbers: Numbers, site: Site) -> MatrixExpr:
    low, high = numbers
    if not low < high:
        raise site.error(f"clip(x, lo, hi) expects lo below hi, not {low} and {high}")
    return Elementwise("clip", *numbers, operands[0])


def _surrogate(operands: Operands, numbers: Numbers, site: Site) -> MatrixExpr:
    """The value of the first and the derivative of the second, sg(v) + (s - sg(s)), the bracket being exactly 0.

    Bengio, Léonard and Courville (2013) Estimating or propagating gradients through stochastic neurons; Neftci, Mostafa and Zenke
    (2019) Surrogate gradient learning in spiking neural networks.
    """
    value, shape = operands
    if value.shape != shape.shape:
        shapes = f"{shown(value)} and {shown(shape)}"
        raise site.error(f"the shapes {shapes} do not fit; surrogate expects a value and the expression whose derivative it has")
    s = site.name(shape)
    held = site.name(Elementwise("stop_gradient", s))
    return plus(Elementwise("stop_gradient", value), site.name(minus(s, held, site)), site)


CHOICES = (
    Call("where", _where, "where(a > b, u, v)", (3, 3), mixed=True, condition=True),
    Call("max", _max, "max(a, b)", (2, MAX_OPERANDS), mixed=True),
    Call("min", _min, "min(a, b)", (2, MAX_OPERANDS), mixed=True),
    Call("clip", _clip, "clip(x, lo, hi)", numbers=(("lo", sp.S.NegativeOne), ("hi", sp.S.One)), positive=False, ordered=True),
    Call("surrogate", _surrogate, "surrogate(value, slope_of)", (2, 2)),
)
"""The rows of this file in the table of functions."""
