"""The scene as TikZ."""

from __future__ import annotations

from symbptt import typeset
from symbptt.draw.scene import Arrow, Node, Scene, num

UNIT = 0.6
"""Points per unit of a scene; the template makes what is wider than the page smaller."""
STYLES = {"input": "xnode", "state": "snode", "local": "onode", "loss": "lnode"}
ANCHORS = {"middle": "", "start": "anchor=west, ", "end": "anchor=east, "}


def _place(x: float, y: float) -> str:
    return f"({num(x)},{num(y)})"


def _node(node: Node) -> str:
    if node.shape == "wide":
        size = rf"opnode, minimum width={num(2 * node.half * UNIT)}pt, minimum height={num(2 * node.tall * UNIT)}pt"
        return rf"  \node[{STYLES[node.role]}, {size}] at {_place(node.x, node.y)} {{${typeset.latex(node.label)}$}};"
    return rf"  \node[{STYLES[node.role]}] at {_place(node.x, node.y)} {{${typeset.latex(node.label)}$}};"


def _arrow(a: Arrow) -> str:
    # A quadratic curve as a cubic one: both control points two thirds of the way to its control point.
    first = (a.x1 + 2 * (a.cx - a.x1) / 3, a.y1 + 2 * (a.cy - a.y1) / 3)
    second = (a.x2 + 2 * (a.cx - a.x2) / 3, a.y2 + 2 * (a.cy - a.y2) / 3)
    style = "gradient" if a.backward else "forward"
    ends = style if a.tip else f"{style}, -"
    curve = f".. controls {_place(*first)} and {_place(*second)} .. {_place(a.x2, a.y2)}"
    line = rf"  \draw[{ends}] {_place(a.x1, a.y1)} {curve};"
    if a.label is None:
        return line
    return line + "\n" + rf"  \node[{ANCHORS[a.anchor]}{style} label] at {_place(a.lx, a.ly)} {{${typeset.latex(a.label)}$}};"


def write(scene: Scene) -> str:
    """A tikzpicture; its styles are defined in the template."""
    lines = [rf"\begin{{tikzpicture}}[x={UNIT}pt, y=-{UNIT}pt]"]
    lines += [_arrow(a) for a in scene.arrows] + [_node(n) for n in scene.nodes]
    lines += [
        rf"  \node[{ANCHORS[m.anchor]}{m.kind} mark] at {_place(m.x, m.y)} {{${typeset.latex(m.text)}$}};" for m in scene.labels
    ]
    lines += [rf"  \node at {_place(x, y)} {{$\cdots$}};" for x, y in scene.gaps]
    return "\n".join([*lines, r"\end{tikzpicture}"])
