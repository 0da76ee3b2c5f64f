"""Where the nodes of a step stand: from left to right, or from the bottom up, whichever the paper has room for."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

from symbptt.draw.layers import Edge, Layers
from symbptt.draw.scene import Arrow, Label, Place
from symbptt.typeset.tree import Tree

TALL, GAP, ROW, MARGIN, ASIDE = 15.0, 38.0, 72.0, 20.0, 5.0
"""Half the height of a node; the free room between columns; the distance of rows; the rim.

An arrow back stands `ASIDE` beside its arrow."""
NUMBERED = 20.0
"""The room of a node's number beside the name of its value."""


@dataclass(frozen=True)
class Layout(ABC):
    """Nodes in layers; `half` is half the width of every node, `named` the width of the name beside it."""

    layers: Layers
    half: Sequence[float]
    named: Sequence[float]

    @cached_property
    def _ranks(self) -> list[list[int]]:
        """The nodes of every layer."""
        depth = self.layers.column
        return [[n for n in depth if depth[n] == c] for c in range(1 + max(depth.values()))]

    @abstractmethod
    def at(self, layer: int, row: float) -> Place:
        """A place in a layer."""

    @abstractmethod
    def ends(self, source: int, target: int) -> tuple[Place, Place]:
        """Where the arrow between two nodes starts and ends."""

    @abstractmethod
    def shifted(self, place: Place) -> Place:
        """The same on the way back, beside the arrow forward."""

    @abstractmethod
    def halves(self, a: Place, b: Place) -> tuple[Place, Place]:
        """The control points of an S from a to b."""

    @abstractmethod
    def leaving(self, n: int) -> tuple[Place, Place, Place]:
        """Where the arrow to the next step starts and ends, and where its name stands."""

    @abstractmethod
    def marks(self, n: int, number: Tree | None, name: Tree | None) -> list[Label]:
        """A node's number in the walk and the name of its value."""

    @abstractmethod
    def rules(self, n: int, rules: Sequence[Tree | None]) -> list[Label]:
        """What flows back to the operands of a node, in the order of their places."""

    def place(self, n: int) -> Place:
        """The middle of a node."""
        return self.at(self.layers.column[n], self.layers.row[n])

    def wire(self, source: int, target: int, backward: bool) -> list[Arrow]:
        """The arrow between two nodes, or the one back beside it."""
        start, end = self.ends(source, target)
        points = [start, *(self.at(c, r) for c, r in self.layers.way[source, target]), end]
        return self._curve([self.shifted(p) for p in reversed(points)] if backward else points, backward)

    def _curve(self, points: Sequence[Place], backward: bool) -> list[Arrow]:
        """An S from point to point; the tip is on the last piece."""
        made: list[Arrow] = []
        for a, b in pairwise(points):
            middle = (a[0] + b[0]) / 2, (a[1] + b[1]) / 2
            first, second = self.halves(a, b)
            made.append(Arrow(*a, *first, *middle, None, 0, 0, "middle", backward, tip=False))
            made.append(Arrow(*middle, *second, *b, None, 0, 0, "middle", backward, tip=False))
        return [*made[:-1], replace(made[-1], tip=True)]

    def later(self, n: int, text: Tree) -> tuple[list[Arrow], Label]:
        """The arrows to the step after this one and back from it, and its name."""
        near, far, at = self.leaving(n)
        back = (far[0] + ASIDE / 2, far[1] + ASIDE), (near[0] + ASIDE / 2, near[1] + ASIDE)
        return [_straight(near, far, False), _straight(*back, True)], Label(*at, text, "name", "middle")


def _straight(a: Place, b: Place, backward: bool) -> Arrow:
    return Arrow(*a, (a[0] + b[0]) / 2, (a[1] + b[1]) / 2, *b, None, 0, 0, "middle", backward)


class Rightward(Layout):
    """Layers are columns, as wide as their widest node."""

    @cached_property
    def _columns(self) -> list[float]:
        widest = [max(self.half[n] for n in rank) for rank in self._ranks]
        middle = [MARGIN + widest[0]]
        for before, here in pairwise(widest):
            middle.append(middle[-1] + before + GAP + here)
        return middle

    def at(self, layer: int, row: float) -> Place:
        return self._columns[layer], 2 * MARGIN + TALL + ROW * row

    def ends(self, source: int, target: int) -> tuple[Place, Place]:
        (ax, ay), (bx, by) = self.place(source), self.place(target)
        return (ax + self.half[source], ay), (bx - self.half[target], by)

    def shifted(self, place: Place) -> Place:
        return place[0], place[1] + ASIDE

    def halves(self, a: Place, b: Place) -> tuple[Place, Place]:
        return ((3 * a[0] + b[0]) / 4, a[1]), ((a[0] + 3 * b[0]) / 4, b[1])

    def leaving(self, n: int) -> tuple[Place, Place, Place]:
        """Off the upper right corner."""
        x, y = self.place(n)
        right, top = x + self.half[n], y - TALL
        return (right - 2, top + 2), (right + 24, top - 20), (right + 28, top - 27)

    def marks(self, n: int, number: Tree | None, name: Tree | None) -> list[Label]:
        x, y = self.place(n)
        left, above = x - self.half[n], y - TALL - 10
        numbered = [] if number is None else [Label(left, above, number, "number", "start")]
        return numbered if name is None else [*numbered, Label(left + NUMBERED * bool(numbered), above, name, "name", "start")]

    def rules(self, n: int, rules: Sequence[Tree | None]) -> list[Label]:
        """Below the node; of two operands each has its factor at its arrow."""
        x, y = self.place(n)
        if len(rules) == 1:
            return [Label(x, y + TALL + 12, tree, "rule") for tree in rules if tree]
        places = ((x - self.half[n] - 4, y - TALL - 3), (x - self.half[n] - 4, y + TALL + 8))
        return [Label(*at, tree, "rule", "end") for at, tree in zip(places, rules, strict=False) if tree]


class Upward(Layout):
    """Layers are rows, the first one at the bottom, as in the unrolled graph."""

    RISE = 62.0

    @cached_property
    def _pitch(self) -> float:
        """The distance of rows one apart: neighbours have room for a name on the one's right and a number on the other's left."""
        row, needed = self.layers.row, [2 * TALL]
        for rank in self._ranks:
            for a, b in pairwise(sorted(rank, key=row.__getitem__)):
                needed.append((self.half[a] + self.named[a] + NUMBERED + self.half[b] + 6) / (row[b] - row[a]))
        return max(needed)

    def at(self, layer: int, row: float) -> Place:
        left = MARGIN + NUMBERED + max(self.half)
        return left + self._pitch * row, 2 * MARGIN + TALL + self.RISE * (len(self._ranks) - 1 - layer)

    def ends(self, source: int, target: int) -> tuple[Place, Place]:
        (ax, ay), (bx, by) = self.place(source), self.place(target)
        return (ax, ay - TALL), (bx, by + TALL)

    def shifted(self, place: Place) -> Place:
        return place[0] + ASIDE, place[1]

    def halves(self, a: Place, b: Place) -> tuple[Place, Place]:
        return (a[0], (3 * a[1] + b[1]) / 4), (b[0], (a[1] + 3 * b[1]) / 4)

    def leaving(self, n: int) -> tuple[Place, Place, Place]:
        """To the right of the value's name."""
        x, y = self.place(n)
        right = x + self.half[n] + self.named[n] + 7
        return (right, y - ASIDE / 2), (right + 26, y - ASIDE / 2), (right + 46, y)

    def marks(self, n: int, number: Tree | None, name: Tree | None) -> list[Label]:
        x, y = self.place(n)
        numbered = [] if number is None else [Label(x - self.half[n] - 4, y, number, "number", "end")]
        return numbered if name is None else [*numbered, Label(x + self.half[n] + 4, y, name, "name", "start")]

    def rules(self, n: int, rules: Sequence[Tree | None]) -> list[Label]:
        """Below the node on the right of the arrow; of two operands each on its side."""
        x, y = self.place(n)
        below = y + TALL + 11
        if len(rules) == 1:
            return [Label(x + ASIDE + 5, below, tree, "rule", "start") for tree in rules if tree]
        places = ((x - 10, "end"), (x + ASIDE + 10, "start"))
        return [Label(at, below, tree, "rule", anchor) for (at, anchor), tree in zip(places, rules, strict=False) if tree]


def edges(reads: Sequence[Sequence[int]]) -> list[Edge]:
    """The arrows between nodes, given what each reads."""
    return [(source, n) for n, sources in enumerate(reads) for source in sources]
