"""Formulas of a part in the backward direction, told in the order of the steps: what its own time calls t-1 is t+1.

A part is derived in its own time, whose step 1 is the last step. Told in the steps of the model, step n is T + 1 - n: shifts
change their sign, sums over k <= t become sums over k >= t, and a product has its largest index on the left.
"""

import re
from dataclasses import dataclass, replace
from functools import lru_cache

import sympy as sp

from symbptt.algebra.nodes import ProductOver, SumOver, Timed
from symbptt.errors import MissingRule
from symbptt.model.values import Model, Variable
from symbptt.narrative.presentation import Presentation
from symbptt.narrative.symbols import LAST
from symbptt.typeset.tree import Equality, Tree
from symbptt.words import table

_STEPS = {
    "t = 1, …, T": "t = T, …, 1", "t = k+1, …, T": "t = k−1, …, 1", "k = T−1, …, 1": "k = 2, …, T", "k = 1, …, T": "k = T, …, 1",
    "t = T": "t = 1", "k = T": "k = 1", "t < T": "t > 1", "k ≤ t": "k ≥ t", "t − 1": "t + 1", "t + 1": "t − 1",
    "t = T−1": "t = 2", "t = T−1, …, 1": "t = 2, …, T", "1": "T",
}
"""Statements about steps, in the part's own time and in that of the model; others are the same in both."""
WORDS = "composed.mirrored."
"""The keys of words that stand in for others where time is reversed."""


def step(index: sp.Expr, T: int | None) -> sp.Expr:
    """A step of the part's own time as one of the model: t + c is t - c, n is T + 1 - n."""
    shift, symbols = index.as_coeff_Add()
    if symbols == LAST:
        return 1 - shift
    if symbols == 0:
        return (LAST if T is None else T) + 1 - shift
    if not symbols.is_Symbol:
        raise MissingRule("step in reversed time", index, "symbptt/compose/mirror.py")
    return symbols - shift


def mirrored(node: sp.Basic, T: int | None = None) -> sp.Basic:
    """A formula with its steps in the order of the model; numbers are counted from the last step, T or the number given."""
    if isinstance(node, SumOver):  # products, too
        body, index, *limits = node.args
        first, last = (step(limit, T) for limit in limits)
        ends = (first, last) if isinstance(node, ProductOver) else (last, first)
        return node.func(mirrored(body, T), index, *ends)
    if isinstance(node, Timed):
        return node.func(*node.args[:3], step(node.args[3], T)) if node.args[3:] else node
    return node.func(*(mirrored(a, T) for a in node.args)) if node.args else node


def _symbolic(node: sp.Basic) -> bool:
    """Whether a formula is about any step, rather than about numbers of steps."""
    timed = [n for n in sp.preorder_traversal(node) if isinstance(n, Timed) and n.args[3:]]
    return any(n.args[3].free_symbols for n in timed) or any(isinstance(n, SumOver) for n in sp.preorder_traversal(node))


@lru_cache(maxsize=64)
def mirrored_model(model: Model) -> Model:
    """The model with the formulas that its variables stand for told in the order of the steps; for printing."""
    def shown(v: Variable) -> Variable:
        return v if v.definition is None else replace(v, definition=mirrored(v.definition))

    return replace(model, variables=tuple(map(shown, model.variables)))


@dataclass(frozen=True)
class MirroredPresentation(Presentation):
    """The presentation of a part in the backward direction; numbers of steps are those of `T` steps."""

    T: int = 0

    def _told(self, expression: sp.Basic | Tree) -> sp.Basic | Tree:
        if isinstance(expression, Tree):
            return expression
        return mirrored(expression, None if _symbolic(expression) else self.T)

    def tree(self, expression: sp.Basic | Tree, model: Model | None = None) -> Tree:
        """A formula in this notation, in the order of the steps."""
        return super().tree(self._told(expression), mirrored_model(model) if model else None)

    def equation(self, model: Model, left: sp.Basic | Tree, *sides: sp.Basic | Tree) -> Equality:
        """left = side = … likewise."""
        return super().equation(mirrored_model(model), self._told(left), *map(self._told, sides))

    def steps(self, text: str) -> Tree:
        """A statement about steps, which is told in the part's own time."""
        if pair := re.fullmatch(r"\((\d+), (\d+)\)", text):
            text = f"({self.T + 1 - int(pair[1])}, {self.T + 1 - int(pair[2])})"
        elif at := re.fullmatch(r"t = (\d+)", text):
            text = f"t = {self.T + 1 - int(at[1])}"
        return super().steps(_STEPS.get(text, text))


def mirrored_presentation(presentation: Presentation, T: int) -> MirroredPresentation:
    """The presentation of a part in the backward direction, with the words that the tables have for it."""
    own = tuple((key.removeprefix(WORDS), text) for key, text in table(presentation.language).items() if key.startswith(WORDS))
    return MirroredPresentation(presentation.language, presentation.notation, (*own, *presentation.words), presentation.source, T)
