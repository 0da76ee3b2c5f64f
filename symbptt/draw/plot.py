"""Charts laid out on paper: shaded boxes, polylines and labels with their places, for SVG and TikZ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.draw.chart import Cells, Curves, Name, drawable, heights
from symbptt.typeset.tree import Number, Operator, Row, Script, Tree

CELL, LEFT, BOTTOM, TOP = 14.0, 44.0, 36.0, 26.0
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
    T, shades = len(cells.sizes), LIGHTEST + (1 - LIGHTEST) * heights(cells.sizes, alone=1.0)
    boxes = []
    for t, k in cells.pairs:
        shade, place = float(shades[t - 1, k - 1]), (LEFT + (k - 1) * CELL, TOP + (t - 1) * CELL, CELL, CELL)
        if np.isfinite(shade):
            boxes.append(Box(*place, Look.SHADED, shade))
        else:
            boxes.append(Box(*place, Look.EMPTY if cells.sizes[t - 1, k - 1] == 0 else Look.CROSSED))
    side, numbers = T * CELL, ticks(T)
    labels = [Label(LEFT + (k - 0.5) * CELL, TOP + side + 12, str(k)) for k in numbers]
    labels += [Label(LEFT - 6, TOP + (t - 0.5) * CELL, str(t), "end") for t in numbers]
    labels += [Label(LEFT + side / 2, TOP + side + 28, cells.columns), Label(4, 10, cells.rows, "start")]
    return Plot(max(LEFT + side, 4 * LEFT) + 8, TOP + side + BOTTOM, tuple(boxes), (), tuple(labels))


def _power(exponent: int) -> Tree:
    digits: Tree = Number(str(abs(exponent)))
    return Script(Number("10"), sup=Row((Operator("−", prefix=True), digits)) if exponent < 0 else digits)


def chart(curves: Curves) -> Plot:
    """Curves; at least one value has to be positive and finite. What is zero or not finite is left out of its curve."""
    known = curves.known
    high = int(np.ceil(np.log10(known.max())))
    low = min(int(np.floor(np.log10(max(known.min(), 10.0 ** (high - 30))))), high - 1)
    count = max(len(values) for _, values in curves.series)
    step = WIDTH / max(count - 1, 1)

    def height(value: float) -> float:
        return float(TOP + HEIGHT * np.clip((high - np.log10(value)) / (high - low), 0, 1))

    lines, labels = [Line(_frame(), -1)], _ticks(count, curves.start, step) + _powers(low, high)
    for dash, (name, values) in enumerate(curves.series):
        lines += [Line(tuple((LEFT + i * step, height(values[i])) for i in run), dash) for run in _runs(drawable(values))]
        y = TOP + 12 + 18 * dash
        lines.append(Line(((LEFT + WIDTH + 10, y), (LEFT + WIDTH + 36, y)), dash))
        labels.append(Label(LEFT + WIDTH + 42, y, name, "start"))
    labels.append(Label(LEFT + WIDTH / 2, TOP + HEIGHT + 28, curves.along))
    return Plot(LEFT + WIDTH + 170, TOP + HEIGHT + BOTTOM, (), tuple(lines), tuple(labels))


def _frame() -> tuple[tuple[float, float], ...]:
    right, bottom = LEFT + WIDTH, TOP + HEIGHT
    return ((LEFT, TOP), (right, TOP), (right, bottom), (LEFT, bottom), (LEFT, TOP))


def _runs(shown: Array) -> Sequence[Array]:
    """The places of the values that can be shown, cut where one is missing; one alone is drawn as a dot."""
    places = np.flatnonzero(shown)
    parts = np.split(places, np.flatnonzero(np.diff(places) > 1) + 1)
    return [part if len(part) > 1 else np.repeat(part, 2) for part in parts if part.size]


def _ticks(count: int, start: int, step: float) -> list[Label]:
    numbers = [n for n in (0, *ticks(count - 1 + start)) if n >= start and (n != 1 or count < 12)]
    return [Label(LEFT + (n - start) * step, TOP + HEIGHT + 12, str(n)) for n in numbers]


def _powers(low: int, high: int) -> list[Label]:
    step = -(-(high - low) // 8)
    return [Label(LEFT - 6, TOP + HEIGHT * (high - e) / (high - low), _power(e), "end") for e in range(high, low - 1, -step)]
