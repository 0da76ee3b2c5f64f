"""An equation of the recursion with one error in it, to be found."""

from random import Random

from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra.related import Adjoint
from symbptt.derive.recursion import RecursionEquation, recursion
from symbptt.document.context import DocumentContext
from symbptt.document.exercises.generated import GeneratedExercise, said, shown
from symbptt.mistakes import catalogue, named
from symbptt.mistakes.edits import one_by_one
from symbptt.narrative import backward

LINES = 5


def error(context: DocumentContext, random: Random) -> GeneratedExercise | None:
    """An equation, one change that makes it wrong, and what the right one is."""
    model, presentation = context.model, context.presentation
    found = recursion(model)
    wrt = set(context.variables)
    zero = backward.zero_before_last(model)
    cases: list[tuple[MatrixExpr, RecursionEquation, MatrixExpr]] = [
        (Adjoint(e.variable.at()), e, backward.right_sides(model, e)[1])
        for e in found.adjoints if e.variable.name not in zero
    ]
    cases += [
        (backward.gradient_of(model, e.variable), e, backward.gradient_side(model, e))
        for e in found.gradients if e.variable in wrt and e.terms and not backward.splits(model, e)
    ]
    wrong = [
        (of, equation, value, mistake.name, changed)
        for of, equation, value in cases for mistake in catalogue() if mistake.edit
        for changed in one_by_one(mistake.edit, model, value) if changed is not None and changed != value
    ]
    if not wrong:
        return None
    kind = random.choice(sorted({name for *_, name, _ in wrong}))
    of, equation, value, name, changed = random.choice([case for case in wrong if case[3] == kind])
    left = presentation.tree(of, model)
    apart = equation in found.adjoints and equation.now != value
    shapes = presentation.prose("exercises.error.shapes", shapes=presentation.check(value))
    about = f"{'adjoint' if equation in found.adjoints else 'gradient'}-{equation.variable.name}"
    right = shown(backward.line(left, presentation.tree(value, model), apart), shapes)
    return GeneratedExercise(
        (said(presentation.prose("exercises.error.question")),
            shown(backward.line(left, presentation.tree(changed, model), apart))),
        presentation.prose("exercises.error.hint"), (said(named(name).said(presentation)), right),
        LINES, (presentation.tree(value, model),), frozenset((about,)),
    )
