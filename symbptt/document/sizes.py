"""The sizes of the terms (t, k) as a table, coloured by the distance t − k."""

from math import isfinite, isnan

from symbptt.document.blocks import Cell, Terms
from symbptt.narrative.presentation import Presentation
from symbptt.narrative.values import Norms, Prose
from symbptt.typeset.tree import Number, Operator, Row, Script, Tree

DIGITS, SMALL, LARGE = 3, 0.01, 1e4
COLOURS = 6
"""Distances t − k with a colour of their own; further ones share the last."""
WIDEST = 10
"""The largest number of columns of a table of terms."""


def rounded(value: float) -> str:
    """A norm with three digits, zeros too, or two and a power of ten; one that no float holds is ∞, an unknown one a dash."""
    if not isfinite(value):
        return "–" if isnan(value) else "∞"
    if value == 0 or SMALL <= value < LARGE:
        return f"{value:#.{DIGITS}g}".rstrip(".") if 0 < value < 10**DIGITS else f"{value:.0f}"
    digits, power = f"{value:.1e}".split("e")
    return f"{digits}e{int(power)}"


def written(value: float) -> Prose:
    """The same for running text, a power of ten as one; a cosine may be below zero."""
    if value < 0:
        return ("−", *written(-value))
    digits, _, power = rounded(value).partition("e")
    if not power:
        return (digits,)
    size = Number(power.lstrip("-"))
    exponent = Row((Operator("−", prefix=True), size)) if power.startswith("-") else size
    return (Row((Number(digits), Operator("·"), Script(Number("10"), None, exponent))),)


def _cell(value: float, pair: tuple[int, int], name: str) -> Cell:
    t, k = pair
    return Cell(written(value), min(t - k, COLOURS - 1), pair, name)


def _row(norms: Norms, name: str, row: tuple[Tree, tuple[float, ...], float]) -> tuple[Tree, tuple[Cell, ...]]:
    label, values, whole = row
    return label, (*(_cell(v, pair, name) for v, pair in zip(values, norms.pairs, strict=True)), Cell(written(whole), None))


def terms(norms: Norms, presentation: Presentation) -> Terms:
    """A row for each variable while the pairs fit side by side; beyond, a row for each loss step t of the one variable."""
    distance = presentation.steps("t − k")
    legend = tuple(sorted({min(t - k, COLOURS - 1) for t, k in norms.pairs}))
    if len(norms.pairs) <= WIDEST:
        rows = tuple(_row(norms, *row) for row in zip(norms.names, norms.rows, strict=True))
        names = (*(f"({t}, {k})" for t, k in norms.pairs), presentation.text("document.terms.sum"))
        return Terms(f"(t, {presentation.source})", names, rows, distance, legend)
    name, (_, values, _) = norms.names[0], norms.rows[0]
    known = {pair: _cell(value, pair, name) for pair, value in zip(norms.pairs, values, strict=True)}
    steps = sorted({t for t, _ in norms.pairs})
    sources = range(1, max(steps) + 1)
    lines = tuple((f"t = {t}", tuple(known.get((t, k), Cell((), None)) for k in sources)) for t in steps)
    return Terms("", tuple(f"{presentation.source} = {k}" for k in sources), lines, distance, legend)
