"""The presentation tree: what a formula looks like, before any markup.

One tree is written out as LaTeX, MathML and Unicode text, so the three always say the same. Text in a tree is plain Unicode;
every serialiser escapes it, and operators and fences come from closed tables, so nothing in a tree can inject markup.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import Any

from symbptt.display import Formula
from symbptt.errors import BadInput, UnknownName
from symbptt.typeset.signs import ACCENTS, FENCES, OPERATORS


class Style(StrEnum):
    """How an identifier is set."""

    ITALIC = "italic"
    BOLD = "bold"
    UPRIGHT = "upright"
    SCRIPT = "script"
    DOUBLE = "double"
    FRAKTUR = "fraktur"
    SANS = "sans"
    MONO = "mono"
    FUNCTION = "function"


class Tree(Formula):
    """Base of all presentation nodes."""

    @cached_property
    def tall(self) -> bool:
        """Whether fences around the node must grow."""
        return isinstance(self, TALL) or any(inner.tall for inner in children(self))


@dataclass(frozen=True)
class Identifier(Tree):
    """A name: one letter, or several that belong together."""

    text: str
    style: Style = Style.ITALIC


@dataclass(frozen=True)
class Number(Tree):
    """Digits, possibly with a point; a sign is an operator in front."""

    text: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", self.text):
            raise BadInput(f"{self.text!r} is not a plain decimal number")


@dataclass(frozen=True)
class Text(Tree):
    """Words inside a formula."""

    text: str


@dataclass(frozen=True)
class Blank(Tree):
    """An empty box, to be filled in."""


@dataclass(frozen=True)
class Operator(Tree):
    """A sign of the table `OPERATORS`; `prefix` marks a minus that belongs to what follows."""

    text: str
    prefix: bool = False

    def __post_init__(self) -> None:
        if self.text not in OPERATORS:
            raise UnknownName("operator", self.text, OPERATORS)


@dataclass(frozen=True)
class Row(Tree):
    """Nodes side by side."""

    items: tuple[Tree, ...]


@dataclass(frozen=True)
class Script(Tree):
    """A base with a subscript, a superscript or both; the composer never makes a Script of a Script."""

    base: Tree
    sub: Tree | None = None
    sup: Tree | None = None


@dataclass(frozen=True)
class Accent(Tree):
    """A base with a mark of the table `ACCENTS` above."""

    base: Tree
    mark: str

    def __post_init__(self) -> None:
        if self.mark not in ACCENTS:
            raise UnknownName("accent", self.mark, ACCENTS)


@dataclass(frozen=True)
class Fraction(Tree):
    """A fraction; `derivative` tells ∂y/∂x, which needs no parentheses in running text, from a ratio."""

    numerator: Tree
    denominator: Tree
    derivative: bool = False


@dataclass(frozen=True)
class Root(Tree):
    """A square root."""

    body: Tree


@dataclass(frozen=True)
class Fenced(Tree):
    """A node between fences; `left` is a key of the table `FENCES`."""

    body: Tree
    left: str = "("

    def __post_init__(self) -> None:
        if self.left not in FENCES:
            raise UnknownName("fence", self.left, FENCES)


@dataclass(frozen=True)
class BigOperator(Tree):
    """∑ or ∏ with its limits; `arrow` says in which direction the index of a product grows ("left", "right" or "")."""

    symbol: str
    below: Tree | None = None
    above: Tree | None = None
    arrow: str = ""


@dataclass(frozen=True)
class Matrix(Tree):
    """A block matrix in brackets."""

    rows: tuple[tuple[Tree, ...], ...]


@dataclass(frozen=True)
class Brace(Tree):
    """A node with a labelled brace below it, or above it."""

    body: Tree
    label: Tree
    over: bool = False


@dataclass(frozen=True)
class Equality(Tree):
    """left = side = side …; `relation` is the sign in between."""

    left: Tree
    sides: tuple[Tree, ...]
    relation: str = "="


@dataclass(frozen=True)
class Aligned(Tree):
    """Equalities below each other, aligned at the relation, one side a line."""

    lines: tuple[Equality, ...]


_ON_THE_LINE: dict[type, tuple[str, ...]] = {
    Row: ("items",), Fenced: ("body",), Root: ("body",), Script: ("base",), Accent: ("base",), Equality: ("left", "sides"),
}
TALL = (Fraction, BigOperator, Matrix, Brace, Aligned)


def children(tree: Tree) -> tuple[Tree, ...]:
    """The nodes directly inside a node that decide its height on the line (scripts do not)."""
    found: list[Tree] = []
    for name in _ON_THE_LINE.get(type(tree), ()):
        value = getattr(tree, name)
        found.extend(value if isinstance(value, tuple) else (value,))
    return tuple(found)


def rebuilt(tree: Tree, change: Callable[[Tree], Tree]) -> Tree:
    """The node with each node directly inside it, scripts and entries too, in its changed form."""

    def inside(value: Any) -> Any:
        if isinstance(value, Tree):
            return change(value)
        return tuple(map(inside, value)) if isinstance(value, tuple) else value

    if not is_dataclass(tree):
        return tree
    return replace(tree, **{f.name: inside(getattr(tree, f.name)) for f in fields(tree)})
