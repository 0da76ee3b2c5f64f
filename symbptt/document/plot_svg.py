"""A plot as SVG, in the colour of the text, so that it is seen on light and dark paper."""

from __future__ import annotations

from html import escape

from symbptt.document import svg
from symbptt.document.plot import Box, Label, Line, Look, Plot

DASHES = ("", "7 3", "2 3", "9 3 2 3", "4 2")
"""One for each curve; after the last one they begin again."""
LETTERS = '"symbptt math", "STIX Two Math", "Cambria Math", serif'


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _box(box: Box) -> str:
    place = f'x="{_n(box.x)}" y="{_n(box.y)}" width="{_n(box.width)}" height="{_n(box.height)}"'
    if box.look is Look.SHADED:
        return f'<rect {place} fill="currentColor" fill-opacity="{box.shade:.2f}"/>'
    made = f'<rect {place} fill="none" stroke="currentColor" stroke-width=".4"/>'
    if box.look is Look.CROSSED:
        right, bottom = box.x + box.width, box.y + box.height
        ends = f"M{_n(box.x)} {_n(box.y)}L{_n(right)} {_n(bottom)}M{_n(right)} {_n(box.y)}L{_n(box.x)} {_n(bottom)}"
        made += f'<path d="{ends}" stroke="currentColor"/>'
    return made


def _line(line: Line) -> str:
    points = " ".join(f"{_n(x)},{_n(y)}" for x, y in line.points)
    if line.dash < 0:
        return f'<polyline points="{points}" fill="none" stroke="currentColor" stroke-opacity=".4"/>'
    dash = DASHES[line.dash % len(DASHES)]
    style = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<polyline points="{points}" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round"{style}/>'


def _label(label: Label) -> str:
    text = escape(label.text) if isinstance(label.text, str) else svg.label(label.text)
    return f'<text x="{_n(label.x)}" y="{_n(label.y + 4)}" text-anchor="{label.anchor}" fill="currentColor">{text}</text>'


def standalone(plot: Plot, title: str) -> str:
    """A file of its own."""
    return svg.on_paper(write(plot, title), plot.width, plot.height, f"text {{ font-family: {LETTERS}; }}")


def write(plot: Plot, title: str) -> str:
    """An <svg> element as wide as it needs to be, at most as wide as the page."""
    size = f'viewBox="0 0 {_n(plot.width)} {_n(plot.height)}" width="{_n(plot.width)}" height="{_n(plot.height)}"'
    head = f'<svg class="plot" role="img" font-size="13" {size}><title>{escape(title)}</title>'
    parts = [*map(_box, plot.boxes), *map(_line, plot.lines), *map(_label, plot.labels)]
    return "\n".join([head, *parts, "</svg>"])
