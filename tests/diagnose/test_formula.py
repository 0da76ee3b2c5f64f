"""Formulas: right ones, one mistake each, term by term; and what is no formula."""

from __future__ import annotations

import numpy as np
import pytest

import symbptt
from symbptt import derive, unroll
from symbptt.diagnose import check_formula
from symbptt.diagnose.formula import written
from symbptt.diagnose.formula.evaluate import Evaluator
from symbptt.diagnose.formula.world import REGIMES, World
from symbptt.errors import BadInput

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
    ("dW_hh", "two sides"), ("dW_hh = ", "found nothing"), ("dW_hh = W_hx", "did you mean"),
    ("dW_hh = sum(t, 1, T)", "sum takes 1 or 4"), ("dW_hh = h[q]", "q is no index"), ("dW_hh = h[t*2]", "expected an index"),
    ("dW_hh = d(h[t] + 1, W_hh)", "a derivative is of and by variables"), ("dW_hh = sum(W_hh, 1, 2, 3, 4)", "sum takes 1 or 4"),
    ("dW_hh = frob(W_hh)", "unknown function"), ("dW_hh = sum(t, 1, 99999, 1)", "at most 8 steps"),
    ("dh[9] = 0", "at most 8 steps"), ("x[0] = h[1]", "left side"),
    ("dW_hh = __import__('os')", "not part of the language"), ("dW_hh = (1).real", "not part of the language"),
    ("dW_hh = sum(T, 1, 2, W_hh)", "cannot be the index"), ("d = 0", "no variable"),
    ("dhh = 0", "column 1: unknown variable 'dhh'; did you mean 'dh'"),
])
def test_what_is_no_formula(formula: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        check_formula(ELMAN, formula)


def test_a_model_without_a_loss() -> None:
    with pytest.raises(BadInput, match="no loss"):
        check_formula(symbptt.load("elman", loss="none"), "dW_hh = W_hh")
