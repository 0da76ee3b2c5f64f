"""Charts as numbers for a page."""

from __future__ import annotations

import numpy as np

from symbptt.draw.chart import Curves
from symbptt.draw.lookup import points, shades


def test_shades_rise_with_the_logarithm_and_tell_zero_from_what_is_not_finite() -> None:
    assert shades(np.array([[0.0, np.nan], [1e-5, 1.0]])).tolist() == [[-1, -2], [0, 100]]
    assert shades(np.array([[1.0, 1e-40, 1e-8]])).tolist() == [[100, 0, 50]], "sixteen decades at most"
    assert shades(np.array([[2.0, 2.0]])).tolist() == [[0, 0]] and shades(np.zeros((1, 2))).tolist() == [[-1, -1]]


def test_curves_are_polylines_between_powers_of_ten() -> None:
    found = points(Curves((("one", np.array([1.0, 0.1, 0.01])),), "d"))
    assert (found["lines"], found["low"], found["high"]) == (["0.0,0.0 160.0,100.0 320.0,200.0"], "1e-2", "1e0")
    assert "not finite" in points(Curves((("one", np.array([0.0, np.inf])),), "d"))["words"]
