"""Where one step of a scalar recurrence enlarges: the pre-activations z = w x + b with |w phi'(z)| > 1.

For the sigmoid it is empty for |w| <= 4, and never wider in x than about 0.45 (Nielsen, Neural Networks and Deep Learning,
chapter 5): growing takes large weights and arguments in a narrow range.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import sympy as sp

from symbptt.algebra.evaluate import Array
from symbptt.algebra.functions import FUNCTIONS, Z, slope
from symbptt.errors import BadInput, UnknownName

REACH = 750.0
"""Pre-activations are searched between -REACH and REACH; an interval that reaches the end is unbounded."""


@dataclass(frozen=True)
class Interval:
    """One open interval of pre-activations; `x` are the inputs (x - b)/w that give them."""

    low: float
    high: float
    x_low: float
    x_high: float

    def words(self) -> str:
        """The interval of z as inequalities; an end at infinity is left out."""
        low = f"{self.low:.4g} < " if np.isfinite(self.low) else ""
        high = f" < {self.high:.4g}" if np.isfinite(self.high) else ""
        return f"{low}z{high}" if low or high else "every z"

    @property
    def width(self) -> float:
        """The width in x."""
        return self.x_high - self.x_low


def intervals(activation: str, w: float, b: float = 0.0, **numbers: float) -> tuple[Interval, ...]:
    """The intervals of z where |w phi'(z)| > 1, in increasing order; bounded ends are exact to rounding.

    `numbers` are the activation's own (slope, alpha). Raises UnknownName for an activation that is in no table, BadInput for a
    weight that is not finite.
    """
    if activation not in FUNCTIONS:
        raise UnknownName("activation", activation, FUNCTIONS)
    if not (np.isfinite(w) and np.isfinite(b)):
        raise BadInput(f"w and b must be finite, not {w} and {b}")
    if w == 0:
        return ()
    row = FUNCTIONS[activation]
    pairs = zip(row.symbols(), row.arguments, strict=True)
    given = {symbol: sp.Float(numbers.get(name, default)) for symbol, (name, default) in pairs}
    function = sp.lambdify(Z, sp.Abs(w * slope(activation).subs(given)) - 1, "numpy")

    def inside(z: Array) -> Array:
        with np.errstate(all="ignore"):
            return np.broadcast_to(np.nan_to_num(function(z), nan=-1.0) > 0, z.shape)

    grid = np.linspace(-REACH, REACH, 300_001)
    within = inside(grid)
    edges = np.flatnonzero(within[1:] != within[:-1])
    ends = [_bisect(inside, grid[i], grid[i + 1]) for i in edges]
    if within[0]:
        ends.insert(0, -np.inf)
    if within[-1]:
        ends.append(np.inf)
    return tuple(_interval(low, high, w, b) for low, high in zip(ends[::2], ends[1::2], strict=True))


def _bisect(inside: Callable[[Array], Array], low: float, high: float) -> float:
    at_low = bool(inside(np.array([low]))[0])
    for _ in range(80):
        middle = (low + high) / 2
        if bool(inside(np.array([middle]))[0]) == at_low:
            low = middle
        else:
            high = middle
    return 0.0 if abs(low + high) < 1e-15 else (low + high) / 2


def _interval(low: float, high: float, w: float, b: float) -> Interval:
    ends = sorted(((low - b) / w, (high - b) / w))
    return Interval(float(low), float(high), float(ends[0]), float(ends[1]))


def covers(found: tuple[Interval, ...], z: Array) -> float:
    """The part of the pre-activations z that lies in the intervals."""
    inside = np.zeros(z.shape, dtype=bool)
    for item in found:
        inside |= (z > item.low) & (z < item.high)
    return float(inside.mean()) if z.size else 0.0
