"""Questions with one right answer among several: which line is right, and which mistake is in one."""

from random import Random

from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import tidy
from symbptt.mistakes import Mistake, catalogue
from symbptt.quiz.context import Line, QuizContext, Wrong
from symbptt.quiz.point import numbers, same
from symbptt.quiz.question import Choice, Formulas, Option
from symbptt.typeset.tree import Tree

OPTIONS = 4
_OF_ONE_LINE: tuple[frozenset[str], ...] = (
    frozenset({"slope-argument", "slope-wrong", "off-by-one"}),
    frozenset({"slope-missing", "slope-wrong", "factor-missing"}),
    frozenset({"carry-dropped", "route-missing", "overwritten"}),
    frozenset({"transpose-missing", "order-wrong"}),
    frozenset({"overwritten", "off-by-one"}),
)
"""Mistakes of which one may be said where another one was made: they never are answers to one question."""


def secrets(context: QuizContext, line: Line) -> tuple[Tree, ...]:
    """What no other question may show of a line: the whole, and its right side unless that is a single factor."""
    whole = context.written(line, line.right)
    return (whole, context.presentation.tree(line.right, context.model)) if _is_long(line.right) else (whole,)


def _is_long(value: MatrixExpr) -> bool:
    factors = tidy.split_number(value)[1]
    return len(factors) > 1 or (len(factors[0].args) > 1 and not factors[0].is_symbol)


def formula(context: QuizContext, random: Random) -> Choice | None:
    """The right line among wrong ones, each with another mistake of the catalogue."""
    line = random.choice(context.lines)
    wrong = random.sample(context.alternatives[line.name], len(context.alternatives[line.name]))
    chosen: dict[str, Wrong] = {}
    for one in wrong:
        if one.shown not in {other.shown for other in chosen.values()}:
            chosen.setdefault(one.mistake.name, one)
    if len(chosen) < 2:
        return None
    # What can be evaluated looks most like the right line.
    kept = sorted(chosen.values(), key=lambda one: numbers(one.worth) is None)[: OPTIONS - 1]
    right = Option((context.written(line, line.right),), True, (), numbers(context.worth(line, line.right)))
    options = [right, *(Option((w.shown,), False, w.mistake.said(context.presentation), numbers(w.worth)) for w in kept)]
    random.shuffle(options)
    left = context.presentation.tree(line.left, context.model)
    return Choice(
        kind="formula", title=context.presentation.prose("quiz.formula.title", value=left),
        body=(context.presentation.prose("quiz.formula.question", value=left), *context.named([line])),
        about=frozenset({line.name}),
        secrets=secrets(context, line), options=tuple(options),
    )


def naming(context: QuizContext, random: Random) -> Choice | None:
    """A line with a mistake, and sentences of the catalogue among which one says what it is."""
    line = random.choice(context.lines)
    wrong = context.alternatives[line.name]
    if not wrong:
        return None
    name = random.choice(sorted({one.mistake.name for one in wrong}))
    made = random.choice([one for one in wrong if one.mistake.name == name])
    others = [mistake for mistake in catalogue() if mistake.edit and not _fits(mistake, made, wrong)]
    options = [Option(made.mistake.said(context.presentation), True, (), numbers(made.worth))]
    options += [Option(mistake.said(context.presentation), False) for mistake in random.sample(others, OPTIONS - 1)]
    random.shuffle(options)
    left = context.presentation.tree(line.left, context.model)
    return Choice(
        kind="naming", title=context.presentation.prose("quiz.naming.title", value=left),
        body=(context.presentation.prose("quiz.naming.question"), Formulas((made.shown,)), *context.named([line])),
        about=frozenset({line.name}), secrets=secrets(context, line), options=tuple(options),
    )


def _fits(mistake: Mistake, made: Wrong, wrong: tuple[Wrong, ...]) -> bool:
    """Whether a mistake describes a wrong line too: by its sentence, or since it gives the same line or the same numbers."""
    names = {mistake.name, made.mistake.name}
    alike = len(names) == 1 or any(names <= group for group in _OF_ONE_LINE)
    return alike or any(w.shown == made.shown or same(w.worth, made.worth) for w in wrong if w.mistake == mistake)
