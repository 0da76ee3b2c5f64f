"""What a derivation is: sections of steps, each a formula with the rule that gives it and the shapes that check it."""

from dataclasses import dataclass

from symbptt.model.values import Model, Variable
from symbptt.narrative.inline import Prose as Prose
from symbptt.narrative.inline import Reference as Reference
from symbptt.narrative.inline import Typed as Typed
from symbptt.narrative.presentation import ENGLISH, Presentation
from symbptt.typeset.tree import Tree


@dataclass(frozen=True)
class Step:
    """One formula: an `Equality` or `Aligned`; `number` is that of the equation in emitted code, None where it has none.

    `label` names a result that others refer to; a document numbers what has a label or a number, in its own order. `members` are
    the numbers in emitted code of the equations that the formula stands for, where these are several.
    """

    equation: Tree
    rule: Prose = ()
    shapes: str = ""
    claim: Prose = ()
    number: int | None = None
    label: str = ""
    members: tuple[int, ...] = ()

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers in emitted code of what the formula says."""
        return self.members or (() if self.number is None else (self.number,))


@dataclass(frozen=True)
class Norms:
    """The norm of every term (t, k) in a small example.

    `rows` hold a variable, its norms in the order of `pairs`, and the norm of their sum; `names` are the names of the variables.
    `seed`, `samples` and `sizes` make the example; `sizes` are pairs of a dimension and its size.
    """

    pairs: tuple[tuple[int, int], ...]
    rows: tuple[tuple[Tree, tuple[float, ...], float], ...]
    sizes: tuple[tuple[str, int], ...]
    samples: int
    seed: int
    names: tuple[str, ...]


@dataclass(frozen=True)
class Section:
    """A heading, paragraphs, and steps; `level` 2 is a part of the section before."""

    heading: str
    steps: tuple[Step, ...] = ()
    intro: tuple[Prose, ...] = ()
    norms: Norms | None = None
    level: int = 1


@dataclass(frozen=True)
class Derivation:
    """The gradient of a model over T steps by the variables `wrt`, told from the forward equations to the three forms."""

    title: str
    model: Model
    T: int
    wrt: tuple[Variable, ...]
    sections: tuple[Section, ...]
    presentation: Presentation = ENGLISH
