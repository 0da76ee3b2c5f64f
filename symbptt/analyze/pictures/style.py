"""How pictures look: readable in grey and for colour-blind readers, and the same bytes every time."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

# Okabe and Ito (2008), without yellow, which is too pale on white; every line has a dash pattern and a marker of its own.
COLOURS = ("#000000", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
DASHES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)))
MARKERS = ("o", "s", "^", "D", "v", "x", "+")
MAP = "cividis"
"""A colour map whose lightness rises evenly, seen alike with and without colour vision."""

_SETTINGS: dict[Any, Any] = {
    "axes.prop_cycle": cycler(color=COLOURS) + cycler(linestyle=DASHES) + cycler(marker=MARKERS),
    "axes.grid": True, "grid.color": "#d9d9d9", "grid.linewidth": 0.6, "axes.axisbelow": True, "axes.spines.top": False,
    "axes.spines.right": False, "font.size": 9.0, "axes.titlesize": 10.0, "legend.frameon": False, "lines.linewidth": 1.4,
    "lines.markersize": 3.5, "figure.constrained_layout.use": True, "svg.hashsalt": "symbptt", "svg.fonttype": "none",
    "savefig.dpi": 130.0, "figure.dpi": 100.0,
}


@contextmanager
def style() -> Iterator[None]:
    """The settings for as long as the block runs; those of the caller come back afterwards."""
    with matplotlib.rc_context(_SETTINGS):
        yield


def canvas(rows: int, columns: int, title: str, width: float = 4.4, height: float = 3.4) -> tuple[Figure, list[Axes]]:
    """A figure with a title and its axes in reading order; without pyplot, so nothing is kept or shown."""
    figure = Figure(figsize=(width * columns, height * rows))
    axes = figure.subplots(rows, columns, squeeze=False)
    figure.suptitle(title, fontsize=11)
    return figure, list(axes.ravel())


def picture(figure: Figure, layout: str) -> bytes:
    """The figure as PNG or SVG; equal figures give equal bytes."""
    stream = io.BytesIO()
    with style():
        metadata = {"Date": None} if layout == "svg" else {"Software": None}
        figure.savefig(stream, format=layout, metadata=metadata)
    return stream.getvalue()


def whole_numbers(axes: Axes, x: str, y: str = "") -> None:
    """Label the axes, with ticks at whole numbers on x, and on y if it has a label."""
    axes.set_xlabel(x)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if y:
        axes.set_ylabel(y)
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))


def words(axes: Axes, text: str) -> None:
    """A sentence in place of a drawing that would be empty."""
    axes.set_axis_off()
    axes.text(0.5, 0.5, text, ha="center", va="center", wrap=True, transform=axes.transAxes)
