"""What both formats show beside the derivation: references and the sizes of terms."""

from __future__ import annotations

from dataclasses import dataclass

from symbptt.model.values import Model
from symbptt.narrative.values import Norms
from symbptt.typeset.tree import Tree

REFERENCES = (
    "P. J. Werbos (1990) Backpropagation through time: what it does and how to do it. Proceedings of the IEEE 78(10).",
    "R. J. Williams and D. Zipser (1989) A learning algorithm for continually running fully recurrent neural networks. "
    "Neural Computation 1(2).",
    "R. Pascanu, T. Mikolov and Y. Bengio (2013) On the difficulty of training recurrent neural networks. ICML.",
)
DIGITS, SMALL = 3, 0.01
COLOURS = 6
"""Distances t − k with a colour of their own; further ones share the last."""
WIDEST = 10
"""The largest number of columns of a table of terms."""


def references(model: Model) -> tuple[str, ...]:
    """The source of the model, and those of the method."""
    own = (model.reference.rstrip(".") + ".",) if model.reference else ()
    return (*own, *REFERENCES)


def rounded(value: float) -> str:
    """A norm with three digits, or two and a power of ten."""
    if value == 0 or value >= SMALL:
        return f"{value:.{DIGITS}g}"
    digits, power = f"{value:.1e}".split("e")
    return f"{digits}e{int(power)}"


@dataclass(frozen=True)
class Cell:
    """A number of the table and the distance t − k that colours it; None for the total."""

    text: str
    lag: int | None


@dataclass(frozen=True)
class Grid:
    """A table: names of the columns, and rows of a name and cells."""

    corner: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Tree | str, tuple[Cell, ...]], ...]


def _cell(value: float, lag: int) -> Cell:
    return Cell(rounded(value), min(lag, COLOURS - 1))


def grid(norms: Norms) -> Grid:
    """A row for each variable while the pairs fit side by side; beyond, a row for each loss step t of the one variable."""
    if len(norms.pairs) <= WIDEST:
        rows = tuple(
            (name, (*(_cell(v, t - k) for v, (t, k) in zip(values, norms.pairs, strict=True)), Cell(rounded(whole), None)))
            for name, values, whole in norms.rows
        )
        return Grid("(t, k)", (*(f"({t}, {k})" for t, k in norms.pairs), "sum"), rows)
    _, values, _ = norms.rows[0]
    known = dict(zip(norms.pairs, values, strict=True))
    steps = sorted({t for t, _ in norms.pairs})
    sources = range(1, max(steps) + 1)
    lines = tuple(
        (f"t = {t}", tuple(_cell(known[t, k], t - k) if (t, k) in known else Cell("", None) for k in sources)) for t in steps
    )
    return Grid("", tuple(f"k = {k}" for k in sources), lines)


def legend(norms: Norms) -> tuple[int, ...]:
    """The distances that have a colour."""
    return tuple(sorted({min(t - k, COLOURS - 1) for t, k in norms.pairs}))
