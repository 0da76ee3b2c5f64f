"""Batch normalisation from training to inference: moving averages, against a plain NumPy implementation."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from symbptt import data, emit, verify
from symbptt.model import define, read
from symbptt.model.values import Model, Role

Array = NDArray[Any]
EPS = 1e-5
STYLES = pytest.mark.parametrize("options", ({}, {"style": "plain"}, {"T": 3, "unroll": True}), ids=("fast", "plain", "unrolled"))


def module(model: Model, **options: Any) -> Any:
    made = ModuleType("emitted")
    exec(compile(emit.source(model, **options).text, "emitted", "exec"), made.__dict__)
    return made


def recurrent() -> Model:
    """Two normalisations in one cell, one of them of an input alone."""
    return define.model(
        name="m", inputs={"x": "D"}, states={"h": "H"}, parameters={"W": "H D", "U": "H H", "g": "H"}, targets={"y": "H"},
        equations={"a": "batch_norm(W @ x) + g * batch_norm(U @ h[t-1], eps=0.001)", "h": "tanh(a)"}, loss="squared_error(h, y)",
    )


def plain(p: dict[str, Array], x: Array, h: Array, moving: dict[str, Array] | None) -> tuple[Array, dict[str, Array]]:
    """The recurrence by hand: with statistics of the batch, or with those given."""
    found: dict[str, list[Array]] = {name: [] for name in ("a_mean", "a_variance", "a_mean_2", "a_variance_2")}

    def normal(z: Array, eps: float, suffix: str, t: int) -> Array:
        if moving is None:
            mean, variance = z.mean(axis=0), ((z - z.mean(axis=0)) ** 2).mean(axis=0)
            found["a_mean" + suffix].append(mean)
            found["a_variance" + suffix].append(variance)
        else:
            mean, variance = moving["a_mean" + suffix][t], moving["a_variance" + suffix][t]
        return (z - mean) / np.sqrt(variance + eps)

    outputs = []
    for t in range(len(x)):
        h = np.tanh(normal(x[t] @ p["W"].T, EPS, "", t) + p["g"] * normal(h @ p["U"].T, 0.001, "_2", t))
        outputs.append(h)
    return np.stack(outputs), {name: np.stack(values) for name, values in found.items() if values}


@STYLES
def test_training_and_inference_are_those_of_plain_numpy(options: dict[str, Any]) -> None:
    model = recurrent()
    training, inference = module(model, **options), module(read.load(model, training=False), **options)
    given = data.random(model, T=3, N=8)
    p, moving, expected = dict(given.parameters), None, {}
    rng = np.random.default_rng(1)
    for step in range(30):
        x, h = rng.normal(size=(3, 8, 3)) * 1.5 + 0.5, rng.normal(size=(8, 4))
        outputs, residuals = training.forward(p, {"x": x}, {"h": h})
        by_hand, statistics = plain(p, x, h, None)
        np.testing.assert_allclose(outputs["h"], by_hand, rtol=1e-12)
        before = None if moving is None else {name: value.copy() for name, value in moving.items()}
        moving, last = training.moving_averages(moving, residuals, momentum=0.8), moving
        assert last is None or all((last[name] == before[name]).all() for name in last)  # type: ignore[index]
        for name, value in statistics.items():
            expected[name] = value if step == 0 else 0.8 * expected[name] + 0.2 * value
            np.testing.assert_allclose(moving[name], expected[name], rtol=1e-11)
    assert moving is not None and set(moving) == set(inference.BUFFERS)
    outputs, _ = inference.forward({**p, **moving}, given.inputs, given.states)
    np.testing.assert_allclose(outputs["h"], plain(p, given.inputs["x"], given.states["h"], expected)[0], rtol=1e-11)


@STYLES
def test_with_the_statistics_of_the_batch_inference_is_training(options: dict[str, Any]) -> None:
    """And a sample alone then gives what it gave in its batch."""
    model = read.load("deep_feedforward_batch_norm")
    training, inference = module(model, **options), module(read.load(model, training=False), **options)
    given = data.random(model, T=3, N=6)
    outputs, residuals = training.forward(given.parameters, {}, given.states)
    parameters = {**given.parameters, **training.moving_averages(None, residuals)}
    same, _ = inference.forward(parameters, {}, given.states)
    np.testing.assert_allclose(same["h"], outputs["h"], rtol=1e-12)
    alone, _ = inference.forward(parameters, {}, {"h": given.states["h"][2:3]})
    np.testing.assert_allclose(alone["h"], outputs["h"][:, 2:3], rtol=1e-12)


def test_the_momentum_is_nine_tenths() -> None:
    training = module(read.load("deep_feedforward_batch_norm"))
    given = data.random(read.load("deep_feedforward_batch_norm"), T=2, N=4)
    _, residuals = training.forward(given.parameters, {}, given.states)
    first = training.moving_averages(None, residuals)
    shifted = {name: value + 1 for name, value in first.items()}
    for name, value in training.moving_averages(shifted, residuals).items():
        np.testing.assert_allclose(value, first[name] + 0.9, rtol=1e-12)


@pytest.mark.parametrize("make", (recurrent, lambda: read.load("deep_feedforward_batch_norm")))
def test_gradients_of_an_inference_module(make: Any) -> None:
    model = read.load(make(), training=False)
    assert {v.role for v in model.buffers} == {Role.BUFFER}
    assert {v.name: v.shape for v in model.buffers} == module(model).BUFFERS
    assert max(module(model, wrt="all").self_check().values()) < 1e-11
    report = verify.gradients(model, dims={"H": 2}, T=3)
    assert report.ok, report.table()


def test_the_text_says_that_it_is_for_inference() -> None:
    model = read.load("deep_feedforward_batch_norm", training=False)
    assert "training = false" in model.text and model.options == "--inference"
    assert read.from_text(model.text, "deep_feedforward_batch_norm.toml") == model
    assert read.load(model, training=True).equations == read.load("deep_feedforward_batch_norm").equations
    assert read.load("elman", training=False) == read.load("elman")
    assert not hasattr(module(model), "moving_averages") and not hasattr(module(read.load("elman")), "moving_averages")


def test_a_scalar_is_normalised() -> None:
    model = define.model(name="m", inputs={"x": ""}, states={"h": ""}, equations={"h": "batch_norm(x) + h[t-1]"})
    training, inference = module(model), module(read.load(model, training=False))
    x = np.random.default_rng(0).normal(size=(3, 5))
    outputs, residuals = training.forward({}, {"x": x})
    moving = training.moving_averages({}, residuals)
    assert {name: value.shape for name, value in moving.items()} == {"h_mean": (3,), "h_variance": (3,)}
    np.testing.assert_allclose(inference.forward(moving, {"x": x})[0]["h"], outputs["h"], rtol=1e-12)
