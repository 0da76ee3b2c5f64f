"""A plot as SVG, in the colour of the text, so that it is seen on light and dark paper."""

from html import escape

from symbptt.draw import svg
from symbptt.draw.plot import Box, Label, Line, Look, Plot
from symbptt.draw.scene import num

DASHES = ("", "7 3", "2 3", "9 3 2 3", "4 2")
"""One for each curve; after the last one they begin again."""
SCRIPT = 0.93
"""The size of a script: 12 px beside 13."""
LETTERS = '"symbptt math", "STIX Two Math", "Cambria Math", serif'


def _box(box: Box) -> str:
    place = f'x="{num(box.x)}" y="{num(box.y)}" width="{num(box.width)}" height="{num(box.height)}"'
    if box.look is Look.SHADED:
        return f'<rect {place} fill="currentColor" fill-opacity="{box.shade:.2f}"/>'
    made = f'<rect {place} fill="none" stroke="currentColor" stroke-width=".4"/>'
    if box.look is Look.CROSSED:
        right, bottom = box.x + box.width, box.y + box.height
        ends = f"M{num(box.x)} {num(box.y)}L{num(right)} {num(bottom)}M{num(right)} {num(box.y)}L{num(box.x)} {num(bottom)}"
        made += f'<path d="{ends}" stroke="currentColor"/>'
    return made


def _line(line: Line) -> str:
    points = " ".join(f"{num(x)},{num(y)}" for x, y in line.points)
    if line.dash < 0:
        return f'<polyline points="{points}" fill="none" stroke="currentColor" stroke-opacity=".4"/>'
    dash = DASHES[line.dash % len(DASHES)]
    style = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<polyline points="{points}" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round"{style}/>'


def _label(label: Label) -> str:
    text = escape(label.text) if isinstance(label.text, str) else svg.label(label.text, SCRIPT)
    return f'<text x="{num(label.x)}" y="{num(label.y + 4)}" text-anchor="{label.anchor}" fill="currentColor">{text}</text>'


def standalone(plot: Plot, title: str) -> str:
    """A file of its own."""
    return svg.on_paper(write(plot, title), plot.width, plot.height, f"text {{ font-family: {LETTERS}; }}")


def write(plot: Plot, title: str) -> str:
    """An <svg> element as wide as it needs to be, at most as wide as the page."""
    size = f'viewBox="0 0 {num(plot.width)} {num(plot.height)}" width="{num(plot.width)}" height="{num(plot.height)}"'
    head = f'<svg class="plot" role="img" font-size="13" {size}><title>{escape(title)}</title>'
    parts = [*map(_box, plot.boxes), *map(_line, plot.lines), *map(_label, plot.labels)]
    return "\n".join([head, *parts, "</svg>"])
