"""What a document is made of: blocks, each written by the template of its name, `templates/<format>/blocks/<name>.…`.

A block holds words, formulas and pictures, and knows nothing of a format. To add one: a class here, a row in fields.py, and a
template per format.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from symbptt.display import Shown, Summarised, counted
from symbptt.document.breaking import LIMIT
from symbptt.document.context import DocumentContext
from symbptt.draw.plot import Plot
from symbptt.draw.scene import Scene
from symbptt.narrative.values import Prose, Step
from symbptt.typeset.tree import Tree

Numbers = dict[str, tuple[int, str]]
"""What refers to an equation, which is its label or its number in emitted code: its number in a document, and its label."""


@dataclass(frozen=True)
class Block:
    """Base of all blocks."""


@dataclass(frozen=True)
class Heading(Block):
    """The title of a part; `key` is its address inside the document, level 2 a part of the part before.

    On paper a part that is `fresh` starts on a new page.
    """

    text: str
    key: str
    level: int = 1
    numbered: bool = True
    fresh: bool = False


@dataclass(frozen=True)
class Paragraph(Block):
    """Running text; `small` on paper if it is to be looked up rather than read."""

    text: Prose
    small: bool = False


@dataclass(frozen=True)
class Bullets(Block):
    """A list; `small` on paper if it is to be looked up rather than read."""

    items: tuple[Prose, ...]
    small: bool = False


@dataclass(frozen=True)
class Steps(Block):
    """Lines of a derivation, each a formula with its rule, shapes and number."""

    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Lines(Block):
    """Formulas one below the other, as of a calculation, each with a short note at its end; `width` is the room in em.

    Lines in several `columns` are read row by row.
    """

    lines: tuple[tuple[Tree, Prose], ...]
    width: float = LIMIT
    columns: int = 1


@dataclass(frozen=True)
class Table(Block):
    """A table of text and formulas: a head, and rows of as many cells.

    In a `narrow` one, of three columns, the second is broken into lines, and the third follows at its end.
    """

    head: tuple[Prose, ...]
    rows: tuple[tuple[Prose, ...], ...]
    narrow: bool = False


@dataclass(frozen=True)
class Cell:
    """A number of a table of terms, and the distance t − k that colours it, None for a total.

    `pair` is the (t, k) of the term, `name` the variable of the gradient.
    """

    text: Prose
    lag: int | None
    pair: tuple[int, int] | None = None
    name: str = ""


@dataclass(frozen=True)
class Terms(Block):
    """The sizes of the terms (t, k): names of columns, and rows of a name and cells; `legend` are the values of
    `distance` with a colour."""

    corner: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Tree | str, tuple[Cell, ...]], ...]
    distance: Tree
    legend: tuple[int, ...]


@dataclass(frozen=True)
class Figure(Block):
    """A drawing; `title` is what a screen reader says, `caption` what stands below."""

    scene: Scene
    title: str
    caption: Prose


@dataclass(frozen=True)
class Plotted(Block):
    """A drawing of numbers, with what a screen reader says and what stands below."""

    plot: Plot
    title: str
    caption: Prose


@dataclass(frozen=True)
class Code(Block):
    """A listing; equation numbers of `numbers` in its comments refer to the document."""

    text: str
    numbers: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Box(Block):
    """Blocks that belong together under a title; `kind` is "goal", "pitfall", "identity", "note" or "card"."""

    kind: str
    title: Prose
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Exercise(Block):
    """A question, a hint, and in the teacher's version its solution; the student's has room of so many lines in its place.

    `mark` says what it is worth.
    """

    number: int
    question: tuple[Block, ...]
    hint: Prose
    solution: tuple[Block, ...]
    room: int
    mark: Prose = ()


@dataclass(frozen=True)
class Beside(Block):
    """Equations beside the lines of code that carry their numbers: a head, and rows of steps and lines."""

    head: tuple[Prose, Prose]
    rows: tuple[tuple[tuple[Step, ...], str], ...]


@dataclass(frozen=True)
class Frame(Block):
    """A slide: one idea under a title; formulas of it appear one after another."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Columns(Block):
    """Blocks side by side, each column under a title; what is `balanced` fills so many columns of a page one after the other."""

    titles: tuple[str, ...]
    columns: tuple[tuple[Block, ...], ...]
    balanced: int = 0


def balanced(blocks: Iterable[Block]) -> Columns:
    """Narrow blocks that on paper fill two columns."""
    return Columns(("",), (tuple(blocks),), balanced=2)


@dataclass(frozen=True)
class LeftOut(Block):
    """Why a part is not in the document; a document lists these at its end."""

    reason: Prose


@dataclass(frozen=True, repr=False)
class Document(Summarised, Shown):
    """A whole document of a kind, in a language, with the command that makes it; `context` is what it is about.

    `byline` are lines such as course and author. `room` says that its readers write into it, so that it asks for their name;
    `numbers` are those of its equations.
    """

    kind: str
    title: str
    subtitle: Prose
    byline: tuple[str, ...]
    language: str
    command: str
    blocks: tuple[Block, ...]
    context: DocumentContext
    room: bool = False
    author: str = ""
    numbers: Numbers = field(default_factory=dict, compare=False)

    def _summary_(self) -> str:
        return f"{self.kind} {self.title!r}: {counted(len(self.blocks), 'block')}"

