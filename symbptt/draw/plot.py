"""Charts laid out on paper: shaded boxes, polylines and labels with their places, for SVG and TikZ."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.draw.chart import Cells, Curves, Name, drawable, heights
from symbptt.typeset.scalars import signed_number
from symbptt.typeset.tree import Number, Script, Tree

CELL, SMALL, LEFT, BOTTOM, TOP = 14.0, 10.0, 44.0, 36.0, 26.0
WIDTH, HEIGHT = 360.0, 200.0
"""The size of the frame of a chart."""
LIGHTEST = 0.06
"""The shade of the smallest value; 1 is the darkest."""


class Look(StrEnum):
    """How a box is drawn."""

    SHADED = "shaded"
    EMPTY = "empty"
    CROSSED = "crossed"


@dataclass(frozen=True)
class Box:
    """A rectangle, y downwards; `shade` is 0 .. 1 where it is shaded."""

    x: float
    y: float
    width: float
    height: float
    look: Look
    shade: float = 0.0


@dataclass(frozen=True)
class Line:
    """A polyline; lines of another `dash` are told apart without colour."""

    points: tuple[tuple[float, float], ...]
    dash: int = 0


@dataclass(frozen=True)
class Label:
    """Words or a formula; `anchor` is start, middle or end."""

    x: float
    y: float
    text: Name
    anchor: str = "middle"


@dataclass(frozen=True)
class Plot:
    """Everything that is drawn."""

    width: float
    height: float
    boxes: tuple[Box, ...] = ()
    lines: tuple[Line, ...] = ()
    labels: tuple[Label, ...] = ()


def ticks(last: int) -> list[int]:
    """Multiples of a round number up to last, and 1 where there is room for it."""
    step = next((s for s in (1, 2, 5, 10, 20, 50, 100, 200, 500) if last <= 10 * s), 1000)
    return [*([1] if step > 2 else []), *range(step, last + 1, step)]


def table(cells: Cells) -> Plot:
    """The sizes as shaded boxes; at least one has to be positive and finite."""
    shades = LIGHTEST + (1 - LIGHTEST) * heights(cells.sizes, alone=1.0)
    boxes = []
    for t, k in cells.pairs:
        shade, place = float(shades[t - 1, k - 1]), (LEFT + (k - 1) * CELL, TOP + (t - 1) * CELL, CELL, CELL)
        if np.isfinite(shade):
            boxes.append(Box(*place, Look.SHADED, shade))
        else:
            boxes.append(Box(*place, Look.EMPTY if cells.sizes[t - 1, k - 1] == 0 else Look.CROSSED))
    return _pairs(cells.sizes.shape, tuple(boxes), cells.rows, cells.columns)


def _power(exponent: int) -> Tree:
    return Script(Number("10"), sup=signed_number(exponent))


def chart(curves: Curves, tall: float = HEIGHT) -> Plot:
    """Curves in a frame so tall; at least one value has to be positive and finite.

    What is zero or not finite is left out of its curve.
    """
    known = curves.known
    high = int(np.ceil(np.log10(known.max())))
    low = min(int(np.floor(np.log10(max(known.min(), 10.0 ** (high - 30))))), high - 1)
    count = max(len(values) for _, values in curves.series)
    step = WIDTH / max(count - 1, 1)

    def height(value: float) -> float:
        return float(TOP + tall * np.clip((high - np.log10(value)) / (high - low), 0, 1))

    def drawn(values: Array, dash: int) -> list[Line]:
        return [Line(tuple((LEFT + i * step, height(values[i])) for i in run), dash) for run in _runs(drawable(values))]

    lines, labels = [Line(_frame(tall), -1)], _ticks(count, curves.start, step, tall) + _powers(low, high, tall)
    lines += [line for values in curves.beside for line in drawn(values, -1)]
    for dash, (name, values) in enumerate(curves.series):
        lines += drawn(values, dash)
        y = TOP + 12 + 18 * dash
        lines.append(Line(((LEFT + WIDTH + 10, y), (LEFT + WIDTH + 36, y)), dash))
        labels.append(Label(LEFT + WIDTH + 42, y, name, "start"))
    labels.append(Label(LEFT + WIDTH / 2, TOP + tall + 28, curves.along))
    return Plot(LEFT + WIDTH + 170, TOP + tall + BOTTOM, (), tuple(lines), tuple(labels))


def triangle(T: int, kept: Callable[[int, int], bool], rows: str, columns: str) -> Plot:
    """The pairs (t, k) with k <= t: those that are kept shaded, the others crossed out."""
    boxes = tuple(
        Box(LEFT + (k - 1) * SMALL, TOP + (t - 1) * SMALL, SMALL, SMALL, Look.SHADED if kept(t, k) else Look.CROSSED, 0.35)
        for t in range(1, T + 1) for k in range(1, t + 1)
    )
    return _pairs((T, T), boxes, rows, columns, SMALL)


def tiles(size: int, count: int, rows: str, columns: str) -> Plot:
    """The pairs (t, k) of `count` chunks of `size` tokens: pairs of one chunk by themselves, those of two as one tile."""
    side = size * CELL
    below = [Box(LEFT + j * side, TOP + i * side, side, side, Look.SHADED, 0.15) for i in range(count) for j in range(i)]
    within = [
        Box(LEFT + i * side + k * CELL, TOP + i * side + t * CELL, CELL, CELL, Look.SHADED, 0.6)
        for i in range(count) for t in range(size) for k in range(t + 1)
    ]
    drawn = _pairs((size * count, size * count), (*below, *within), rows, columns)
    borders = [Line(((LEFT, TOP + i * side), (LEFT + (i + 1) * side, TOP + i * side))) for i in range(1, count)]
    borders += [Line(((LEFT + i * side, TOP + (i - 1) * side), (LEFT + i * side, TOP + count * side))) for i in range(1, count)]
    return replace(drawn, lines=tuple(borders))


def _pairs(count: tuple[int, ...], boxes: tuple[Box, ...], rows: str, columns: str, cell: float = CELL) -> Plot:
    """Boxes of pairs (t, k), so many of each, with their axes."""
    (down, across), (lines, places) = ([n * cell for n in count], [ticks(n)[:: 1 if cell >= CELL else 2] for n in count])
    labels = [Label(LEFT + (k - 0.5) * cell, TOP + down + 12, str(k)) for k in places]
    labels += [Label(LEFT - 6, TOP + (t - 0.5) * cell, str(t), "end") for t in lines]
    labels += [Label(LEFT + across / 2, TOP + down + 28, columns), Label(4, 10, rows, "start")]
    return Plot(max(LEFT + across, 4 * LEFT) + 8, TOP + down + BOTTOM, boxes, (), tuple(labels))


def _frame(tall: float) -> tuple[tuple[float, float], ...]:
    right, bottom = LEFT + WIDTH, TOP + tall
    return ((LEFT, TOP), (right, TOP), (right, bottom), (LEFT, bottom), (LEFT, TOP))


def _runs(shown: Array) -> Sequence[Array]:
    """The places of the values that can be shown, cut where one is missing; one alone is drawn as a dot."""
    places = np.flatnonzero(shown)
    parts = np.split(places, np.flatnonzero(np.diff(places) > 1) + 1)
    return [part if len(part) > 1 else np.repeat(part, 2) for part in parts if part.size]


def _ticks(count: int, start: int, step: float, tall: float) -> list[Label]:
    numbers = [n for n in (0, *ticks(count - 1 + start)) if n >= start and (n != 1 or count < 12)]
    return [Label(LEFT + (n - start) * step, TOP + tall + 12, str(n)) for n in numbers]


def _powers(low: int, high: int, tall: float) -> list[Label]:
    step = -(-(high - low) // 8)
    return [Label(LEFT - 6, TOP + tall * (high - e) / (high - low), _power(e), "end") for e in range(high, low - 1, -step)]
