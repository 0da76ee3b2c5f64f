"""The losses of one step by name, one row each; a loss is a scalar expression in the read-out o and the target y."""

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt import extensions
from symbptt.algebra import tidy
from symbptt.algebra.nodes import CrossEntropy, Elementwise, HalfSquaredNorm, LogSumExp
from symbptt.model.calls import Call, Numbers, Operands
from symbptt.model.shapes import is_vector, shown
from symbptt.model.site import Site


def _same(name: str, operands: Operands, site: Site) -> Operands:
    o, y = operands
    if o.shape != y.shape:
        raise site.error(f"the shapes {shown(o)} and {shown(y)} do not fit; {name} expects two equal shapes")
    return operands


def _difference(name: str, operands: Operands, site: Site) -> MatrixExpr:
    o, y = _same(name, operands, site)
    return tidy.add(o, tidy.scale(-1, y))


def _softmax_cross_entropy(operands: Operands, numbers: Numbers, site: Site) -> MatrixExpr:
    """-sum_j y_j log softmax(o)_j = (sum_j y_j) log sum_j exp(o_j) - y^T o, whatever y sums to.

    The node of its own is kept for a target, which may then be an integer class.
    """
    o, y = _same("softmax_cross_entropy", operands, site)
    if not is_vector(o):
        raise site.error(f"softmax_cross_entropy expects vectors, not {shown(o)}")
    if site.is_target(y):
        return CrossEntropy(o, y)
    o, y = site.name(o), site.name(y)
    weighed = tidy.hadamard(site.name(tidy.total(y)), LogSumExp(o))
    return tidy.add(weighed, tidy.scale(-1, tidy.total(tidy.hadamard(y, o))))


def _squared_error(operands: Operands, numbers: Numbers, site: Site) -> MatrixExpr:
    """|o - y|^2 / 2."""
    return HalfSquaredNorm(_difference("squared_error", operands, site))


def _mse(operands: Operands, numbers: Numbers, site: Site) -> MatrixExpr:
    """|o - y|^2 / n for n entries."""
    difference = _difference("mse", operands, site)
    return tidy.scale(2 / (difference.shape[0] * difference.shape[1]), HalfSquaredNorm(difference))


def _binary_cross_entropy(operands: Operands, numbers: Numbers, site: Site) -> MatrixExpr:
    """sum_j log(1 + exp(o_j)) - y_j o_j, from logits."""
    o, y = _same("binary_cross_entropy", operands, site)
    return tidy.add(tidy.total(Elementwise("softplus", o)), tidy.scale(-1, tidy.total(tidy.hadamard(y, o))))


def _huber(operands: Operands, numbers: Numbers, site: Site) -> MatrixExpr:
    """sum_j huber(o_j - y_j); of one operand, the elementwise function."""
    if len(operands) == 1:
        return Elementwise("huber", *numbers, operands[0])
    return tidy.total(Elementwise("huber", *numbers, _difference("huber", operands, site)))


_BUILT_IN = {
    call.name: call
    for call in (
        Call("softmax_cross_entropy", _softmax_cross_entropy, "softmax_cross_entropy(o, y)", (2, 2)),
        Call("squared_error", _squared_error, "squared_error(o, y)", (2, 2)),
        Call("mse", _mse, "mse(o, y)", (2, 2)),
        Call("binary_cross_entropy", _binary_cross_entropy, "binary_cross_entropy(o, y)", (2, 2)),
        Call("huber", _huber, "huber(o, y, delta=1)", (1, 2), (("delta", sp.S.One),)),
    )
}

LOSSES = extensions.rows(extensions.LOSSES, Call, _BUILT_IN)
"""Every loss that `--loss` offers: the built-in ones, and those of installed packages."""
