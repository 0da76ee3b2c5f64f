"""Pictures of an analysis, with matplotlib (the extra `plot`).

To add one, describe a chart in charts.py and give it a row in PANELS.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from symbptt.algebra.functions import FUNCTIONS
from symbptt.analyze import charts, curves
from symbptt.analyze.analysis import Analysis
from symbptt.analyze.cliff import Cliff
from symbptt.analyze.experiments import Result
from symbptt.draw.axes import canvas, draw, style, whole_numbers, words
from symbptt.draw.axes import picture as picture
from symbptt.draw.chart import Chart, drawable
from symbptt.errors import UnknownName

Panel = Callable[[Analysis, Axes], None]
MOST = 6
"""The most parameters in one picture."""


def _panel(chart: Callable[[Analysis], Chart]) -> Panel:
    return lambda analysis, axes: draw(chart(analysis), axes)


def _spectra(analysis: Analysis, axes: Axes) -> None:
    """The singular values of the recurrent matrices, their spectral radii as lines, those of the Jacobians met as a band."""
    axes.set_title("singular values; thin: radii; band: Jacobians met")
    known = [s for s in analysis.spectra if drawable(s.singular).any()]
    met = analysis.growth.long.singular if analysis.growth else np.zeros((0, 0, 0))
    usable = met.size > 0 and bool(np.isfinite(met).all()) and bool(met.any())
    if not known and not usable:
        words(axes, "no recurrent matrix or Jacobian has a singular value\nthat is positive and finite")
        return
    if usable:
        place = np.arange(1, met.shape[-1] + 1)
        axes.fill_between(place, met.min(axis=(0, 1)), met.max(axis=(0, 1)), color="#d0d0d0", label="J_1 … J_T", linewidth=0)
    for item in known[: charts.MOST]:
        (line,) = axes.plot(np.arange(1, len(item.singular) + 1), item.singular, label=item.name)
        axes.axhline(item.radius, color=line.get_color(), linestyle=line.get_linestyle(), linewidth=0.6, marker="")
    whole_numbers(axes, "index")
    axes.set_ylim(bottom=0)
    axes.legend()


PANELS: dict[str, Panel] = {
    "distance": _panel(charts.distance), "shares": _panel(charts.shares), "window": _panel(charts.window), "spectra": _spectra,
    "blocks": _panel(charts.blocks),
}
"""What makes a picture alone, by name."""


def _title(analysis: Analysis) -> str:
    sizes = ", ".join(f"{name} = {size}" for name, size in analysis.data.dims.items())
    return f"Gradient flow of {analysis.model.name}: T = {analysis.data.T}, N = {analysis.data.N}, {sizes}"


def _single(panel: Panel, analysis: Analysis) -> Figure:
    figure, (axes,) = canvas(1, 1, _title(analysis), 6.0, 4.4)
    panel(analysis, axes)
    return figure


def _overview(analysis: Analysis) -> Figure:
    figure, axes = canvas(2, 2, _title(analysis), 5.2, 3.8)
    panels = (_panel(charts.main_table), PANELS["distance"], PANELS["shares"], PANELS["spectra"])
    for place, panel in zip(axes, panels, strict=True):
        panel(analysis, place)
    return figure


def _tables(analysis: Analysis) -> Figure:
    """The first parameters that were asked for; --wrt asks for others."""
    items = charts.tables(analysis, MOST)
    columns = min(3, len(items))
    figure, axes = canvas(-(-len(items) // columns), columns, _title(analysis))
    for place in axes[len(items) :]:
        place.set_axis_off()
    for place, item in zip(axes, items, strict=False):
        draw(item, place)
    return figure


FIGURES: dict[str, Callable[[Analysis], Figure]] = {
    "overview": _overview, "terms": _tables, **{name: partial(_single, panel) for name, panel in PANELS.items()},
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
    draw(charts.signal(result), axes)
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


def _activations(axes: Axes, slope: bool) -> None:
    """Activations, or their derivatives with the supremum of each."""
    axes.set_title("derivatives φ′(z)" if slope else "activations φ(z)")
    z = np.linspace(-5, 5, 401)
    for name in curves.SHOWN:
        bound = FUNCTIONS[name].bound
        label = f"{name}′ ≤ {bound}" if slope and bound is not None else name
        axes.plot(z, curves.values(name, z, slope), label=label, markevery=40)
    axes.set_xlabel("z")
    axes.legend()


def _curves(result: Result) -> Figure:
    figure, (left, right) = canvas(1, 2, "Activations and their derivatives", 5.2, 4.0)
    _activations(left, False)
    _activations(right, True)
    return figure


def _side_by_side(result: Result) -> Figure:
    figure, axes = canvas(1, 2, f"{result.name}, on the same data", 5.6, 4.4)
    for place, chart in zip(axes, charts.side_by_side(result), strict=True):
        draw(chart, place)
    return figure


EXPERIMENT_FIGURES: dict[str, Callable[[Result], Figure]] = {
    "signal": _signal, "cliff": _cliff, "curves": _curves, "interval": _interval,
}
"""Pictures of experiments that have one of their own; what has rows is drawn side by side."""


def of_result(result: Result) -> Figure:
    """The picture of an experiment or a comparison."""
    with style():
        return EXPERIMENT_FIGURES.get(result.name, _side_by_side)(result)
