"""Charts with matplotlib (the extra `plot`): readable in grey and for colour-blind readers, and the same bytes every time."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import singledispatch
from typing import Any

import matplotlib
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from symbptt.algebra.evaluate import Array
from symbptt.draw.chart import DECADES, NOTHING, Cells, Chart, Curves, Sentence, Spectra, drawable
from symbptt.errors import MissingRule

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


def canvas(rows: int, columns: int, title: str, width: float = 6.0, height: float = 4.4) -> tuple[Figure, list[Axes]]:
    """A figure with a title and its axes in reading order; without pyplot, so nothing is kept or shown."""
    figure = Figure(figsize=(width * columns, height * rows))
    axes = figure.subplots(rows, columns, squeeze=False)
    figure.suptitle(title, fontsize=11)
    return figure, list(axes.ravel())


def figure(charts: Sequence[Chart], title: str, columns: int = 1, width: float = 6.0, height: float = 4.4) -> Figure:
    """A figure of charts side by side, each of that size."""
    columns = min(columns, len(charts))
    made, places = canvas(-(-len(charts) // columns), columns, title, width, height)
    for place in places[len(charts) :]:
        place.set_axis_off()
    for place, chart in zip(places, charts, strict=False):
        draw(chart, place)
    return made


def picture(drawn: Figure, layout: str) -> bytes:
    """The figure as PNG or SVG; equal figures give equal bytes."""
    stream = io.BytesIO()
    with style():
        metadata = {"Date": None} if layout == "svg" else {"Software": None}
        drawn.savefig(stream, format=layout, metadata=metadata)
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


@singledispatch
def draw(chart: Chart, axes: Axes) -> None:
    """Draw a chart; what cannot be shown is left out of its curve and counted in the legend."""
    raise MissingRule("picture", chart, "symbptt/draw/axes.py")


@draw.register
def _sentence(chart: Sentence, axes: Axes) -> None:
    axes.set_title(chart.title)
    words(axes, chart.text)


@draw.register
def _curves(chart: Curves, axes: Axes) -> None:
    axes.set_title(chart.title)
    if not chart.known.size:
        words(axes, NOTHING)
        return
    everything, first = chart.known, chart.series[0][1]
    top = first[drawable(first)].max(initial=0) or everything.max()
    for name, values in chart.series:
        shown = drawable(values)
        zeros, broken = int((values == 0).sum()), int((~np.isfinite(values)).sum())
        left_out = "".join(f" ({count} {what})" for count, what in ((zeros, "zero"), (broken, "not finite")) if count)
        places = chart.start + np.flatnonzero(shown)
        axes.plot(places, values[shown], label=f"{name}{left_out}", markevery=max(1, len(values) // 12))
    axes.set_yscale("log")
    low = max(everything.min(), top * 1e-30)
    axes.set_ylim(low / 3, min(everything.max(), max(top, 1.0) * 1e12) * 3)
    axes.legend()
    whole_numbers(axes, str(chart.along))
    if chart.up:
        axes.set_ylabel(chart.up)


@draw.register
def _spectra(chart: Spectra, axes: Axes) -> None:
    axes.set_title(chart.title)
    if chart.band is not None:
        least, largest = chart.band
        axes.fill_between(np.arange(1, len(least) + 1), least, largest, color="#d0d0d0", label=chart.band_name, linewidth=0)
    for name, values, level in chart.series:
        (line,) = axes.plot(np.arange(1, len(values) + 1), values, label=name)
        axes.axhline(level, color=line.get_color(), linestyle=line.get_linestyle(), linewidth=0.6, marker="")
    whole_numbers(axes, "index")
    axes.set_ylim(bottom=0)
    axes.legend()


@draw.register
def _cells(chart: Cells, axes: Axes) -> None:
    """Zeros are hatched, sizes that are not finite crossed out in red."""
    axes.set_title(chart.title)
    sizes, shown, (T, K) = chart.sizes, drawable(chart.sizes), chart.sizes.shape
    exists = np.zeros((T, K), dtype=bool)
    for t, k in chart.pairs:
        exists[t - 1, k - 1] = True
    largest = sizes[shown].max()
    smallest = max(sizes[shown].min(), largest * 10.0**-DECADES)
    extent = (0.5, K + 0.5, T + 0.5, 0.5)
    colours = LogNorm(smallest, largest) if smallest < largest else LogNorm(smallest / 10, largest * 10)
    image = axes.imshow(np.ma.masked_where(~shown, sizes), extent=extent, cmap=MAP, norm=colours, interpolation="nearest")
    assert axes.figure is not None
    axes.figure.colorbar(image, ax=axes, shrink=0.85)
    for mask, hatch, colour in ((sizes == 0, "////", "#a0a0a0"), (~np.isfinite(sizes), "xxxx", "#b2182b")):
        boxes = _runs(exists & mask)
        axes.add_collection(PatchCollection(boxes, facecolor="white", edgecolor=colour, hatch=hatch, linewidth=0))
    axes.grid(False)
    whole_numbers(axes, chart.columns, chart.rows)


def _runs(mask: Array) -> list[Rectangle]:
    """The cells of a mask as boxes, neighbours of a row in one."""
    boxes = []
    for t, row in enumerate(mask, start=1):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], row.astype(int), [0]])))
        boxes += [Rectangle((first + 0.5, t - 0.5), stop - first, 1) for first, stop in zip(edges[::2], edges[1::2], strict=True)]
    return boxes
