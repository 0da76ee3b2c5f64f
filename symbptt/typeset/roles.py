"""The parts that the variables of a recurrent model play, found by what multiplies what: h = f(U x + W h[t-1] + b), o = V h + c.

A notation gives symbols by these parts, so that it fits models that its author never saw. A part that several variables play,
such as the recurrent weights of a cell with gates, has no one symbol and is left out.
"""

from collections.abc import Iterator
from functools import lru_cache

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra.nodes import TIME, Timed, is_leaf
from symbptt.model.values import Equation, Model, Role

_GIVEN = {"input": Role.INPUT, "state": Role.STATE, "target": Role.TARGET, "loss": Role.LOSS}
SCALAR = (1, 1)


def _products(value: MatrixExpr) -> Iterator[tuple[MatrixExpr, MatrixExpr]]:
    """The pairs (weight, factor) of the products of two variables among the summands."""
    for term in value.args if isinstance(value, sp.MatAdd) else (value,):
        plain = isinstance(term, sp.HadamardProduct) and term.shape == SCALAR
        if (isinstance(term, sp.MatMul) or plain) and len(term.args) == 2 and all(map(is_leaf, term.args)):
            yield term.args


def _part(model: Model, factor: sp.MatrixSymbol) -> str:
    """Which weights multiply a value: those of the input, of the state before, or of the state of the same step."""
    role = model[factor.name].role
    if role is Role.INPUT:
        return "input_weights"
    if role is not Role.STATE or not isinstance(factor, Timed):
        return ""
    return "readout_weights" if factor.step == TIME else "recurrent_weights"


def _of_equation(model: Model, equation: Equation) -> Iterator[tuple[str, str]]:
    """(part, variable) for what one equation shows."""
    parts = {_part(model, factor): weight for weight, factor in _products(equation.value)}
    added = [a.name for a in equation.value.args if is_leaf(a)] if isinstance(equation.value, sp.MatAdd) else []
    biases = [name for name in added if model[name].role is Role.PARAMETER]
    inner = "recurrent_weights" in parts
    if not inner and "readout_weights" not in parts:
        return
    if equation.target.role is Role.LOCAL:
        yield ("preactivation" if inner else "output"), equation.target.name
    for name in biases:
        yield ("bias" if inner else "readout_bias"), name
    for part, weight in parts.items():
        if part and model[weight.name].role is Role.PARAMETER:
            yield part, weight.name


@lru_cache(maxsize=64)
def roles(model: Model) -> dict[str, str]:
    """Variable to the part that it plays, for every part that one variable alone plays."""
    found: dict[str, set[str]] = {part: {v.name for v in model.of(role)} for part, role in _GIVEN.items()}
    for equation in model.all_equations:
        for part, name in _of_equation(model, equation):
            found.setdefault(part, set()).add(name)
    return {names.pop(): part for part, names in found.items() if len(names) == 1}
