"""Truncated code against the sum of the terms that it keeps, step by step and in total."""

from __future__ import annotations

import subprocess
import sys
import types
from dataclasses import replace

import numpy as np
import pytest

import symbptt
from symbptt import data, derive, emit, unroll
from symbptt.errors import BadInput
from symbptt.model.values import Role

SCHEMES = [(1, 1), (1, 3), (1, 7), (1, 50), (2, 2), (3, 5), (4, 2), (7, 3), (10, 4)]
LAGGED = """
title = "a loss that looks back"
[inputs]
x = "D"
[states]
h = "H"
c = "H"
[parameters]
W = "H H"
U = "H D"
v = "H"
[targets]
y = "H"
[equations]
g = "sigmoid(W @ h[t-1] + U @ x)"
c = "g * c[t-1] + U @ x"
h = "tanh(c)"
[loss]
step = "squared_error(h + 0.5 * c[t-1] + v * g, y) + 0.1 * sum(v * v)"
"""


def _module(model, **options):
    source = emit.source(model, wrt="all", **options)
    made = types.ModuleType("truncated")
    exec(compile(source.text, source.path, "exec"), made.__dict__)
    return made


def kept(t, k, k1, k2):
    return k > k1 * -(-t // k1) - k2


def _expected(model, drawn, k1, k2):
    """Sums of the kept terms, in the shapes of the gradients."""
    graph, found = unroll.steps(model, drawn.T), {}
    for v in model.of(Role.PARAMETER, Role.INPUT, Role.STATE):
        if v.classes:
            continue
        terms = derive.gradient(graph, v.name).evaluate(
            drawn.parameters, drawn.inputs, drawn.targets, drawn.states, drawn.mask, drawn.weights
        )
        part = {pair: value for pair, value in terms.items() if kept(*pair, k1, k2)}
        zero = np.zeros_like(next(iter(terms.values())))
        if v.timed and v.role is not Role.STATE:
            found[v.name] = np.array([sum((x for (_, b), x in part.items() if b == k), zero) for k in range(1, drawn.T + 1)])
        else:
            found[v.name] = sum(part.values(), zero)
    return found


def _compare(model, drawn, scheme):
    module = _module(model, truncation=scheme)
    arguments = (drawn.parameters, drawn.inputs, drawn.targets, drawn.states, drawn.mask, drawn.weights)
    loss, gradients = module.value_and_grad(*arguments)
    whole, _ = _module(model, style="plain").value_and_grad(*arguments)
    assert loss == pytest.approx(whole, rel=1e-12), "the loss itself is not truncated"
    expected = _expected(model, drawn, *scheme)
    assert set(gradients) == set(expected)
    for name, value in expected.items():
        assert gradients[name].shape == value.shape, name
        np.testing.assert_allclose(gradients[name], value, rtol=1e-10, atol=1e-13, err_msg=f"{name} {scheme}")


@pytest.mark.sampled(4)
@pytest.mark.parametrize("scheme", SCHEMES, ids=str)
@pytest.mark.parametrize("name", ["elman", "lstm", "jordan", "deep_feedforward", "scalar"])
def test_truncated_code_is_the_sum_of_the_kept_terms(name, scheme):
    model = symbptt.load(name)
    _compare(model, data.random(model, T=7, N=2, seed=1), scheme)


@pytest.mark.parametrize("scheme", SCHEMES, ids=str)
def test_a_loss_that_reads_the_state_before(scheme):
    """What L_t takes from s_{t-1} directly is a term (t, t-1), and goes with it."""
    model = symbptt.model.read.from_text(LAGGED, "lagged")
    _compare(model, data.random(model, T=7, N=3, seed=2), scheme)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("scheme", [(1, 2), (3, 5)], ids=str)
@pytest.mark.parametrize(("name", "changes"), [("elman", {"loss": "mse"}), ("gru", {"layers": 2}), ("elman", {"freeze": True})])
def test_means_masks_and_layers(name, changes, scheme):
    model = symbptt.load(name, **changes)
    drawn = data.random(model, T=6, N=3, seed=3)
    mask = np.random.default_rng(0).integers(0, 2, (6, 3)).astype(float)
    _compare(model, replace(drawn, mask=mask, weights=np.linspace(0.5, 2.0, 6)), scheme)


def test_a_window_as_long_as_the_sequence_is_the_gradient():
    model = symbptt.load("gru")
    drawn = data.random(model, T=5, N=2)
    arguments = (drawn.parameters, drawn.inputs, drawn.targets, drawn.states)
    _, whole = _module(model).value_and_grad(*arguments)
    _, windowed = _module(model, truncation=(1, 5)).value_and_grad(*arguments)
    for name, value in whole.items():
        np.testing.assert_allclose(windowed[name], value, rtol=1e-10, atol=1e-14)


@pytest.mark.sampled(6)
@pytest.mark.parametrize("scheme", [(1, 2), (3, 4), (4, 2)], ids=str)
@pytest.mark.parametrize("loss", [None, "none"])
@pytest.mark.parametrize("name", [n for n in symbptt.names() if n != "mlp"])
def test_the_self_check_of_a_truncated_module(name, loss, scheme):
    model = symbptt.load(name, loss=loss) if loss else symbptt.load(name)
    assert max(_module(model, truncation=scheme).self_check(T=6).values()) < 1e-11


@pytest.mark.parametrize(("right", "wrong"), [
    ("_part(residuals, first, last), padded)", "_part(residuals, max(first - 1, 0), last - 1 + (first == 0)), padded)"),
    ("_late(c, start - first) for", "_late(1.001 * c, start - first) for"),
    ("d_h_next = d_a @ W_hh", "d_h_next = d_a @ W_hh * 1.001"),
])
def test_the_self_check_objects_to_corrupt_code(tmp_path, right, wrong):
    text = emit.source("elman", truncation=(1, 2)).text
    assert text.count(right) == 1
    path = tmp_path / "wrong.py"
    path.write_text(text.replace(right, wrong))
    done = subprocess.run([sys.executable, path], capture_output=True, text=True)
    assert done.returncode == 1 and "WRONG" in done.stdout


def test_the_file_runs_and_says_what_it_keeps(tmp_path):
    source = emit.source("lstm", truncation=(2, 4))
    assert source.path == "lstm_k2_4.py" and "--k1 2 --k2 4" in source.text and "K1, K2 = 2, 4" in source.text
    assert emit.source("lstm", truncation=(1, 4)).path == "lstm_window4.py"
    assert subprocess.run([sys.executable, source.write(tmp_path / "it.py")], capture_output=True).returncode == 0


@pytest.mark.parametrize("options", [
    {"truncation": (0, 3)}, {"truncation": (1, -1)}, {"truncation": (1.5, 2)}, {"truncation": (1, True)},
    {"truncation": (1, 2), "T": 3, "unroll": True}, {"truncation": (1, 2), "style": "fast"},
    {"truncation": (1, 2), "mode": "forward"}, {"mode": "sideways"}, {"mode": "forward", "style": "fast"},
    {"mode": "forward", "T": 3, "unroll": True},
])
def test_what_does_not_go_together(options):
    with pytest.raises(BadInput):
        emit.source("elman", **options)
