"""What is drawn of an analysis, as charts for any writer; where there is nothing to draw, a sentence."""

from collections.abc import Callable
from typing import Any

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.analyze.analysis import Analysis, Growth, main
from symbptt.analyze.experiments import Result
from symbptt.analyze.products import WHOLE
from symbptt.analyze.table import Terms
from symbptt.draw.chart import Cells, Chart, Curves, Sentence, Spectra, drawable

MOST = 7
"""The most curves of one chart."""
NAMES = {"measured": "measured", "jacobians": "product of ‖J‖", "closed": "(γ σ_max)^d"}
"""The curves of `Growth.curves`."""
GROWING = "‖∂s_T/∂s_{T−d}‖₂ against the distance d"


def _items(analysis: Analysis) -> tuple[Terms, ...]:
    return analysis.table.terms if analysis.table else ()


def terms(item: Terms) -> Chart:
    """The norms of the terms (t, k)."""
    title = f"terms of {item.name}: ‖term (t, k)‖"
    if not drawable(item.norms).any():
        lost = f"{item.name}: no term is positive and finite,\nso there is nothing to colour (see the notes)"
        return Sentence(lost, title)
    return Cells(item.norms, item.pairs, "loss step t", "source step k", title)


def tables(analysis: Analysis, most: int) -> tuple[Chart, ...]:
    """The terms of the first variables that were asked for."""
    items = _items(analysis)[:most]
    return tuple(map(terms, items)) or (Sentence(f"{analysis.model.name} has no loss, so it has no terms"),)


def main_table(analysis: Analysis) -> Chart:
    """The terms of a recurrent matrix, else of a parameter that reaches a state."""
    item = main(analysis)
    return tables(analysis, 0)[0] if item is None else terms(item)


def growing(growth: Growth) -> Curves:
    """The long product against the distance, with its bounds."""
    return Curves(tuple((NAMES[name], values) for name, values in growth.curves.items()), "distance d", GROWING)


def distance(analysis: Analysis) -> Chart:
    """The long product of a model with states."""
    lost = Sentence("the model has no state,\nso nothing is carried from step to step", GROWING)
    return lost if analysis.growth is None else growing(analysis.growth)


def shares(analysis: Analysis) -> Chart:
    """The share of the terms by distance, one line per parameter that reaches a state."""
    title = "share of the terms at distance t − k"
    reaching = [i for i in _items(analysis) if np.isfinite(i.by_distance).all() and i.by_distance[1:].any()]
    if not reaching:
        return Sentence("no parameter has a term with t > k\nthat is finite and not zero", title)
    return Curves(tuple((i.name, i.by_distance) for i in reaching[:MOST]), "distance t − k", title)


def window(analysis: Analysis) -> Chart:
    """The relative bias of the gradient truncated to a window of K steps, one line per parameter that reaches a state."""
    title = "bias of a window of K steps, relative to the gradient"
    items = [i for i in _items(analysis) if i.biased][:MOST]
    if not items:
        return Sentence("no parameter has a gradient that is finite\nand not the same for every window", title)
    return Curves(tuple((i.name, i.bias[1:] / i.total) for i in items), "window K", title, start=1)


def blocks(analysis: Analysis) -> Chart:
    """The blocks of the long product, and the direct routes on their own."""
    title = "blocks of ∂s_T/∂s_{T−d}"
    if not analysis.blocks:
        return Sentence("the model has no state", title)
    names = [f"∂{b.row}/∂{b.column}" + (" direct route" if b.direct else "") if b.row != WHOLE else "all states"
             for b in analysis.blocks]
    series = tuple((name, block.norms[-1, ::-1]) for name, block in zip(names, analysis.blocks, strict=True))
    return Curves(series[:MOST], "distance d", title)


def spectra(analysis: Analysis) -> Chart:
    """The singular values of the recurrent matrices, their spectral radii as lines, those of the Jacobians met as a band."""
    title = "singular values; thin: radii; band: Jacobians met"
    known = [s for s in analysis.spectra if drawable(s.singular).any()][:MOST]
    met = analysis.growth.long.singular if analysis.growth else np.zeros((0, 0, 0))
    band = (met.min(axis=(0, 1)), met.max(axis=(0, 1))) if np.isfinite(met).all() and met.any() else None
    if not known and band is None:
        return Sentence("no recurrent matrix or Jacobian has a singular value\nthat is positive and finite", title)
    return Spectra(tuple((s.name, s.singular, s.radius) for s in known), band, "J_1 … J_T", title)


CHARTS: dict[str, Callable[[Analysis], Chart]] = {
    "distance": distance, "shares": shares, "window": window, "spectra": spectra, "blocks": blocks,
}
"""What makes a picture alone, by name."""


def overview(analysis: Analysis) -> tuple[Chart, ...]:
    """The charts that say most."""
    return (main_table(analysis), distance(analysis), shares(analysis), spectra(analysis))


def signal(result: Result) -> Curves:
    """The experiment on the backward signal."""
    series = tuple(
        (f"W_h · {s['factor']:g}: {s['verdict']}", np.array([s["start"], *s["norms"]], dtype=float))
        for s in result.data["series"]
    )
    return Curves(series, "products", up="‖dh‖ / N")


def side_by_side(result: Result) -> tuple[Curves, ...]:
    """Models beside each other: the long products, and the shares of the terms by distance."""
    rows = result.data["rows"][:MOST]
    title = "share of the terms at distance t − k,\nmean of the parameters that reach a state"
    return (
        Curves(tuple((row["label"], _array(row["products"])) for row in rows), "distance d", "‖∂s_T/∂s_{T−d}‖₂"),
        Curves(tuple((row["label"], _mean_share(row)) for row in rows), "distance t − k", title),
    )


def _mean_share(row: dict[str, Any]) -> Array:
    found = [_array(values) for values in row["shares"].values()]
    reaching = [values for values in found if values[1:].any()]
    return np.mean(reaching or found, axis=0)


def _array(values: list[float | None]) -> Array:
    return np.array([np.nan if value is None else value for value in values])
