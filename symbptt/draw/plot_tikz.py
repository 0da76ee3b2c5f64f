"""A plot as TikZ, in greys."""

from collections.abc import Callable

from symbptt.draw.plot import Box, Label, Line, Look, Plot
from symbptt.draw.tikz import ANCHORS
from symbptt.typeset.tree import Tree

UNIT, WIDEST = 0.8, 455.0
"""Points per unit of a plot, and the largest width of one in points."""
DASHES = ("solid", "dashed", "densely dotted", "dash dot", "densely dashed")
"""One for each curve; after the last one they begin again."""


def _at(x: float, y: float) -> str:
    return f"({x:.1f},{y:.1f})"


def _box(box: Box) -> str:
    near, far = _at(box.x, box.y), _at(box.x + box.width, box.y + box.height)
    if box.look is Look.SHADED:
        return rf"  \fill[black!{round(100 * box.shade)}] {near} rectangle {far};"
    made = rf"  \draw[black!45, very thin] {near} rectangle {far};"
    if box.look is Look.CROSSED:
        made += "\n" + rf"  \draw {near} -- {far} {_at(box.x + box.width, box.y)} -- {_at(box.x, box.y + box.height)};"
    return made


def _line(line: Line) -> str:
    style = "black!40" if line.dash < 0 else f"thick, {DASHES[line.dash % len(DASHES)]}"
    return rf"  \draw[{style}] " + " -- ".join(_at(*point) for point in line.points) + ";"


def write(plot: Plot, written: Callable[[tuple[str | Tree, ...]], str]) -> str:
    """A tikzpicture that fits on the page; `written` makes TeX of words and formulas."""

    def label(item: Label) -> str:
        place = _at(item.x, item.y)
        return rf"  \node[{ANCHORS[item.anchor]}font=\scriptsize, inner sep=1pt] at {place} {{{written((item.text,))}}};"

    unit = min(UNIT, WIDEST / plot.width)
    lines = [rf"\begin{{tikzpicture}}[x={unit:.3f}pt, y=-{unit:.3f}pt]"]
    lines += [*map(_box, plot.boxes), *map(_line, plot.lines), *map(label, plot.labels)]
    return "\n".join([*lines, r"\end{tikzpicture}"])
