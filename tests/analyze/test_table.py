"""The (t, k) table against the sum of products, the emitted code, closed forms and hand calculation."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

import symbptt
from symbptt import analyze, data, derive, unroll
from symbptt.analyze import emitted
from symbptt.analyze.table import shares
from symbptt.derive import walk
from symbptt.errors import BadInput, UnknownName
from symbptt.model.read import from_text, names

T = 5


def _terms(model, data, name):
    return derive.gradient(unroll.steps(model, data.T), name).evaluate(
        data.parameters, data.inputs, data.targets, data.states
    )


@pytest.mark.sampled(5)
@pytest.mark.parametrize("name", names())
def test_norms_are_those_of_the_terms_and_sums_equal_the_gradient(name):
    model = symbptt.load(name)
    data = analyze.point(model, T, N=3, seed=1)
    table = analyze.tabulate(model, data, "all", samples=True)
    for item in table.terms:
        expected = _terms(model, data, item.name)
        assert item.pairs == tuple(expected)
        for (t, k), value in expected.items():
            np.testing.assert_allclose(item.norms[t - 1, k - 1], np.linalg.norm(value), rtol=1e-10, atol=1e-14)
        assert item.agrees and item.error < 1e-11, item.name
        assert np.isclose(item.by_distance.sum(), 1) or not item.norms.any()


def test_row_and_column_sums_and_bias_are_sums_of_arrays():
    model = symbptt.load("lstm")
    data = analyze.point(model, T, seed=2)
    item = analyze.tabulate(model, data, "W_hf")["W_hf"]
    terms = _terms(model, data, "W_hf")
    for t in range(1, T + 1):
        row = sum(v for (a, _), v in terms.items() if a == t)
        column = sum(v for (_, b), v in terms.items() if b == t)
        distance = sum(v for (a, b), v in terms.items() if a - b == t - 1)
        beyond = sum((v for (a, b), v in terms.items() if a - b >= t), np.zeros_like(row))
        assert np.allclose([np.linalg.norm(x) for x in (row, column, distance, beyond)],
                           [item.rows[t - 1], item.columns[t - 1], item.distances[t - 1], item.bias[t]], rtol=1e-12, atol=1e-15)
    assert item.bias[0] == pytest.approx(item.total) and item.bias[T] == 0


def test_the_norms_of_samples():
    model = symbptt.load("gru")
    data = analyze.point(model, T, N=3)
    item = analyze.tabulate(model, data, "W_hz", samples=True)["W_hz"]
    for n in range(3):
        one = analyze.Data(data.dims, T, 1, data.parameters, *({key: value[..., n : n + 1, :] if value.ndim > 2 else
              value[..., n : n + 1] for key, value in part.items()} for part in (data.inputs, data.targets)),
              {key: value[n : n + 1] for key, value in data.states.items()})
        np.testing.assert_allclose(item.by_sample[n], analyze.tabulate(model, one, "W_hz")["W_hz"].norms, rtol=1e-10, atol=1e-15)


@pytest.mark.parametrize("kind", ["fro", "2", "1", "inf", "max"])
def test_every_norm(kind):
    model = symbptt.load("elman")
    data = analyze.point(model, 3)
    item = analyze.tabulate(model, data, "W_xh", norm=kind)["W_xh"]
    numpy_kind = {"fro": "fro", "2": 2, "1": 1, "inf": np.inf}.get(kind)
    for (t, k), value in _terms(model, data, "W_xh").items():
        expected = abs(value).max() if kind == "max" else np.linalg.norm(value, numpy_kind)
        assert item.norms[t - 1, k - 1] == pytest.approx(expected, rel=1e-12)


def test_a_loss_at_the_last_step_has_only_its_own_row():
    model = symbptt.load("deep_feedforward")
    item = analyze.tabulate(model, analyze.point(model, 4), "W")["W"]
    assert item.pairs == ((4, 1), (4, 2), (4, 3), (4, 4)) and item.rows[:3].tolist() == [0, 0, 0]


def test_zeros_are_listed_and_counted():
    model = symbptt.load("elman")
    table = analyze.tabulate(model, analyze.point(model, 4))
    assert all(len(item.pairs) == 10 for item in table.terms)
    assert all(table["W_hh"].norms[t, 0] == 0 for t in range(4)), "h_0 is zero"
    assert np.count_nonzero(table["W_ho"].norms) == 4


def test_memory_does_not_hold_the_terms_or_all_jacobians():
    model = symbptt.load("elman")
    data = analyze.point(model, 60, {"H": 64})
    analyze.tabulate(model, analyze.point(model, 2), "W_hh")  # caches and modules that stay
    tracemalloc.start()
    analyze.tabulate(model, data, "W_hh")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    all_terms = 60 * 61 // 2 * 64 * 64 * 8
    assert peak < all_terms / 2


def test_lanes_do_not_change_the_table(monkeypatch):
    model = symbptt.load("lstm_peephole")
    data = analyze.point(model, T)
    whole = analyze.tabulate(model, data, "all")
    monkeypatch.setattr(walk, "LANE_ENTRIES", 40)
    for item, other in zip(whole.terms, analyze.tabulate(model, data, "all").terms, strict=True):
        np.testing.assert_allclose(item.norms, other.norms, rtol=1e-13)
        np.testing.assert_allclose(item.gradient, other.gradient, rtol=1e-12, atol=1e-15)


def test_the_linear_network_in_closed_form():
    """d2l, Backpropagation Through Time: powers of W_hh^T in dL/dh_t = sum_i (W_hh^T)^(i-t) W_qh^T dL/do_i."""
    model = symbptt.load("linear")
    data = analyze.point(model, T, seed=4)
    A, B, C = (data.parameters[name] for name in "ABC")
    x, y = data.inputs["x"], data.targets["y"]
    h = [np.zeros((2, 4))]
    for t in range(T):
        h.append(h[-1] @ A.T + x[t] @ B.T)
    residual = [h[t] @ C.T - y[t - 1] for t in range(1, T + 1)]
    terms = {name: _terms(model, data, name) for name in ("A", "B")}
    table = analyze.tabulate(model, data)
    for t in range(1, T + 1):
        for k in range(1, t + 1):
            signal = residual[t - 1] @ C @ np.linalg.matrix_power(A, t - k)  # rows: (A^T)^(t-k) C^T r
            np.testing.assert_allclose(terms["A"][t, k], signal.T @ h[k - 1], atol=1e-13)
            np.testing.assert_allclose(terms["B"][t, k], signal.T @ x[k - 1], atol=1e-13)
            assert table.signals[0].norms[t - 1, k - 1] == pytest.approx(np.linalg.norm(signal), rel=1e-12)
    total = [sum(residual[i - 1] @ C @ np.linalg.matrix_power(A, i - t) for i in range(t, T + 1)) for t in range(1, T + 1)]
    np.testing.assert_allclose(table["A"].gradient, sum(s.T @ h[t] for t, s in enumerate(total)), atol=1e-12)


def test_per_loss_per_component_decomposition_of_the_input_weights():
    """losses[t][k] is what x_k contributes to dL_t/dW_xh; the sum over all t and k is the gradient."""
    model = symbptt.load("elman")
    data = analyze.point(model, 3, {"D": 4, "H": 3, "O": 4}, N=1, seed=7)
    W, V = data.parameters["W_hh"], data.parameters["W_ho"]
    h, losses = [np.zeros(3)], {}
    for t in range(3):
        h.append(np.tanh(data.parameters["W_xh"] @ data.inputs["x"][t, 0] + W @ h[-1] + data.parameters["b_h"]))
    for t in range(1, 4):
        o = V @ h[t] + data.parameters["b_o"]
        p = np.exp(o - o.max())
        p /= p.sum()
        p[data.targets["y"][t - 1, 0]] -= 1
        signal = V.T @ p
        for k in range(t, 0, -1):
            local = (1 - h[k] ** 2) * signal
            losses[t, k] = np.outer(local, data.inputs["x"][k - 1, 0])
            signal = W.T @ local
    found = _terms(model, data, "W_xh")
    assert set(found) == set(losses)
    for pair, value in losses.items():
        np.testing.assert_allclose(found[pair], value, rtol=1e-12, atol=1e-15)
    _, gradients = emitted.value_and_grad(emitted.module(model, 3), data)
    np.testing.assert_allclose(sum(losses.values()), gradients["W_xh"], rtol=1e-12)


def test_the_scalar_case_by_hand():
    """h_t = tanh(u x_t + w h_{t-1} + b), o = v h, L_t = (o - y)^2 / 2, T = 3: the terms of dL/dw one by one."""
    model = symbptt.load("scalar")
    u, w, b, v = 0.5, 0.9, 0.1, 2.0
    x, y = [1.0, -0.5, 0.25], [0.5, 0.0, -0.5]
    values = {"u": u, "w": w, "b": b, "v": v, "x": np.reshape(x, (3, 1)), "y": np.reshape(y, (3, 1))}
    data = analyze.point(model, values={name: np.asarray(value) for name, value in values.items()})
    h1 = np.tanh(u * x[0] + b)
    h2 = np.tanh(u * x[1] + w * h1 + b)
    h3 = np.tanh(u * x[2] + w * h2 + b)
    e1, e2, e3 = v * h1 - y[0], v * h2 - y[1], v * h3 - y[2]
    s2, s3 = 1 - h2**2, 1 - h3**2
    by_hand = {
        (1, 1): 0.0, (2, 1): 0.0, (3, 1): 0.0,
        (2, 2): e2 * v * s2 * h1, (3, 2): e3 * v * s3 * w * s2 * h1, (3, 3): e3 * v * s3 * h2,
    }
    table = analyze.tabulate(model, data)
    for (t, k), value in by_hand.items():
        assert table["w"].norms[t - 1, k - 1] == pytest.approx(abs(value), rel=1e-12, abs=0)
    assert float(table["w"].gradient) == pytest.approx(sum(by_hand.values()), rel=1e-12)
    assert float(table["v"].gradient) == pytest.approx(e1 * h1 + e2 * h2 + e3 * h3, rel=1e-12)


def test_shares_of_nothing_and_of_very_much():
    assert shares(np.zeros((2, 2))).tolist() == [[0, 0], [0, 0]]
    assert shares(np.full(4, 1e308)).tolist() == [0.25] * 4
    assert np.isnan(shares(np.array([1.0, np.inf]))).any()


def test_a_lost_term_is_reported(monkeypatch):
    """If the emitted gradient differs from the sum of the terms, the table says so."""
    model = symbptt.load("elman")
    data = analyze.point(model, 4)
    right = emitted.value_and_grad

    def wrong(code, at):
        loss, gradients = right(code, at)
        return loss, {**gradients, "W_hh": gradients["W_hh"] * (1 + 1e-6)}

    monkeypatch.setattr(emitted, "value_and_grad", wrong)
    found = analyze.at(model, data)
    assert not found.agrees and not found.table["W_hh"].agrees and found.table["W_xh"].agrees
    assert any("DISAGREE" in note for note in found.notes)


def test_bad_requests():
    model = symbptt.load("elman")
    data = analyze.point(model, 2)
    with pytest.raises(BadInput, match="no loss"):
        analyze.tabulate(symbptt.load("elman", loss="none"), data)
    with pytest.raises(UnknownName, match="W_h"):
        analyze.tabulate(model, data, "W_h")
    with pytest.raises(UnknownName, match="norm"):
        analyze.tabulate(model, data, norm="frobenius")
    with pytest.raises(BadInput, match="has no terms of"):
        analyze.tabulate(model, data, "W_hh")["W_xh"]


def test_a_gradient_that_cancels_has_only_rounding_to_show() -> None:
    """batch_norm over samples that are alike: nothing moves, and terms of rounding errors are no disagreement."""
    text = 'title = "t"\n[inputs]\nx = "H"\n[parameters]\nW = "K"\n[targets]\ny = "K"\n[equations]\nh = "x"\n'
    model = from_text(text + '[loss]\nstep = "sum(x) + mse(sigmoid(batch_norm(W)), y)"', "t.toml")
    found = analyze.tabulate(model, data.random(model, T=2, N=2))["W"]
    assert abs(found.gradient).max() < 1e-12 and found.agrees
