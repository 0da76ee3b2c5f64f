"""Formulas: right ones, one mistake each, term by term; and what is no formula."""

from __future__ import annotations

import re
import time
from pathlib import Path

import numpy as np
import pytest

import symbptt
from symbptt import derive, unroll
from symbptt.cli import main
from symbptt.diagnose import check_formula, formulas
from symbptt.diagnose.formula import check, written
from symbptt.diagnose.formula.evaluate import Evaluator
from symbptt.diagnose.formula.world import REGIMES, World
from symbptt.errors import BadInput
from symbptt.model.values import Model

from . import formulas as kinds

ELMAN = symbptt.load("elman")
LSTM = symbptt.load("lstm")
SUM = ("dW_hh = sum(t, 1, T, sum(k, 1, t, diag(1 - h[k]**2) @ prod(j, k+1, t, W_hh.T @ diag(1 - h[j]**2))"
       " @ W_ho.T @ (softmax(o[t]) - y[t]) @ h[k-1].T))")


@pytest.mark.parametrize("formula", [
    SUM,
    SUM.replace("sum(", "Σ(").replace("prod(", "Π(").replace(".T", "ᵀ").replace("- y", "− y"),
    "dW_hh = sum(t, 1, T, sum(k, 1, t, d(L[t], h[t]) @ rprod(j, k+1, t, d(h[j], h[j-1])) @ d(h[k], W_hh)))",
    "dW_hh = sum(k, 1, T, sum(t, k, T, d(L[t], h[t]) @ rprod(j, k+1, t, d(h[j], h[j-1])) @ d(h[k], W_hh)))",
    "dW_hh = sum(t, 1, T, da[t] @ h[t-1].T)",
    "dW_hh = sum(t, 1, T, outer(da[t], h[t-1]))",
    "dh[t] = W_ho.T @ (softmax(o[t]) - y[t]) + W_hh.T @ da[t+1]",
    "da[t] = (1 - h[t]**2) * dh[t]",
    "dh[0] = W_hh.T @ da[1]",
    "dx[k] = W_xh.T @ da[k]",
    "db_h = sum(t, 1, T, da[t])",
    "D(h[t], h[k]) = rprod(j, k+1, t, diag(1 - h[j]**2) @ W_hh)",
    "D(L[t], h[k]) = d(L[t], h[t]) @ D(h[t], h[k])",
])
def test_right_formulas(formula: str) -> None:
    found = check_formula(ELMAN, formula)
    assert found.ok and found.findings[0].error < 1e-12, str(found)


@pytest.mark.parametrize("formula", [
    "dc[t] = dh[t] * q[t] * (1 - tanh(c[t])**2) + f[t+1] * dc[t+1]",
    "da_f[t] = dc[t] * c[t-1] * f[t] * (1 - f[t])",
    "dW_hf = sum(t, 1, T, da_f[t] @ h[t-1].T)",
])
def test_right_formulas_of_the_lstm(formula: str) -> None:
    assert check_formula(LSTM, formula).ok


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("old", "new", "cause"), [
    ("h[k-1]", "h[k]", "off-by-one"),
    ("prod(j, k+1, t", "prod(j, k, t", "product-too-long"),
    ("prod(j, k+1, t", "prod(j, k+2, t", "product-too-short"),
    ("sum(k, 1, t", "sum(k, 2, t", "sum-range"),
    ("W_hh.T", "W_hh", "transpose-missing"),
    ("prod(j", "rprod(j", "order-wrong"),
    ("W_hh.T @ diag(1 - h[j]**2)", "diag(1 - h[j]**2) @ W_hh.T", "order-wrong"),
    ("diag(1 - h[k]**2) @ ", "", "slope-missing"),
    ("W_ho.T @ (softmax(o[t]) - y[t])", "W_ho.T @ (softmax(o[t]) + y[t])", "sign-flipped"),
    ("W_hh.T @ diag", "2 * W_hh.T @ diag", "factor-extra"),
    ("- y[t]) @ h[k-1].T", "- y[t]) @ a[k-1].T", "factor-wrong"),
])
def test_a_mistake_in_a_formula_is_named(old: str, new: str, cause: str) -> None:
    assert old in SUM
    finding = check_formula(ELMAN, SUM.replace(old, new)).findings[0]
    assert finding.verdict == "wrong" and cause in finding.causes, finding
    assert finding.causes[0] == cause and dict(finding.beside)["should read"]


def test_a_factor_is_scaled() -> None:
    finding = check_formula(ELMAN, SUM.replace("= sum", "= 1 / T * sum")).findings[0]
    assert finding.verdict == "scaled" and finding.causes == ("mean-for-sum",) and finding.gradient == "W_hh"


def test_terms_that_differ_are_shown() -> None:
    finding = check_formula(ELMAN, SUM.replace("prod(j, k+1, t", "prod(j, k, t")).findings[0]
    assert all(size > 0 for size in finding.differing.values()) and len(finding.differing) == 10
    turned = check_formula(ELMAN, SUM.replace("prod(j", "rprod(j")).findings[0].differing
    assert {pair for pair, size in turned.items() if size} == {(3, 1), (4, 1), (4, 2)}


def test_derivatives_are_those_of_the_derivation() -> None:
    world = World(LSTM, REGIMES[0], 4, seed=3)
    data = world.data
    point = {"parameters": data.parameters, "inputs": data.inputs, "targets": data.targets, "states": data.states}
    form = derive.gradient(unroll.steps(LSTM, 4), "W_hf")
    for (t, k), term in form.evaluate(**point).items():
        np.testing.assert_allclose(world.term(t, k, "W_hf").reshape(term.shape), term, rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(world.read("dW_hf", None), form.total(**point), rtol=1e-11)


def test_functions_of_the_language() -> None:
    world = World(ELMAN, REGIMES[0], 4, seed=1)
    evaluator = Evaluator(world)

    def number(text: str) -> np.ndarray:
        return evaluator.value(written.side(text, ELMAN, ("t",)), {"t": 2})

    W = world.value("W_hh", None)
    for power in ("mpow(W_hh, t + 1)", "W_hh**(t + 1)", "W_hh @ W_hh ** 2"):
        np.testing.assert_allclose(number(power), W @ W @ W)
    np.testing.assert_allclose(number("prod(j, 1, t, W_hh)"), W @ W)
    np.testing.assert_allclose(number("prod(j, t, 1, W_hh)"), [[1.0]])
    np.testing.assert_allclose(number("sum(j, 1, 3, j * W_hh)"), 6 * W)
    np.testing.assert_allclose(number("sum(W_hh)"), [[W.sum()]])
    np.testing.assert_allclose(number("eye(H) @ h[t]"), world.value("h", 2))
    np.testing.assert_allclose(number("dot(h[t], h[1])"), world.value("h", 2).T @ world.value("h", 1))
    np.testing.assert_allclose(number("h[t+3]"), 0 * world.value("h", 1))


@pytest.mark.parametrize(("formula", "message"), [
    ("dW_hh", "two sides"), ("dW_hh = ", "column 7: expected a formula on both sides"), ("= h[t]", "column 1: expected"),
    ("dW_hh = W_hx", "did you mean 'W_xh'"), ("dW_hh = sum(t, 1, T)", "sum takes 1 or 4"), ("dW_hh = h[q]", "q is no index"),
    ("dW_hh = h[t*2]", "expected an index"), ("dW_hh = d(h[t] + 1, W_hh)", "a derivative is of and by variables"),
    ("dW_hh = sum(W_hh, 1, 2, 3, 4)", "sum takes 1 or 4"), ("dW_hh = frob(W_hh)", "unknown function"),
    ("dW_hh = sum(t, 1, 99999, 1)", "at most 8 steps"), ("dh[9] = 0", "at most 8 steps"), ("x[0] = h[1]", "left side"),
    ("dW_hh = __import__('os')", "not part of the language"), ("dW_hh = (1).real", "not part of the language"),
    ("dW_hh = sum(T, 1, 2, W_hh)", "cannot be the index"), ("d = 0", "no variable"),
    ("dhh = 0", "column 1: .* did you mean 'dh'"),
    ("dh[t] = h[:]", "column 9: .* has no meaning"), ("dh[t] = h", "column 9: h has a value for each step"),
    ("dh[t] = softmax(2)", "column 9: .* softmax of a number"), ("dh[t] = W_hh**(t/2) @ h[t]", "column 9: .* whole numbers"),
    ("dh[t] = W_xh**2 @ x[t]", "column 9: .* only a square matrix"), ("dx[t] = x[0]", "column 9: there is no x.0.; steps run"),
    ("dh[t] = max(h[t])", "column 9: unknown function 'max'; known"), ("dh[t] = ReLU(h[t])", "did you mean 'relu'"),
    ("dh[t] = W_ho^T @ do[t]", "column 13: '.' is not part"), ("da[t] = σ(q) ⊙ dh[t]", "column 11: q is no index"),
    ("dh[t] = sum(n, 1, N, h[t])", "column 19: formulas are for one sample"),
    ("dh[t] = h[t, n]", "column 12: a value has one index"),
    ("dh[t] = concat()", "column 9: concat takes"), ("dh[t] = eye(h[t])", "column 13: eye expects a dimension"),
    ("dh[t] = h[t+3] + 1", "column 9: .* there is no h"),
])
def test_what_is_no_formula(formula: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        check_formula(ELMAN, formula)


@pytest.mark.parametrize(("formula", "reading"), [
    ("x[t] = W_hh**2 @ x[t]", "W_hh\\*\\*2 is the matrix power"), ("x[t] = h[t]**2", "entry by entry"),
    ("x[t] = W_hh * W_hh @ h[t]", "@ is the matrix product"), ("x[t] = h[t] / a[t]", "divides entry by entry"),
    ("x[t] = h[0]", "step 0 is the initial state"), ("h[t] = h[t]", "says nothing"),
    ("x[t] = d(h[t], h[t-1]) @ h[t]", "held fixed"),
])
def test_what_was_read_is_told(formula: str, reading: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "SECONDS", 0.1)
    (_, note) = check_formula(ELMAN, formula).notes
    assert re.search(reading, note), note


def test_a_matrix_to_the_power_of_a_distance() -> None:
    model = kinds.MATRIX_POWER
    found = check_formula(model, "dh[t] = sum(i, t, T, (W_hh.T)**(T-i) @ W_qh.T @ do[T+t-i])")
    assert found.ok and "matrix power" in found.notes[1]


@pytest.mark.parametrize(("model", "formula"), [
    (ELMAN, "dh[t] = sum(k, t, T, prod(j, t+1, k, W_hh.T @ diag(1 - h[j]**2)) @ W_ho.T @ do[k])"),
    (ELMAN, "dh[t].T = do[t].T @ W_ho + (dh[t+1] * (1 - h[t+1]**2)).T @ W_hh"),
    (ELMAN, "dh[t] = (do[t].T @ W_ho).T + W_hh.T @ (slope(tanh, a[t+1]) * dh[t+1])"),
    (ELMAN, "dW_hh = sum(t, 2, T, outer(da[t], h[t-1])) + da[1] @ h[0].T"),
    (ELMAN, "dW_hh = sum(k, 0, T-1, da[k+1] @ h[k].T)"),
    (ELMAN, "da[t] = dh[t] - h[t] * h[t] * dh[t]"),
    (ELMAN, "da[t] = tanh'(a[t]) ⊙ dh[t]"),
    (ELMAN, "D(h[t], W_hh) = sum(k, 1, t, rprod(j, k+1, t, d(h[j], h[j-1])) @ d(h[k], W_hh))"),
    (LSTM, "da_f[t] = f[t] * dc[t] * c[t-1] - f[t]**2 * dc[t] * c[t-1]"),
    (LSTM, "dc[t] = sum(k, t, T, prod(j, t+1, k, diag(f[j])) @ (dh[k] * q[k] * (1 - tanh(c[k])**2)))"),
    (kinds.MATRIX_STATE, "dS[t] = do[t] @ k[t].T + dS[t+1] @ (eye(K) - b[t+1] * k[t+1] @ k[t+1].T)"),
    (kinds.MATRIX_STATE, "dw = sum(t, 1, T, b[t] * v[t] * (dS[t] @ k[t]))"),
    (kinds.AT_LAST, "dh[T] = 2 * (h[T] - y[T]) / N"),
    (kinds.AT_LAST, "dh[t] = d(L[t], h[t]).T + w * dh[t+1]"),
    (symbptt.load("deep_feedforward"), "dW[t] = dz[t] @ h[t-1].T"),
    (symbptt.load("jordan"), "dp[t] = W_ph.T @ (dh[t+1] * h[t+1] * (1 - h[t+1]))"),
])
def test_right_in_another_shape(model: Model, formula: str) -> None:
    found = check_formula(model, formula)
    assert found.ok and found.findings[0].error < 1e-12, str(found)


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("model", "formula", "cause"), [
    (ELMAN, "dh[t] = W_ho.T @ do[t] + W_hh.T @ dh[t+1]", "slope-missing"),
    (ELMAN, "dh[t] = W_ho.T @ do[t] * (W_hh.T @ da[t+1])", "operator-wrong"),
    (ELMAN, "dh[t] = W_ho.T @ do[t] * W_hh.T @ da[t+1]", "operator-wrong"),
    (ELMAN, "da[t] = dh[t] * h[t]", "slope-wrong"),
    (ELMAN, "da[t] = dh[t] * (1 - h[t-1]**2)", "slope-argument"),
    (ELMAN, "da[t] = dh[t] / (1 - h[t]**2)", "operator-wrong"),
    (ELMAN, "dW_hh = sum(t, 1, T, da[t] @ h[t-2].T)", "off-by-one"),
    (ELMAN, "D(h[t], W_hh) = d(h[t], W_hh)", "route-missing"),
    (LSTM, "dc[t] = dh[t] * q[t] * (1 - c[t]**2) + f[t+1] * dc[t+1]", "slope-argument"),
    (LSTM, "dc[t] = dh[t] * q[t] * (1 - tanh(c[t])**2) + dc[t+1]", "factor-missing"),
    (symbptt.load("gru"), "dW_hn = sum(t, 1, T, da_n[t] @ (r[t] * r[t]).T)", "factor-wrong"),
    (symbptt.load("gru"), "dW_hz = sum(t, 1, T, da_r[t] @ h[t-1].T)", "factor-wrong"),
    (kinds.MATRIX_STATE, "dS[t] = do[t] @ k[t] + dS[t+1] @ (eye(K) - b[t+1] * k[t+1] @ k[t+1].T)",
     "transpose-missing"),
    (kinds.AT_LAST, "dw = sum(t, 1, T, dh[t] * h[t])", "off-by-one"),
])
def test_one_token_away(model: Model, formula: str, cause: str) -> None:
    begun = time.process_time()
    finding = check_formula(model, formula).findings[0]
    assert finding.causes[0] == cause and time.process_time() - begun < 8, finding
    repaired = dict(finding.beside)["should read"]
    assert check_formula(model, repaired).ok and repaired != formula


def test_where_nothing_fits_the_derivation_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "SECONDS", 0.5)
    finding = check_formula(ELMAN, "da[t] = W_hh.T @ h[t] + h[t] * softmax(a[t])").findings[0]
    assert not finding.causes and dict(finding.beside)["derivation"] == "da[t] = dh[t] * (1 - h[t]**2)"
    finding = check_formula(ELMAN, "dh[t] = W_ho.T @ do[t] + W_hh.T @ softmax(x[t] @ x[t].T @ x[t])").findings[0]
    assert "the derivation has da[t+1] there" in finding.note and finding.causes == ("shapes-unfit",)


def test_two_formulas_and_a_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.txt"
    file.write_text("# mine\ndb_h = sum(t, 1, T, da[t])\n\ndb_o = sum(t, 1, T, do[t])  # by heart\n")
    assert main(["diagnose", "elman", "--formula", f"@{file}"]) == 0
    assert main(["diagnose", "elman", "--formula", f"@{file}", "--formula", "da[t] = dh[t]"]) == 1
    file.write_text("db_h = q")
    with pytest.raises(BadInput, match=r"mine.txt, line 1, column 8: q is no index"):
        formulas(ELMAN, [f"@{file}"])
    with pytest.raises(BadInput, match="cannot be read"):
        formulas(ELMAN, [f"@{tmp_path}"])


def test_a_model_without_a_loss() -> None:
    with pytest.raises(BadInput, match="no loss"):
        check_formula(symbptt.load("elman", loss="none"), "dW_hh = W_hh")
