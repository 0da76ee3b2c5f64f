"""The unrolled graph of an example: every value a box with its numbers on the left and its adjoint's on the right.

The steps of the walk forward are the stages 1 to T, those of the walk back the stages T + 1 to 2T: a lecture shows one after the
other.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from symbptt.algebra.related import Adjoint
from symbptt.derive.recursion import recursion
from symbptt.document.example.mixed import Number as Scalar
from symbptt.document.example.numbers import Example
from symbptt.document.example.substitution import laid
from symbptt.document.graph.flow import Edge, depths, edges, entries, forward_labels, shown_values
from symbptt.draw.scene import LEAST, PAGE, Arrow, Key, Label, Node, Scene
from symbptt.draw.width import width
from symbptt.model.values import Role, Variable
from symbptt.narrative.presentation import Presentation
from symbptt.typeset.tree import Number, Operator, Row, Tree
from symbptt.verify.exact.entries import Matrix

EM, LINE, DIGITS, PAD = 16.0, 19.5, 56.0, 9.0
"""The size of letters; the height of a line of numbers; the width of a number; what a box has besides, in both directions."""
BETWEEN, ABOVE, MARGIN, ASIDE = 49.0, 33.0, 14.0, 5.0
"""The free room between steps and between the values of a step; the rim; half the distance of the arrows of a pair."""
SLIM = 20.0
"""By how much half a box is narrower than half another one where an arrow leaves it level."""
MOST = 4
"""The largest number of steps that fits on a page."""


def short(value: Scalar) -> Tree:
    """A number with three places, one where it is large; a whole number as one."""
    size = abs(float(value))
    whole = isinstance(value, Fraction) and value.denominator == 1
    text = str(abs(value)) if whole else f"{size:.3f}" if size < 10 else f"{size:.1f}"
    return Row((Operator("−", prefix=True), Number(text))) if value < 0 and float(text) else Number(text)


@dataclass(frozen=True)
class _Part:
    """A symbol above its numbers."""

    kind: str
    symbol: Tree
    entries: Matrix

    @property
    def wide(self) -> float:
        return max(DIGITS * len(self.entries[0]), EM * width(self.symbol) + 8)

    @property
    def high(self) -> float:
        return LINE * (1 + len(self.entries))

    def labels(self, x: float, y: float, key: Key, stage: int) -> Iterator[Label]:
        """The part with its top at y, around x."""
        yield Label(x, y + LINE / 2, self.symbol, self.kind, key=key, stage=stage)
        if len(self.entries) == len(self.entries[0]) == 1:
            yield Label(x, y + LINE * 1.5, short(self.entries[0][0]), self.kind, key=key, stage=stage)
            return
        right = x + DIGITS * len(self.entries[0]) / 2 - 4
        for i, row in enumerate(self.entries, 1):
            for j, entry in enumerate(row):
                at = right - DIGITS * (len(row) - 1 - j)
                yield Label(at, y + LINE * (i + 0.5), short(entry), self.kind, "end", key=key, stage=stage)


@dataclass(frozen=True)
class _Box:
    """A value at a step: its parts side by side, or one below the other where they are matrices."""

    variable: Variable
    step: int
    parts: tuple[_Part, ...]

    @property
    def key(self) -> Key:
        return self.variable.name, self.step

    @property
    def beside(self) -> bool:
        return all(len(part.entries[0]) == 1 for part in self.parts)

    @property
    def half(self) -> float:
        wide = [part.wide for part in self.parts]
        return ((sum if self.beside else max)(wide) + PAD) / 2

    @property
    def tall(self) -> float:
        high = [part.high for part in self.parts]
        return ((max if self.beside else sum)(high) + PAD / 2) / 2


@dataclass(frozen=True)
class _Picture:
    example: Example
    presentation: Presentation

    @property
    def T(self) -> int:
        return self.example.graph.T

    @cached_property
    def shown(self) -> tuple[Variable, ...]:
        """The values of a step from the bottom up."""
        found = shown_values(self.example.model)
        depth = depths(found, edges(self.example.model, found))
        return tuple(sorted(found, key=lambda v: depth[v.name]))

    @cached_property
    def edges(self) -> list[Edge]:
        return edges(self.example.model, self.shown)

    @cached_property
    def boxes(self) -> dict[Key, _Box]:
        """Every value of every step that has numbers; of step 0 the states that are read."""
        first = 0 if any(e.lag for e in self.edges) else 1
        found = (self._box(v, t) for t in range(first, self.T + 1) for v in self.shown if t or v.role is Role.STATE)
        return {box.key: box for box in found if box.parts}

    def _box(self, v: Variable, step: int) -> _Box:
        known, model, parts = self.example.entries.leaves, self.example.model, []
        for kind, symbol in (("value", v.at(step)), ("adjoint", Adjoint(v.at(step)))):
            if symbol in known:
                parts.append(_Part(kind, self.presentation.tree(symbol, model), laid(known[symbol][0], self.presentation)))
        return _Box(v, step, tuple(parts))

    @cached_property
    def levels(self) -> dict[str, float]:
        """The height of every value, the last one on top."""
        place, found = MARGIN, {}
        for v in reversed([v for v in self.shown if any(box.variable == v for box in self.boxes.values())]):
            tall = max(box.tall for box in self.boxes.values() if box.variable == v)
            found[v.name] = place + tall
            place += 2 * tall + ABOVE
        return found

    @cached_property
    def columns(self) -> dict[int, float]:
        """The middle of every step."""
        right, found = MARGIN - BETWEEN + self._outside, {}
        for t in sorted({step for _, step in self.boxes}):
            half = max(box.half for box in self.boxes.values() if box.step == t)
            found[t] = right + BETWEEN + half
            right = found[t] + half
        return found

    @property
    def _outside(self) -> float:
        """The room that arrows round a box need before a first column that has inputs."""
        return 0.0 if any(step == 0 for _, step in self.boxes) else 30.0

    def place(self, key: Key) -> tuple[float, float]:
        return self.columns[key[1]], self.levels[key[0]]

    def back(self, step: int) -> int:
        """The stage at which the adjoints of a step are known."""
        return 2 * self.T + 1 - max(step, 1)

    def labels(self) -> Iterator[Label]:
        for box in self.boxes.values():
            x, y = self.place(box.key)
            left, top = x - sum(part.wide for part in box.parts) / 2, y - box.tall + PAD / 4
            for part in box.parts:
                stage = box.step if part.kind == "value" else self.back(box.step)
                yield from part.labels(left + part.wide / 2 if box.beside else x, top, box.key, stage)
                left, top = left + part.wide, top if box.beside else top + part.high

    def arrows(self) -> Iterator[Arrow]:
        matrices = forward_labels(self.example.model, self.presentation, self.edges)
        for t in range(1, self.T + 1):
            for edge in self.edges:
                source, target = (edge.source.name, t - edge.lag), (edge.target.name, t)
                if source in self.boxes and target in self.boxes:
                    yield self._arrow(source, target, matrices.get(edge), False)
                    if any(part.kind == "adjoint" for part in self.boxes[source].parts):
                        yield self._arrow(target, source, None, True)

    def _arrow(self, start: Key, end: Key, text: Tree | None, backward: bool) -> Arrow:
        """From rim to rim: upright to the next value, across to the next step, round the boxes in between else."""
        stage = self.back(end[1]) if backward else end[1]
        a, b = (self.boxes[key] for key in (start, end))
        (ax, ay), (bx, by) = self.place(start), self.place(end)
        aside = ASIDE if backward else -ASIDE
        if start[1] != end[1]:
            way = 1 if bx > ax else -1
            x1, y1, x2, y2 = ax + way * (a.half + 1), ay + aside, bx - way * (b.half + 2), by + aside
            return _straight(x1, y1, x2, y2, text, ((x1 + x2) / 2, (y1 + y2) / 2 - 13, "middle"), backward, (start, end), stage)
        if abs(self.shown.index(a.variable) - self.shown.index(b.variable)) == 1:
            way = 1 if by > ay else -1
            x, y1, y2 = ax + aside, ay + way * (a.tall + 1), by - way * (b.tall + 2)
            return _straight(x, y1, x, y2, text, (x - 6, (y1 + y2) / 2, "end"), backward, (start, end), stage)
        x1, x2, out = ax - a.half - 1, bx - b.half - 2, 26.0 if backward else 40.0
        # Off to the side at the height of the narrower box, past the wider ones above it.
        control = min(x1, x2) - out, (ay + by) / 2 + (ay - by) / 2 * max(-1.0, min(1.0, (b.half - a.half) / SLIM))
        return Arrow(x1, ay + aside, *control, x2, by + aside, None, 0, 0, "end", backward, (start, end), stage=stage)

    def nodes(self) -> Iterator[Node]:
        for box in self.boxes.values():
            label = self.presentation.tree(box.variable.at(box.step), self.example.model)
            number = recursion(self.example.model).adjoint_number(box.variable.name)
            yield Node(*self.place(box.key), label, box.variable.role, box.key, number, box.half, box.tall, box.step, named=False)


def _straight(
    x1: float, y1: float, x2: float, y2: float, text: Tree | None, at: tuple[float, float, str], backward: bool,
    ends: tuple[Key, Key], stage: int,
) -> Arrow:
    return Arrow(x1, y1, (x1 + x2) / 2, (y1 + y2) / 2, x2, y2, text, *at, backward, ends, stage=stage)


def scene(example: Example, wrt: tuple[Variable, ...], presentation: Presentation) -> Scene | None:
    """The graph of an example with a loss; None where it has more steps or values than a page has room for."""
    model = example.model
    if example.graph.T > MOST:
        return None
    drawn = _Picture(example, presentation)
    nodes, arrows, labels = tuple(drawn.nodes()), tuple(drawn.arrows()), tuple(drawn.labels())
    right, bottom = max(n.x + n.half for n in nodes) + MARGIN, max(n.y + n.tall for n in nodes) + MARGIN
    routes = tuple((e.source.name, e.lag, e.target.name) for e in drawn.edges)
    into = tuple((v.name, entries(model, drawn.shown, v.name)) for v in wrt if v.role is Role.PARAMETER)
    made = Scene(right, bottom, nodes, arrows, (), example.graph.T, routes, into, labels)
    return made if made.size(PAGE) >= LEAST else None
