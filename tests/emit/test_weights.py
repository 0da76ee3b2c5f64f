"""A mask, weights of the steps, and the mean: what each sample and step counts."""

from __future__ import annotations

import types

import numpy as np
import pytest

import symbptt.model.read as read
from symbptt import data, derive, emit, unroll


def _module(model, **options):
    module = types.ModuleType("emitted")
    exec(emit.source(model, wrt="all", **options).text, module.__dict__)  # the text is ours
    return module


def _model(at="every", reduction="sum", loss=None):
    text = read.load("elman", loss=loss).text.replace('at = "every"', f'at = "{at}"')
    assert 'reduction = "sum"' in text or "reduction" not in text
    text = text.replace('reduction = "sum"\n', "").replace(f'at = "{at}"', f'at = "{at}"\nreduction = "{reduction}"')
    return read.from_text(text, "elman.toml")


MASK = np.array([[1, 0], [1, 1], [0, 1.0]])
WEIGHTS = np.array([0.5, 2.0, 1.0])


@pytest.mark.parametrize("at", ["every", "last"])
@pytest.mark.parametrize("reduction", ["sum", "mean"])
@pytest.mark.parametrize("unrolled", [False, True])
def test_code_and_the_three_forms_agree(at, reduction, unrolled):
    model = _model(at, reduction)
    drawn = data.random(model, T=3, N=2, seed=0)
    targets = {"y": np.array([[0, 1], [-1, 2], [1, 0]])}
    module = _module(model, **({"T": 3, "unroll": True} if unrolled else {}))
    groups = (drawn.parameters, drawn.inputs, targets, drawn.states)
    _, gradients = module.value_and_grad(*groups, mask=MASK, weights=WEIGHTS)
    graph = unroll.steps(model, 3)
    for name, value in derive.adjoints(graph).evaluate(*groups, mask=MASK, weights=WEIGHTS).items():
        np.testing.assert_allclose(gradients[name], value, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(
            derive.gradient(graph, name).total(*groups, mask=MASK, weights=WEIGHTS), value, rtol=1e-11, atol=1e-14
        )
        nested = derive.sensitivities(graph, name).evaluate(*groups, mask=MASK, weights=WEIGHTS)
        np.testing.assert_allclose(nested, value, rtol=1e-11, atol=1e-14)


def test_the_value_is_the_weighted_sum_of_the_losses():
    model = _model(loss="squared_error")
    drawn = data.random(model, T=3, N=2, seed=0)
    module = _module(model)
    outputs, _ = module.forward(drawn.parameters, drawn.inputs)
    each = 0.5 * ((outputs["o"] - drawn.targets["y"]) ** 2).sum(-1)
    groups = (drawn.parameters, drawn.inputs, drawn.targets)
    assert module.value_and_grad(*groups, mask=MASK, weights=WEIGHTS)[0] == pytest.approx((each * MASK * WEIGHTS[:, None]).sum())
    mean = _module(_model(loss="squared_error", reduction="mean"))
    assert mean.value_and_grad(*groups)[0] == pytest.approx(each.mean())
    assert mean.value_and_grad(*groups, mask=MASK)[0] == pytest.approx((each * MASK).sum() / 4)


def test_the_mean_counts_steps_with_a_class_and_a_loss():
    drawn = data.random(_model(), T=3, N=2, seed=0)
    targets = {"y": np.array([[0, 1], [-1, 2], [1, -1]])}
    groups = (drawn.parameters, drawn.inputs, targets)
    for at, number in (("every", 4), ("last", 1)):
        total = _module(_model(at)).value_and_grad(*groups)[0]
        assert _module(_model(at, "mean")).value_and_grad(*groups)[0] == pytest.approx(total / number)


def test_a_misshapen_mask_is_refused():
    model = _model()
    drawn = data.random(model, T=3, N=2, seed=0)
    with pytest.raises(ValueError, match=r"mask has shape \(2, 3\), expected \(3, 2\)"):
        _module(model).value_and_grad(drawn.parameters, drawn.inputs, drawn.targets, mask=MASK.T)
