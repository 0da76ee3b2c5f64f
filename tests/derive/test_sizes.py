"""The sizes of dimensions, read off the arrays that a derivation is evaluated with."""

from __future__ import annotations

import numpy as np
import pytest

from symbptt import derive, unroll
from symbptt.derive.numeric import sizes
from symbptt.errors import BadInput
from symbptt.model.define import model

MODEL = model(
    name="sums", inputs={"x": "D+1"}, states={"h": "H"}, parameters={"W": "H H+D"},
    equations={"h": "tanh(W @ concat(h[t-1], x[0:D]))"}, loss="sum(h)",
)  # fmt: skip


def test_a_sum_tells_what_stands_nowhere_alone() -> None:
    W, x = np.ones((2, 5)), np.ones((4, 1, 4))
    assert sizes(MODEL, {"W": W}, {"x": x}, {}, {}) == {"H": 2, "D": 3}
    gradient = derive.gradient(unroll.steps(MODEL, 4), "W").total(parameters={"W": W}, inputs={"x": x})
    assert gradient.shape == (2, 5)


@pytest.mark.parametrize(
    ("W", "x", "message"),
    [((2, 6), (4, 1, 4), "W has shape"), ((2, 2), (4, 1, 4), "W has shape"), ((3, 3), (4, 1, 1), "no size for D")],
)
def test_sums_that_do_not_fit(W: tuple[int, ...], x: tuple[int, ...], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        derive.gradient(unroll.steps(MODEL, 4), "W").total(parameters={"W": np.ones(W)}, inputs={"x": np.ones(x)})
