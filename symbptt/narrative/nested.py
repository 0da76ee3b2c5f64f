"""The nested form: total derivatives of the state, carried forward."""

from __future__ import annotations

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt import typeset
from symbptt.algebra import build
from symbptt.algebra.nodes import TIME, Series
from symbptt.derive import step
from symbptt.model.values import Model, Variable
from symbptt.narrative import shapes, symbols
from symbptt.narrative.backward import during
from symbptt.narrative.products import EXPANDED, Pattern, members, patterns
from symbptt.narrative.symbols import LAST, SOURCE
from symbptt.narrative.values import Prose, Section, Step
from symbptt.typeset.tree import Aligned, Equality, Tree


def _tree(model: Model, expression: MatrixExpr) -> Tree:
    return typeset.compose(expression, model=model)


def _recursion(model: Model, pattern: Pattern) -> Step:
    """The base case, then one step."""
    theta = pattern.symbol(model)
    n, p = symbols.state_rows(model), theta.shape[0] * theta.shape[1]
    now = symbols.total(symbols.state(model), theta)
    before = build.mul(symbols.jacobian(model), symbols.total(symbols.state(model, TIME - 1), theta))
    immediate = symbols.immediate(symbols.state(model), theta)
    if pattern.initial:
        first, base, value, when = sp.S.Zero, sp.Identity(n), before, "t = 1, …, T"
    elif pattern.timed:
        first, base, value, when = SOURCE, symbols.at(immediate, SOURCE), before, "t = k+1, …, T"
    else:
        first, base, value, when = sp.S.Zero, sp.ZeroMatrix(n, p), build.add(immediate, before), "t = 1, …, T"
    lines = Aligned((
        Equality(_tree(model, symbols.at(now, first)), (during(_tree(model, base), "base case"),)),
        Equality(_tree(model, now), (during(_tree(model, value), when),)),
    ))
    own = pattern.initial or pattern.timed
    rule = "through the step before" if own else "total derivative = immediate part + through the step before"
    return Step(lines, rule, shapes.check(value), members(model, pattern))


def _gradient(model: Model, pattern: Pattern) -> Step:
    """The gradient from the carried derivatives."""
    assert model.loss is not None
    theta = pattern.symbol(model)
    g = build.transpose(symbols.loss_symbol(model))
    parts: list[MatrixExpr] = []
    if pattern.direct and not pattern.timed:
        parts.append(symbols.immediate(symbols.loss(model), theta))
    if pattern.reaches:
        parts.append(build.mul(g, symbols.total(symbols.state(model), theta)))
        if step.loss_lag(model):
            back = symbols.immediate(symbols.loss(model), symbols.state(model, TIME - 1))
            parts.append(build.mul(back, symbols.total(symbols.state(model, TIME - 1), theta)))
    row = sp.Transpose(parts[0] if len(parts) == 1 else sp.MatAdd(*parts)) if parts else None
    sums: list[MatrixExpr] = []
    if pattern.direct and pattern.timed:
        sums.append(build.transpose(symbols.immediate(symbols.loss(model, SOURCE), theta)))
    if row is not None:
        start = SOURCE if pattern.timed else 1
        sums.append(symbols.at(row, LAST) if model.loss.at == "last" else Series(row, TIME, start, LAST))
    left = symbols.total(symbols.loss(model, None), theta)
    return Step(typeset.equation(left, build.add(*sums), model=model), "total derivative of the loss", "")


def _written_out(model: Model, pattern: Pattern, T: int) -> Step:
    """ds_T/dθ with the recursion inserted into itself."""
    theta = pattern.symbol(model)
    value: MatrixExpr = sp.ZeroMatrix(symbols.state_rows(model), theta.shape[0] * theta.shape[1])
    for t in range(1, T + 1):
        value = build.add(symbols.immediate(symbols.state(model, t), theta), build.mul(symbols.jacobian(model, t), value))
    left = symbols.total(symbols.state(model, T), theta)
    return Step(typeset.equation(left, value, model=model), f"the recursion inserted {T} times", "")


def section(model: Model, T: int, wrt: tuple[Variable, ...]) -> Section:
    """The forward recursion for every pattern of variables."""
    steps: list[Step] = []
    for pattern in patterns(model, wrt):
        if pattern.reaches and model.states:
            steps.append(_recursion(model, pattern))
            if not pattern.initial and not pattern.timed and T <= EXPANDED:
                steps.append(_written_out(model, pattern, T))
        steps.append(_gradient(model, pattern))
    intro: Prose = (
        "The same sum, ordered the other way round: the derivatives of the state are carried forward with the steps (real-time "
        "recurrent learning). The immediate derivative on the right and the total one on the left are different things.",
    )
    return Section("Nested form", tuple(steps), (intro,))
