"""The nested form: total derivatives of the state, carried forward."""

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import tidy
from symbptt.algebra.nodes import SOURCE, TIME, SumOver
from symbptt.derive import formula, step
from symbptt.model.values import Model, Variable
from symbptt.narrative import symbols
from symbptt.narrative.backward import base_case, during
from symbptt.narrative.presentation import Presentation
from symbptt.narrative.products import EXPANDED, Pattern, members, patterns
from symbptt.narrative.symbols import LAST
from symbptt.narrative.values import Section, Step
from symbptt.typeset.tree import Aligned, Equality


def recursion(model: Model, presentation: Presentation, pattern: Pattern) -> Step:
    """The base case, then one step."""
    theta = pattern.symbol(model)
    n, p = formula.state_rows(model), theta.shape[0] * theta.shape[1]
    now = symbols.total(formula.state(model), theta)
    before = tidy.mul(symbols.jacobian(model), symbols.total(formula.state(model, TIME - 1), theta))
    immediate = symbols.immediate(formula.state(model), theta)
    if pattern.initial:
        first, base, value, when = sp.S.Zero, sp.Identity(n), before, "t = 1, …, T"
    elif pattern.timed:
        first, base, value, when = SOURCE, symbols.at(immediate, SOURCE), before, "t = k+1, …, T"
    else:
        first, base, value, when = sp.S.Zero, sp.ZeroMatrix(n, p), tidy.add(immediate, before), "t = 1, …, T"
    lines = Aligned((
        Equality(presentation.tree(symbols.at(now, first), model), (base_case(presentation.tree(base, model), presentation),)),
        Equality(presentation.tree(now, model), (during(presentation.tree(value, model), presentation.steps(when)),)),
    ))
    rule = presentation.prose(f"derivation.nested.{'through' if pattern.initial or pattern.timed else 'parts'}")
    return Step(lines, rule, presentation.check(value), members(model, presentation, pattern), label="nested-recursion")


def gradient_side(model: Model, pattern: Pattern) -> MatrixExpr:
    """The gradient from the carried derivatives."""
    assert model.loss is not None
    theta = pattern.symbol(model)
    g = tidy.transpose(symbols.loss_symbol(model))
    parts: list[MatrixExpr] = []
    if pattern.direct and not pattern.timed:
        parts.append(symbols.immediate(symbols.loss(model), theta))
    if pattern.reaches:
        parts.append(tidy.mul(g, symbols.total(formula.state(model), theta)))
        if step.loss_lag(model):
            back = symbols.immediate(symbols.loss(model), formula.state(model, TIME - 1))
            parts.append(tidy.mul(back, symbols.total(formula.state(model, TIME - 1), theta)))
    row = sp.Transpose(parts[0] if len(parts) == 1 else sp.MatAdd(*parts)) if parts else None
    sums: list[MatrixExpr] = []
    if pattern.direct and pattern.timed:
        sums.append(tidy.transpose(symbols.immediate(symbols.loss(model, SOURCE), theta)))
    if row is not None:
        start = SOURCE if pattern.timed else 1
        sums.append(symbols.at(row, LAST) if model.loss.at == "last" else SumOver(row, TIME, start, LAST))
    return tidy.add(*sums) if sums else sp.ZeroMatrix(*theta.shape)


def _gradient(model: Model, presentation: Presentation, pattern: Pattern) -> Step:
    """The equation of the gradient."""
    left = symbols.total(symbols.loss(model, None), pattern.symbol(model))
    value = gradient_side(model, pattern)
    claim = () if pattern.reaches else members(model, presentation, pattern)  # otherwise its recursion has said it
    return Step(presentation.equation(model, left, value), presentation.prose("derivation.nested.loss"), "", claim)


def _written_out(model: Model, presentation: Presentation, pattern: Pattern, T: int) -> Step:
    """ds_T/dθ with the recursion inserted into itself."""
    theta = pattern.symbol(model)
    value: MatrixExpr = sp.ZeroMatrix(formula.state_rows(model), theta.shape[0] * theta.shape[1])
    for t in range(1, T + 1):
        value = tidy.add(symbols.immediate(formula.state(model, t), theta), tidy.mul(symbols.jacobian(model, t), value))
    left = symbols.total(formula.state(model, T), theta)
    return Step(presentation.equation(model, left, value), presentation.prose("derivation.nested.inserted", times=str(T)), "")


def section(model: Model, presentation: Presentation, T: int, wrt: tuple[Variable, ...]) -> Section:
    """The forward recursion for every pattern of variables."""
    steps: list[Step] = []
    found = patterns(model, wrt)
    for pattern in found:
        if pattern.reaches and model.states:
            steps.append(recursion(model, presentation, pattern))
            if not pattern.initial and not pattern.timed and T <= EXPANDED:
                steps.append(_written_out(model, presentation, pattern, T))
        steps.append(_gradient(model, presentation, pattern))
    several = any(p.reaches and not p.timed for p in found)
    intro = "nested.intro" if several else "nested.from_step" if any(p.reaches for p in found) else "products.own_step"
    return Section(presentation.text("derivation.nested.heading"), tuple(steps), (presentation.prose(f"derivation.{intro}"),))
