"""Lines of the derivation: to be put in order, and to be found again in the code."""

from random import Random

from symbptt.derive.recursion import recursion
from symbptt.document.parts import coded
from symbptt.quiz.context import Line, QuizContext
from symbptt.quiz.question import Matching, Ordering

FEWEST, MOST = 3, 4
PAIRS = 4


def ordering(context: QuizContext, random: Random) -> Ordering | None:
    """Lines each of which reads the adjoint that the one before gives: their order is the only one."""
    path = [random.choice(context.lines)]
    while after := _reading(context, path[-1]):
        path.append(random.choice(after))
    while before := [line for line in context.lines if path[0] in _reading(context, line)]:
        path.insert(0, random.choice(before))
    if len(path) < FEWEST:
        return None
    start = random.randint(0, max(0, len(path) - MOST))
    shown = path[start : start + MOST]
    return Ordering(
        kind="ordering", title=context.presentation.prose("quiz.ordering.title"),
        body=(context.presentation.prose("quiz.ordering.question"), *context.named(shown)),
        lines=tuple((context.written(line, line.right),) for line in shown),
    )


def _reading(context: QuizContext, line: Line) -> list[Line]:
    """The lines that read the adjoint of a line in the same step."""
    mine = line.equation
    if mine not in recursion(context.model).adjoints:
        return []
    return [other for other in context.lines if other != line and any(c.through == mine.variable for c in other.equation.terms)]


def matching(context: QuizContext, random: Random) -> Matching | None:
    """Equations and the lines of the emitted code that compute them: those of the forward pass, if it has enough."""
    rows = [(step, code) for step, code in coded.pairs(context.document) if code and "\n" not in code]
    unlike = [(step, code) for step, code in rows if [other for _, other in rows].count(code) == 1]
    ahead = {e.number for e in context.model.all_equations}
    forward = [(step, code) for step, code in unlike if step.number in ahead]
    chosen = forward if len(forward) >= FEWEST else unlike
    if len(chosen) < FEWEST:
        return None
    return Matching(
        kind="matching", title=context.presentation.prose("quiz.matching.title"),
        body=(context.presentation.prose("quiz.matching.question"),),
        pairs=tuple(((step.equation,), code) for step, code in random.sample(chosen, min(PAIRS, len(chosen)))),
    )
