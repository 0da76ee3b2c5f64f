"""A formula with one piece missing: a factor of a term, a summand of the recursion."""

from random import Random

from symbptt import derive
from symbptt.algebra.nodes import TIME
from symbptt.algebra.related import Adjoint
from symbptt.derive.recursion import recursion
from symbptt.document.context import DocumentContext
from symbptt.document.exercises.generated import GeneratedExercise, said, shown
from symbptt.narrative import backward, symbols
from symbptt.narrative.products import Factors, pair, patterns, product
from symbptt.typeset.tree import Blank, Operator, Row, Tree
from symbptt.unroll.graph import steps

LONGEST = 4
"""The largest T of a question."""
LINES = 4
_BLANK = Blank()


def factor(context: DocumentContext, random: Random) -> GeneratedExercise | None:
    """One factor of a term (t, k), k < t, in partial derivatives."""
    model, presentation, theta = context.model, context.presentation, context.main
    if theta is None or not model.states:
        return None
    T = max(2, min(context.T, LONGEST))
    pattern = patterns(model, (theta,))[0]
    far = [term for term in derive.gradient(steps(model, T), theta.name).terms if term.loss_step > term.source_step]
    if not far:
        return None
    term = random.choice(far)
    tree = presentation.tree(product(term, Factors(model, letters=False), pattern.symbol(model)), model)
    if not isinstance(tree, Row):
        return None
    places = [i for i, item in enumerate(tree.items) if not isinstance(item, Operator)]
    place = random.choice(places)
    question = Row(tuple(Blank() if i == place else item for i, item in enumerate(tree.items)))
    label = pair(term.loss_step, term.source_step)
    slots = {"term": label, "parameter": presentation.tree(theta.at(), model)}
    return GeneratedExercise(
        (said(presentation.prose("exercises.factor.question", **slots)), shown(question)),
        presentation.prose("exercises.factor.hint"),
        (said((*presentation.prose("exercises.factor.solution"), tree.items[place])), shown(tree)), LINES,
        (tree.items[place],), frozenset(("term",)),
    )


def summand(context: DocumentContext, random: Random) -> GeneratedExercise | None:
    """One summand of an adjoint equation that has several."""
    model, presentation = context.model, context.presentation
    several = [e for e in recursion(model).adjoints if len(backward.live_terms(model, e)) + len(e.carries) > 1]
    if not several:
        return None
    equation = random.choice(several)
    now = backward.live_terms(model, equation)
    parts = [presentation.tree(c.value, model) for c in (*now, *equation.carries)]
    place = random.randrange(len(parts))
    last, earlier = backward.right_sides(model, equation)
    whole = presentation.tree(earlier, model)
    left = presentation.tree(Adjoint(equation.variable.at()), model)
    rule = backward.rules(model, presentation, equation.variable, now, equation.carries)
    reader = (*now, *equation.carries)[place].through.at(TIME + 1 if place >= len(now) else TIME)
    slots = {
        "adjoint": left, "loss": presentation.tree(symbols.loss(model, None), model),
        "value": presentation.tree(equation.variable.at(), model),
    }
    return GeneratedExercise(
        (said(presentation.prose("exercises.summand.question", **slots)),
         shown(backward.line(left, with_gap(parts, place), last != earlier))),
        presentation.prose("exercises.summand.hint", **slots),
        (said(presentation.prose("exercises.summand.solution", missing=parts[place], reader=presentation.tree(reader, model))),
         shown(backward.line(left, whole, last != earlier), rule)), LINES, (parts[place],),
        frozenset((f"adjoint-{equation.variable.name}",)),
    )


def with_gap(parts: list[Tree], place: int, gap: Tree = _BLANK) -> Row:
    """The sum of these formulas with a gap in the place of one."""
    items: list[Tree] = []
    for i, part in enumerate(parts):
        shown = gap if i == place else part
        inner = shown.items if isinstance(shown, Row) else (shown,)
        negative = inner[0] == Operator("−", prefix=True)
        items += [Operator("−"), *inner[1:]] if negative and i else [*[Operator("+")] * bool(i), *inner]
    return Row(tuple(items))
