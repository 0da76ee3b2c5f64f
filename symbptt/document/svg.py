"""The scene as SVG, with formulas as text: letters, subscripts and superscripts of one line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import singledispatch
from html import escape

from symbptt.document.scene import Arrow, Node, Scene
from symbptt.typeset import as_text
from symbptt.typeset import tree as t
from symbptt.typeset.signs import ACCENTS, FENCES, SPACED

_RISE = {-1: 4.5, 0: 0.0, 1: -5.5}
_THIN = "\u2009"


@dataclass(frozen=True)
class Run:
    """Letters at one height: 0 on the line, -1 below, 1 above."""

    text: str
    height: int = 0
    italic: bool = False
    heavy: bool = False


@singledispatch
def _runs(tree: t.Tree) -> list[Run]:
    return [Run(as_text.write(tree))]


@_runs.register
def _identifier(tree: t.Identifier) -> list[Run]:
    heavy = tree.style is t.Style.BOLD
    greek = heavy and not tree.text.isascii() and tree.text.islower()  # small Greek letters are set slanted when bold
    return [Run(tree.text, italic=tree.style is t.Style.ITALIC or greek, heavy=heavy)]


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


@_runs.register
def _script(tree: t.Script) -> list[Run]:
    made = _runs(tree.base)
    for part, height in ((tree.sub, -1), (tree.sup, 1)):
        if part is not None:
            made += [Run(run.text.replace(_THIN, ""), height, run.italic, run.heavy) for run in _runs(part)]
    return made


def label(tree: t.Tree) -> str:
    """A formula as tspans."""
    made, at = "", 0
    for run in _runs(tree):
        style = (' font-style="italic"' if run.italic else "") + (' font-weight="bold"' if run.heavy else "")
        size = ' font-size="72%"' if run.height else ""
        shift = _RISE[run.height] - _RISE[at]
        move = f' dy="{shift:g}"' if shift else ""
        at = run.height
        made += f"<tspan{move}{size}{style}>{escape(run.text)}</tspan>"
    return made


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _text(x: float, y: float, tree: t.Tree, kind: str, anchor: str = "middle") -> str:
    return f'<text class="{kind}" x="{_n(x)}" y="{_n(y + 4.5)}" text-anchor="{anchor}">{label(tree)}</text>'


def _node(node: Node) -> str:
    place = f'cx="{_n(node.x)}" cy="{_n(node.y)}" r="19"'
    shape = f"<circle {place}/>"
    if node.shape == "square":
        shape = f'<rect x="{_n(node.x - 18)}" y="{_n(node.y - 16)}" width="36" height="32" rx="4"/>'
    return f'<g class="node {node.role}">{shape}{_text(node.x, node.y, node.label, "name")}</g>'


def _arrow(a: Arrow) -> str:
    kind = "gradient" if a.backward else "forward"
    path = f"M{_n(a.x1)} {_n(a.y1)}Q{_n(a.cx)} {_n(a.cy)} {_n(a.x2)} {_n(a.y2)}"
    line = f'<path class="{kind}" d="{path}" marker-end="url(#{kind}-tip)"/>'
    return line if a.label is None else line + _text(a.lx, a.ly, a.label, f"{kind}-label", a.anchor)


def _tip(kind: str) -> str:
    head = '<path d="M0 0L8 4L0 8L2 4z"/>'
    attributes = 'viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"'
    return f'<marker id="{kind}-tip" class="{kind}-tip" {attributes}>{head}</marker>'


def write(scene: Scene, title: str) -> str:
    """An <svg> element; its colours are those of the page's style sheet."""
    size = f'viewBox="0 0 {_n(scene.width)} {_n(scene.height)}" width="{_n(scene.width)}" height="{_n(scene.height)}"'
    name = f'<title id="graph-title">{escape(title)}</title>'
    parts = [f'<svg class="graph" role="img" {size} aria-labelledby="graph-title">{name}']
    parts.append(f"<defs>{_tip('forward')}{_tip('gradient')}</defs>")
    parts += [_arrow(a) for a in scene.arrows] + [_node(n) for n in scene.nodes]
    parts += [f'<text class="name" x="{_n(x)}" y="{_n(y + 5)}" text-anchor="middle">⋯</text>' for x, y in scene.gaps]
    return "\n".join([*parts, "</svg>"])
