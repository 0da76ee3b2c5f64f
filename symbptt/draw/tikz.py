"""The scene as TikZ."""

from symbptt import typeset
from symbptt.draw.scene import Arrow, Label, Node, Scene, num

UNIT = 0.6
"""Points per unit of a scene; the template makes what is wider than the page smaller."""
STYLES = {"input": "xnode", "state": "snode", "local": "onode", "loss": "lnode"}
ANCHORS = {"middle": "", "start": "anchor=west, ", "end": "anchor=east, "}


def _place(x: float, y: float) -> str:
    return f"({num(x)},{num(y)})"


def _staged(stage: int, drawn: str) -> str:
    """What appears at a stage; slides say what that means."""
    return rf"  \stage{{{stage}}}{{{drawn}}}" if stage else f"  {drawn}"


def _node(node: Node) -> str:
    style = STYLES[node.role]
    if node.shape == "wide":
        half, tall = num(2 * node.half * UNIT), num(2 * node.tall * UNIT)
        style = f"{style}, opnode, minimum width={half}pt, minimum height={tall}pt"
    label = f"${typeset.latex(node.label)}$" if node.named else ""
    return _staged(node.stage, rf"\node[{style}] at {_place(node.x, node.y)} {{{label}}};")


def _arrow(a: Arrow) -> str:
    # A quadratic curve as a cubic one: both control points two thirds of the way to its control point.
    first = (a.x1 + 2 * (a.cx - a.x1) / 3, a.y1 + 2 * (a.cy - a.y1) / 3)
    second = (a.x2 + 2 * (a.cx - a.x2) / 3, a.y2 + 2 * (a.cy - a.y2) / 3)
    style = "gradient" if a.backward else "forward"
    ends = style if a.tip else f"{style}, -"
    curve = f".. controls {_place(*first)} and {_place(*second)} .. {_place(a.x2, a.y2)}"
    line = rf"\draw[{ends}] {_place(a.x1, a.y1)} {curve};"
    if a.label is not None:
        line += rf" \node[{ANCHORS[a.anchor]}{style} label] at {_place(a.lx, a.ly)} {{${typeset.latex(a.label)}$}};"
    return _staged(a.stage, line)


def _mark(m: Label) -> str:
    return _staged(m.stage, rf"\node[{ANCHORS[m.anchor]}{m.kind} mark] at {_place(m.x, m.y)} {{${typeset.latex(m.text)}$}};")


def write(scene: Scene) -> str:
    """A tikzpicture; its styles are defined in the template."""
    lines = [rf"\begin{{tikzpicture}}[x={UNIT}pt, y=-{UNIT}pt]"]
    lines += [_arrow(a) for a in scene.arrows] + [_node(n) for n in scene.nodes]
    lines += [_mark(m) for m in scene.labels]
    lines += [rf"  \node at {_place(x, y)} {{$\cdots$}};" for x, y in scene.gaps]
    return "\n".join([*lines, r"\end{tikzpicture}"])
