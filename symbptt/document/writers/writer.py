"""What every format can write."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from symbptt.document.blocks import Document
from symbptt.draw.plot import Plot
from symbptt.draw.scene import Scene
from symbptt.narrative.inline import Emphasised, Link, Strong
from symbptt.narrative.values import Prose, Reference, Step, Typed
from symbptt.typeset.tree import Fraction, Matrix, Operator, Row, Tree, rebuilt


@dataclass(frozen=True)
class Writer(ABC):
    """A format, for a language. `folders` hold its templates, the first that has one; their names end in `suffix`."""

    language: str = "en"
    folders: ClassVar[tuple[str, ...]]
    suffix: ClassVar[str]
    paper: ClassVar[bool] = False
    """Whether what is written has pages, and so columns."""

    @abstractmethod
    def text(self, text: str) -> str:
        """Words, escaped."""

    @abstractmethod
    def typed(self, text: str) -> str:
        """A command or a name in code, escaped."""

    def reference(self, reference: Reference) -> str:
        """The number of an equation of the document."""
        return str(reference.number)

    def label(self, name: str) -> str:
        """What an equation or a part is called, where others refer to it."""
        return name

    @abstractmethod
    def inline(self, tree: Tree) -> str:
        """A formula inside a line."""

    @abstractmethod
    def emphasised(self, text: str, strong: bool) -> str:
        """Words that are stressed, or that stand out."""

    @abstractmethod
    def link(self, link: Link) -> str:
        """Words that lead to an address."""

    @abstractmethod
    def steps(self, step: Step) -> list[dict[str, Any]]:
        """A line of a derivation: claim, math, rule, shapes, number; several where a long formula is cut into portions."""

    @abstractmethod
    def drawing(self, scene: Scene, title: str) -> str:
        """A picture."""

    @abstractmethod
    def plot(self, plot: Plot, title: str) -> str:
        """A drawing of numbers."""

    @abstractmethod
    def code(self, text: str, numbers: frozenset[str]) -> str:
        """A listing."""

    @abstractmethod
    def colour(self, lag: int) -> str:
        """The name of the colour of a distance t − k."""

    def page(self, document: Document, body: str) -> dict[str, str]:
        """What the template of the whole document receives besides, once its body is written."""
        return {}

    def prose(self, prose: Prose) -> str:
        """Words and formulas."""
        return "".join(map(self._part, prose))

    def _part(self, part: str | Tree) -> str:
        if isinstance(part, Typed):
            return self.typed(part)
        if isinstance(part, (Emphasised, Strong)):
            return self.emphasised(part, isinstance(part, Strong))
        if isinstance(part, Link):
            return self.link(part)
        if isinstance(part, Reference):
            return self.reference(part)
        return self.text(part) if isinstance(part, str) else self.inline(flat(part))


def flat(tree: Tree) -> Tree:
    """The tree with dL/dW in the place of the fraction; other fractions stay."""
    if isinstance(tree, Fraction) and tree.derivative:
        return Row((flat(tree.numerator), Operator("/"), flat(tree.denominator)))
    return tree if isinstance(tree, Matrix) else rebuilt(tree, flat)
