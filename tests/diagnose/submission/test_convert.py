"""Parameters in somebody's layout and back."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

import symbptt
from symbptt.data.random_values import random
from symbptt.diagnose.submission import convert
from symbptt.diagnose.submission.mapping import blocks
from symbptt.diagnose.submission.meaning import Layout
from symbptt.errors import BadInput
from symbptt.model.read import from_text

MODEL = symbptt.load("elman")


NAMES = (["W_xh", "W_hh", "b_h", "W_ho", "b_o"], [["W_hh", "b_o"]], [["b_h"], ["b_o"]], [["W_xh"], ["b_o"]])


@pytest.mark.parametrize(("weights", "bias"), [*product(("column", "row"), ("H", "H1", "1H"))])
@pytest.mark.parametrize("names", NAMES)
def test_what_was_put_together_comes_apart_again(names: list[Any], weights: str, bias: str) -> None:
    parameters = random(MODEL, {"D": 2, "H": 3, "O": 4}, T=2, N=1, seed=0).parameters
    meaning, layout = blocks(names, MODEL, "here"), Layout(weights=weights, bias=bias)
    packed = convert.blocks(meaning, layout, parameters, MODEL)
    apart = convert.unblocked(meaning, layout, packed, parameters, MODEL)
    assert packed.size == sum(parameters[n].size for n in meaning.variables)
    if meaning.flat or bias != "1H":
        assert all(np.array_equal(apart[n], parameters[n]) for n in meaning.variables)


def test_only_a_plain_list_is_flat() -> None:
    assert not blocks(["W_hh"], MODEL, "here").flat and blocks(["W_xh", "b_h"], MODEL, "here").flat
    with pytest.raises(BadInput, match="do not fit together"):
        blocks([["W_xh", "W_hh"], ["b_h", "b_o"]], MODEL, "here")


def test_dimensions_may_be_called_as_the_axes_of_a_layout_are() -> None:
    """T steps and N samples stand in front of a matrix state with T rows and N columns."""
    model = from_text('[states]\nS = "T N"\n[equations]\nS = "0.5 * S[t-1]"', "here")
    for axes, lead, ours in (("TND", "TN", (5, 2, 3, 4)), ("N T D", "TN", (5, 2, 3, 4)), ("TND", "N", (2, 3, 4))):
        array = np.arange(float(np.prod(ours))).reshape(ours)
        theirs = convert.ordered(array, model["S"], lead, Layout(axes=axes), {})
        assert theirs.shape == (ours if axes == "TND" else (2, 5, 3, 4))
        assert np.array_equal(convert.restored(theirs, model["S"], lead, ours, Layout(axes=axes), {}), array)
