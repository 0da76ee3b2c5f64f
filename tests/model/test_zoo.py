"""Every built-in model file, and the cells against a few lines of NumPy each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from symbptt import analyze
from symbptt.model import read
from symbptt.model.values import Role

Array = NDArray[Any]
P = dict[str, Array]
Walk = Callable[..., dict[tuple[str, int], Array]]
EVERY_MODEL = True
DIMS = {"D": 2, "H": 3, "O": 4, "K": 5, "V": 4, "E": 3, "N": 2, "P": 4, "R": 2, "B": 3, "M": 2}


@pytest.mark.parametrize("name", read.names())
def test_a_model_file_is_complete(name: str) -> None:
    model = read.load(name)
    assert model.name == name
    assert model.title and model.reference and model.loss is not None
    chinese = next(told for told in model.translations if told.language == "zh")
    assert chinese.title and len(chinese.notes) == len(model.notes)
    for variable in model.variables:
        if variable.definition is None and variable.role is not Role.LOSS:
            assert set(dict(variable.description)) >= {"en", "zh"}, variable.name


@pytest.mark.parametrize("name", ("elman", "jordan", "lstm", "gru", "gru_reset_after"))
def test_the_classical_cells_have_the_dimensions_and_the_readout_of_elman(name: str) -> None:
    model = read.load(name)
    assert model.dimensions == ("D", "H", "O")
    assert (model["W_ho"].shape, model["b_o"].shape, model["o"].shape) == (("O", "H"), ("O",), ("O",))
    assert model.loss is not None and (model.loss.name, model.loss.at) == ("softmax_cross_entropy", "every")


@pytest.mark.sampled(5)
@pytest.mark.parametrize("name", read.names())
@pytest.mark.parametrize(("T", "N"), ((1, 1), (3, 2)))
def test_a_walk_gives_a_finite_loss(name: str, T: int, N: int, walk: Walk, random: Walk) -> None:
    model = read.load(name)
    values = walk(model, random(model, DIMS, T, N), DIMS, T)
    assert values["L", T].shape == (N, 1, 1)
    assert np.isfinite(values["L", T]).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", read.names())
def test_the_first_values_let_the_gradient_through(name: str) -> None:
    """A scale that starts at zero would hide all that stands before it."""
    found = analyze.flow(name, 8)
    assert [note for note in found.notes if "exactly zero" in note] == []


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def elman(p: P, x: Array, s: P) -> P:
    return {"h": np.tanh(p["W_xh"] @ x + p["W_hh"] @ s["h"] + p["b_h"])}


def jordan(p: P, x: Array, s: P) -> P:
    o = p["W_ho"] @ sigmoid(p["W_xh"] @ x + p["W_ph"] @ s["p"] + p["b_h"]) + p["b_o"]
    return {"p": np.exp(o) / np.exp(o).sum()}


def irnn(p: P, x: Array, s: P) -> P:
    return {"h": np.maximum(0, p["W_xh"] @ x + p["W_hh"] @ s["h"] + p["b_h"])}


def indrnn(p: P, x: Array, s: P) -> P:
    return {"h": np.maximum(0, p["W_xh"] @ x + p["u"] * s["h"] + p["b_h"])}


def lstm(p: P, x: Array, s: P) -> P:
    i, f, g, q = (p[f"W_x{k}"] @ x + p[f"W_h{k}"] @ s["h"] + p[f"b_{k}"] for k in "ifgq")
    c = sigmoid(f) * s["c"] + sigmoid(i) * np.tanh(g)
    return {"c": c, "h": sigmoid(q) * np.tanh(c)}


def lstm_peephole(p: P, x: Array, s: P) -> P:
    i, f, g, q = (p[f"W_x{k}"] @ x + p[f"W_h{k}"] @ s["h"] + p[f"b_{k}"] for k in "ifgq")
    c = sigmoid(f + p["p_f"] * s["c"]) * s["c"] + sigmoid(i + p["p_i"] * s["c"]) * np.tanh(g)
    return {"c": c, "h": sigmoid(q + p["p_q"] * c) * np.tanh(c)}


def lstm_coupled(p: P, x: Array, s: P) -> P:
    i, g, q = (p[f"W_x{k}"] @ x + p[f"W_h{k}"] @ s["h"] + p[f"b_{k}"] for k in "igq")
    c = (1 - sigmoid(i)) * s["c"] + sigmoid(i) * np.tanh(g)
    return {"c": c, "h": sigmoid(q) * np.tanh(c)}


def gru(p: P, x: Array, s: P) -> P:
    z, r = (sigmoid(p[f"W_x{k}"] @ x + p[f"W_h{k}"] @ s["h"] + p[f"b_{k}"]) for k in "zr")
    n = np.tanh(p["W_xn"] @ x + p["W_hn"] @ (r * s["h"]) + p["b_n"])
    return {"h": z * s["h"] + (1 - z) * n}


def gru_reset_after(p: P, x: Array, s: P) -> P:
    z, r = (sigmoid(p[f"W_x{k}"] @ x + p[f"W_h{k}"] @ s["h"] + p[f"b_{k}"]) for k in "zr")
    n = np.tanh(p["W_xn"] @ x + p["b_xn"] + r * (p["W_hn"] @ s["h"] + p["b_hn"]))
    return {"h": (1 - z) * n + z * s["h"]}


def mgu(p: P, x: Array, s: P) -> P:
    f = sigmoid(p["W_f"] @ np.concatenate([s["h"], x]) + p["b_f"])
    n = np.tanh(p["W_n"] @ np.concatenate([f * s["h"], x]) + p["b_n"])
    return {"h": (1 - f) * s["h"] + f * n}


def leaky(p: P, x: Array, s: P) -> P:
    a = p["W_xh"] @ x + p["W_hh"] @ s["h"] + p["b_h"]
    return {"h": (1 - p["leak"]) * s["h"] + p["leak"] * np.tanh(a)}


def residual_rnn(p: P, x: Array, s: P) -> P:
    return {"h": s["h"] + np.tanh(p["W_xh"] @ x + p["W_hh"] @ s["h"] + p["b_h"])}


def linear(p: P, x: Array, s: P) -> P:
    return {"h": p["A"] @ s["h"] + p["B"] @ x}


def scalar(p: P, x: Array, s: P) -> P:
    return {"h": np.tanh(p["u"] * x + p["w"] * s["h"] + p["b"])}


SIMPLE = (elman, jordan, irnn, indrnn, leaky, residual_rnn, linear, scalar)
GATED = (lstm, lstm_peephole, lstm_coupled, gru, gru_reset_after, mgu)


@pytest.mark.parametrize("cell", SIMPLE + GATED, ids=lambda cell: cell.__name__)
def test_the_states_are_those_of_an_independent_cell(cell: Callable[..., P], walk: Walk, random: Walk) -> None:
    model = read.load(cell.__name__)
    given = random(model, DIMS, 3, 1, seed=1)
    values = walk(model, given, DIMS, 3)
    parameters = {v.name: given[v.name, 0][0] for v in model.parameters}
    state = {v.name: given[v.name, 0][0] for v in model.states}
    for t in (1, 2, 3):
        state = cell(parameters, given["x", t][0], state)
        for name, value in state.items():
            np.testing.assert_allclose(values[name, t][0], value, rtol=1e-13, atol=1e-13)


def test_layers_are_steps_of_the_deep_networks(walk: Walk, random: Walk) -> None:
    T, N = 3, 5
    for name in ("deep_feedforward", "deep_feedforward_batch_norm"):
        model = read.load(name)
        given = random(model, DIMS, T, N)
        values = walk(model, given, DIMS, T)
        h = given["h", 0]
        for t in range(1, T + 1):
            z = given["W", t] @ h
            if name == "deep_feedforward":
                z = z + given["b", t]
            else:
                z = given["gamma", t] * (z - z.mean(axis=0)) / np.sqrt(z.var(axis=0) + 1e-5) + given["beta", t]
            h = sigmoid(z)
            np.testing.assert_allclose(values["h", t], h, rtol=1e-12)
        np.testing.assert_allclose(values["L", T][:, 0, 0], 0.5 * ((h - given["y", T]) ** 2).sum(axis=(1, 2)), rtol=1e-12)
        assert ("L", 1) not in values


def test_the_perceptron_has_layers_of_unequal_width(walk: Walk, random: Walk) -> None:
    model = read.load("mlp")
    given = random(model, DIMS, 1, 1)
    p = {v.name: given[v.name, 0] for v in model.parameters}
    h = np.maximum(0, p["W_1"] @ given["x", 1] + p["b_1"])
    h = np.maximum(0, p["W_2"] @ h + p["b_2"])
    np.testing.assert_allclose(walk(model, given, DIMS)["o", 1], p["W_3"] @ h + p["b_3"], rtol=1e-13)
    assert model.states == ()


def test_the_identity_starts_the_irnn_and_untied_parameters_are_marked() -> None:
    assert read.load("irnn")["W_hh"].init == "identity"
    assert [v.tied for v in read.load("deep_feedforward").parameters] == [False, False]
