"""What a mistake is: its name, the lines of the backward recursion that it spoils, how it changes one, what is said of it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from symbptt.algebra.related import Cotangent
from symbptt.derive.recursion import RecursionEquation, recursion
from symbptt.mistakes.edits import Edit
from symbptt.model.values import Model, Role
from symbptt.narrative.inline import Prose
from symbptt.narrative.presentation import Presentation


class Part(Enum):
    """A part of the backward recursion."""

    LOSS = "what an adjoint gets from the loss, or from outside"
    ADJOINT = "what it gets from readers in the same step"
    CARRY = "what it gets from step t+1"
    GRADIENT = "what a parameter or an input gets"
    START = "what an initial state gets"


@dataclass(frozen=True)
class Mistake:
    """A mistake of the catalogue.

    `told` and `remedy` are what a diagnosis says of one at a place: what went wrong and what the right code does, with slots.
    `touches` are the parts of the recursion that it can spoil: none if it is one of the sum of products or of an array as such.
    `edit` makes it in the right side of an equation; None where it is no change of one right side, as a loop that ends early.
    """

    name: str
    told: str
    remedy: str
    touches: frozenset[Part] = frozenset()
    edit: Edit | None = None

    def said(self, presentation: Presentation) -> Prose:
        """What went wrong, wherever it is."""
        return presentation.prose(f"mistakes.{self.name}")

    def sentence(self, language: str = "en") -> str:
        """What went wrong, as words alone. Raises UnknownName for a language without tables."""
        return Presentation(language).plain(f"mistakes.{self.name}")

    def equations(self, model: Model) -> tuple[RecursionEquation, ...]:
        """The equations of a model's backward recursion that it can spoil."""
        found = recursion(model)
        return tuple(e for e in (*found.adjoints, *found.gradients) if any(_HAS[part](model, e) for part in self.touches))


def _from_outside(model: Model, equation: RecursionEquation) -> bool:
    of_loss = {e.target for e in model.loss.equations} if model.loss else set()
    return any(c.through in of_loss or c.value.atoms(Cotangent) for c in equation.terms)


def _is_leaf(equation: RecursionEquation) -> bool:
    return equation.variable.role in (Role.PARAMETER, Role.INPUT)


_HAS: dict[Part, Callable[[Model, RecursionEquation], bool]] = {
    Part.LOSS: _from_outside,
    Part.ADJOINT: lambda model, e: e in recursion(model).adjoints and bool(e.terms),
    Part.CARRY: lambda model, e: bool(e.carries),
    Part.GRADIENT: lambda model, e: _is_leaf(e) and not model.starting(e.variable),
    Part.START: lambda model, e: e in recursion(model).gradients and (not _is_leaf(e) or bool(model.starting(e.variable))),
}
"""Whether an equation has a part."""
