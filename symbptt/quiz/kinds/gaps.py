"""Cloze: the recursion with pieces left out."""

from random import Random

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import tidy
from symbptt.document.exercises.blanks import with_gap
from symbptt.quiz.context import Line, QuizContext, mistaken
from symbptt.quiz.kinds.choices import OPTIONS, secrets
from symbptt.quiz.point import numbers, same
from symbptt.quiz.question import Cloze, Formulas, Option
from symbptt.typeset.tree import Blank, Number, Script, Tree

GAPS = 2
"""So many boxes at most."""
Gap = tuple[Line, Tree, tuple[Option, ...]]
"""A line, how it is shown with its gap, and what can stand there."""


def cloze(context: QuizContext, random: Random) -> Cloze | None:
    """Lines of the recursion, each with a gap."""
    gaps, wanted = list[Gap](), random.randint(1, GAPS)
    for line in random.sample(context.lines, len(context.lines)):
        made = _gap(context, random, line, len(gaps) + 1)
        if made is not None:
            gaps.append(made)
        if len(gaps) == wanted:
            break
    if not gaps:
        return None
    return Cloze(
        kind="cloze", title=context.presentation.prose("quiz.cloze.title"),
        body=(
            context.presentation.prose("quiz.cloze.question"), Formulas(tuple(shown for _, shown, _ in gaps)),
            *context.named([line for line, _, _ in gaps]),
        ),
        about=frozenset(line.name for line, _, _ in gaps),
        secrets=tuple(secret for line, _, _ in gaps for secret in secrets(context, line)),
        gaps=tuple((str(i), options) for i, (_, _, options) in enumerate(gaps, 1)),
    )


def _gap(context: QuizContext, random: Random, line: Line, number: int) -> Gap | None:
    parts = line.right.args if isinstance(line.right, sp.MatAdd) else (line.right,)
    place = random.randrange(len(parts))

    def whole(part: MatrixExpr) -> MatrixExpr:
        return tidy.add(*parts[:place], part, *parts[place + 1 :])

    worth, written = context.worth(line, line.right), context.presentation.tree(parts[place], context.model)
    found: dict[Tree, Option] = {}
    for mistake, value in mistaken(context.model, parts[place]):
        other, shown = context.worth(line, whole(value)), context.presentation.tree(value, context.model)
        if shown != written and not same(worth, other):
            found.setdefault(shown, Option((shown,), False, mistake.said(context.presentation), numbers(other)))
    if len(found) < 2:
        return None
    kept = random.sample(list(found.values()), min(OPTIONS - 1, len(found)))
    options = [Option((written,), True, (), numbers(worth)), *kept]
    random.shuffle(options)
    gap = Script(Blank(), Number(str(number)))
    shown = with_gap([context.presentation.tree(part, context.model) for part in parts], place, gap)
    return line, context.written(line, shown), tuple(options)
