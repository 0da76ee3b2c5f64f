"""The two directions of a step's picture: from left to right, or from the bottom up, whichever the paper has room for."""

from symbptt.document.cell.layout import ASIDE, BESIDE, LINE, MARGIN, NUMBERED, TALL, Layout
from symbptt.draw.layers import Room
from symbptt.draw.scene import Label, Place
from symbptt.typeset.tree import Tree

ASCENT = 38.0
"""The room above a box whose value the next step reads."""
ONWARD = 81.0
"""The room that the arrow to the next step takes beside a name."""


class Rightward(Layout):
    """Layers are columns; number and name stand above a box, factors at the arrow before it."""

    def at(self, a: float, b: float) -> Place:
        return MARGIN + b, MARGIN + a

    def size(self, a: float, b: float) -> Place:
        return b, a

    def length(self, n: int) -> float:
        box = self.boxes[n]
        return max(box.half, (NUMBERED + box.named + 4) / 2 if box.later else 0.0)

    def ahead(self, n: int) -> float:
        box, half = self.boxes[n], self.length(n)
        return half + 44 if box.later else max(half, NUMBERED * (box.number is not None) + box.named - half)

    def around(self, n: int) -> Room:
        box, half = self.boxes[n], self.breadth(n)
        above = ASCENT if box.later else LINE if box.number is not None or box.name is not None else 0.0
        return half + above, half

    def leaving(self, n: int) -> tuple[Place, Place, Place]:
        """Off the upper right corner."""
        x, y = self.place(n)
        right, top = x + self.length(n), y - self.breadth(n)
        return (right, top - 1), (right + 20, top - 19), (right + 24, top - 28)

    def marks(self, n: int) -> list[Label]:
        (x, y), box = self.place(n), self.boxes[n]
        left, above = x - self.length(n), y - self.breadth(n) - 10
        numbered = [] if box.number is None else [Label(left, above, box.number, "number", "start")]
        name_at = left + NUMBERED * bool(numbered)
        return numbered if box.name is None else [*numbered, Label(name_at, above, box.name, "name", "start")]

    def rule(self, n: int, text: Tree, port: float, first: bool) -> Label:
        x, y = self.place(n)
        return Label(x - self.length(n) - BESIDE, y + port + (-1 if first else 1) * (ASIDE / 2 + 10.5), text, "rule", "end")


class Upward(Layout):
    """Layers are rows, the first one at the bottom, as in the unrolled graph; factors stand below a box beside their arrows."""

    def at(self, a: float, b: float) -> Place:
        return MARGIN + a, MARGIN + self.bands[-1][2] - b

    def size(self, a: float, b: float) -> Place:
        return a, b

    def ahead(self, n: int) -> float:
        return self.length(n)

    def around(self, n: int) -> Room:
        box, half = self.boxes[n], self.breadth(n)
        named = half + 4 + box.named if box.name is not None else half
        return half + NUMBERED * (box.number is not None), named + ONWARD * box.later

    def leaving(self, n: int) -> tuple[Place, Place, Place]:
        """To the right of the value's name."""
        x, y = self.place(n)
        right = x + self.breadth(n) + self.boxes[n].named + 11
        return (right, y - ASIDE / 2), (right + 26, y - ASIDE / 2), (right + 50, y)

    def marks(self, n: int) -> list[Label]:
        (x, y), box, half = self.place(n), self.boxes[n], self.breadth(n)
        numbered = [] if box.number is None else [Label(x - half - 4, y, box.number, "number", "end")]
        return numbered if box.name is None else [*numbered, Label(x + half + 4, y, box.name, "name", "start")]

    def rule(self, n: int, text: Tree, port: float, first: bool) -> Label:
        x, y = self.place(n)
        side = -1 if first else 1
        at = x + port + side * (ASIDE / 2 + BESIDE)
        return Label(at, y + TALL + LINE / 2 + 1, text, "rule", "end" if first else "start")
