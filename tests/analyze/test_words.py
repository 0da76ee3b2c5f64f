"""Whatever the numbers are, an analysis ends in words: nan, inf, overflow, singular matrices, T = 1, zero gradients."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest

import symbptt
from symbptt import analyze

ELMAN = symbptt.load("elman")


def _flow(model=ELMAN, T=4, **values):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = analyze.flow(model, T, values={name: np.asarray(value) for name, value in values.items()})
        text, data = analyze.as_text(found), json.loads(analyze.as_json(found))
        analyze.as_csv(found)
    assert data["schema"] == 1 and all(note in text for note in found.notes)
    return found, " / ".join(found.notes), data


def test_nan_in_the_weights():
    W = np.eye(4)
    W[0, 0] = np.nan
    _, notes, data = _flow(W_hh=W)
    assert "W_hh contains nan" in notes and "h is nan" in notes.replace("a is nan", "h is nan")
    assert "terms are not finite" in notes
    assert any(term["norm"] is None for term in data["terms"])


def test_inf_in_the_inputs():
    x = np.zeros((4, 2, 3))
    x[2, 0, 1] = np.inf
    _, notes, _ = _flow(x=x)
    assert "x contains inf" in notes


def test_overflow_in_the_backward_pass():
    model = symbptt.load("linear")
    found, notes, data = _flow(model, 12, A=np.eye(4) * 1e40, C=np.eye(3, 4))
    assert "not finite" in notes and "overflow" in notes + found.growth.verdict.words
    assert data["growth"]["measured"][-1] is None and data["verdict"]["rate"] is None


def test_products_that_underflow_keep_their_norms():
    found, _, _ = _flow(T=8, W_hh=np.eye(4) * 1e-30)
    assert 0 < found.growth.measured[8] < 1e-239


def test_a_singular_matrix():
    found, notes, _ = _flow(W_hh=np.diag([1.0, 1.0, 0.0, 1.0]))
    assert "W_hh is singular" in notes and found.growth.long.exponents[0][-1] == -np.inf


def test_one_step():
    found, notes, data = _flow(T=1)
    assert "T = 1" in notes and len(data["terms"]) == 5 and data["growth"]["measured"][0] == pytest.approx(1)
    assert found.growth.verdict.words


def test_zero_gradients():
    found, notes, data = _flow(W_ho=np.zeros((3, 4)))
    assert "W_hh: every term is exactly zero" in notes
    assert {term["share"] for term in data["terms"] if term["parameter"] == "W_hh"} == {0.0}
    assert found.agrees
    asked = analyze.more(found, truncation=(1, 2))
    assert "nan" not in analyze.as_text(asked), "a share of nothing is a dash"


def test_dead_units():
    found, _, _ = _flow(symbptt.load("irnn"), b_h=np.full(4, -1e3))
    (unit,) = found.units
    assert (unit.dead, unit.saturated) == (4, 1.0) and "exactly zero" in found.growth.verdict.words


def test_saturated_units():
    found, _, _ = _flow(symbptt.load("elman", activation="sigmoid"), b_h=np.full(4, 50.0))
    assert found.units[0].saturated == 1.0 and found.units[0].dead == 0


def test_a_model_without_states_and_one_without_a_loss():
    found, _, data = _flow(symbptt.load("mlp"), 1)
    assert found.growth is None and data["products"] == []
    without = analyze.flow(symbptt.load("elman", loss="none"), 3)
    assert without.table is None and "terms" not in json.loads(analyze.as_json(without)) and analyze.as_text(without)


@pytest.mark.sampled(5)
@pytest.mark.parametrize("name", symbptt.names())
@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0, 1e300, 1e-300])
def test_no_value_of_the_weights_stops_an_analysis(name, value):
    model = symbptt.load(name)
    point = analyze.point(model, 3)
    _flow(model, 3, **{key: np.full(array.shape, value) for key, array in point.parameters.items()})
