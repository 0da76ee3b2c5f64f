"""Sizes that are not known yet: unknowns, some of which are found to be equal, one, or named."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

Linear = Mapping[str, int]
"""A sum of named dimensions with their counts; "" counts ones."""
Size = int
Shape = tuple[Size, Size]
"""Rows and columns."""
ONE: Size = 0


@dataclass
class Sizes:
    """Unknown sizes by number, joined into classes; `known` is what is known of a class, by its first member."""

    _parent: list[int] = field(default_factory=lambda: [ONE])
    _known: dict[int, Linear] = field(default_factory=lambda: {ONE: {"": 1}})
    _sums: dict[int, tuple[Size, ...]] = field(default_factory=dict)
    _rows: set[int] = field(default_factory=set)
    """Unknowns that are the rows of something: a class without one is the columns of vectors."""

    def new(self, rows: bool = False) -> Size:
        """Another unknown size."""
        self._parent.append(len(self._parent))
        if rows:
            self._rows.add(len(self._parent) - 1)
        return len(self._parent) - 1

    def shape(self) -> Shape:
        """Another unknown shape."""
        return self.new(rows=True), self.new()

    def first(self, size: Size) -> Size:
        """The member that stands for the class of a size."""
        while self._parent[size] != size:
            size = self._parent[size]
        return size

    def join(self, one: Size, other: Size) -> None:
        """Say that two sizes are equal.

        Two that are known stay as they are, and so does a sum with a part of its own: the reader of the model will object.
        """
        a, b = sorted((self.first(one), self.first(other)))
        if a == b or (self._settled(a) and self._settled(b)) or b in self.parts(a) or a in self.parts(b):
            return
        self._parent[b] = a
        if b in self._known:
            self._known[a] = self._known.pop(b)
        if b in self._sums:
            self._sums[a] = self._sums.pop(b)

    def _settled(self, first: Size) -> bool:
        return first in self._known or first in self._sums

    def join_all(self, shapes: Iterable[Shape]) -> None:
        """Say that shapes are equal."""
        whole = list(shapes)
        for shape in whole[1:]:
            self.join(whole[0][0], shape[0])
            self.join(whole[0][1], shape[1])

    def named(self, size: Linear) -> Size:
        """A size that is known."""
        made = self.new(rows=True)
        self._known[made] = size
        return made

    def count(self, size: Size) -> None:
        """Say that a size counts something, so that it is not that of vectors."""
        self._rows.add(size)

    def sum(self, parts: Iterable[Size]) -> Size:
        """The sum of sizes."""
        made = self.new(rows=True)
        self._sums[made] = tuple(parts)
        return made

    def is_one(self, size: Size) -> bool:
        """Whether a size is known to be one."""
        return self.first(size) == ONE

    def is_open(self, size: Size) -> bool:
        """Whether nothing is known of a size."""
        return not self._settled(self.first(size))

    def columns_alone(self, size: Size) -> bool:
        """Whether a size is that of columns alone, with which no rows agree: those of vectors."""
        return not any(self.first(rows) == self.first(size) for rows in self._rows)

    def name(self, size: Size, name: str) -> None:
        """Name a size of which nothing is known."""
        self._known[self.first(size)] = {name: 1}

    def text(self, size: Size) -> str:
        """A size as a model file writes it, once every class is named."""
        first = self.first(size)
        if first in self._sums:
            return "+".join(map(self.text, self._sums[first]))
        words = ([name] * count if name else [str(count)] for name, count in self._known[first].items())
        return "+".join(word for group in words for word in group)

    def parts(self, size: Size) -> tuple[Size, ...]:
        """The summands of a size; a size that is no sum is its only one."""
        first = self.first(size)
        return tuple(p for part in self._sums[first] for p in self.parts(part)) if first in self._sums else (first,)
