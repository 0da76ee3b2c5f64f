"""The unrolled graph as a drawing."""

from collections.abc import Iterable, Mapping
from math import hypot

from symbptt.derive.recursion import recursion
from symbptt.document.graph.flow import Edge, backward_label, depths, edges, entries, forward_labels, shown_values
from symbptt.draw.scene import Arrow, Key, Node, Place, Scene
from symbptt.draw.width import width
from symbptt.model.values import Model, Role, Variable
from symbptt.narrative.presentation import ENGLISH, Presentation
from symbptt.typeset.tree import Tree

COLUMN, ROW, SPREAD, RADIUS, MARGIN, EM = 176.0, 84.0, 70.0, 19.0, 34.0, 16.0
Places = Mapping[Key, Place]
MOST = 4
"""The largest T for which every step is drawn; beyond, the first two and the last."""


def arrow(ends: tuple[Key, Key], places: Places, bend: float, label: Tree | None, backward: bool) -> Arrow:
    """An arrow between two nodes, bent to its left, cut off at their rims."""
    (ax, ay), (bx, by) = (places[end] for end in ends)
    length = hypot(bx - ax, by - ay)
    ux, uy = (bx - ax) / length, (by - ay) / length
    nx, ny = uy, -ux
    cx, cy = (ax + bx) / 2 + 2 * bend * nx, (ay + by) / 2 + 2 * bend * ny

    def rim(x: float, y: float, gap: float) -> Place:
        d = hypot(cx - x, cy - y)
        return x + (cx - x) / d * (RADIUS + gap), y + (cy - y) / d * (RADIUS + gap)

    (x1, y1), (x2, y2) = rim(ax, ay, 1), rim(bx, by, 3)
    mx, my = (ax + bx) / 2 + (bend + 13) * nx, (ay + by) / 2 + (bend + 13) * ny
    anchor = "middle" if abs(nx) < 0.5 else "start" if nx > 0 else "end"
    if anchor != "middle":
        mx -= 3 * nx
    return Arrow(x1, y1, cx, cy, x2, y2, label, mx, my, anchor, backward, ends)


def bend(a: Place, b: Place, others: Iterable[Place]) -> float:
    """How far an arrow bends; further where it must go round another node."""
    (ax, ay), (bx, by) = a, b
    length = hypot(bx - ax, by - ay)
    for x, y in others:
        along = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length**2
        aside = abs((x - ax) * (by - ay) - (y - ay) * (bx - ax)) / length
        if 0.1 < along < 0.9 and aside < RADIUS:
            return RADIUS + 17
    return 9.0


def _places(
    model: Model, T: int, shown: tuple[Variable, ...], columns: list[int], depth: Mapping[str, int]
) -> Places:
    """Where each (value, step) stands: time to the right, depth inside the step upwards; step 0 has the states alone."""
    assert model.loss is not None
    top = max(depth.values())
    found: dict[tuple[str, int], Place] = {}
    for number, step in enumerate(columns):
        aside = 0.6 if T > MOST and step == T else 0.0
        for v in shown:
            with_loss = v.role is not Role.LOSS or model.loss.at == "every" or step == T
            if with_loss if step else v.role is Role.STATE:
                level = [w for w in shown if depth[w.name] == depth[v.name]]
                offset = (level.index(v) - (len(level) - 1) / 2) * SPREAD
                found[v.name, step] = ((number + aside) * COLUMN + offset, MARGIN + (top - depth[v.name]) * ROW)
    left = min(x for x, _ in found.values()) - MARGIN - RADIUS
    return {key: (x - left, y) for key, (x, y) in found.items()}


def _node(model: Model, presentation: Presentation, name: str, step: int, place: Place) -> Node:
    label = presentation.tree(model[name].at(step), model)
    return Node(*place, label, model[name].role, (name, step), recursion(model).adjoint_number(name))


def scene(model: Model, T: int, wrt: tuple[Variable, ...], presentation: Presentation = ENGLISH) -> Scene:
    """Lay out the graph of a model with a loss over T steps; gradients flow to inputs and initial states only if asked for."""
    shown = shown_values(model)
    found = edges(model, shown)
    depth = depths(shown, found)
    steps = list(range(1, T + 1)) if T <= MOST else [1, 2, T]
    columns = [0, *steps] if any(e.lag for e in found) else steps
    places = _places(model, T, shown, columns, depth)
    nodes = tuple(_node(model, presentation, name, step, place) for (name, step), place in places.items())
    say = labelled(model)
    matrices = forward_labels(model, presentation, found) if say else {}
    arrows = tuple(
        a for step in steps for edge in found
        for a in _pair(edge, step, places, wrt, matrices.get(edge),
            backward_label(model, presentation, edge, step) if say else None)
    )
    labels = [a.lx + EM * width(a.label) for a in arrows if a.label is not None and a.anchor == "start"]
    right = max([n.x + RADIUS + MARGIN for n in nodes] + labels)
    gaps = _gaps(model, places, steps) if T > MOST else ()
    routes = tuple((e.source.name, e.lag, e.target.name) for e in found)
    into = tuple((v.name, entries(model, shown, v.name)) for v in wrt if v.role is Role.PARAMETER)
    return Scene(right, 2 * MARGIN + max(depth.values()) * ROW + 4, nodes, arrows, gaps, T, routes, into)


def labelled(model: Model) -> bool:
    """Whether arrows have labels: of several states they lie too close together."""
    return len(model.states) <= 1


def _gaps(model: Model, places: Places, steps: list[int]) -> tuple[Place, ...]:
    ends = [(places[s.name, steps[-2]], places[s.name, steps[-1]]) for s in model.states]
    return tuple((a[0] + 0.62 * (b[0] - a[0]), a[1]) for a, b in ends)


def _pair(
    edge: Edge, step: int, places: Places, wrt: tuple[Variable, ...], ahead: Tree | None, back: Tree | None
) -> list[Arrow]:
    """The forward arrow of an edge at a step, and the gradient arrow beside it, with their labels."""
    source, target = (edge.source.name, step - edge.lag), (edge.target.name, step)
    if source not in places or target not in places:
        return []
    a, b = places[source], places[target]
    curve = bend(a, b, (place for key, place in places.items() if key not in (source, target)))
    made = [arrow((source, target), places, curve, ahead, False)]
    wanted = edge.source in wrt if edge.source.role is Role.INPUT or source[1] == 0 else True
    if wanted and not edge.source.classes:
        made.append(arrow((target, source), places, curve, back, True))
    return made
