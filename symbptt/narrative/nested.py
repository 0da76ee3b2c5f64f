"""The nested form: total derivatives of the state, carried forward."""

from __future__ import annotations

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import build
from symbptt.algebra.nodes import SOURCE, TIME, SumOver
from symbptt.derive import formula, step
from symbptt.model.values import Model, Variable
from symbptt.narrative import symbols
from symbptt.narrative.backward import base_case, during
from symbptt.narrative.products import EXPANDED, Pattern, members, patterns
from symbptt.narrative.symbols import LAST
from symbptt.narrative.values import Section, Step
from symbptt.narrative.voice import Voice
from symbptt.typeset.tree import Aligned, Equality


def recursion(model: Model, voice: Voice, pattern: Pattern) -> Step:
    """The base case, then one step."""
    theta = pattern.symbol(model)
    n, p = formula.state_rows(model), theta.shape[0] * theta.shape[1]
    now = symbols.total(formula.state(model), theta)
    before = build.mul(symbols.jacobian(model), symbols.total(formula.state(model, TIME - 1), theta))
    immediate = symbols.immediate(formula.state(model), theta)
    if pattern.initial:
        first, base, value, when = sp.S.Zero, sp.Identity(n), before, "t = 1, …, T"
    elif pattern.timed:
        first, base, value, when = SOURCE, symbols.at(immediate, SOURCE), before, "t = k+1, …, T"
    else:
        first, base, value, when = sp.S.Zero, sp.ZeroMatrix(n, p), build.add(immediate, before), "t = 1, …, T"
    lines = Aligned((
        Equality(voice.tree(symbols.at(now, first), model), (base_case(voice.tree(base, model), voice),)),
        Equality(voice.tree(now, model), (during(voice.tree(value, model), voice.steps(when)),)),
    ))
    rule = voice.say(f"derivation.nested.{'through' if pattern.initial or pattern.timed else 'parts'}")
    return Step(lines, rule, voice.check(value), members(model, voice, pattern), label="nested-recursion")


def gradient_side(model: Model, pattern: Pattern) -> MatrixExpr:
    """The gradient from the carried derivatives."""
    assert model.loss is not None
    theta = pattern.symbol(model)
    g = build.transpose(symbols.loss_symbol(model))
    parts: list[MatrixExpr] = []
    if pattern.direct and not pattern.timed:
        parts.append(symbols.immediate(symbols.loss(model), theta))
    if pattern.reaches:
        parts.append(build.mul(g, symbols.total(formula.state(model), theta)))
        if step.loss_lag(model):
            back = symbols.immediate(symbols.loss(model), formula.state(model, TIME - 1))
            parts.append(build.mul(back, symbols.total(formula.state(model, TIME - 1), theta)))
    row = sp.Transpose(parts[0] if len(parts) == 1 else sp.MatAdd(*parts)) if parts else None
    sums: list[MatrixExpr] = []
    if pattern.direct and pattern.timed:
        sums.append(build.transpose(symbols.immediate(symbols.loss(model, SOURCE), theta)))
    if row is not None:
        start = SOURCE if pattern.timed else 1
        sums.append(symbols.at(row, LAST) if model.loss.at == "last" else SumOver(row, TIME, start, LAST))
    return build.add(*sums) if sums else sp.ZeroMatrix(*theta.shape)


def _gradient(model: Model, voice: Voice, pattern: Pattern) -> Step:
    """The equation of the gradient."""
    left = symbols.total(symbols.loss(model, None), pattern.symbol(model))
    value = gradient_side(model, pattern)
    claim = () if pattern.reaches else members(model, voice, pattern)  # otherwise its recursion has said it
    return Step(voice.equation(model, left, value), voice.say("derivation.nested.loss"), "", claim)


def _written_out(model: Model, voice: Voice, pattern: Pattern, T: int) -> Step:
    """ds_T/dθ with the recursion inserted into itself."""
    theta = pattern.symbol(model)
    value: MatrixExpr = sp.ZeroMatrix(formula.state_rows(model), theta.shape[0] * theta.shape[1])
    for t in range(1, T + 1):
        value = build.add(symbols.immediate(formula.state(model, t), theta), build.mul(symbols.jacobian(model, t), value))
    left = symbols.total(formula.state(model, T), theta)
    return Step(voice.equation(model, left, value), voice.say("derivation.nested.inserted", times=str(T)), "")


def section(model: Model, voice: Voice, T: int, wrt: tuple[Variable, ...]) -> Section:
    """The forward recursion for every pattern of variables."""
    steps: list[Step] = []
    found = patterns(model, wrt)
    for pattern in found:
        if pattern.reaches and model.states:
            steps.append(recursion(model, voice, pattern))
            if not pattern.initial and not pattern.timed and T <= EXPANDED:
                steps.append(_written_out(model, voice, pattern, T))
        steps.append(_gradient(model, voice, pattern))
    several = any(p.reaches and not p.timed for p in found)
    intro = "nested.intro" if several else "nested.from_step" if any(p.reaches for p in found) else "products.own_step"
    return Section(voice.word("derivation.nested.heading"), tuple(steps), (voice.say(f"derivation.{intro}"),))
