"""Numbers and columns of text for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isnan

DISTANCES = (0, 1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000)


def cell(value: float) -> str:
    """A number in at most nine characters."""
    return f"{value:.3g}" if value else "0"


def percent(value: float) -> str:
    """A share; what is not zero does not look like zero."""
    return "-" if isnan(value) else "0" if value == 0 else "<0.1%" if value < 0.0005 else f"{value:.1%}"


def columns(rows: Iterable[Sequence[str]], indent: str = "  ") -> list[str]:
    """Rows in columns: the first one to the left, the others to the right."""
    table = [tuple(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = []
    for first, *others in table:
        cells = [first.ljust(widths[0]), *(c.rjust(w) for c, w in zip(others, widths[1:], strict=True))]
        lines.append((indent + "  ".join(cells)).rstrip())
    return lines


def shown(last: int) -> list[int]:
    """The distances 0 .. last that a table shows: the small ones, then fewer and fewer, and the last one."""
    return [d for d in DISTANCES if d < last] + [last]
