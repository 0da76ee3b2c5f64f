"""Learned initial states, masks, stacked layers and moving averages go through the table as well."""

from __future__ import annotations

import numpy as np
import pytest

import symbptt
from symbptt import analyze, derive, unroll
from symbptt.model.read import from_text

LEARNED = """
title = "learned start"
[inputs]
x = "D"
[states]
h = "H"
[parameters]
W = "H H"
U = "H D"
start = "H"
[targets]
y = "H"
[equations]
h = "tanh(W @ h[t-1] + U @ x)"
[loss]
step = "squared_error(h, y)"
[initial]
h = "start"
"""


def test_a_learned_initial_state_has_the_terms_of_the_first_step():
    model = from_text(LEARNED, "learned")
    start = np.random.default_rng(0).standard_normal(4)
    data = analyze.point(model, 4, N=3, values={"start": start})
    table = analyze.tabulate(model, data, "all")
    assert table["start"].pairs == ((1, 1), (2, 1), (3, 1), (4, 1)) and table["start"].agrees and table["start"].norms.any()
    expected = derive.gradient(unroll.steps(model, 4), "start").evaluate(data.parameters, data.inputs, data.targets, data.states)
    for (t, _), value in expected.items():
        assert table["start"].norms[t - 1, 0] == pytest.approx(np.linalg.norm(value), rel=1e-12)


def test_a_given_initial_state_takes_the_place_of_the_learned_one():
    model = from_text(LEARNED, "learned")
    data = analyze.point(model, 4, values={"start": np.ones(4), "h": np.ones((2, 4))})
    table = analyze.tabulate(model, data, "all")
    assert not table["start"].norms.any() and table["start"].agrees and table["h"].norms.any()


@pytest.mark.parametrize(("name", "changes"), [
    ("lstm", {"layers": 2}), ("elman", {"freeze": True}), ("deep_feedforward_batch_norm", {"training": False}),
    ("elman", {"loss": "mse"}),
])
def test_changed_models(name, changes):
    found = analyze.flow(symbptt.load(name, **changes), 4, wrt="all")
    assert found.agrees and max(item.error for item in found.table.terms) < 1e-11
    assert analyze.as_text(found)


def test_a_masked_step_keeps_the_state_and_its_gradient():
    model = symbptt.load("elman", freeze=True)
    mask = np.ones((4, 2))
    mask[2] = 0
    found = analyze.flow(model, 4, values={"mask": mask})
    assert found.growth.long.factors[2] == pytest.approx(1), "the Jacobian of a kept state is the identity"
    assert not found.table["W_hh"].norms[2].any(), "a masked step has no loss"
    assert not found.table["W_hh"].norms[:, 2].any(), "and does not use the weights"
