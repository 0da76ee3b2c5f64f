"""The nested form as code: equal to the backward recursion, with a jvp that is the transpose of the vjp."""

from __future__ import annotations

import tracemalloc
import types

import numpy as np
import pytest

import symbptt
from symbptt import data, emit
from symbptt.model.read import from_text

LEARNED = """
title = "learned start, two states, everything in one vector"
[inputs]
x = "D"
[states]
h = "H"
[parameters]
W = "H H+D"
start = "H"
k = ""
[targets]
y = "H"
[equations]
h = "k * tanh(W @ concat(h[t-1], x))"
[loss]
step = "squared_error(h, y) + 0.1 * k * k"
[initial]
h = "start"
"""


def _module(model, **options):
    source = emit.source(model, wrt="all", **options)
    made = types.ModuleType("nested")
    exec(compile(source.text, source.path, "exec"), made.__dict__)
    return made


def _arguments(drawn):
    return drawn.parameters, drawn.inputs, drawn.targets, drawn.states


@pytest.mark.sampled(5)
@pytest.mark.parametrize("name", symbptt.names())
def test_forward_mode_equals_backpropagation(name):
    model = symbptt.load(name)
    drawn = data.random(model, T=5, N=3, seed=1)
    loss, gradients = _module(model, mode="forward").value_and_grad(*_arguments(drawn))
    other, expected = _module(model, style="plain").value_and_grad(*_arguments(drawn))
    assert loss == pytest.approx(other, rel=1e-13) and set(gradients) == set(expected)
    for key, value in expected.items():
        assert gradients[key].shape == value.shape and gradients[key].dtype == value.dtype
        np.testing.assert_allclose(gradients[key], value, rtol=1e-9, atol=1e-12 * max(1, abs(value).max()))


@pytest.mark.parametrize("name", symbptt.names())
def test_the_jvp_is_the_transpose_of_the_vjp_and_a_complex_step(name):
    model = symbptt.load(name)
    module, rng = _module(model, mode="forward"), np.random.default_rng(0)
    drawn = data.random(model, T=4, N=2, seed=2)
    given = {**drawn.parameters, **drawn.inputs, **drawn.states}
    real = [key for key, value in given.items() if value.dtype.kind == "f" and key not in getattr(module, "BUFFERS", {})]
    tangents = {key: rng.standard_normal(given[key].shape) for key in real}
    outputs, rates = module.jvp(drawn.parameters, drawn.inputs, tangents, drawn.states)
    moved = [{key: value + 1e-30j * tangents[key] if key in tangents else value for key, value in part.items()}
             for part in (drawn.parameters, drawn.inputs, drawn.states)]
    stepped, _ = module.forward(*moved)
    for key, value in outputs.items():
        assert rates[key].shape == value.shape
        np.testing.assert_allclose(rates[key], stepped[key].imag / 1e-30, rtol=1e-9, atol=1e-12)
    _, residuals = module.forward(drawn.parameters, drawn.inputs, drawn.states)
    gradients = module.backward(drawn.parameters, residuals, drawn.cotangents)
    left = sum((drawn.cotangents[key] * rates[key]).sum() for key in outputs)
    right = sum((gradients[key] * tangents[key]).sum() for key in tangents)
    assert left == pytest.approx(right, rel=1e-9)


def test_the_directional_derivative_of_the_loss():
    model = symbptt.load("lstm")
    module, rng = _module(model, mode="forward"), np.random.default_rng(0)
    drawn = data.random(model, T=4, N=2)
    direction = {key: rng.standard_normal(value.shape) for key, value in drawn.parameters.items()}
    mask, weights = np.array([[1.0, 0.0]] * 4), np.arange(1.0, 5.0)
    loss, rate = module.value_and_jvp(*_arguments(drawn)[:3], direction, drawn.states, mask, weights)
    other, gradients = module.value_and_grad(*_arguments(drawn), mask, weights)
    assert loss == other and rate == pytest.approx(sum((gradients[k] * v).sum() for k, v in direction.items()), rel=1e-10)
    assert module.value_and_jvp(*_arguments(drawn)[:3], {}, drawn.states)[1] == 0


def test_learned_starts_concatenation_and_scalars():
    model = from_text(LEARNED, "learned")
    drawn = data.random(model, T=4, N=2)
    module = _module(model, mode="forward")
    _, gradients = module.value_and_grad(drawn.parameters, drawn.inputs, drawn.targets)
    _, expected = _module(model, style="plain").value_and_grad(drawn.parameters, drawn.inputs, drawn.targets)
    for key, value in expected.items():
        np.testing.assert_allclose(gradients[key], value, rtol=1e-10, atol=1e-13, err_msg=key)
    direction = {"start": np.ones(4), "k": np.array(1.0)}
    _, rate = module.value_and_jvp(drawn.parameters, drawn.inputs, drawn.targets, direction)
    assert rate == pytest.approx(expected["start"].sum() + expected["k"], rel=1e-10)


@pytest.mark.sampled(5)
@pytest.mark.parametrize("loss", [None, "none"])
@pytest.mark.parametrize("name", symbptt.names())
def test_the_self_check(name, loss):
    model = symbptt.load(name, loss=loss) if loss else symbptt.load(name)
    assert max(_module(model, mode="forward").self_check().values()) < 1e-11


def test_what_is_carried_does_not_grow_with_the_number_of_steps():
    module = _module(symbptt.load("elman"), mode="forward")
    peaks = []
    for T in (40, 160):
        drawn = data.random(symbptt.load("elman"), {"H": 16}, T=T, N=1)
        residuals = module.forward(drawn.parameters, drawn.inputs)[1]
        cotangents = {"h": np.ones((T + 1, 1, 16))}
        module._rate(drawn.parameters, residuals, cotangents, {"W_hh": np.eye(256).reshape(256, 16, 16)})
        tracemalloc.start()
        module._rate(drawn.parameters, residuals, cotangents, {"W_hh": np.eye(256).reshape(256, 16, 16)})
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]


def test_unknown_directions():
    module = _module(symbptt.load("elman"), mode="forward")
    drawn = data.random(symbptt.load("elman"), T=2)
    with pytest.raises(ValueError, match="W_h_h"):
        module.jvp(drawn.parameters, drawn.inputs, {"W_h_h": np.eye(4)})


def test_a_value_that_nothing_moves_has_a_tangent_of_zeros() -> None:
    """The spread of a batch_norm with moving averages is a number."""
    model = from_text(
        'training = false\n[inputs]\nx = "O"\n[states]\nh = "O"\n[parameters]\nw = "O"\n[targets]\ny = "O"\n'
        '[equations]\nh = "w * x + batch_norm(h[t-1])"\n[loss]\nstep = "squared_error(batch_norm(h[t-1]), y)"', "still.toml",
    )  # fmt: skip
    drawn = data.random(model, T=3, N=2)
    values = [_module(model, **options).value_and_grad(*_arguments(drawn)) for options in ({}, {"mode": "forward"})]
    for name, gradient in values[0][1].items():
        np.testing.assert_allclose(values[1][1][name], gradient, rtol=1e-11, atol=1e-13)
