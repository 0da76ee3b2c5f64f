"""Activations and their derivatives as curves: sigmoid' <= 1/4, tanh' <= 1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import sympy as sp

from symbptt.algebra.evaluate import Array
from symbptt.algebra.functions import FUNCTIONS, Z, slope

SHOWN = ("sigmoid", "tanh", "relu", "leaky_relu", "elu")
REACH = 8.0


def values(name: str, z: Array, derivative: bool = False) -> Array:
    """phi(z) or phi'(z), with the default numeric arguments."""
    row = FUNCTIONS[name]
    expression = slope(name) if derivative else row.value
    given = dict(zip(row.symbols(), (default for _, default in row.arguments), strict=True))
    function = sp.lambdify(Z, expression.subs(given), "numpy")
    return np.broadcast_to(np.asarray(function(z), dtype=float), z.shape)


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
    z = np.linspace(-REACH, REACH, 3201)
    found = []
    for name in names:
        steep, bound = abs(values(name, z, derivative=True)), FUNCTIONS[name].bound
        top = float(bound) if bound is not None else float(steep.max())
        found.append(Curve(name, top, float(z[int(np.argmax(steep))]), float((steep < 0.05 * top).mean())))
    return tuple(found)
