"""The letters of a derivation beside the model's own: s, J, θ, g, v and D, each under a letter that the model does not use."""

from functools import lru_cache

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra.nodes import TIME, Diag, Elementwise, Partial, Timed, leaves
from symbptt.algebra.related import LossGradient, SlopeMatrix, StepAdjoint
from symbptt.derive.formula import free, state, state_rows
from symbptt.derive.rules import local
from symbptt.model.values import Equation, Model, Variable

LAST = sp.Symbol("T", integer=True, nonnegative=True)  # not the symbol of a dimension that is called T
"""The number of steps, as a letter."""


def at(expression: MatrixExpr, step: sp.Expr | int) -> MatrixExpr:
    """A template at another step."""
    return expression.xreplace({TIME: sp.sympify(step)})


def jacobian(model: Model, step: sp.Expr | int = TIME) -> Timed:
    """J_t, as a letter."""
    return Timed(free(model, "jacobian"), state_rows(model), state_rows(model), step)


def state_partial(model: Model, step: sp.Expr | int = TIME, before: sp.Expr | int | None = None) -> Partial:
    """∂⁺s_t/∂s_{t-1}, opaque."""
    return Partial(state(model, step), state(model, sp.sympify(step) - 1 if before is None else before), "immediate")


def loss_symbol(model: Model, step: sp.Expr | int = TIME) -> LossGradient:
    """g_t, as a letter."""
    return LossGradient(state(model, step))


def adjoint_symbol(model: Model, step: sp.Expr | int = TIME) -> StepAdjoint:
    """The step adjoint of s_t."""
    return StepAdjoint(state(model, step))


def loss(model: Model, step: sp.Expr | int | None = TIME) -> sp.MatrixSymbol:
    """L_t, or the sum L for None."""
    assert model.loss is not None
    target = model.loss.target
    return sp.MatrixSymbol(target.name, 1, 1) if step is None else target.at(step)


def loss_at(model: Model) -> sp.Expr:
    """The step of formulas about one loss: t, or T where only the loss of the last step counts."""
    assert model.loss is not None
    return LAST if model.loss.at == "last" else TIME


def immediate(numerator: MatrixExpr, denominator: MatrixExpr) -> Partial:
    """The immediate derivative, opaque."""
    return Partial(numerator, denominator, "immediate")


def total(numerator: MatrixExpr, denominator: MatrixExpr) -> Partial:
    """The total derivative, opaque."""
    return Partial(numerator, denominator, "total")


def parameter(model: Model) -> sp.MatrixSymbol:
    """θ: any of several parameters."""
    return sp.MatrixSymbol(free(model, "parameter"), sp.Symbol("P", integer=True, positive=True), 1)


@lru_cache(maxsize=64)
def slopes(model: Model) -> tuple[tuple[Variable, MatrixExpr, SlopeMatrix], ...]:
    """The slope matrices that get a letter: (h, diag(1 - h_t^2), D_h at t), for each h = f(a) with a name of its own."""
    found: list[tuple[Variable, MatrixExpr, SlopeMatrix]] = []
    for equation in model.all_equations:
        target = equation.target
        matrix = _slope_matrix(equation)
        if isinstance(matrix, Diag) and target.definition is None:
            found.append((target, matrix, SlopeMatrix(target.at())))
    return tuple(found)


def _slope_matrix(equation: Equation) -> MatrixExpr | None:
    if type(equation.value) is not Elementwise:
        return None
    routes = local(equation.value, equation.target.at())
    return routes[0][1].matrix() if routes else None


def abbreviated(expression: MatrixExpr, model: Model) -> MatrixExpr:
    """The expression with the slope matrices as letters."""
    found: dict[MatrixExpr, MatrixExpr] = {}
    for node in expression.atoms(Diag):
        for _, template, letter in slopes(model):
            step = getattr(leaves(node)[0], "step", TIME)
            if at(template, step) == node:
                found[node] = at(letter, step)
    return expression.xreplace(found)
