"""Products over several draws: against the analysis at one point, and the gates of models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from symbptt.analyze import at, point
from symbptt.analyze.columns import STEPS as PAIRS
from symbptt.analyze.columns import columns
from symbptt.analyze.decay import ENTRIES, STEPS, decay, gate, quartiles, scaled, sizes, stretched, width
from symbptt.model.read import load

KINDS = Path(__file__).parents[1] / "kinds"


@pytest.mark.parametrize("name", ["elman", pytest.param("lstm", marks=pytest.mark.slow)])
def test_a_draw_is_what_the_analysis_says(name: str) -> None:
    model = load(name)
    found, growth = decay(model), at(model, point(model, STEPS, sizes(model), 1, 0)).growth
    assert growth is not None
    assert np.allclose(found.measured[0], growth.measured, rtol=1e-10)
    assert np.allclose(found.jacobians[0], growth.jacobians, rtol=1e-10)
    for state, values in growth.long.direct.items():
        assert np.allclose(found.direct[state][0], values, rtol=1e-10)
    low, middle, high = quartiles(found.measured)
    assert (low <= middle).all() and (middle <= high).all()


def test_stretched_weights_have_that_bound() -> None:
    found = decay(load("elman"), stretched(2.0))
    assert found.closed is not None and np.allclose(found.closed[:, 3], 8.0)
    assert decay(load("gru"), scaled(1.0)).closed is None


GATES = [("lstm", ("c", "f", "b_f")), ("gru", ("h", "z", "b_z")), ("elman", None), ("leaky", None)]


@pytest.mark.parametrize("name, wanted", GATES)
def test_the_gate_on_the_direct_route(name: str, wanted: tuple[str, str, str] | None) -> None:
    found = gate(load(name))
    assert (None if found is None else (found.state, found.gate, found.bias)) == wanted


def test_states_of_any_shape_stay_small_enough() -> None:
    from_kinds = load(str(KINDS / "matrix-state.toml"))
    assert width(from_kinds) ** 2 <= ENTRIES and width(load("lstm")) == 32


def test_columns_compare_with_the_term_of_the_own_step() -> None:
    model = load("elman")
    found = columns(model, model["W_hh"])
    assert found.terms == PAIRS * (PAIRS + 1) // 2 and found.kept == 21
    assert np.allclose(found.ratios[:, 1:, 0], 1.0) and np.isnan(found.ratios[:, 3, PAIRS - 3]).all()
    assert (found.bias < 1).all() and (found.cosine > 0.5).all()
    assert found.rests and np.isnan(found.ratios[:, 0]).all()


def test_a_column_whose_own_term_is_zero_up_to_rounding_is_left_out() -> None:
    model = load("linear_attention")
    found = columns(model, model["W_k"])
    assert np.isnan(found.ratios[:, 0]).all() and np.nanmax(found.ratios) < 1e6
