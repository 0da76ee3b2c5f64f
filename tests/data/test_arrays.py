"""Sizes and shapes of the arrays behind a model's variables."""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from symbptt.data import arrays
from symbptt.model import build, read
from symbptt.model.values import Role, Variable


def test_a_target_that_others_read_too_takes_no_classes() -> None:
    model = read.load("elman")
    assert arrays.takes_classes(model, model["y"])
    assert not arrays.takes_classes(read.load("elman", loss="squared_error"), model["y"])


def test_a_target_that_is_read_in_a_sum_too_takes_no_classes() -> None:
    model = build.model(
        name="smoothed", inputs={"x": "H"}, targets={"y": "H"}, equations={"a": "x + x"},
        loss="softmax_cross_entropy(a, y) + softmax_cross_entropy(a, y + 0.1)",
    )
    assert not arrays.takes_classes(model, model["y"])


def test_unknown_dimensions_are_small_and_distinct() -> None:
    model = read.load("elman")
    P, Q = (sp.Symbol(name, integer=True, positive=True) for name in "PQ")
    wide = Variable("U", Role.PARAMETER, ("P", "Q+H"), P, Q + sp.Symbol("H", integer=True, positive=True))
    more = replace(model, variables=(*model.variables, wide))
    assert arrays.sizes(more) == {"D": 3, "H": 4, "O": 3, "P": 2, "Q": 5}
    assert arrays.shape(wide, arrays.sizes(more, {"Q": 1})) == (2, 5)
