"""Where the nodes of a step stand, and how arrows run between them.

Layers follow one another along the paper, the nodes of a layer lie across. A layer is a band with its boxes and the room for
the factors before them; inside a band every arrow is straight, so that arrows bend between bands only, where nothing else is.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from symbptt.draw.layers import Edge, Key, Ordered, Room, columns, ordered, settled
from symbptt.draw.scene import Arrow, Label, Place
from symbptt.draw.width import width
from symbptt.typeset.tree import Tree

EM, TALL, MARGIN, ASIDE = 16.0, 15.0, 20.0, 5.0
"""The size of letters; half the height of a node; the rim; an arrow back stands `ASIDE` beside its arrow."""
NUMBERED, LINE, TIP = 20.0, 19.0, 9.0
"""The room of a node's number beside the name of its value; the height of a line; the room of an arrow's head."""
PAIR, BESIDE = 13.0, 6.0
"""The distance of pairs of arrows at a node; from an arrow to its factor."""
STEEP, LEAST_BEND, MOST_BEND = 0.22, 12.0, 64.0
"""The room between bands beside the longest way across in it, and its bounds."""


@dataclass(frozen=True)
class Box:
    """What is written in and at a node: `rules` are the factors by operand, `later` whether the next step reads it."""

    text: Tree
    number: Tree | None
    name: Tree | None
    rules: Mapping[int, Tree | None]
    later: bool

    @property
    def half(self) -> float:
        return max(TALL, 5 + EM * width(self.text) / 2)

    @property
    def named(self) -> float:
        """The width of the name."""
        return 0.0 if self.name is None else EM * width(self.name)


@dataclass(frozen=True)
class Layout(ABC):
    """Boxes with arrows between them, also back along those in `back`; `a` is a place across, `b` one along."""

    boxes: Sequence[Box]
    edges: Sequence[Edge]
    back: frozenset[Edge]

    @abstractmethod
    def at(self, a: float, b: float) -> Place:
        """A point of the paper."""

    @abstractmethod
    def size(self, a: float, b: float) -> Place:
        """Across and along from left to right and from top to bottom, or the other way round."""

    @abstractmethod
    def ahead(self, n: int) -> float:
        """What a box and its name take along after the middle of the box."""

    @abstractmethod
    def around(self, n: int) -> Room:
        """What a box with its number and name takes across."""

    @abstractmethod
    def leaving(self, n: int) -> tuple[Place, Place, Place]:
        """Where the arrow to the next step starts and ends, and where its name stands."""

    @abstractmethod
    def marks(self, n: int) -> list[Label]:
        """A node's number in the walk and the name of its value."""

    @abstractmethod
    def rule(self, n: int, text: Tree, port: float, first: bool) -> Label:
        """The factor of an operand at its arrow, on the outer side of the first one of several."""

    @cached_property
    def layers(self) -> Ordered:
        return ordered(len(self.boxes), self.edges, self._depth)

    @cached_property
    def _depth(self) -> dict[int, int]:
        return columns(len(self.boxes), self.edges)

    @cached_property
    def ports(self) -> dict[Edge, tuple[float, float]]:
        """Where an edge leaves its source and enters its target, beside their middles, in the order in which it comes."""
        place = {key: i for level in self.layers.levels for i, key in enumerate(level)}
        found: dict[tuple[Edge, str], float] = {}
        for n in range(len(self.boxes)):
            leaving = sorted((e for e in self.edges if e[0] == n), key=lambda e: place[self.layers.chains[e][1]])
            into = sorted((e for e in self.edges if e[1] == n), key=lambda e: place[self.layers.chains[e][-2]])
            apart = [PAIR if self.back.intersection(leaving) else 0.0] * (len(leaving) - 1)
            between = [PAIR + 7 + (self.taken(n, e)[0] if i else 0.0) for i, e in enumerate(into[:-1])]
            found |= {(e, "out"): at for e, at in zip(leaving, _middled(apart), strict=False)}
            found |= {(e, "in"): at for e, at in zip(into, _middled(between), strict=False)}
        return {e: (found[e, "out"], found[e, "in"]) for e in self.edges}

    def taken(self, n: int, edge: Edge) -> tuple[float, float]:
        """What the factor of an operand takes across and along."""
        tree = self.boxes[n].rules.get(edge[0])
        return (0.0, 0.0) if tree is None else self.size(EM * width(tree) + BESIDE, LINE)

    def breadth(self, n: int) -> float:
        """Half of a box across: as wide as its text, and as all arrows at it."""
        at = [abs(self.ports[e][0]) for e in self.edges if e[0] == n] + [abs(self.ports[e][1]) for e in self.edges if e[1] == n]
        return max(self.size(self.boxes[n].half, TALL)[0], max(at, default=0.0) + PAIR / 2)

    def length(self, n: int) -> float:
        """Half of a box along."""
        return self.size(self.boxes[n].half, TALL)[1]

    @cached_property
    def _rooms(self) -> dict[Key, Room]:
        found: dict[Key, Room] = {}
        for n in range(len(self.boxes)):
            before, after = self.around(n)
            into = [(self.ports[e][1], self.taken(n, e)[0]) for e in self.edges if e[1] == n]
            for at, wide in into:
                if len(into) > 1 and at == min(into)[0]:
                    before = max(before, ASIDE + wide - at)
                else:
                    after = max(after, ASIDE + wide + at)
            found[n,] = before, after
        return found

    def room(self, key: Key) -> Room:
        """What a node needs across, or an edge that passes."""
        return self._rooms[key] if len(key) == 1 else (ASIDE, ASIDE)

    @cached_property
    def across(self) -> dict[Key, float]:
        return settled(self.layers, self.room, self._slant)

    def _slant(self, edge: Edge, a: Key, b: Key) -> float:
        leaves, enters = self.ports[edge]
        return (leaves if len(a) == 1 else 0.0) - (enters if len(b) == 1 else 0.0)

    @cached_property
    def bands(self) -> tuple[tuple[float, float, float], ...]:
        """Where the band of every layer begins, where its boxes have their middle, and where it ends."""
        made, at = [], 0.0
        for depth, level in enumerate(self.layers.levels):
            inside = [key[0] for key in level if len(key) == 1]
            if depth:
                at += min(max(LEAST_BEND, STEEP * self._farthest(depth)), MOST_BEND)
            factors = [TIP, *(self.taken(n, e)[1] for n in inside for e in self.edges if e[1] == n)] if depth else [0.0]
            middle = at + max(factors) + max((self.length(n) for n in inside), default=0.0)
            made.append((at, middle, middle + max((self.ahead(n) for n in inside), default=0.0)))
            at = made[-1][2]
        return tuple(made)

    def _farthest(self, depth: int) -> float:
        """The longest way across between a layer and the one before."""
        ways = [abs(self.across[b] - self.across[a] - self._slant(edge, a, b)) for edge, chain in self.layers.chains.items()
            for a, b in pairwise(chain) if self.depth(b) == depth]
        return max(ways, default=0.0)

    def depth(self, key: Key) -> int:
        """The layer of a node or of a place that an edge passes."""
        return self._depth[key[0]] if len(key) == 1 else key[2]

    @property
    def extent(self) -> Place:
        """Width and height of the whole."""
        across = max(at + self.room(key)[1] for key, at in self.across.items())
        wide, high = self.size(across, self.bands[-1][2])
        return wide + 2 * MARGIN, high + 2 * MARGIN

    def place(self, n: int) -> Place:
        """The middle of a node."""
        return self.at(self.across[n,], self.bands[self._depth[n]][1])

    def wire(self, edge: Edge, backward: bool) -> list[Arrow]:
        """The arrow along an edge, or the one back beside it."""
        (source, target), (leaves, enters) = edge, self.ports[edge]
        points = [(self.across[source,] + leaves, self.bands[self._depth[source]][1] + self.length(source))]
        for a, b in pairwise(self.layers.chains[edge]):
            end = self.across[b] + (enters if len(b) == 1 else 0.0)
            points += [(points[-1][0], self.bands[self.depth(a)][2]), (end, self.bands[self.depth(b)][0])]
        points.append((points[-1][0], self.bands[self._depth[target]][1] - self.length(target)))
        aside = ASIDE / 2 * (edge in self.back) * (1 if backward else -1)
        return self._curve(_corners(points), aside, backward)

    def _curve(self, points: Sequence[Place], aside: float, backward: bool) -> list[Arrow]:
        """Straight inside bands, an S between them; the tip is on the last piece."""
        pieces: list[tuple[Place, Place, Place]] = []
        for (a, b), (c, d) in pairwise(points):
            middle = (a + c) / 2, (b + d) / 2
            if a == c:
                pieces.append(((a, b), middle, (c, d)))
                continue
            # Beside one another also where they run across: what stands before is later along, or earlier, by the direction.
            rise = -aside * min(1.0, abs(c - a) / (d - b)) * (1 if c > a else -1)
            middle = middle[0], middle[1] + rise
            pieces += [((a, b), (a, (3 * b + d) / 4 + rise), middle), (middle, (c, (b + 3 * d) / 4 + rise), (c, d))]
        if backward:
            pieces = [(end, over, start) for start, over, end in reversed(pieces)]
        drawn = [[self.at(a + aside, b) for a, b in piece] for piece in pieces]
        return [Arrow(*start, *over, *end, None, 0, 0, "middle", backward, tip=i == len(drawn))
            for i, (start, over, end) in enumerate(drawn, 1)]

    def rules(self, n: int) -> list[Label]:
        """What flows back to the operands of a node."""
        into = sorted((self.ports[e][1], e[0]) for e in self.edges if e[1] == n)
        found = [(at, self.boxes[n].rules.get(source), len(into) > 1 and i == 0) for i, (at, source) in enumerate(into)]
        return [self.rule(n, tree, at, first) for at, tree, first in found if tree is not None]

    def later(self, n: int, text: Tree) -> tuple[list[Arrow], Label]:
        """The arrows to the step after this one and back from it, and its name."""
        near, far, at = self.leaving(n)
        back = (far[0] + ASIDE / 2, far[1] + ASIDE), (near[0] + ASIDE / 2, near[1] + ASIDE)
        return [_straight(near, far, False), _straight(*back, True)], Label(*at, text, "name", "middle")


def _middled(gaps: Sequence[float]) -> list[float]:
    """Places so far apart around 0."""
    made = [-sum(gaps) / 2]
    for gap in gaps:
        made.append(made[-1] + gap)
    return made


def _corners(points: Sequence[Place]) -> list[Place]:
    """Points without those in the middle of a straight line, and without pieces of no length."""
    made = list(points[:1])
    for a, b in points[1:]:
        if b - made[-1][1] < 0.05:
            continue
        here = made[-1][0] if abs(a - made[-1][0]) < 0.5 else a
        if len(made) > 1 and made[-1][0] == made[-2][0] == here:
            made.pop()
        made.append((here, b))
    return made


def _straight(a: Place, b: Place, backward: bool) -> Arrow:
    return Arrow(*a, (a[0] + b[0]) / 2, (a[1] + b[1]) / 2, *b, None, 0, 0, "middle", backward)
