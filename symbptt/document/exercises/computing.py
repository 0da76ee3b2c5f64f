"""A gradient computed by hand for small numbers, other ones than the document's."""

from random import Random

from symbptt.document.context import DocumentContext
from symbptt.document.example.numbers import example, refusal
from symbptt.document.example.substitution import line
from symbptt.document.exercises.generated import GeneratedExercise, said
from symbptt.document.parts.worked import calculation, given, length, total, values_table
from symbptt.model.values import Role
from symbptt.narrative import symbols
from symbptt.narrative.inline import math

LARGEST = 12
"""The largest number of equations of a step that a hand computes."""
LINES = 12


def number(context: DocumentContext, random: Random) -> GeneratedExercise | None:
    """The gradient by the main parameter at drawn numbers, with every line of the way, or beside a derivation all values."""
    model, presentation = context.model, context.presentation
    theta = context.main or next((v for v in context.variables if v.role is Role.PARAMETER), None)
    if theta is None or refusal(model) is not None or len(model.all_equations) > LARGEST:
        return None
    found = example(model, length(model), seed=1 + random.randrange(10**6))
    if found is None:
        return None
    left = presentation.tree(symbols.total(symbols.loss(model, None), theta.at()), model)
    tables = () if context.full or context.sheet else values_table(found, presentation)
    steps = [] if tables else [line(found, a.target, a.value, presentation) for a in found.graph if a.variable.definition is None]
    steps += [] if tables else [line(found, e.symbol, e.value, presentation) for e in found.system.equations]
    sums = [
        line(found, presentation.tree(symbols.total(symbols.loss(model, None), of), model), value, presentation)
        for of, value in total(found, theta.name)
    ]
    question = presentation.prose("exercises.number.question", gradient=left, steps=math(f"T = {found.graph.T}"))
    return GeneratedExercise(
        (said(question), said(given(found, presentation))),
        presentation.prose("exercises.number.hint"), (*tables, calculation(context, [*steps, *sums])), LINES,
    )
