"""An equation of the recursion with one error in it, to be found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import build
from symbptt.algebra.nodes import TIME, Slope, SlopeByResult, Timed
from symbptt.algebra.related import Adjoint
from symbptt.derive.recursion import RecursionEquation, recursion
from symbptt.document.context import DocumentContext
from symbptt.document.exercises.generated import GeneratedExercise, said, shown
from symbptt.model.values import Model
from symbptt.narrative import backward

LINES = 5
Change = Callable[[Model, MatrixExpr], Iterator[MatrixExpr | None]]
"""Yields formulas with an error in them, None for one that cannot be written, since its shapes do not fit."""


def _transposes(model: Model, value: MatrixExpr) -> Iterator[MatrixExpr | None]:
    """A transpose left out."""
    for node in _found(value, sp.Transpose):
        if node.shape != (1, 1):
            yield build.replaced(value, {node: node.arg})


def _order(model: Model, value: MatrixExpr) -> Iterator[MatrixExpr | None]:
    """The factors of a matrix product exchanged."""
    for node in _found(value, sp.MatMul):
        if len(build.split_number(node)[1]) == 2 and len(node.args) == 2:
            swapped = build.product(*reversed(node.args))
            yield None if swapped is None else build.replaced(value, {node: swapped})


def _step(model: Model, value: MatrixExpr) -> Iterator[MatrixExpr | None]:
    """A state read one step late or early."""
    for leaf in _found(value, Timed):
        if leaf.name in {s.name for s in model.states}:
            yield value.xreplace({leaf: model[leaf.name].at(leaf.step + (1 if leaf.step in (TIME - 1, 0) else -1))})


def _slope(model: Model, value: MatrixExpr) -> Iterator[MatrixExpr | None]:
    """A slope left out of an elementwise product."""
    for node in _found(value, sp.HadamardProduct):
        kept = [a for a in node.args if not isinstance(a, (Slope, SlopeByResult, OneMatrix))]
        if 0 < len(kept) < len(node.args):
            yield build.replaced(value, {node: build.hadamard(*kept)})


def _summand(model: Model, value: MatrixExpr) -> Iterator[MatrixExpr | None]:
    """A summand left out."""
    if isinstance(value, sp.MatAdd):
        for i in range(len(value.args)):  # by place: a sum may have a summand twice
            yield build.add(*value.args[:i], *value.args[i + 1 :])


CHANGES: dict[str, Change] = {
    "transpose": _transposes, "order": _order, "step": _step, "slope": _slope, "summand": _summand,
}
"""The errors by their name in the tables of words; another one is another row."""


def _found(value: MatrixExpr, kind: type) -> list[MatrixExpr]:
    return sorted(value.atoms(kind), key=str)


def error(context: DocumentContext, random: Random) -> GeneratedExercise | None:
    """An equation, one change that makes it wrong, and what the right one is."""
    model, voice = context.model, context.voice
    found = recursion(model)
    wrt = set(context.variables)
    zero = backward.zero_before_last(model)
    cases: list[tuple[MatrixExpr, RecursionEquation, MatrixExpr]] = [
        (Adjoint(e.variable.at()), e, backward.right_sides(model, e)[1])
        for e in found.adjoints if e.variable.name not in zero
    ]
    cases += [
        (backward.gradient_of(model, e.variable), e, backward.gradient_side(model, e))
        for e in found.gradients if e.variable in wrt and e.terms
    ]
    wrong = [
        (of, equation, value, name, changed)
        for of, equation, value in cases for name, change in CHANGES.items() for changed in change(model, value)
        if changed is not None and changed != value
    ]
    if not wrong:
        return None
    kind = random.choice(sorted({name for *_, name, _ in wrong}))
    of, equation, value, name, changed = random.choice([case for case in wrong if case[3] == kind])
    left = voice.tree(of, model)
    apart = equation in found.adjoints and equation.now != value
    shapes = voice.say("exercises.error.shapes", shapes=voice.check(value))
    right = shown(backward.line(left, voice.tree(value, model), apart), shapes)
    return GeneratedExercise(
        (said(voice.say("exercises.error.question")), shown(backward.line(left, voice.tree(changed, model), apart))),
        voice.say("exercises.error.hint"), (said(voice.say(f"exercises.error.solution.{name}")), right),
        LINES,
    )
