"""Activations and their derivatives as curves: sigmoid' <= 1/4, tanh' <= 1."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import sympy as sp

from symbptt.algebra.evaluate import Array
from symbptt.algebra.functions import ACTIVATIONS, FUNCTIONS, Z, slope, steepest

SHOWN = ("sigmoid", "tanh", "relu", "leaky_relu", "elu")
REACH = 8.0
FLAT = 0.05
"""A unit is saturated where its slope is below this part of the steepest slope."""
GRID = np.linspace(-REACH, REACH, 3201)


def values(name: str, z: Array, derivative: bool = False, numbers: tuple[sp.Expr, ...] | None = None) -> Array:
    """phi(z) or phi'(z), with the default numeric arguments unless others are given."""
    row = FUNCTIONS[name]
    expression = slope(name) if derivative else row.value
    given = dict(zip(row.symbols(), (default for _, default in row.arguments) if numbers is None else numbers, strict=True))
    function = sp.lambdify(Z, expression.subs(given), "numpy")
    return np.broadcast_to(np.asarray(function(z), dtype=float), z.shape)


@lru_cache(maxsize=64)
def top(name: str, numbers: tuple[sp.Expr, ...] | None = None) -> float | None:
    """sup |phi'|; of an activation without one in the table the largest on a grid, of another function None."""
    bound = steepest(name, numbers)
    if bound is not None:
        return float(bound)
    return float(abs(values(name, GRID, True, numbers)).max()) if name in ACTIVATIONS else None


@dataclass(frozen=True)
class Curve:
    """One activation: `bound` is sup |phi'|, `steepest` where the largest slope on the grid is, `flat` the part of
    [-8, 8] on which the slope is below 5 % of the supremum."""

    name: str
    bound: float
    steepest: float
    flat: float


def table(names: tuple[str, ...] = SHOWN) -> tuple[Curve, ...]:
    """The activations side by side."""
    found = []
    for name in names:
        steep, bound = abs(values(name, GRID, derivative=True)), top(name)
        assert bound is not None
        found.append(Curve(name, bound, float(GRID[int(np.argmax(steep))]), float((steep < FLAT * bound).mean())))
    return tuple(found)
