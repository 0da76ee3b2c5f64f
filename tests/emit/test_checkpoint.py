"""Gradients of segments that run again are those of the whole sequence, at any length of the segments."""

from __future__ import annotations

import types
from typing import Any

import numpy as np
import pytest
from segmented import MODELS

from symbptt import data, emit
from symbptt.errors import BadInput
from symbptt.model import define, read
from symbptt.model.values import Model


def module(model: Model, **options: Any) -> types.ModuleType:
    made = types.ModuleType(model.name)
    exec(emit.source(model, wrt="all", checkpoint=True, **options).text, made.__dict__)  # our own text
    return made


@pytest.mark.sampled(5)
@pytest.mark.parametrize("style", ["fast", "plain"])
@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name + m.options)
def test_segments_change_nothing(model: Model, style: str) -> None:
    made = module(model, style=style)
    T = 7
    drawn = data.random(model, T=T, N=2, seed=3)
    random = np.random.default_rng(4)
    mask, weights = (random.random((T, 2)) < 0.8) * 1.0, random.uniform(0.5, 1.5, T)
    arguments = (drawn.parameters, drawn.inputs, drawn.targets, drawn.states, mask, weights)
    loss, expected = made.value_and_grad(*arguments)
    for segments in (None, 1, 2, 3, T):
        found, gradients = made.value_and_grad_in_segments(*arguments, segments=segments)
        assert found == pytest.approx(loss, rel=1e-12) and gradients.keys() == expected.keys()
        for name, wanted in expected.items():
            assert gradients[name].shape == wanted.shape
            np.testing.assert_allclose(gradients[name], wanted, rtol=1e-11, atol=1e-12 * max(1.0, np.abs(wanted).max()))


@pytest.mark.parametrize("segments", [0, -1, 2.5, "3"])
def test_a_number_of_segments_that_there_cannot_be(segments: Any) -> None:
    drawn, made = data.random(read.load("elman"), T=4, N=2), module(read.load("elman"))
    with pytest.raises(ValueError, match=r"segments is .*, expected an integer of at least 1"):
        made.value_and_grad_in_segments(drawn.parameters, drawn.inputs, drawn.targets, segments=segments)


def test_no_steps_have_no_loss_and_zero_gradients() -> None:
    drawn, made = data.random(read.load("elman"), T=1, N=2), module(read.load("elman"))
    none = [{name: array[:0] for name, array in group.items()} for group in (drawn.inputs, drawn.targets)]
    loss, gradients = made.value_and_grad_in_segments(drawn.parameters, *none)
    assert loss == 0 and gradients.keys() == made.value_and_grad(drawn.parameters, *none)[1].keys()
    assert not any(np.any(gradient) for gradient in gradients.values())


STILL = define.model(
    name="still", states={"h": "H"}, parameters={"W": "H H"}, equations={"h": "tanh(W @ h[t-1])"}, loss="sum(h * h)",
)


def test_states_come_with_the_gradients_asked_for() -> None:
    made = types.ModuleType("lstm")
    exec(emit.source("lstm", wrt="W_hf", checkpoint=True).text, made.__dict__)  # our own text
    drawn = data.random(read.load("lstm"), T=5, N=2)
    _, gradients = made.value_and_grad_in_segments(drawn.parameters, drawn.inputs, drawn.targets)
    assert set(gradients) == {"W_hf", "h", "c"}


@pytest.mark.parametrize(("model", "options", "message"), [
    ("elman", {"T": 3, "unroll": True}, "checkpoints are for loops"),
    ("elman", {"backend": "jax", "truncation": (1, 2)}, "checkpoints are for loops"),
    ("elman", {"mode": "forward"}, "checkpoints are for loops"), (read.load("elman", loss="none"), {}, "has no loss"),
    (STILL, {}, "no input, no parameter of each step"), (STILL, {"style": "plain"}, "still has none"),
    (STILL, {"backend": "jax"}, "still has none"), (STILL, {"backend": "torch"}, "still has none"),
])
def test_what_has_no_segments_is_refused(model: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        emit.source(model, checkpoint=True, **options)
