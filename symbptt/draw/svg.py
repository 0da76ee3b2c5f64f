"""The scene as SVG, with formulas as text in mathematical letters, each group marked with the values that it shows.

There are no ids in it, so that a page may hold several drawings, and copies of them.
"""

from dataclasses import dataclass, replace
from functools import singledispatch
from html import escape
from math import hypot

from symbptt.draw import font
from symbptt.draw.scene import Arrow, Key, Label, Node, Scene, num
from symbptt.draw.width import SCRIPT
from symbptt.typeset import as_text
from symbptt.typeset import tree as t
from symbptt.typeset.alphabets import styled
from symbptt.typeset.signs import ACCENTS, FENCES, SPACED

_RISE = {-1: 4.5, 0: 0.0, 1: -5.5}
_THIN = "\u2009"
_WIDE = {"⊤": 0.7, "+": 0.72, "−": 0.72, ",": 0.25, _THIN: 0.17}
"""Widths of signs in em; letters and digits have half an em."""
HEAD = (8.0, 4.0, 6.0)
"""Length of an arrow's head, half its width, and the length where its notch is."""


@dataclass(frozen=True)
class Run:
    """Letters at one height: 0 on the line, -1 below, 1 above; `back` em before where the last ones ended."""

    text: str
    height: int = 0
    back: float = 0.0


@singledispatch
def _runs(tree: t.Tree) -> list[Run]:
    return [Run(as_text.write(tree))]


@_runs.register
def _identifier(tree: t.Identifier) -> list[Run]:
    return [Run(styled(tree.text, "slanted" if tree.style is t.Style.ITALIC else tree.style))]


@_runs.register
def _operator(tree: t.Operator) -> list[Run]:
    invisible = {"\u2061": "", "\u2062": _THIN, "\u2009": _THIN}
    spaced = tree.text in SPACED and not tree.prefix
    return [Run(invisible.get(tree.text, f"{_THIN}{tree.text}{_THIN}" if spaced else tree.text))]


@_runs.register
def _row(tree: t.Row) -> list[Run]:
    return [run for item in tree.items for run in _runs(item)]


@_runs.register
def _fenced(tree: t.Fenced) -> list[Run]:
    left, right = FENCES[tree.left]
    return [Run(left), *_runs(tree.body), Run(right)]


@_runs.register
def _accent(tree: t.Accent) -> list[Run]:
    return [replace(run, text=run.text + ACCENTS[tree.mark].combining) for run in _runs(tree.base)]


def _wide(runs: list[Run]) -> float:
    return sum(_WIDE.get(letter, 0.5) for run in runs for letter in run.text)


@_runs.register
def _script(tree: t.Script) -> list[Run]:
    # The superscript comes first, since it is short and its width well known: the subscript goes back by it.
    above, below = (
        [Run(run.text.replace(_THIN, ""), height) for run in (_runs(part) if part is not None else [])]
        for part, height in ((tree.sup, 1), (tree.sub, -1))
    )
    made = _runs(tree.base) + above
    if above and below:
        below[0] = replace(below[0], back=_wide(above))
        rest = _wide(above) - _wide(below)
        below += [Run("", -1, -rest)] if rest > 0 else []
    return made + below


def label(tree: t.Tree, script: float = SCRIPT) -> str:
    """A formula as tspans; `script` is the size of a script beside that of what it stands at."""
    made, at = "", 0
    ahead = 0.0
    for run in _runs(tree):
        if not run.text:
            ahead -= run.back * script
            continue
        scale = script if run.height else 1.0
        size = f' font-size="{script:.0%}"' if run.height else ""
        rise, along = _RISE[run.height] - _RISE[at], ahead / scale - run.back
        move = (f' dy="{rise:g}"' if rise else "") + (f' dx="{along:.2f}em"' if along else "")
        at, ahead = run.height, 0.0
        made += f"<tspan{move}{size}>{escape(run.text)}</tspan>"
    return made


def _text(x: float, y: float, tree: t.Tree, kind: str, anchor: str = "middle") -> str:
    return f'<text class="{kind}" x="{num(x)}" y="{num(y + 4.5)}" text-anchor="{anchor}">{label(tree)}</text>'


def _marks(**marks: Key | int | str | None) -> str:
    """Attributes that tell scripts which values are shown; a value is written as its name and step."""
    said = {name: " ".join(map(str, mark)) if isinstance(mark, tuple) else str(mark) for name, mark in marks.items() if mark}
    return "".join(f' data-{name}="{escape(text)}"' for name, text in said.items())


def _node(node: Node) -> str:
    shape = f'<circle cx="{num(node.x)}" cy="{num(node.y)}" r="19"/>'
    if node.shape == "wide":
        place = f'x="{num(node.x - node.half)}" y="{num(node.y - node.tall)}"'
        shape = f'<rect {place} width="{num(2 * node.half)}" height="{num(2 * node.tall)}" rx="6"/>'
    if node.shape == "square":
        shape = f'<rect x="{num(node.x - 18)}" y="{num(node.y - 16)}" width="36" height="32" rx="4"/>'
    marks = _marks(at=node.key, number=node.number, label=as_text.write(node.label) if node.key else None)
    text = _text(node.x, node.y, node.label, "name") if node.named else ""
    return f'<g class="node {node.role}"{marks}>{shape}{text}</g>'


def _mark(label: Label) -> str:
    """A label; that of a value says of which."""
    text = _text(label.x, label.y, label.text, f"{label.kind}-mark", label.anchor)
    return text if label.key is None else f'<g class="{label.kind}"{_marks(of=label.key)}>{text}</g>'


def _head(a: Arrow) -> str:
    """The tip of an arrow, in the direction in which its curve ends."""
    length = hypot(a.x2 - a.cx, a.y2 - a.cy)
    ux, uy = (a.x2 - a.cx) / length, (a.y2 - a.cy) / length
    long, half, notch = HEAD
    places = ((long, half), (notch, 0.0), (long, -half))
    corners = "L".join(f"{num(a.x2 - back * ux - side * uy)} {num(a.y2 - back * uy + side * ux)}" for back, side in places)
    return f'<path class="head" d="M{num(a.x2)} {num(a.y2)}L{corners}z"/>'


def _arrow(a: Arrow) -> str:
    kind = "gradient" if a.backward else "forward"
    path = f"M{num(a.x1)} {num(a.y1)}Q{num(a.cx)} {num(a.cy)} {num(a.x2)} {num(a.y2)}"
    text = "" if a.label is None else _text(a.lx, a.ly, a.label, "label", a.anchor)
    source, target = a.ends or (None, None)
    line = f'<path class="line" d="{path}"/>' + (_head(a) if a.tip else "")
    return f'<g class="arrow {kind}"{_marks(source=source, target=target)}>{line}{text}</g>'


def _said(scene: Scene) -> str:
    """The drawing in words: every arrow between values, with what it carries."""
    names = {node.key: as_text.write(node.label) for node in scene.nodes}
    said = []
    for a in scene.arrows:
        if a.ends is not None:
            sign, carries = " ⇢ " if a.backward else " → ", f" ({as_text.write(a.label)})" if a.label else ""
            said.append(names[a.ends[0]] + sign + names[a.ends[1]] + carries)
    return "; ".join(said)


def _routes(scene: Scene) -> str:
    """What a page needs to find the way of a term through the graph."""
    routes = ";".join(f"{source} {lag} {target}" for source, lag, target in scene.routes)
    entries = ";".join(f"{name} {' '.join(values)}" for name, values in scene.entries)
    return f'data-steps="{scene.T}" data-routes="{escape(routes)}" data-entries="{escape(entries)}"'


STYLE = """
text { font-family: "symbptt math", "STIX Two Math", "Cambria Math", serif; font-size: 17px; fill: #1d2127; }
.forward .label, .forward .head { fill: #5b6067; } .gradient .label, .gradient .head { fill: #b3261e; }
.line { fill: none; stroke-width: 1.5; stroke: #5b6067; } .gradient .line { stroke: #b3261e; stroke-dasharray: 5 3.5; }
circle, rect { stroke-width: 1.5; fill: #f2f2f0; stroke: #5b6067; } .state > * { fill: #e8effc; stroke: #2c4a8f; }
.local > * { fill: #e9f6ea; stroke: #2e6b34; } .loss > * { fill: #fdf1de; stroke: #8f4e00; }
.node > text { fill: #1d2127; stroke: none; }
.value-mark { fill: #2c4a8f; } .adjoint-mark { fill: #b3261e; }
"""
"""The colours of a drawing outside a page."""


def on_paper(drawn: str, width: float, height: float, style: str) -> str:
    """A drawing as a file of its own: black on white, with its style and, if they are installed, its letters inside."""
    opening, rest = drawn.split(">", 1)
    paper = f'<rect width="{num(width)}" height="{num(height)}" style="fill: #fff; stroke: none"/>'
    return f'{opening} xmlns="http://www.w3.org/2000/svg" color="#000"><style>{font.drawn(drawn)}{style}</style>{paper}{rest}'


def standalone(scene: Scene, title: str) -> str:
    """A file of its own, with its colours."""
    return on_paper(write(scene, title), scene.width, scene.height, STYLE)


def write(scene: Scene, title: str) -> str:
    """An <svg> element; its colours are those of the page's style sheet."""
    size = f'viewBox="0 0 {num(scene.width)} {num(scene.height)}" width="{num(scene.width)}" height="{num(scene.height)}"'
    routes = f" {_routes(scene)}" if scene.routes else ""
    parts = [f'<svg class="graph" role="img" {size}{routes}><title>{escape(title)}</title><desc>{escape(_said(scene))}</desc>']
    parts += [_arrow(a) for a in scene.arrows] + [_node(n) for n in scene.nodes]
    parts += [_mark(label) for label in scene.labels]
    parts += [f'<text class="name" x="{num(x)}" y="{num(y + 5)}" text-anchor="middle">⋯</text>' for x, y in scene.gaps]
    return "\n".join([*parts, "</svg>"])
