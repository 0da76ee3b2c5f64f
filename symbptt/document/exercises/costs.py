"""What the two recursions carry from step to step, as numbers."""

from random import Random

import sympy as sp

from symbptt.derive import formula
from symbptt.document.context import DocumentContext
from symbptt.document.exercises.generated import GeneratedExercise, told
from symbptt.narrative.forward import is_recurrent
from symbptt.narrative.values import Prose
from symbptt.typeset.tree import Tree

LINES = 4
SIZES = (3, 4, 5, 8, 10)


def carried(context: DocumentContext, random: Random) -> GeneratedExercise | None:
    """How many numbers the nested form carries for a parameter, and how many the backward recursion."""
    model, presentation, theta = context.model, context.presentation, context.main
    if theta is None or not is_recurrent(model):
        return None
    rows, entries = formula.state_rows(model), theta.rows * theta.columns
    free = sorted((rows * entries).free_symbols, key=str)
    if not free:
        return None
    sizes = {symbol: random.choice(SIZES) for symbol in free}
    state, nested = (int(sp.sympify(value).subs(sizes)) for value in (rows, rows * entries))
    slots: dict[str, str | Tree | Prose] = {
        "sizes": presentation.listed(presentation.equation(model, symbol, sp.Integer(size)) for symbol, size in sizes.items()),
        "parameter": presentation.tree(theta.at(), model), "nested": str(nested), "backward": str(state),
    }
    return told(context, "carried", slots, LINES, "carried")
