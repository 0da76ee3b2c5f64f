"""Which pictures there are, and how panels make them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from symbptt.analyze.analysis import Analysis, main
from symbptt.analyze.cliff import Cliff
from symbptt.analyze.curves import SHOWN
from symbptt.analyze.experiments import Result
from symbptt.analyze.pictures import panels
from symbptt.analyze.pictures.style import canvas, style, whole_numbers, words
from symbptt.errors import UnknownName

Panel = Callable[[Axes, Analysis], None]


def _heat(axes: Axes, analysis: Analysis) -> None:
    item = main(analysis)
    if item is None:
        words(axes, f"{analysis.model.name} has no loss, so it has no terms")
    else:
        panels.heat(axes, item)


MOST = 6
"""The most parameters in one picture."""


def _all_heats(analysis: Analysis) -> Figure:
    """The first parameters that were asked for; --wrt asks for others."""
    items = (analysis.table.terms if analysis.table else ())[:MOST]
    columns = min(3, max(1, len(items)))
    figure, axes = canvas(-(-len(items) // columns) or 1, columns, _title(analysis))
    for place in axes[len(items) :]:
        place.set_axis_off()
    for place, item in zip(axes, items, strict=False):
        panels.heat(place, item)
    if not items:
        words(axes[0], f"{analysis.model.name} has no loss, so it has no terms")
    return figure


def _title(analysis: Analysis) -> str:
    sizes = ", ".join(f"{name} = {size}" for name, size in analysis.data.dims.items())
    return f"Gradient flow of {analysis.model.name}: T = {analysis.data.T}, N = {analysis.data.N}, {sizes}"


def _single(panel: Panel, analysis: Analysis) -> Figure:
    figure, (axes,) = canvas(1, 1, _title(analysis), 6.0, 4.4)
    panel(axes, analysis)
    return figure


def _overview(analysis: Analysis) -> Figure:
    figure, axes = canvas(2, 2, _title(analysis), 5.2, 3.8)
    for place, panel in zip(axes, (_heat, panels.distance, panels.shares, panels.spectra), strict=True):
        panel(place, analysis)
    return figure


FIGURES: dict[str, Callable[[Analysis], Figure]] = {
    "overview": _overview, "terms": _all_heats, "distance": partial(_single, panels.distance),
    "shares": partial(_single, panels.shares), "window": partial(_single, panels.window),
    "spectra": partial(_single, panels.spectra), "blocks": partial(_single, panels.blocks),
}
"""Pictures of an analysis by name."""


def of_analysis(analysis: Analysis, name: str = "overview") -> Figure:
    """A picture of an analysis; raises UnknownName for one that is not in the table."""
    if name not in FIGURES:
        raise UnknownName("picture", name, FIGURES)
    with style():
        return FIGURES[name](analysis)


def _signal(result: Result) -> Figure:
    figure, (axes,) = canvas(1, 1, "The backward signal dh ← dh W_hᵀ", 6.0, 4.4)
    series = [(f"W_h · {s['factor']:g}: {s['verdict']}", np.array([s["start"], *s["norms"]], dtype=float))
              for s in result.data["series"]]
    panels.curves(axes, series)
    whole_numbers(axes, "products")
    axes.set_ylabel("‖dh‖ / N")
    return figure


def _cliff(result: Result) -> Figure:
    found: Cliff = result.value
    figure, (surface, losses) = canvas(1, 2, "Descent over the cliff, with and without clipping", 5.6, 4.4)
    levels = np.linspace(0, found.losses.max(), 24)
    # Twice the range, so that the darkest is a middle grey under the lines.
    surface.contourf(found.w, found.b, found.losses, levels=levels, cmap="Greys", vmin=0, vmax=2 * levels[-1])
    for path in found.paths:
        surface.plot(*path.points.T, label=path.method, markevery=10, clip_on=True)
        losses.plot(np.minimum.accumulate(path.losses), label=f"{path.method}: longest step {path.longest:.2g}", markevery=10)
    surface.set(xlim=(found.w[0], found.w[-1]), ylim=(found.b[0], found.b[-1]), xlabel="w", ylabel="b", title="loss over (w, b)")
    losses.set(xlabel="step", yscale="log", title="least loss so far")
    losses.legend()
    return figure


def _interval(result: Result) -> Figure:
    figure, (axes,) = canvas(1, 1, "Where one step enlarges: the width in x of |w φ′(w x + b)| > 1", 6.0, 4.4)
    for name, entries in result.value.items():
        known = [(w, sum(item.width for item in where)) for w, where in entries]
        bounded = [(w, width) for w, width in known if np.isfinite(width)]
        axes.plot(*np.array(bounded).T, label=name + ("" if len(bounded) == len(known) else " (elsewhere without end)"))
    axes.set(xlabel="w", ylabel="width in x", xscale="log")
    axes.legend()
    return figure


def _curves(result: Result) -> Figure:
    figure, (left, right) = canvas(1, 2, "Activations and their derivatives", 5.2, 4.0)
    panels.activations(left, SHOWN, False)
    panels.activations(right, SHOWN, True)
    return figure


def _side_by_side(result: Result) -> Figure:
    figure, (left, right) = canvas(1, 2, f"{result.name}, on the same data", 5.6, 4.4)
    rows = result.data["rows"][:7]
    left.set_title("‖∂s_T/∂s_{T−d}‖₂")
    panels.curves(left, [(row["label"], _array(row["products"])) for row in rows])
    right.set_title("share of the terms at distance t − k,\nmean of the parameters that reach a state")
    panels.curves(right, [(row["label"], _mean_share(row)) for row in rows])
    whole_numbers(left, "distance d")
    whole_numbers(right, "distance t − k")
    return figure


def _mean_share(row: dict[str, Any]) -> np.ndarray:
    shares = [_array(values) for values in row["shares"].values()]
    reaching = [values for values in shares if values[1:].any()]
    return np.mean(reaching or shares, axis=0)


def _array(values: list[float | None]) -> np.ndarray:
    return np.array([np.nan if value is None else value for value in values])


EXPERIMENT_FIGURES: dict[str, Callable[[Result], Figure]] = {
    "signal": _signal, "cliff": _cliff, "curves": _curves, "interval": _interval,
}
"""Pictures of experiments that have one of their own; what has rows is drawn side by side."""


def of_result(result: Result) -> Figure:
    """The picture of an experiment or a comparison."""
    with style():
        return EXPERIMENT_FIGURES.get(result.name, _side_by_side)(result)
