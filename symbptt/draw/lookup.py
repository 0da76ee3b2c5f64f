"""Charts as tables of numbers that a page looks up: shades in percent, and the points of polylines."""

from typing import Any

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.draw.chart import NOTHING, Curves, drawable, heights

SHADES = 100
"""Shades are percentages, so that the page can take them as they are."""
WIDTH, HEIGHT = 320, 200
"""The size of a chart."""
FARTHEST = 30
"""The axis ends at this power of ten, up and down."""


def shades(sizes: Array) -> Array:
    """Shades 0 .. 100 on a logarithmic scale; -1 for zero, -2 for what is not finite."""
    found = np.where(np.isfinite(sizes), -1, -2)
    shown = drawable(sizes)
    found[shown] = np.round(SHADES * heights(sizes, alone=0.0)[shown])
    return found


def points(chart: Curves) -> dict[str, Any]:
    """Curves as the points of polylines, and the powers of ten at the ends of the axis."""
    if not chart.known.size:
        return {"lines": ["" for _ in chart.series], "low": "", "high": "", "words": NOTHING}
    logs = np.log10(chart.known)
    low, high = float(np.floor(max(logs.min(), -FARTHEST))), float(np.ceil(min(logs.max(), FARTHEST)))
    span = (high - low) or 1.0
    lines = []
    for _, values in chart.series:
        shown, step = drawable(values), WIDTH / max(len(values) - 1, 1)
        places = np.clip(HEIGHT * (high - np.log10(np.where(shown, values, 1.0))) / span, 0, HEIGHT)
        lines.append(" ".join(f"{d * step:.1f},{places[d]:.1f}" for d in np.flatnonzero(shown)))
    return {"lines": lines, "low": f"1e{low:g}", "high": f"1e{high:g}", "words": ""}
