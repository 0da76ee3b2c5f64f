"""A loop over the windows of truncated code: what a run back over some of the steps does, again and again."""

from dataclasses import dataclass

from symbptt.algebra.nodes import dimension
from symbptt.program.ir import For

FIRST, START, LENGTH, OFFSET = (dimension(f"{name}:window") for name in ("first", "start", "length", "offset"))
"""A window has the steps first+1 .. first+length, and the losses of those behind `start`; `offset` is its first row."""


@dataclass(frozen=True)
class Windows(For):
    """`body` for each window: every k1 steps, `scheme` being (k1, k2), back over at most k2; `index` counts where they end.

    With `reverse` the steps are counted from the last one, and rows of arrays are not.
    """

    scheme: tuple[int, int] = (1, 1)
