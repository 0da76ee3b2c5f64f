"""`freeze`: masked steps keep every state and have no loss, so a padded sequence is the short one."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from symbptt import data, derive, emit, unroll, verify, words
from symbptt.errors import BadInput
from symbptt.model import define, read
from symbptt.model.values import Model, Role

Array = NDArray[Any]
LENGTHS = (5, 2, 4)


def module(model: Model) -> Any:
    made = ModuleType("emitted")
    exec(compile(emit.source(model, wrt="all").text, "emitted", "exec"), made.__dict__)
    return made


def mean(model: Model) -> Model:
    return read.from_text(model.text.replace('reduction = "sum"', 'reduction = "mean"'), f"{model.name}.toml")


def lagged() -> Model:
    return define.model(
        name="lagged", inputs={"x": "D"}, states={"h": "H"}, parameters={"W": "H D", "U": "H H", "V": "O H"}, targets={"y": "O"},
        equations={"h": "tanh(W @ x + U @ h[t-2] + h[t-1])", "o": "V @ h + V @ h[t-2]"}, loss="squared_error(o, y)",
    )


@pytest.mark.parametrize("name", ("elman", "lstm", "gru", "mgu"))
def test_every_state_keeps_its_value_where_the_mask_is_zero(name: str) -> None:
    model = read.load(name, freeze=True)
    given = data.random(model, T=5, N=3)
    mask = given.inputs["mask"] = (np.arange(5)[:, None] < LENGTHS).astype(float)  # type: ignore[index]
    outputs, _ = module(model).forward(given.parameters, given.inputs, given.states)
    for state in model.states:
        before = given.states[state.name]
        for t in range(5):
            now = outputs[state.name][t]
            np.testing.assert_array_equal(now[mask[t] == 0], before[mask[t] == 0])
            assert (now[mask[t] == 1] != before[mask[t] == 1]).any()
            before = now


@pytest.mark.parametrize("reduction", ("sum", "mean"))
@pytest.mark.parametrize("make", (lambda: read.load("lstm"), lagged), ids=("lstm", "a lag of two"))
def test_a_padded_batch_is_its_sequences_one_by_one(make: Any, reduction: str) -> None:
    """Loss, gradients and last states of a padded batch are those of the sequences alone, whatever the padding is."""
    model = make()
    frozen = read.load(model, freeze=True)
    frozen = mean(frozen) if reduction == "mean" else frozen
    given = data.random(frozen, T=5, N=3)
    mask = (np.arange(5)[:, None] < LENGTHS).astype(float)
    loss, gradients = module(frozen).value_and_grad(given.parameters, {**given.inputs, "mask": mask}, given.targets, given.states)
    total, expected = 0.0, {v.name: np.zeros(given.value(v).shape) for v in model.parameters}
    alone = module(model)
    classes = given.targets["y"].ndim == 2
    counted = sum((given.targets["y"][:n, i] >= 0).sum() if classes else n for i, n in enumerate(LENGTHS))
    for i, n in enumerate(LENGTHS):
        one = [{k: v[:n, i : i + 1] for k, v in part.items() if k != "mask"} for part in (given.inputs, given.targets)]
        states = {k: v[i : i + 1] for k, v in given.states.items()}
        value, found = alone.value_and_grad(given.parameters, *one, states)
        total += value
        for name in expected:
            expected[name] += found[name]
        for name, state in states.items():
            np.testing.assert_allclose(gradients[name][i], found[name][0] / (counted if reduction == "mean" else 1), atol=1e-13)
            assert state.shape == found[name].shape
        np.testing.assert_array_equal(gradients["x"][n:, i], 0.0)
    number = counted if reduction == "mean" else 1
    np.testing.assert_allclose(loss, total / number, rtol=1e-13)
    for name, value in expected.items():
        np.testing.assert_allclose(gradients[name], value / number, rtol=1e-11, atol=1e-13)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("make", (lambda: mean(read.load("elman", freeze=True)),
                                  lambda: read.load(lagged(), freeze=True),
                                  lambda: read.load("elman", freeze=True, loss="none")))
def test_gradients_of_frozen_models(make: Any) -> None:
    report = verify.gradients(make(), dims={"D": 2, "H": 2, "O": 2}, T=4)
    assert report.ok, report.table()


def test_the_three_forms_of_a_frozen_mean() -> None:
    model = mean(read.load("elman", freeze=True))
    given = data.random(model, T=4, N=3)
    given.inputs["mask"][1, 2] = 0.0
    point = {"parameters": given.parameters, "inputs": given.inputs, "targets": given.targets, "states": given.states}
    graph = unroll.steps(model, 4)
    expected = module(model).value_and_grad(*point.values())[1]
    for name, value in derive.adjoints(graph).evaluate(**point).items():
        np.testing.assert_allclose(value, expected[name], atol=1e-13)
        np.testing.assert_allclose(derive.sensitivities(graph, name).evaluate(**point), expected[name], atol=1e-13)


def test_the_mask_is_described_and_the_text_true() -> None:
    model = read.load("elman", freeze=True)
    assert model["mask"].role is Role.INPUT and [language for language, _ in model["mask"].description] == list(words.languages())
    assert "freeze = true" in model.text and read.from_text(model.text, "elman.toml") == model
    assert read.load(model, freeze=False).equations == read.load("elman").equations


@pytest.mark.parametrize(("sections", "message"), (
    ({"inputs": {"mask": "D"}, "equations": {"h": "mask + h[t-1]"}, "states": {"h": "D"}}, "adds an input called mask; rename"),
    ({"inputs": {"x": "D"}, "equations": {"h": "x + h[t-1]", "mask": "h"}, "states": {"h": "D"}}, "it adds an input called mask"),
))
def test_the_name_of_the_mask_must_be_free(sections: dict[str, Any], message: str) -> None:
    with pytest.raises(BadInput) as caught:
        read.load(define.model(name="m", **sections), freeze=True)
    assert message in str(caught.value) and "freeze" in str(caught.value)
