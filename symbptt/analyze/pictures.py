"""Pictures of an analysis, with matplotlib (the extra `plot`).

To add one, describe a chart in charts.py and give it a row in CHARTS.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from symbptt.algebra.functions import FUNCTIONS
from symbptt.analyze import charts, curves
from symbptt.analyze.analysis import Analysis
from symbptt.analyze.cliff import Cliff
from symbptt.analyze.experiments import Result
from symbptt.data.values import Data
from symbptt.draw.axes import canvas, figure, style
from symbptt.draw.axes import picture as picture
from symbptt.draw.chart import Chart
from symbptt.errors import UnknownName

MOST = 6
"""The most parameters in one picture."""


@dataclass(frozen=True)
class Layout:
    """The charts of a picture, in so many columns, each of that size."""

    charts: Callable[[Analysis], tuple[Chart, ...]]
    columns: int = 1
    width: float = 6.0
    height: float = 4.4


def _alone(chart: Callable[[Analysis], Chart]) -> Layout:
    return Layout(lambda analysis: (chart(analysis),))


FIGURES = {
    "overview": Layout(charts.overview, 2, 5.2, 3.8), "terms": Layout(partial(charts.tables, most=MOST), 3, 4.4, 3.4),
    **{name: _alone(chart) for name, chart in charts.CHARTS.items()},
}
"""Pictures of an analysis by name."""


def of_analysis(analysis: Analysis, name: str = "overview") -> Figure:
    """A picture of an analysis; raises UnknownName for one that is not in the table."""
    if name not in FIGURES:
        raise UnknownName("picture", name, FIGURES)
    chosen = FIGURES[name]
    return of_charts(chosen.charts(analysis), analysis.model.name, analysis.data, chosen.columns, chosen.width, chosen.height)


def of_charts(
    made: tuple[Chart, ...], name: str, data: Data, columns: int = 2, width: float = 5.2, height: float = 3.8
) -> Figure:
    """Charts of a gradient flow in one picture, whose title says of which model, and at which sizes."""
    sizes = ", ".join(f"{dimension} = {size}" for dimension, size in data.dims.items())
    title = f"Gradient flow of {name}: T = {data.T}, N = {data.N}, {sizes}"
    with style():
        return figure(made, title, columns, width, height)


def _signal(result: Result) -> Figure:
    return figure((charts.signal(result),), "The backward signal dh ← dh W_hᵀ")


def _cliff(result: Result) -> Figure:
    found: Cliff = result.value
    drawn, (surface, losses) = canvas(1, 2, "Descent over the cliff, with and without clipping", 5.6, 4.4)
    levels = np.linspace(0, found.losses.max(), 24)
    # Twice the range, so that the darkest is a middle grey under the lines.
    surface.contourf(found.w, found.b, found.losses, levels=levels, cmap="Greys", vmin=0, vmax=2 * levels[-1])
    for path in found.paths:
        surface.plot(*path.points.T, label=path.method, markevery=10, clip_on=True)
        losses.plot(np.minimum.accumulate(path.losses), label=f"{path.method}: longest step {path.longest:.2g}", markevery=10)
    surface.set(xlim=(found.w[0], found.w[-1]), ylim=(found.b[0], found.b[-1]), xlabel="w", ylabel="b", title="loss over (w, b)")
    losses.set(xlabel="step", yscale="log", title="least loss so far")
    losses.legend()
    return drawn


def _interval(result: Result) -> Figure:
    drawn, (axes,) = canvas(1, 1, "Where one step enlarges: the width in x of |w φ′(w x + b)| > 1", 6.0, 4.4)
    for name, entries in result.value.items():
        known = [(w, sum(item.width for item in where)) for w, where in entries]
        bounded = [(w, width) for w, width in known if np.isfinite(width)]
        axes.plot(*np.array(bounded).T, label=name + ("" if len(bounded) == len(known) else " (elsewhere without end)"))
    axes.set(xlabel="w", ylabel="width in x", xscale="log")
    axes.legend()
    return drawn


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
    drawn, (left, right) = canvas(1, 2, "Activations and their derivatives", 5.2, 4.0)
    _activations(left, False)
    _activations(right, True)
    return drawn


def _side_by_side(result: Result) -> Figure:
    return figure(charts.side_by_side(result), f"{result.name}, on the same data", 2, 5.6, 4.4)


EXPERIMENT_FIGURES: dict[str, Callable[[Result], Figure]] = {
    "signal": _signal, "cliff": _cliff, "curves": _curves, "interval": _interval,
}
"""Pictures of experiments that have one of their own; what has rows is drawn side by side."""


def of_result(result: Result) -> Figure:
    """The picture of an experiment or a comparison."""
    with style():
        return EXPERIMENT_FIGURES.get(result.name, _side_by_side)(result)
