"""The picture of a step walked backwards: solid arrows forward, dashed arrows back, local rules at the nodes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from symbptt.document.cell.labels import label, rule
from symbptt.document.cell.layout import MARGIN, TALL, Layout, Rightward, Upward, edges
from symbptt.document.cell.operations import Operation, carried, operations
from symbptt.document.cell.walk import walk
from symbptt.draw.layers import columns, layered
from symbptt.draw.scene import LEAST, PAGE, Arrow, Label, Node, Room, Scene
from symbptt.draw.width import width
from symbptt.model.values import Model, Role
from symbptt.narrative.presentation import Presentation
from symbptt.typeset.tree import Number

EM = 16.0
LARGEST = 60
"""The largest number of operations that is drawn."""
MOVES = ((0, 0), (0, 5), (0, -5), (0, 10), (9, 0), (-9, 0), (9, 6), (-9, 6), (16, 3), (-16, 3), (0, 16))
"""How a factor may be moved where its place is taken, the least first."""
LATER = "t + 1"


@dataclass(frozen=True)
class _Drawing:
    """The nodes of a step with what is written in and beside them; a layout gives them their places."""

    model: Model
    presentation: Presentation

    @cached_property
    def nodes(self) -> tuple[Operation, ...]:
        return operations(self.model)

    @cached_property
    def layouts(self) -> tuple[Layout, ...]:
        labels = [label(self.model, self.presentation, node) for node in self.nodes]
        half = [max(TALL, 5 + EM * width(text) / 2) for text in labels]
        names = [0.0 if n.names is None else EM * width(self.presentation.tree(n.names.at(), self.model)) for n in self.nodes]
        found = edges([node.reads for node in self.nodes])
        layers = layered(len(self.nodes), found, columns(len(self.nodes), found))
        return Rightward(layers, half, names), Upward(layers, half, names)

    def scene(self, layout: Layout) -> Scene:
        boxes = tuple(
            Node(*layout.place(n), label(self.model, self.presentation, node), _role(node), half=layout.half[n], tall=TALL)
            for n, node in enumerate(self.nodes)
        )
        later = [layout.later(n, self.presentation.steps(LATER)) for n, node in enumerate(self.nodes) if self._read_later(node)]
        arrows = [*self._wires(layout), *(arrow for pair, _ in later for arrow in pair)]
        marks = _free([*self._marks(layout), *(text for _, text in later)], boxes)
        ends = [node.x + node.half for node in boxes] + [_box(mark)[2] for mark in marks]
        right = max(ends + [x for arrow in arrows for x in (arrow.x1, arrow.x2)]) + MARGIN
        bottom = max([n.y + TALL for n in boxes] + [_box(m)[3] for m in marks] + [max(a.y1, a.y2) for a in arrows]) + MARGIN
        return Scene(right, bottom, boxes, tuple(arrows), labels=marks)

    def _read_later(self, node: Operation) -> bool:
        """Whether the next step reads the value of a node."""
        names = {getattr(n.value, "name", "") for n in self.nodes if carried(n)}
        return node.names is not None and not node.given and node.names.name in names

    def _wires(self, layout: Layout) -> list[Arrow]:
        made: list[Arrow] = []
        for source, target in dict.fromkeys(edges([node.reads for node in self.nodes])):
            made += layout.wire(source, target, False)
            if not self.nodes[source].given or carried(self.nodes[source]):
                made += layout.wire(source, target, True)
        return made

    def _marks(self, layout: Layout) -> list[Label]:
        """The names of values and the numbers of the walk, and the rules."""
        made: list[Label] = []
        visits = {visit.node: (number, visit) for number, visit in enumerate(walk(self.model), 1)}
        for n, node in enumerate(self.nodes):
            number = Number(str(visits[n][0])) if n in visits else None
            made += layout.marks(n, number, None if node.names is None else self.presentation.tree(node.names.at(), self.model))
            if n in visits:
                flowing = [(layout.layers.row[p.to], p) for p in visits[n][1].passes if p.to is not None]
                rules = [rule(self.model, self.presentation, p) for _, p in sorted(flowing, key=lambda pair: pair[0])]
                made += layout.rules(n, rules)
        return made


_Box = tuple[float, float, float, float]


def _box(mark: Label) -> _Box:
    """What a label covers: left, top, right, bottom."""
    wide = EM * width(mark.text)
    left = mark.x - wide * {"start": 0.0, "middle": 0.5, "end": 1.0}[mark.anchor]
    return left, mark.y - 8, left + wide, mark.y + 8


def _free(labels: list[Label], drawn: Sequence[Node]) -> tuple[Label, ...]:
    """The labels, a rule moved a little where it would cover something or stick out; left out where that does not help."""
    taken: list[_Box] = [(n.x - n.half, n.y - TALL, n.x + n.half, n.y + TALL) for n in drawn]
    edge = max(n.x + n.half for n in drawn) + 2 * MARGIN
    kept: list[Label] = []

    def free(mark: Label) -> bool:
        left, top, right, bottom = _box(mark)
        covers = any(left < r and x < right and top < b and y < bottom for x, y, r, b in taken)
        return mark.kind != "rule" or not (covers or left < 0 or right > edge)

    for mark in sorted(labels, key=lambda m: (m.kind == "rule", m.anchor == "end")):
        moved = (replace(mark, x=mark.x + x, y=mark.y + y) for x, y in (MOVES if mark.kind == "rule" else MOVES[:1]))
        if (found := next(filter(free, moved), None)) is not None:
            taken.append(_box(found))
            kept.append(found)
    return tuple(kept)


def complete(model: Model, presentation: Presentation, drawn: Scene) -> bool:
    """Whether every factor of the walk stands in the picture."""
    flowing = [item for visit in walk(model) for item in visit.passes if item.to is not None]
    return sum(rule(model, presentation, item) is not None for item in flowing) == sum(mark.kind == "rule"
        for mark in drawn.labels)


def picture(model: Model, presentation: Presentation, room: Room = PAGE) -> Scene | None:
    """The picture of one step, in the layout that is largest in the room; None if its letters would be too small to read."""
    if len(operations(model)) > LARGEST:
        return None
    made = largest(model, presentation, room)
    return made if made.size(room) >= LEAST else None


def largest(model: Model, presentation: Presentation, room: Room = PAGE) -> Scene:
    """The picture in the better of the two layouts, however many operations a step has."""
    drawing = _Drawing(model, presentation)
    return max((drawing.scene(layout) for layout in drawing.layouts), key=lambda scene: scene.size(room))


def _role(node: Operation) -> Role:
    if node.given:
        return Role.STATE if carried(node) else Role.INPUT
    if node.names is not None and node.names.role in (Role.LOSS, Role.STATE):
        return node.names.role
    return Role.LOCAL
