"""The picture of a step walked backwards: solid arrows forward, dashed arrows back, local rules at the nodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import linear, nodes
from symbptt.algebra.functions import FUNCTIONS
from symbptt.document.cell.operations import Operation, carried, flows, operations
from symbptt.document.cell.walk import Pass, Visit, factor, walk
from symbptt.draw.layers import Layers, columns, layered
from symbptt.draw.scene import Arrow, Label, Node, Place, Scene
from symbptt.draw.width import width
from symbptt.model.values import Model, Role
from symbptt.narrative.voice import Voice
from symbptt.typeset.dispatch import Setting
from symbptt.typeset.functions import function
from symbptt.typeset.tree import Fenced, Fraction, Number, Operator, Row, Script, Tree

EM, ROW, GAP, MARGIN, TALL, ASIDE = 14.0, 64.0, 36.0, 18.0, 13.0, 5.0
SMALL = 0.8
"""The size of labels beside that of nodes."""
LARGEST = 60
"""The largest number of operations that is drawn."""

_NAMES: dict[type, str] = {
    nodes.SumAll: "sum", nodes.CrossEntropy: "CE", nodes.BatchMean: "mean",
}
"""Names of operations that are not those of their types."""
_FORMULAS: dict[type, Tree] = {
    sp.Transpose: Operator("⊤", prefix=True),
    nodes.HalfSquaredNorm: Row((
        Fraction(Number("1"), Number("2")), Operator("\u2009"),
        Script(Fenced(Operator("·", prefix=True), "‖"), None, Number("2")),
    )),
}
_SIGNS: dict[type, str] = {sp.MatAdd: "+", sp.HadamardProduct: "⊙", sp.MatMul: "·"}


def _label(model: Model, voice: Voice, node: Operation) -> Tree:
    """What an operation does, with the parameters inside it; a given value is its symbol."""
    if node.given:
        return voice.tree(node.value, model)
    if type(node.value) in _FORMULAS:
        return _FORMULAS[type(node.value)]
    sign = _SIGNS.get(type(node.value))
    if sign is None:
        kind = type(node.value)
        name = node.value.name if isinstance(node.value, nodes.Elementwise) else _NAMES.get(kind, kind.__name__.lower())
        return function(name, (), Setting(voice.notation))
    inside = [a for a in node.value.args if not (isinstance(a, MatrixExpr) and flows(model, a))]
    if not inside:
        return Operator(sign if sign != "·" else "×")
    if sign == "+":
        return _added([voice.tree(a, model) for a in inside])
    written = [Fenced(voice.tree(a, model)) if isinstance(a, sp.MatAdd) else voice.tree(a, model) for a in inside]
    items = [part for tree in written for part in (tree, Operator("\u2009"))] + [Operator(sign, prefix=True)]
    return Row(tuple(items[::-1] if voice.notation.layout == "row" else items))


def _added(written: list[Tree]) -> Tree:
    """+ b, or − y where the summand has a minus of its own."""
    made: list[Tree] = []
    for tree in written:
        negative = isinstance(tree, Row) and tree.items[0] == Operator("−", prefix=True)
        made += [tree] if negative else [Operator("+", prefix=True), tree]
    return Row(tuple(made))


class _Drawing:
    def __init__(self, model: Model, voice: Voice) -> None:
        self.model, self.voice = model, voice
        self.nodes = operations(model)
        self.visits = {visit.node: (number, visit) for number, visit in enumerate(walk(model), 1)}
        self.edges = [(source, n) for n, node in enumerate(self.nodes) for source in node.reads]
        self.labels = [_label(model, voice, node) for node in self.nodes]
        self.half = [max(TALL, 6 + EM * width(label) / 2) for label in self.labels]
        self.layers: Layers = layered(len(self.nodes), self.edges, columns(len(self.nodes), self.edges))
        self.x = self._columns()

    def _columns(self) -> list[float]:
        """The middle of every column, as wide as its widest node."""
        depth = self.layers.column
        widest = [max(h for n, h in enumerate(self.half) if depth[n] == c) for c in range(max(depth.values()) + 1)]
        middle = [MARGIN + widest[0]]
        for before, here in pairwise(widest):
            middle.append(middle[-1] + before + GAP + here)
        return middle

    def place(self, n: int) -> Place:
        return self.x[self.layers.column[n]], self.height(self.layers.row[n])

    def height(self, row: float) -> float:
        return 2 * MARGIN + TALL + ROW * row

    def arrows(self) -> list[Arrow]:
        made: list[Arrow] = []
        for source, target in dict.fromkeys(self.edges):
            way = [(self.x[c], self.height(r)) for c, r in self.layers.way[source, target]]
            (ax, ay), (bx, by) = self.place(source), self.place(target)
            points = [(ax + self.half[source], ay), *way, (bx - self.half[target], by)]
            made += _curve(points, 0.0, False)
            if not self.nodes[source].given or carried(self.nodes[source]):
                made += _curve([(x, y + ASIDE) for x, y in reversed(points)], ASIDE, True)
        return made

    def marks(self) -> list[Label]:
        """The names of values and the numbers of the walk above the nodes, the rules below."""
        made: list[Label] = []
        for n, node in enumerate(self.nodes):
            x, y = self.place(n)
            if n in self.visits:
                number, visit = self.visits[n]
                made.append(Label(x - 2, y - TALL - 9, Number(str(number)), "number", "end"))
                made += self._rules(visit, x, y)
            if node.names is not None:
                made.append(Label(x + 3, y - TALL - 9, self.voice.tree(node.names.at(), self.model), "name", "start"))
        return made

    def _rules(self, visit: Visit, x: float, y: float) -> list[Label]:
        """Below the node what it multiplies with; of two operands each has its factor at its arrow."""
        flowing = sorted((p for p in visit.passes if p.to is not None), key=lambda p: self.place(p.to or 0)[1])
        room = 2 * (self.half[visit.node] + 0.85 * GAP)
        found = [[tree for tree in self._rule(p) if SMALL * EM * width(tree) <= room] for p in flowing]
        if len(flowing) == 1:
            return [Label(x, y + TALL + 11, tree, "rule") for tree in found[0]]
        places = ((x - 14, y - TALL - 9), (x - 14, y + TALL + 9))
        return [Label(*at, tree, "rule", "end") for at, trees in zip(places, found, strict=False) for tree in trees]

    def _rule(self, item: Pass) -> list[Tree]:
        found = factor(item)
        if found is None:
            return []
        tree = self.voice.tree(found, self.model)
        if not isinstance(item.rule, linear.Hadamard):
            return [tree]
        difference = isinstance(found, nodes.SlopeByResult) and isinstance(FUNCTIONS[found.name].by_result, sp.Add)
        shown = Fenced(tree) if difference else tree
        return [Row((Operator("⊙", prefix=True), Operator("\u2009"), shown))]


_Box = tuple[float, float, float, float]


def _box(label: Label) -> _Box:
    """What a label covers: left, top, right, bottom."""
    wide = SMALL * EM * width(label.text)
    left = label.x - wide * {"start": 0.0, "middle": 0.5, "end": 1.0}[label.anchor]
    return left, label.y - 7, left + wide, label.y + 7


def _free(labels: list[Label], drawn: Sequence[Node]) -> tuple[Label, ...]:
    """The labels without those rules that would cover something: the table has them all."""
    taken: list[_Box] = [(n.x - n.half, n.y - TALL, n.x + n.half, n.y + TALL) for n in drawn]
    kept: list[Label] = []
    for label in sorted(labels, key=lambda m: (m.kind == "rule", m.anchor == "end")):
        left, top, right, bottom = _box(label)
        if label.kind != "rule" or not any(left < r and x < right and top < b and y < bottom for x, y, r, b in taken):
            taken.append((left, top, right, bottom))
            kept.append(label)
    return tuple(kept)


def _curve(points: Sequence[Place], aside: float, backward: bool) -> list[Arrow]:
    """An S from point to point; the tip is on the last piece."""
    made: list[Arrow] = []
    for (ax, ay), (bx, by) in pairwise(points):
        mx, my = (ax + bx) / 2, (ay + by) / 2
        made.append(Arrow(ax, ay, (ax + mx) / 2, ay, mx, my, None, 0, 0, "middle", backward, tip=False))
        made.append(Arrow(mx, my, (mx + bx) / 2, by, bx, by, None, 0, 0, "middle", backward, tip=False))
    return [*made[:-1], replace(made[-1], tip=True)]


def picture(model: Model, voice: Voice, largest: int = LARGEST) -> Scene | None:
    """The picture of one step, or None if the step has more operations than that."""
    if len(operations(model)) > largest:
        return None
    drawing = _Drawing(model, voice)
    nodes_ = tuple(
        Node(*drawing.place(n), drawing.labels[n], _role(node), half=drawing.half[n]) for n, node in enumerate(drawing.nodes)
    )
    marks = _free(drawing.marks(), nodes_)
    reach = [m.x + EM * width(m.text) * {"start": 1.0, "middle": 0.5, "end": 0.0}[m.anchor] for m in marks]
    right = max([node.x + node.half for node in nodes_] + reach) + MARGIN
    arrows = drawing.arrows()
    bottom = max(max(a.y1, a.y2) for a in arrows) + TALL + 2 * MARGIN
    return Scene(right, bottom, nodes_, tuple(arrows), labels=marks)


def _role(node: Operation) -> Role:
    if node.given:
        return Role.STATE if carried(node) else Role.INPUT
    if node.names is not None and node.names.role in (Role.LOSS, Role.STATE):
        return node.names.role
    return Role.LOCAL
