"""The sizes of the terms (t, k) as a table, coloured by the distance t − k."""

from __future__ import annotations

from symbptt.document.blocks import Cell, Terms
from symbptt.narrative.values import Norms
from symbptt.narrative.voice import Voice

DIGITS, SMALL = 3, 0.01
COLOURS = 6
"""Distances t − k with a colour of their own; further ones share the last."""
WIDEST = 10
"""The largest number of columns of a table of terms."""


def rounded(value: float) -> str:
    """A norm with three digits, or two and a power of ten."""
    if value == 0 or value >= SMALL:
        return f"{value:.{DIGITS}g}"
    digits, power = f"{value:.1e}".split("e")
    return f"{digits}e{int(power)}"


def _cell(value: float, lag: int) -> Cell:
    return Cell(rounded(value), min(lag, COLOURS - 1))


def terms(norms: Norms, voice: Voice) -> Terms:
    """A row for each variable while the pairs fit side by side; beyond, a row for each loss step t of the one variable."""
    legend = tuple(sorted({min(t - k, COLOURS - 1) for t, k in norms.pairs}))
    if len(norms.pairs) <= WIDEST:
        rows = tuple(
            (name, (*(_cell(v, t - k) for v, (t, k) in zip(values, norms.pairs, strict=True)), Cell(rounded(whole), None)))
            for name, values, whole in norms.rows
        )
        return Terms("(t, k)", (*(f"({t}, {k})" for t, k in norms.pairs), voice.word("document.terms.sum")), rows, legend)
    _, values, _ = norms.rows[0]
    known = dict(zip(norms.pairs, values, strict=True))
    steps = sorted({t for t, _ in norms.pairs})
    sources = range(1, max(steps) + 1)
    lines = tuple(
        (f"t = {t}", tuple(_cell(known[t, k], t - k) if (t, k) in known else Cell("", None) for k in sources)) for t in steps
    )
    return Terms("", tuple(f"k = {k}" for k in sources), lines, legend)
