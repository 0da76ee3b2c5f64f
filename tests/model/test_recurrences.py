"""The recurrences of today against independent PyTorch code: outputs, and the gradients of everything that has one."""

from __future__ import annotations

import numpy as np
import pytest
from zoo import HEADED, RECENT

import symbptt
from symbptt import emit
from symbptt.data.random_values import random
from symbptt.verify.load import resolve

torch = pytest.importorskip("torch")
recurrences = pytest.importorskip("recurrences")

EVERY_MODEL = True
T, N = 6, 2
SIZES = {"D": 3, "O": 2}
OTHERS = (4, 5, 3, 6)


def test_every_recurrence_has_a_reference() -> None:
    """Those with several heads have theirs in test_heads."""
    assert set(recurrences.STEPS) == set(RECENT) - set(HEADED)


@pytest.mark.frameworks
@pytest.mark.parametrize("name", recurrences.STEPS)
def test_outputs_and_gradients_are_those_of_the_reference(name: str) -> None:
    model = symbptt.load(name)
    others = iter(OTHERS)
    dims = {d: SIZES[d] if d in SIZES else next(others) for d in model.dimensions}
    data = random(model, dims, T, N, seed=7)
    parameters, inputs, targets, states = (dict(group) for group in data.groups)
    states |= {v: np.abs(value) + 0.5 for v, value in states.items() if v in ("z", "n", "den") and name != "lem"}
    module = resolve(emit.source(model, wrt="all")).module
    loss, gradients = module.value_and_grad(parameters, inputs, targets, states)
    outputs, _ = module.forward(parameters, inputs, states)

    leaves = {k: torch.tensor(v, requires_grad=True) for group in (parameters, inputs, states) for k, v in group.items()}
    ours = recurrences.unrolled(recurrences.STEPS[name], leaves, inputs, states, T)
    wanted = 0.5 * (ours - torch.tensor(targets["y"])).pow(2).sum()
    wanted.backward()
    assert abs(loss - wanted.item()) <= 1e-11 * max(1.0, abs(wanted.item()))
    np.testing.assert_allclose(outputs["o"], ours.detach().numpy(), rtol=1e-11, atol=1e-11)
    assert gradients.keys() == leaves.keys()
    for k, leaf in leaves.items():
        expected = np.zeros(leaf.shape) if leaf.grad is None else leaf.grad.numpy()
        np.testing.assert_allclose(gradients[k], expected, rtol=1e-11, atol=1e-11 * max(1.0, np.abs(expected).max()), err_msg=k)
