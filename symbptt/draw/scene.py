"""A drawing of nodes and arrows with places, before any output format."""

from dataclasses import dataclass

from symbptt.model.values import Role
from symbptt.typeset.tree import Tree

Place = tuple[float, float]
Key = tuple[str, int]
"""The name of a value, and its step."""
Room = tuple[float, float]
PAGE, SLIDE, HALF_PAGE = (786.0, 1000.0), (690.0, 300.0), (786.0, 400.0)
"""Width and height that a page, a slide and a sheet have for a drawing, in its units."""
LEAST = 0.75
"""The least size at which letters can still be read."""


def num(value: float) -> str:
    """A number of a drawing, to a tenth."""
    return f"{value:.1f}".removesuffix(".0")


@dataclass(frozen=True)
class Node:
    """A value at a step; `shape` is "round", "square", or "wide" with half its width and height as `half` and `tall`.

    `number` is that of its adjoint equation, 0 if it has none. A node that is not `named` has its label beside or inside it.
    Of nodes, arrows and labels `stage` says when a drawing that grows shows them, 0 from the start.
    """

    x: float
    y: float
    label: Tree
    role: Role
    key: Key | None = None
    number: int = 0
    half: float = 0.0
    tall: float = 0.0
    stage: int = 0
    named: bool = True

    @property
    def shape(self) -> str:
        """Losses are squares, operations as wide as their labels."""
        if self.half:
            return "wide"
        return "square" if self.role is Role.LOSS else "round"


@dataclass(frozen=True)
class Arrow:
    """A curve from (x1, y1) over the control point (cx, cy) to (x2, y2); the label stands at (lx, ly).

    `ends` are the values at which it starts and ends, if it joins values.
    """

    x1: float
    y1: float
    cx: float
    cy: float
    x2: float
    y2: float
    label: Tree | None
    lx: float
    ly: float
    anchor: str
    backward: bool
    ends: tuple[Key, Key] | None = None
    tip: bool = True
    stage: int = 0


@dataclass(frozen=True)
class Label:
    """Words or a formula at a place.

    `kind` is "name" for values, "number" for numbers of nodes, "rule" for what flows back; of the value `key` a "value" or an
    "adjoint".
    """

    x: float
    y: float
    text: Tree
    kind: str
    anchor: str = "middle"
    key: Key | None = None
    stage: int = 0


@dataclass(frozen=True)
class Scene:
    """Everything that is drawn; `gaps` are the places of dots where steps are left out.

    `routes` say which value flows how many steps later into which, `entries` into which values a variable flows, over T steps:
    from them a page finds the way of a term through the graph.
    """

    width: float
    height: float
    nodes: tuple[Node, ...]
    arrows: tuple[Arrow, ...]
    gaps: tuple[Place, ...] = ()
    T: int = 0
    routes: tuple[tuple[str, int, str], ...] = ()
    entries: tuple[tuple[str, tuple[str, ...]], ...] = ()
    labels: tuple[Label, ...] = ()

    def size(self, room: Room) -> float:
        """The size at which it fits into a room, 1 where it need not be made smaller."""
        return min(1.0, room[0] / self.width, room[1] / self.height)
