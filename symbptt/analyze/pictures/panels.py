"""The drawings, each on one Axes; where there is nothing finite or positive to draw, a sentence says so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.colors import LogNorm
from matplotlib.patches import Rectangle

from symbptt.algebra.evaluate import Array
from symbptt.algebra.functions import FUNCTIONS
from symbptt.analyze import curves as activation_curves
from symbptt.analyze.analysis import Analysis
from symbptt.analyze.pictures.style import MAP, whole_numbers, words
from symbptt.analyze.products import WHOLE
from symbptt.analyze.table import Terms

DEEPEST = 1e-16
"""The axes of norms end at this part of the largest one."""


def drawable(values: Array) -> Array:
    """What a logarithmic axis can show: positive and finite."""
    return np.isfinite(values) & (values > 0)


def heat(axes: Axes, item: Terms) -> None:
    """The norms of the terms (t, k), t downwards; zeros are hatched, terms that are not finite crossed out in red."""
    axes.set_title(f"terms of {item.name}: ‖term (t, k)‖")
    shown, T = drawable(item.norms), len(item.norms)
    if not shown.any():
        words(axes, f"{item.name}: no term is positive and finite,\nso there is nothing to colour (see the notes)")
        return
    exists = np.zeros((T, T), dtype=bool)
    for t, k in item.pairs:
        exists[t - 1, k - 1] = True
    largest = item.norms[shown].max()
    smallest = max(item.norms[shown].min(), largest * DEEPEST)
    extent = (0.5, T + 0.5, T + 0.5, 0.5)
    colours = LogNorm(smallest, largest) if smallest < largest else LogNorm(smallest / 10, largest * 10)
    image = axes.imshow(np.ma.masked_where(~shown, item.norms), extent=extent, cmap=MAP, norm=colours, interpolation="nearest")
    assert axes.figure is not None
    axes.figure.colorbar(image, ax=axes, shrink=0.85)
    for mask, hatch, colour in ((item.norms == 0, "////", "#a0a0a0"), (~np.isfinite(item.norms), "xxxx", "#b2182b")):
        boxes = _runs(exists & mask)
        axes.add_collection(PatchCollection(boxes, facecolor="white", edgecolor=colour, hatch=hatch, linewidth=0))
    axes.grid(False)
    whole_numbers(axes, "source step k", "loss step t")


def _runs(mask: Array) -> list[Rectangle]:
    """The cells of a mask as boxes, neighbours of a row in one."""
    boxes = []
    for t, row in enumerate(mask, start=1):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], row.astype(int), [0]])))
        boxes += [Rectangle((first + 0.5, t - 0.5), stop - first, 1) for first, stop in zip(edges[::2], edges[1::2], strict=True)]
    return boxes


def distance(axes: Axes, analysis: Analysis) -> None:
    """The long product against the distance on a logarithmic axis, with its bounds."""
    axes.set_title("‖∂s_T/∂s_{T−d}‖₂ against the distance d")
    growth = analysis.growth
    if growth is None:
        words(axes, "the model has no state,\nso nothing is carried from step to step")
        return
    series = [("measured", growth.measured), ("product of ‖J‖", growth.jacobians)]
    if growth.closed is not None:
        series.append(("(γ σ_max)^d", growth.closed))
    curves(axes, series)
    whole_numbers(axes, "distance d")


def curves(axes: Axes, series: Sequence[tuple[str, Array]], start: int = 0) -> None:
    """Norms against start, start + 1, ... on a logarithmic axis; what cannot be shown is left out and counted in the legend."""
    known = [values[drawable(values)] for _, values in series]
    everything = np.concatenate(known) if known else np.zeros(0)
    if not everything.size:
        words(axes, "every value is zero or not finite")
        return
    top = max((k.max() for k in known[:1] if k.size), default=everything.max())
    for name, values in series:
        shown = drawable(values)
        zeros, broken = int((values == 0).sum()), int((~np.isfinite(values)).sum())
        left_out = "".join(f" ({count} {what})" for count, what in ((zeros, "zero"), (broken, "not finite")) if count)
        axes.plot(start + np.flatnonzero(shown), values[shown], label=name + left_out, markevery=max(1, len(values) // 12))
    axes.set_yscale("log")
    low = max(everything.min(), top * 1e-30)
    axes.set_ylim(low / 3, min(everything.max(), max(top, 1.0) * 1e12) * 3)
    axes.legend()


def shares(axes: Axes, analysis: Analysis) -> None:
    """The share of the terms by distance, one line per parameter that reaches a state."""
    axes.set_title("share of the terms at distance t − k")
    items = [] if analysis.table is None else [i for i in analysis.table.terms if np.isfinite(i.by_distance).all()]
    reaching = [i for i in items if i.by_distance[1:].any()]
    if not reaching:
        words(axes, "no parameter has a term with t > k\nthat is finite and not zero")
        return
    curves(axes, [(item.name, item.by_distance) for item in reaching[:7]])
    whole_numbers(axes, "distance t − k")


def window(axes: Axes, analysis: Analysis) -> None:
    """The relative bias of the gradient truncated to a window of K steps, one line per parameter that reaches a state."""
    axes.set_title("bias of a window of K steps, relative to the gradient")
    items = [] if analysis.table is None else [i for i in analysis.table.terms if 0 < i.total < np.inf and i.bias[1:].any()]
    if not items:
        words(axes, "no parameter has a gradient that is finite\nand not the same for every window")
        return
    curves(axes, [(item.name, item.bias[1:] / item.total) for item in items[:7]], start=1)
    whole_numbers(axes, "window K")


def spectra(axes: Axes, analysis: Analysis) -> None:
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
    for item in known[:7]:
        (line,) = axes.plot(np.arange(1, len(item.singular) + 1), item.singular, label=item.name)
        axes.axhline(item.radius, color=line.get_color(), linestyle=line.get_linestyle(), linewidth=0.6, marker="")
    whole_numbers(axes, "index")
    axes.set_ylim(bottom=0)
    axes.legend()


def blocks(axes: Axes, analysis: Analysis) -> None:
    """The blocks of the long product, and the direct routes on their own."""
    axes.set_title("blocks of ∂s_T/∂s_{T−d}")
    if not analysis.blocks:
        words(axes, "the model has no state")
        return
    names = [(f"∂{b.row}/∂{b.column}" + (" direct route" if b.direct else "") if b.row != WHOLE else "all states", b)
             for b in analysis.blocks]
    curves(axes, [(name, block.norms[-1, ::-1]) for name, block in names[:7]])
    whole_numbers(axes, "distance d")


def activations(axes: Axes, names: Iterable[str], slope: bool) -> None:
    """Activations, or their derivatives with the supremum of each."""
    axes.set_title("derivatives φ′(z)" if slope else "activations φ(z)")
    z = np.linspace(-5, 5, 401)
    for name in names:
        bound = FUNCTIONS[name].bound
        label = f"{name}′ ≤ {bound}" if slope and bound is not None else name
        axes.plot(z, activation_curves.values(name, z, slope), label=label, markevery=40)
    axes.set_xlabel("z")
    axes.legend()
