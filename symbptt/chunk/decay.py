"""The logarithm of a decay, written so that it is right where the decay itself is too small for a float."""

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import tidy
from symbptt.algebra.head_nodes import JoinHeads
from symbptt.algebra.nodes import Broadcast, Elementwise, is_leaf
from symbptt.derive.value_range import value_range
from symbptt.derive.varying import Definitions

_POSITIVE = frozenset({"exp", "sigmoid", "softplus"})
"""Functions above zero everywhere."""


def logarithm(value: MatrixExpr, known: Definitions) -> MatrixExpr | None:
    """log of a column or scalar entry by entry; None where it can be zero or below.

    log exp(x) = x, log sigmoid(x) = -softplus(-x), log(1 - sigmoid(x)) = -softplus(x), log(x y) = log x + log y.
    """
    if is_leaf(value) and value in known:
        return logarithm(known[value], known)
    if isinstance(value, sp.Transpose) and value.arg in known:
        return logarithm(tidy.transpose(known[value.arg]), known)
    if isinstance(value, OneMatrix):
        return sp.ZeroMatrix(*value.shape)
    if isinstance(value, Broadcast):
        inner = logarithm(value.args[0], known)
        return None if inner is None else tidy.spread(inner, *value.shape)
    if isinstance(value, Elementwise) and value.name in ("exp", "sigmoid", "identity"):
        return _of_function(value, known)
    if isinstance(value, JoinHeads):
        inner = logarithm(value.args[0], known)
        return None if inner is None else value.func(inner, value.heads)
    number, factors = tidy.split_number(value)
    if len(factors) == 1 and number != 1:
        inner = logarithm(factors[0], known)
        return None if inner is None or not number > 0 else tidy.add(tidy.scale(sp.log(number), _ones(value)), inner)
    if isinstance(value, sp.HadamardProduct):
        parts = [logarithm(a, known) for a in value.args]
        return None if any(p is None for p in parts) else tidy.add(*parts)
    gate = _one_minus(value, known)
    if gate is not None:
        return tidy.scale(-1, Elementwise("softplus", gate))
    return Elementwise("log", value) if positive(value, known) else None


def positive(value: MatrixExpr, known: Definitions) -> bool:
    """Whether every entry is above zero whatever the variables are, as that of a + (1 - a) sigmoid(x) is for a sigmoid a.

    Bounds alone do not tell: sigmoid(x) comes as near to 0 as one likes.
    """
    if is_leaf(value):
        return value in known and positive(known[value], known)
    if isinstance(value, OneMatrix) or _one_minus(value, known) is not None:
        return True
    number, factors = tidy.split_number(value)
    if len(factors) == 1 and number != 1:
        return bool(number > 0) and positive(factors[0], known)
    if isinstance(value, (Broadcast, sp.Transpose, JoinHeads)):
        return positive(value.args[0], known)
    if isinstance(value, sp.HadamardProduct):
        return all(positive(a, known) for a in value.args)
    if isinstance(value, sp.MatAdd) and all(value_range(a, known)[0] >= 0 for a in value.args):
        return any(positive(a, known) for a in value.args)
    return (isinstance(value, Elementwise) and value.name in _POSITIVE) or value_range(value, known)[0] > 0


def _of_function(value: Elementwise, known: Definitions) -> MatrixExpr | None:
    if value.name == "exp":
        return value.operand
    if value.name == "identity":
        return logarithm(value.operand, known)
    return tidy.scale(-1, Elementwise("softplus", tidy.scale(-1, value.operand)))


def _one_minus(value: MatrixExpr, known: Definitions) -> MatrixExpr | None:
    """x of 1 - sigmoid(x)."""
    if not isinstance(value, sp.MatAdd) or len(value.args) != 2:
        return None
    for one, other in (value.args, reversed(value.args)):
        number, factors = tidy.split_number(other)
        if isinstance(one, OneMatrix) and number == -1 and len(factors) == 1:
            gate = factors[0].args[0] if isinstance(factors[0], Broadcast) else factors[0]
            gate = known.get(gate, gate)
            if isinstance(gate, Elementwise) and gate.name == "sigmoid":
                return tidy.spread(gate.operand, *value.shape)
    return None


def _ones(value: MatrixExpr) -> MatrixExpr:
    return OneMatrix(*value.shape)
