"""Derivatives that a model states by stop_gradient, and values that jump."""

from __future__ import annotations

import numpy as np

from symbptt import verify
from symbptt.model import define
from symbptt.verify import finite_difference


def spikes(fired: str) -> object:
    return define.model(
        name="spikes", inputs={"x": "H"}, states={"u": "H"}, parameters={"b": "H"},
        equations={"u": "0.8 * u[t-1] + b * x", "z": fired, "o": "2 * z + u"}, loss="sum(o * o)",
    )


def test_what_is_stated_is_confirmed_and_said_to_be_stated() -> None:
    report = verify.gradients(spikes("surrogate(step(u - 0.3), sigmoid(4 * u))"), T=3)
    assert report.ok and finite_difference.HELD in report.notes


def test_a_value_that_jumps_at_a_parameter_agrees_and_states_nothing() -> None:
    report = verify.gradients(spikes("where(u > b, 1, 0)"), T=3)
    assert report.ok and finite_difference.HELD not in report.notes


def test_the_derivative_of_the_values_is_another_one() -> None:
    """The straight-through estimator has the slope of its second operand where the values are flat."""
    slopes = {}
    for fired in ("step(u)", "surrogate(step(u), 0.5 * u)", "surrogate(step(u), step(u))"):
        module = verify.load.resolve(spikes(fired)).module
        _, found = module.value_and_grad({"b": np.array([0.5])}, {"x": np.ones((1, 1, 1))}, {})
        slopes[fired] = float(found["b"][0])
    # o = 2 z + u with z = 1 and u = 0.5: d(o^2) = 2 o (2 z' + 1).
    assert slopes == {"step(u)": 5.0, "surrogate(step(u), 0.5 * u)": 10.0, "surrogate(step(u), step(u))": 5.0}
