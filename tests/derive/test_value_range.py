"""Bounds of values: those of every function hold at every place of a grid, and are met at its ends."""

from __future__ import annotations

from math import inf

import pytest
import sympy as sp

from symbptt.algebra.functions import FUNCTIONS, Z
from symbptt.algebra.nodes import Elementwise
from symbptt.derive.value_range import value_range

X = sp.MatrixSymbol("x", 3, 1)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_the_values_of_a_function_lie_between_its_bounds(name: str) -> None:
    row = FUNCTIONS[name]
    defaults = tuple(default for _, default in row.arguments)
    if any(default is None for default in defaults):
        return
    low, high = value_range(Elementwise(name, *defaults, X), {})
    formula = row.value.subs(dict(zip(row.symbols(), defaults, strict=True)))
    places = [z for z in (-30.0, -2.0, -0.5, 0.25, 1.5, 30.0) if z in row.domain]
    values = [float(formula.subs(Z, z).doit().evalf()) for z in places if not formula.has(sp.Function("Held"))]
    assert all(low - 1e-12 <= value <= high + 1e-12 for value in values), (low, high, values)


@pytest.mark.parametrize(("name", "bounds"), [
    ("relu", (0.0, inf)), ("leaky_relu", (-inf, inf)), ("elu", (-1.0, inf)), ("hard_tanh", (-1.0, 1.0)),
    ("hard_sigmoid", (0.0, 1.0)), ("sigmoid", (0.0, 1.0)), ("log_sigmoid", (-inf, 0.0)), ("exp", (0.0, inf)),
])
def test_increasing_functions_in_cases_have_their_limits(name: str, bounds: tuple[float, float]) -> None:
    found = value_range(Elementwise(name, *(default for _, default in FUNCTIONS[name].arguments), X), {})
    assert found == bounds
