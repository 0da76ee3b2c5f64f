"""The picture of a step walked backwards: solid arrows forward, dashed arrows back, local rules at the nodes."""

from dataclasses import dataclass
from functools import cached_property
from math import inf

from symbptt.document.cell.directions import Rightward, Upward
from symbptt.document.cell.labels import label, rule
from symbptt.document.cell.layout import EM, Box, Layout
from symbptt.document.cell.operations import Operation, carried, operations
from symbptt.document.cell.walk import Pass, walk
from symbptt.draw.layers import Edge
from symbptt.draw.scene import LEAST, PAGE, Node, Room, Scene
from symbptt.draw.width import width
from symbptt.model.values import Model, Role
from symbptt.narrative.presentation import Presentation
from symbptt.typeset.tree import Number, Tree

LARGEST = 60
"""The largest number of operations that is drawn."""
WIDEST = (inf, 220.0, 120.0, 60.0)
"""How wide a factor may be; the wider ones are left out where the picture would be too large with them."""
LATER = "t + 1"


@dataclass(frozen=True)
class _Drawing:
    """The nodes of a step with what is written in and beside them; a layout gives them their places.

    Factors wider than `widest` are left out.
    """

    model: Model
    presentation: Presentation
    widest: float

    @cached_property
    def nodes(self) -> tuple[Operation, ...]:
        return operations(self.model)

    @cached_property
    def boxes(self) -> tuple[Box, ...]:
        """Every node with its text, its number in the walk, the name of its value and the factors of its operands."""
        visits = {visit.node: (number, visit) for number, visit in enumerate(walk(self.model), 1)}
        made: list[Box] = []
        for n, node in enumerate(self.nodes):
            number, passes = (visits[n][0], visits[n][1].passes) if n in visits else (None, ())
            rules = {p.to: self._rule(p) for p in passes if p.to is not None}
            made.append(Box(
                label(self.model, self.presentation, node),
                None if number is None else Number(str(number)),
                None if node.names is None else self.presentation.tree(node.names.at(), self.model),
                rules, self._read_later(node),
            ))
        return tuple(made)

    def _rule(self, item: Pass) -> Tree | None:
        """The factor of an operand, if it is not too wide."""
        tree = rule(self.model, self.presentation, item)
        return None if tree is None or EM * width(tree) > self.widest else tree

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """From operand to operation."""
        return tuple(dict.fromkeys((source, n) for n, node in enumerate(self.nodes) for source in node.reads))

    @cached_property
    def layouts(self) -> tuple[Layout, ...]:
        back = frozenset((to, n) for n, box in enumerate(self.boxes) for to in box.rules
            if not self.nodes[to].given or carried(self.nodes[to]))
        return Rightward(self.boxes, self.edges, back), Upward(self.boxes, self.edges, back)

    def scene(self, layout: Layout) -> Scene:
        drawn = tuple(self._node(layout, n) for n in range(len(self.nodes)))
        later = [layout.later(n, self.presentation.steps(LATER)) for n, box in enumerate(self.boxes) if box.later]
        ways = [(edge, back) for edge in self.edges for back in (False, True) if edge in layout.back or not back]
        arrows = [arrow for edge, back in ways for arrow in layout.wire(edge, back)]
        arrows += [arrow for pair, _ in later for arrow in pair]
        marks = [mark for n in range(len(self.nodes)) for mark in (*layout.marks(n), *layout.rules(n))]
        right, bottom = layout.extent
        return Scene(right, bottom, drawn, tuple(arrows), labels=(*marks, *(text for _, text in later)))

    def _node(self, layout: Layout, n: int) -> Node:
        half, tall = layout.size(layout.breadth(n), layout.length(n))
        return Node(*layout.place(n), self.boxes[n].text, _role(self.nodes[n]), half=half, tall=tall)

    def _read_later(self, node: Operation) -> bool:
        """Whether the next step reads the value of a node."""
        names = {getattr(n.value, "name", "") for n in self.nodes if carried(n)}
        return node.names is not None and not node.given and node.names.name in names


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
    """The picture in the better of the two layouts, however many operations a step has; with all factors if there is room."""
    made: list[Scene] = []
    for widest in WIDEST:
        drawing = _Drawing(model, presentation, widest)
        made.append(max((drawing.scene(layout) for layout in drawing.layouts), key=lambda scene: scene.size(room)))
        if made[-1].size(room) >= LEAST:
            break
    return made[-1] if made[-1].size(room) >= LEAST else made[0]


def _role(node: Operation) -> Role:
    if node.given:
        return Role.STATE if carried(node) else Role.INPUT
    if node.names is not None and node.names.role in (Role.LOSS, Role.STATE):
        return node.names.role
    return Role.LOCAL
