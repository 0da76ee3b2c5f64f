"""Numbers in the cells of a report, and its columns."""

from functools import partial
from math import isnan

from symbptt import terminal

DISTANCES = (0, 1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000)

columns = partial(terminal.columns, left=1)
"""A column of names, and others of numbers."""


def cell(value: float) -> str:
    """A number in at most nine characters."""
    return f"{value:.3g}" if value else "0"


def ratio(value: float) -> str:
    """A number relative to another one; a dash where that is nothing."""
    return "-" if isnan(value) else cell(value)


def percent(value: float) -> str:
    """A share; what is not zero does not look like zero."""
    return "-" if isnan(value) else "0" if value == 0 else "<0.1%" if value < 0.0005 else f"{value:.1%}"


def shown(last: int) -> list[int]:
    """The distances 0 .. last that a table shows: the small ones, then fewer and fewer, and the last one."""
    return [d for d in DISTANCES if d < last] + [last]
