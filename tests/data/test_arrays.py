"""Sizes and shapes of the arrays behind a model's variables."""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from symbptt.data import arrays
from symbptt.model import read
from symbptt.model.values import Role, Variable


def test_unknown_dimensions_are_small_and_distinct() -> None:
    model = read.load("elman")
    P, Q = (sp.Symbol(name, integer=True, positive=True) for name in "PQ")
    wide = Variable("U", Role.PARAMETER, ("P", "Q+H"), P, Q + sp.Symbol("H", integer=True, positive=True))
    more = replace(model, variables=(*model.variables, wide))
    assert arrays.sizes(more) == {"D": 3, "H": 4, "O": 3, "P": 2, "Q": 5}
    assert arrays.shape(wide, arrays.sizes(more, {"Q": 1})) == (2, 5)
