"""The text of a formula: two sides in the expression language, with a few signs of its own."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from symbptt.diagnose.formula.grammar import Names, Reader
from symbptt.diagnose.formula.tree import Node, walk
from symbptt.model.place import Place
from symbptt.model.syntax import parse
from symbptt.model.values import Model

SIGNS = {
    "Σ": "sum", "∑": "sum", "Π": "prod", "∏": "prod", "⊙": "*", "∘": "*", "·": "@", "−": "-", "ᵀ": ".T", "∂": "d", "²": "**2",
    "σ": "sigmoid", "′": "'",
}
"""Signs of print and what they stand for."""
PLACE = Place("--formula")
_PRIMED = re.compile(r"([A-Za-z_]\w*)'\(")
_SAMPLED = re.compile(r"[A-Za-z_]\w*\[[^\[\]()]*,")


@dataclass(frozen=True)
class _Place(Place):
    """A place in a text in which signs were spelt out: columns are those of the text as it was given."""

    columns: tuple[int, ...] = ()

    def at(self, column: int) -> Place:
        """The place of a column."""
        return Place(self.file, self.section, self.key, self.columns[min(column, len(self.columns)) - 1], line=self.line)


@dataclass(frozen=True)
class Formula:
    """left = right; `places` tells where each part stood first."""

    text: str
    left: Node
    right: Node
    place: Place = PLACE
    places: dict[Node, Place] = field(default_factory=dict, compare=False, repr=False)

    def having(self, right: Node) -> Formula:
        """The same left side with another right side."""
        return replace(self, right=right)

    def of(self, part: Node) -> Place:
        """Where a part stands."""
        return self.places.get(part, self.place)

    def __str__(self) -> str:
        return f"{self.left} = {self.right}"


def read(text: str, model: Model, place: Place = PLACE) -> Formula:
    """Read a formula of a model. Raises BadInput with the column of the first fault."""
    plain, columns = _spelt(text)
    there = _Place(place.file, place.section, place.key, 0, columns, line=place.line)
    _refuse(plain, there)
    at = _equals(plain, place)
    if not plain[:at].strip() or not plain[at + 1 :].strip():
        raise there.at(at + 1).error("expected a formula on both sides of '=', found nothing")
    sides = (plain[:at], " " * (at + 1) + plain[at + 1 :])
    left, right = (parse(side, there).tree for side in sides)
    reader = Reader(Names.of(model), there)
    head = reader.read(left, _steps(plain[:at]))
    made = reader.read(right, head.free)
    return Formula(text, head, made, place, reader.columns)


def _steps(left: str) -> tuple[str, ...]:
    """The names of steps on the left side, in order."""
    inside = re.findall(r"\[([^\[\]]*)\]", left)
    return tuple(dict.fromkeys(name for text in inside for name in re.findall(r"[A-Za-z_]\w*", text) if name != "T"))


def free(formula: Formula) -> tuple[str, ...]:
    """The free indices in the order of the left side: the first is the largest."""
    return tuple(dict.fromkeys(n.label for n in walk(formula.left) if n.op == "index" and n.label != "T"))


def side(text: str, model: Model, bound: tuple[str, ...]) -> Node:
    """The formula that a text of ours stands for; raises BadInput."""
    return Reader(Names.of(model), PLACE).read(parse(text, PLACE).tree, bound)


def _spelt(text: str) -> tuple[str, tuple[int, ...]]:
    """The text with signs spelt out, and for each of its characters the column, from 1, that it comes from."""
    pieces = [(SIGNS.get(sign, sign), column) for column, sign in enumerate(text, start=1)]
    plain = "".join(piece for piece, _ in pieces)
    columns = [column for piece, column in pieces for _ in piece]
    while (found := _PRIMED.search(plain)) is not None:
        name, (start, end) = found[1], found.span()
        plain = f"{plain[:start]}slope({name}, {plain[end:]}"
        columns[start:end] = [columns[start]] * len(f"slope({name}, ")
    return plain, tuple(columns) or (1,)


def _refuse(plain: str, place: Place) -> None:
    """Signs that other notations have and this one does not."""
    if "^" in plain:
        raise place.at(plain.index("^") + 1).error("'^' is not part of the language; write ** for a power and .T for a transpose")
    if (found := _SAMPLED.search(plain)) is not None:
        message = "a value has one index, its step; formulas are for one sample, and the gradient of a batch is their sum"
        raise place.at(found.end()).error(message)


def _equals(text: str, place: Place) -> int:
    """The place of the sign between the sides: the one outside brackets."""
    depth = 0
    for at, sign in enumerate(text):
        depth += (sign in "([") - (sign in ")]")
        if sign == "=" and depth == 0:
            return at
    raise place.error("expected two sides, as in dW_hh = sum(t, 1, T, ...)")
