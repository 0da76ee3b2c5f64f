"""The formulas of five widely read tutorials: which hold for matrices, for scalars only, for a_0 = 0 only, or are wrong."""

from __future__ import annotations

import pytest

import symbptt
from symbptt.diagnose import check_formula
from symbptt.model.build import model
from symbptt.model.values import Model

SOFTMAX_RNN = model(
    name="tutorial", inputs={"X": "D"}, states={"S": "H"}, parameters={"U": "H D", "W": "H H", "V": "O H"}, targets={"y": "O"},
    equations={"f": "U @ X + W @ S[t-1]", "S": "tanh(f)", "o": "V @ S", "p": "softmax(o)"}, loss="-dot(y, log(p))",
)
SIGMOID_RNN = model(
    name="sigmoid_rnn", inputs={"x": "D"}, states={"a": "H"}, parameters={"W_aa": "H H", "W_ax": "H D", "b": "H"},
    targets={"y": "H"}, equations={"f": "W_aa @ a[t-1] + W_ax @ x + b", "a": "sigmoid(f)"}, loss="squared_error(a, y)",
)
ELMAN = symbptt.load("elman")
LINEAR = symbptt.load("elman", activation="identity")
LAYERS = symbptt.load("deep_feedforward")

RIGHT = [
    (SOFTMAX_RNN, "D(L[1], W) = d(L[1], p[1]) @ d(p[1], S[1]) @ d(S[1], W)"),
    (SOFTMAX_RNN, "D(L[2], W) = d(L[2], p[2]) @ d(p[2], S[2]) @ (d(S[2], W) + d(S[2], S[1]) @ d(S[1], W))"),
    (SOFTMAX_RNN, "D(L[3], W) = d(L[3], p[3]) @ d(p[3], S[3]) @ (d(S[3], W) + d(S[3], S[2]) @ d(S[2], W)"
                  " + d(S[3], S[2]) @ d(S[2], S[1]) @ d(S[1], W))"),
    (SOFTMAX_RNN, "D(S[t], S[i]) = rprod(k, i, t-1, d(S[k+1], S[k]))"),
    (SIGMOID_RNN, "D(a[t], W_aa) = d(a[t], W_aa) + d(a[t], a[t-1]) @ D(a[t-1], W_aa)"),
    (SIGMOID_RNN, "D(a[t], W_aa) = d(a[t], W_aa) + sum(i, 1, t, rprod(k, i, t, d(a[k], a[k-1])) @ d(a[i-1], W_aa))"),
    (SIGMOID_RNN, "D(a[t], W_aa) = d(a[t], f[t]) @ d(f[t], W_aa) + sum(i, 2, t, rprod(k, i, t, d(a[k], f[k]) @ d(f[k], a[k-1]))"
                  " @ d(a[i-1], f[i-1]) @ d(f[i-1], W_aa))"),
    (SIGMOID_RNN, "slope(sigmoid, f[t]) = a[t] * (1 - a[t])"),
    (ELMAN, "slope(tanh, a[t]) = 1 - h[t]**2"),
    (LINEAR, "d(h[t], h[t-1]) = W_hh"),
]
"""As printed, with the newest factor of a product on the left and d read as the immediate derivative."""

WRONG = [
    (SIGMOID_RNN, "D(a[1], W_aa) = 0", "zero-start-only"),
    (SIGMOID_RNN, "D(a[3], W_aa) = a[3]*(1-a[3]) * (a[2] + W_aa * (a[2]*(1-a[2]) * (a[1] + W_aa * (a[1]*(1-a[1]) * a[0]))))",
     "scalars-only"),
    (SIGMOID_RNN, "D(a[t], W_aa) = a[t]*(1-a[t]) * (a[t-1] + W_aa * D(a[t-1], W_aa))", "scalars-only"),
    (SIGMOID_RNN, "D(a[t], W_aa) = a[t]*(1-a[t]) * a[t-1] + sum(i, 2, t, prod(k, i, t, a[k]*(1-a[k]) * W_aa)"
                  " * (a[i-1]*(1-a[i-1])) * a[i-2])", "scalars-only"),
    (SIGMOID_RNN, "D(a[t], W_aa) = a[t]*(1-a[t]) * a[t-1] + sum(i, 2, t, W_aa**(t-i+1) * prod(k, i-1, t, a[k]*(1-a[k]))"
                  " * a[i-2])", "scalars-only"),
    (SOFTMAX_RNN, "d(S[t], S[t-1]) = (1 - S[t]**2) * W", "scalars-only"),
    (SOFTMAX_RNN, "D(L[t], W) = d(L[3], p[t]) @ d(p[t], W) @ sum(i, 1, t, D(S[t], S[i]) @ d(S[i], W))", "off-by-one"),
    (ELMAN, "d(h[t], h[t-1]) = W_hh", "slope-missing"),
    (LAYERS, "db[1] = (h[4] - y[4]) * slope(sigmoid, z[4]) * W[4] * slope(sigmoid, z[3]) * W[3] * slope(sigmoid, z[2]) * W[2]"
             " * slope(sigmoid, z[1])", "scalars-only"),
]


def _ids(cases: list[tuple[object, ...]]) -> list[str]:
    return [str(case[1])[:60] for case in cases]


@pytest.mark.parametrize(("made", "formula"), RIGHT, ids=_ids(RIGHT))  # type: ignore[arg-type]
def test_right_for_matrices(made: Model, formula: str) -> None:
    found = check_formula(made, formula)
    assert found.ok, str(found)


@pytest.mark.parametrize(("made", "formula", "cause"), WRONG, ids=_ids(WRONG))  # type: ignore[arg-type]
def test_wrong_with_a_named_cause(made: Model, formula: str, cause: str) -> None:
    finding = check_formula(made, formula).findings[0]
    assert finding.verdict == "wrong" and cause in finding.causes
