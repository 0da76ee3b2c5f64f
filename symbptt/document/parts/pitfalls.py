"""Common mistakes, each with the right line, the wrong one, and what the wrong one does to the example by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import sympy as sp
from sympy.matrices.exceptions import ShapeError
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import build
from symbptt.algebra.nodes import TIME, Slope, SlopeByResult, SumOver, Timed
from symbptt.algebra.related import Adjoint
from symbptt.derive import formula
from symbptt.derive.adjoint import AdjointEquation
from symbptt.derive.recursion import RecursionEquation, recursion
from symbptt.derive.sweep import Contribution
from symbptt.document.blocks import Block, Box, Heading, Paragraph, Steps
from symbptt.document.context import DocumentContext
from symbptt.document.example.numbers import Example, refusal, required
from symbptt.document.example.substitution import matrix
from symbptt.document.parts.worked import length
from symbptt.model.values import Model, Variable
from symbptt.narrative import backward, symbols
from symbptt.narrative.symbols import LAST
from symbptt.narrative.values import Prose, Step
from symbptt.narrative.voice import Voice
from symbptt.typeset.tree import Tree
from symbptt.verify.exact.entries import Entries, Matrix

Change = Callable[[MatrixExpr], MatrixExpr | None]
"""A formula with a mistake in it, None where its shapes then do not fit."""


@dataclass(frozen=True)
class Mistake:
    """A mistake by its name in the tables of words: the equation (left, right, wrong), and what it makes of the gradient."""

    name: str
    left: MatrixExpr
    right: MatrixExpr
    wrong: MatrixExpr
    effect: Matrix | None
    before_last: bool = False
    """Whether the equation is that of the steps before the last."""
    at_last: tuple[MatrixExpr, MatrixExpr] | None = None
    """The right and the wrong side of the last step, where the effect is that of both."""


def pitfalls(context: DocumentContext) -> tuple[Block, ...]:
    """The mistakes that the model gives occasion for, and those of every derivation."""
    model, voice = context.model, context.voice
    boxes: list[Block] = [_box(context, mistake) for mistake in mistakes(context)]
    if model.states and context.main is not None:
        text = Paragraph(voice.say("pitfalls.total.text", plus=_plus(voice), **_pair(context)))
        boxes.append(Box("pitfall", voice.say("pitfalls.total.title"), (text,)))
    return (Heading(voice.word("pitfalls.heading"), "pitfalls"), Paragraph(voice.say("pitfalls.intro")), *boxes)


def _plus(voice: Voice) -> Prose:
    """A warning where the notation has the sign."""
    marked = any(voice.notation.derivative(kind).sup == "+" for kind in ("immediate", "total"))
    return voice.say("pitfalls.total.plus") if marked else ()


def _pair(context: DocumentContext) -> dict[str, Tree]:
    model, voice, theta = context.model, context.voice, context.main
    by = symbols.parameter(model) if theta is None else theta.at()
    state = formula.state(model)
    return {
        "immediate": voice.tree(symbols.immediate(state, by), model), "total": voice.tree(symbols.total(state, by), model),
        "before": voice.tree(formula.state(model, TIME - 1), model),
    }


def _box(context: DocumentContext, mistake: Mistake) -> Box:
    model, voice = context.model, context.voice
    last = mistake.at_last or (None, None)
    shown = (
        Step(_shown(context, mistake, mistake.right, last[0]), voice.say("pitfalls.right")),
        Step(_shown(context, mistake, mistake.wrong, last[1]), voice.say("pitfalls.wrong")),
    )
    blocks: list[Block] = [Paragraph(voice.say(f"pitfalls.{mistake.name}.text")), Steps(shown)]
    if mistake.effect is not None and context.main is not None:
        found = required(model, length(model))
        slots = {
            "gradient": voice.tree(symbols.total(symbols.loss(model, None), context.main.at()), model),
            "wrong": matrix(mistake.effect, voice),
            "right": matrix(found.gradients[context.main.at()], voice),
        }
        if slots["wrong"] != slots["right"]:
            blocks.append(Paragraph(voice.say("pitfalls.effect", **slots)))
    return Box("pitfall", voice.say(f"pitfalls.{mistake.name}.title"), tuple(blocks))


def _shown(context: DocumentContext, mistake: Mistake, side: MatrixExpr, last: MatrixExpr | None) -> Tree:
    voice, model = context.voice, context.model
    if last is not None:
        return backward.both(model, voice, mistake.left, last, side)
    return backward.line(voice.tree(mistake.left, model), voice.tree(side, model), mistake.before_last)


def mistakes(context: DocumentContext) -> Iterator[Mistake]:
    """Every mistake that changes a formula of the model."""
    model, theta = context.model, context.main
    found = recursion(model)
    example = None if refusal(model) is not None else required(model, length(model))
    if theta is not None:
        yield from _off_by_one(model, theta, example)
    for equation in found.adjoints:
        if equation.carries and equation.terms:
            yield _carry(equation, model, theta, example)
            break
    if theta is not None and theta.tied and model.states and not model.starting(theta):
        yield from _overwritten(model, theta, example)
    yield from _formula(model, found.adjoints, "transpose", _untransposed)
    yield from _formula(model, found.adjoints, "order", _reversed)
    for mistake in _formula(model, found.adjoints, "slope", _without_slopes, whole=True):
        yield replace(mistake, effect=_effect(example, theta, _in_one(mistake.left)))


def _adjoint(equation: RecursionEquation) -> MatrixExpr:
    return Adjoint(equation.variable.at())


def _gradient_of(model: Model, theta: Variable) -> RecursionEquation:
    return next(e for e in recursion(model).gradients if e.variable == theta)


def _off_by_one(model: Model, theta: Variable, example: Example | None) -> Iterator[Mistake]:
    """h_t in the place of h_{t-1}."""
    states = {s.name for s in model.states}
    value = build.add(*(c.value for c in _gradient_of(model, theta).terms))
    late = {leaf: model[leaf.name].at() for leaf in value.atoms(Timed) if leaf.name in states and leaf.step == TIME - 1}
    if late:
        def change(variable: Variable, part: Contribution) -> MatrixExpr:
            if variable != theta:
                return part.value
            earlier = [leaf for leaf in part.value.atoms(Timed) if leaf.name in states and leaf.step == part.step - 1]
            return part.value.xreplace({leaf: model[leaf.name].at(part.step) for leaf in earlier})

        left = symbols.total(symbols.loss(model, None), theta.at())
        right, wrong = (_summed(part) for part in (value, value.xreplace(late)))
        yield Mistake("off_by_one", left, right, wrong, _rerun(example, theta, change) if example is not None else None)


def _summed(value: MatrixExpr) -> MatrixExpr:
    """The sum over the steps, as formulas show it."""
    return SumOver(value, TIME, 1, LAST)


def _carry(equation: RecursionEquation, model: Model, theta: Variable | None, example: Example | None) -> Mistake:
    """The carry of one state from t + 1 forgotten: right only at t = T."""
    effect, (_, right) = _dropped(example, theta, equation.variable), backward.right_sides(model, equation)
    wrong = build.add(sp.ZeroMatrix(*right.shape), *(c.value for c in backward.live_terms(model, equation)))
    return Mistake("carry", _adjoint(equation), right, wrong, effect, before_last=True)


def _overwritten(model: Model, theta: Variable, example: Example | None) -> Iterator[Mistake]:
    """= in the place of +=: what the last pass through the loop, step 1, leaves."""
    value = build.add(*(c.value for c in _gradient_of(model, theta).terms))
    if not value.atoms(Timed):
        return
    left = symbols.total(symbols.loss(model, None), theta.at())
    effect = None
    if example is not None:
        first = [c.value for g in example.system.gradients if g.variable == theta for c in g.terms if int(c.step) == 1]
        effect = example.value(build.add(*first)) if first else None
    yield Mistake("assigned", left, _summed(value), value.xreplace({TIME: sp.S.One}), effect)


def _formula(
    model: Model, equations: tuple[RecursionEquation, ...], name: str, change: Change, whole: bool = False
) -> Iterator[Mistake]:
    """A mistake in the first equation that it changes, at a step before the last if the last has its own, or `whole` at both."""
    for equation in equations:
        last, right = backward.right_sides(model, equation)
        if equation.variable.name in backward.zero_before_last(model):
            continue
        wrong, wrong_last = change(right), change(last)
        if wrong is not None and wrong != right:
            both = (last, wrong_last) if whole and last != right and wrong_last is not None else None
            yield Mistake(name, _adjoint(equation), right, wrong, None, before_last=last != right, at_last=both)
            return


def _untransposed(value: MatrixExpr) -> MatrixExpr | None:
    """Without the transposes of square matrices, whose shapes do not complain, or where there are none of all."""
    found = value.atoms(sp.Transpose)
    square = {node for node in found if node.shape[0] == node.shape[1]}
    return build.replaced(value, {node: node.arg for node in square or found})


def _reversed(value: MatrixExpr) -> MatrixExpr | None:
    """The factors of every matrix product in reverse order; None where the sum of such products could not even be written."""
    found = [node for node in value.atoms(sp.MatMul) if len(build.split_number(node)[1]) > 1]
    swapped = {node: build.product(*reversed(node.args)) for node in found}
    kept = {node: other for node, other in swapped.items() if other is not None}
    try:
        return build.replaced(value, kept)
    except ShapeError:
        return None


def _without_slopes(value: MatrixExpr) -> MatrixExpr:
    return _simple(value.xreplace({node: OneMatrix(*node.shape) for node in value.atoms(Slope, SlopeByResult)}))


def _simple(value: MatrixExpr) -> MatrixExpr:
    """Elementwise products without their ones."""
    def kept(*args: MatrixExpr) -> MatrixExpr:
        others = [a for a in args if not isinstance(a, OneMatrix)]
        return build.hadamard(*others) if others else args[0]

    return value.replace(sp.HadamardProduct, kept)


def _in_one(adjoint: MatrixExpr) -> Callable[[Variable, MatrixExpr], MatrixExpr]:
    """The slopes left out of the equation of one adjoint."""
    def change(variable: Variable, value: MatrixExpr) -> MatrixExpr:
        return _without_slopes(value) if Adjoint(variable.at()) == adjoint else value

    return change


def _effect(
    example: Example | None, theta: Variable | None, change: Callable[[Variable, MatrixExpr], MatrixExpr]
) -> Matrix | None:
    """The gradient of theta in the example if every equation is changed so; None where that changes nothing."""
    if example is None or theta is None:
        return None
    return _rerun(example, theta, lambda v, c: change(v, c.value))


def _dropped(example: Example | None, theta: Variable | None, state: Variable) -> Matrix | None:
    """The gradient without what comes from the next step to one state."""
    if example is None or theta is None:
        return None

    def change(equation: AdjointEquation) -> tuple[Contribution, ...]:
        return tuple(c for c in equation.terms if equation.variable != state or int(c.step) == equation.step)

    return _rerun(example, theta, lambda v, c: c.value, change)


def _rerun(
    example: Example, theta: Variable, change: Callable[[Variable, Contribution], MatrixExpr],
    keep: Callable[[AdjointEquation], tuple[Contribution, ...]] = lambda equation: equation.terms,
) -> Matrix | None:
    entries = Entries(example.entries.arithmetic, {}, 1)
    entries.sizes, entries.leaves = example.entries.sizes, dict(example.entries.leaves)
    for equation in example.system.equations:
        v = equation.variable
        parts = [change(v, c) for c in keep(equation)]
        entries.leaves[equation.symbol] = entries(build.add(sp.ZeroMatrix(v.rows, v.columns), *parts))
    parts = [change(theta, c) for g in example.system.gradients if g.variable == theta for c in g.terms]
    value = entries(build.add(sp.ZeroMatrix(theta.rows, theta.columns), *parts))[0]
    return None if value == example.gradients[theta.at()] else value
