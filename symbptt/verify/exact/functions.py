"""What the table of functions claims, proved function by function: the forms of a slope are the derivative of the value."""

from collections.abc import Iterator

import sympy as sp

from symbptt.algebra import functions
from symbptt.algebra.functions import FUNCTIONS, Function, Y, Z, slope
from symbptt.algebra.nodes import CrossEntropy, Elementwise, LogSumExp, Softmax
from symbptt.model.values import Model
from symbptt.verify.report import Check

NAME = "proved: functions"


def used(model: Model) -> tuple[str, ...]:
    """The elementwise functions of a model; a softmax has an exponential inside, its logarithm that and a logarithm."""
    values = [equation.value for equation in model.all_equations]
    names = {node.name for value in values for node in value.atoms(Elementwise)}
    names |= {"exp"} if any(value.has(Softmax) for value in values) else set()
    names |= {"exp", "log"} if any(value.has(LogSumExp, CrossEntropy) for value in values) else set()
    return tuple(sorted(names))


def check(model: Model) -> Iterator[Check]:
    """One check for every function with forms of its own."""
    for name in used(model):
        forms = dict(_differences(FUNCTIONS[name]))
        if forms:
            wrong = [what for what, difference in forms.items() if sp.simplify(difference) != 0]
            where = f"{name}: the {wrong[0]} is not the derivative" if wrong else ""
            yield Check(NAME, name, float(len(wrong)), 0.0, where)


def _differences(row: Function) -> Iterator[tuple[str, sp.Expr]]:
    """What must vanish: slope in terms of the result, and the overflow-safe forms with their functions written out."""
    if row.by_result is not None:
        yield "slope by result", row.by_result.subs(Y, row.value) - row.value.diff(Z)
    if row.safe_value is not None:
        yield "safe value", _plain(row.safe_value) - row.value
    if row.safe_slope is not None:
        yield "safe slope", _plain(row.safe_slope) - row.value.diff(Z)
    if row.by_result is None and row.safe_slope is None:
        yield "slope", slope(row.name) - row.value.diff(Z)


def _plain(expression: sp.Expr) -> sp.Expr:
    written = expression.replace(functions.Sigmoid, lambda z: 1 / (1 + sp.exp(-z)))
    return written.replace(functions.Softplus, lambda z: sp.log(1 + sp.exp(z)))
