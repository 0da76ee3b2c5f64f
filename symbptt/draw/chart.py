"""Charts as values, before any output format: curves on a logarithmic axis, and tables of sizes."""

from dataclasses import dataclass

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.typeset.tree import Tree

DECADES = 16
"""Sizes further below the largest one than so many powers of ten are shown alike."""
NOTHING = "every value is zero or not finite"
"""What stands in place of curves of which nothing can be shown."""
Name = str | Tree


def drawable(values: Array) -> Array:
    """What a logarithmic scale can show: positive and finite."""
    return np.isfinite(values) & (values > 0)


@dataclass(frozen=True)
class Curves:
    """Values at `start`, start + 1, ... by name, on a logarithmic axis; `along` and `up` name the axes.

    `beside` are further curves without a name, drawn thin: quartiles.
    """

    series: tuple[tuple[Name, Array], ...]
    along: Name
    title: str = ""
    start: int = 0
    up: str = ""
    beside: tuple[Array, ...] = ()

    @property
    def known(self) -> Array:
        """All values that can be shown, one after the other."""
        every = (*(values for _, values in self.series), *self.beside)
        return np.concatenate([np.zeros(0), *(values[drawable(values)] for values in every)])


@dataclass(frozen=True)
class Cells:
    """The sizes [t-1, k-1] at the pairs (t, k), t downwards; `rows` and `columns` name the axes."""

    sizes: Array
    pairs: tuple[tuple[int, int], ...]
    rows: str
    columns: str
    title: str = ""


@dataclass(frozen=True)
class Spectra:
    """Values by rank, each series with a level of its own, over a band of (least, largest) values."""

    series: tuple[tuple[str, Array, float], ...]
    band: tuple[Array, Array] | None
    band_name: str
    title: str = ""


@dataclass(frozen=True)
class Sentence:
    """Words in place of a chart that would be empty."""

    text: str
    title: str = ""


Chart = Curves | Cells | Spectra | Sentence


def heights(values: Array, alone: float) -> Array:
    """Where values stand on a logarithmic scale from the least, 0, to the largest, 1; `alone` where these are the same.

    nan for what cannot be shown.
    """
    shown = drawable(values)
    logs = np.log10(values, where=shown, out=np.full(values.shape, np.nan))
    if not shown.any():
        return logs
    high = np.nanmax(logs)
    low = max(np.nanmin(logs), high - DECADES)
    return np.where(shown, np.clip((logs - low) / (high - low), 0, 1) if high > low else alone, np.nan)
