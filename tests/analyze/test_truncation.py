"""Truncation as a filter on terms: equal to emitted code, biased as the terms left out are large, unbiased if randomised."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

import symbptt
from symbptt import analyze, derive, unroll
from symbptt.analyze import emitted, truncation
from symbptt.errors import BadInput


@pytest.mark.parametrize("scheme", [(1, 1), (1, 4), (2, 3), (3, 3), (5, 2)], ids=str)
@pytest.mark.parametrize("name", ["elman", "lstm", "deep_feedforward"])
def test_the_filter_equals_the_emitted_code(name, scheme):
    model = symbptt.load(name)
    found = analyze.truncate(model, analyze.point(model, 7), *scheme, "all")
    assert all(cut.error < 1e-12 for cut in found.cuts)
    T, (k1, k2) = 7, scheme
    losses = (T,) if model.loss.at == "last" else range(1, T + 1)
    counts = {cut.name: cut.kept for cut in found.cuts}
    expected = sum(k > k1 * int(np.ceil(t / k1)) - k2 for t in losses for k in range(1, t + 1))
    assert all(counts[v.name] == expected for v in model.parameters)


def test_a_window_of_one_keeps_the_diagonal_and_one_of_T_everything():
    assert [(t, k) for t in range(1, 5) for k in range(1, t + 1) if analyze.kept(t, k, 1, 1)] == [(t, t) for t in range(1, 5)]
    assert all(analyze.kept(t, k, 1, 4) for t in range(1, 5) for k in range(1, t + 1))


def test_k1_k2_by_hand():
    """Every 2 steps, back over 3: the losses 1, 2 reach k > -1, the losses 3, 4 reach k > 1."""
    found = {(t, k) for t in range(1, 5) for k in range(1, t + 1) if analyze.kept(t, k, 2, 3)}
    assert found == {(1, 1), (2, 1), (2, 2), (3, 2), (3, 3), (4, 2), (4, 3), (4, 4)}


def test_the_bias_of_a_window_is_the_sum_of_what_it_leaves_out():
    model = symbptt.load("gru")
    data = analyze.point(model, 8)
    table = analyze.tabulate(model, data, "W_hn")["W_hn"]
    for K in (1, 2, 5, 8):
        (cut,) = analyze.truncate(model, data, 1, K, "W_hn").cuts
        assert cut.bias == pytest.approx(table.bias[K] / table.total, rel=1e-9, abs=1e-15)
    assert cut.bias == 0 and cut.cosine == pytest.approx(1)


@pytest.mark.parametrize("keep", [0.3, 0.8, 1.0])
def test_a_random_truncation_is_unbiased_and_a_fixed_one_is_not(keep):
    model = symbptt.load("elman")
    found = analyze.randomise(model, analyze.point(model, 7), keep, ["W_hh", "W_xh", "b_h"])
    for item in found:
        assert item.outcomes == 64 and item.mean_error < 1e-13 and item.always_cut > 0.1
        assert (item.spread < 1e-13) if keep == 1 else item.spread > 0.1


def test_the_weights_are_those_of_a_recursion_on_its_own_z():
    """z_t = d+s_t/d theta + xi_t J_t z_{t-1}, worked forward in a scalar network, for every outcome."""
    model = symbptt.load("scalar")
    data = analyze.point(model, 4, N=1, values={"w": np.array(0.9), "u": np.array(0.7), "v": np.array(1.3)})
    h = [0.0]
    for t in range(4):
        h.append(float(np.tanh(0.7 * data.inputs["x"][t, 0] + 0.9 * h[-1] + data.parameters["b"])))
    terms = derive.gradient(unroll.steps(model, 4), "w").evaluate(data.parameters, data.inputs, data.targets, data.states)
    for going in product((0.0, 1 / 0.5), repeat=3):
        xi = (1.0, 1.0, *going)
        z, estimate = 0.0, 0.0
        for t in range(1, 5):
            slope = 1 - h[t] ** 2
            z = slope * h[t - 1] + xi[t] * slope * 0.9 * z
            estimate += (1.3 * h[t] - data.targets["y"][t - 1, 0]) * 1.3 * z
        weights = {(t, k): np.prod(xi[k + 1 : t + 1]) for t, k in terms}
        assert estimate == pytest.approx(sum(float(value) * weights[pair] for pair, value in terms.items()), rel=1e-10)


def test_untied_weights_are_randomised_step_by_step():
    model = symbptt.load("deep_feedforward")
    assert all(item.mean_error < 1e-12 for item in analyze.randomise(model, analyze.point(model, 5), 0.5))


def test_a_wrong_window_in_the_code_is_noticed(monkeypatch):
    right = emitted.module
    monkeypatch.setattr(truncation.emitted, "module", lambda model, T, **options: right(model, T, wrt="all", truncation=(1, 2)))
    model = symbptt.load("elman")
    assert max(cut.error for cut in analyze.truncate(model, analyze.point(model, 6), 1, 3).cuts) > 1e-3


def test_both_modes_agree_and_what_they_hold():
    model = symbptt.load("elman")
    short, long = (analyze.more(analyze.flow(model, T), both_modes=True).modes for T in (5, 50))
    assert short.error < 1e-12 and long.error < 1e-12
    assert short.forward.holds == long.forward.holds == 16 * 4 * 2, "entries of W_hh x H x N, whatever T"
    assert long.backward.holds == 10 * short.backward.holds


def test_what_cannot_be_enumerated():
    model = symbptt.load("elman")
    with pytest.raises(BadInput, match="at most 12"):
        analyze.randomise(model, analyze.point(model, 13), 0.5)
    for keep in (0.0, -1.0, 1.5, float("nan")):
        with pytest.raises(BadInput, match="probability"):
            analyze.randomise(model, analyze.point(model, 3), keep)
    with pytest.raises(BadInput, match="no loss"):
        analyze.truncate(symbptt.load("elman", loss="none"), analyze.point(model, 3), 1, 1)
