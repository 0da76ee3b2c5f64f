"""The built-in layers in their published form with several heads against independent PyTorch code: outputs, all gradients."""

from __future__ import annotations

import json
import shutil
from typing import Any

import numpy as np
import pytest
from zoo import HEADED

from symbptt import emit
from symbptt.analyze.transitions import structure_json
from symbptt.data.random_values import random
from symbptt.model.read import load
from symbptt.verify.load import resolve

torch = pytest.importorskip("torch")
multi_head = pytest.importorskip("multi_head")
recurrences = pytest.importorskip("recurrences")

EVERY_MODEL = True
NEEDS_CC = pytest.mark.skipif(not any(map(shutil.which, ("cc", "gcc", "clang"))), reason="no C compiler")
T, N = 5, 2
SIZES = {"M": 3, "D": 4, "O": 2, "K": 2, "V": 5, "R": 3, "P": 5}


def test_every_one_has_a_reference() -> None:
    assert {f"{name}_heads" for name in multi_head.STEPS} == set(HEADED)


@pytest.mark.parametrize("name", [name for name in HEADED if name != "retnet_heads"])  # its decay is a number with one head
def test_the_structure_of_a_head_is_that_of_the_model_with_one(name: str) -> None:
    assert _components(name) == _components(name.removesuffix("_heads"))


def _components(name: str) -> list[Any]:
    return list(json.loads(structure_json(load(name)))["components"])


@pytest.mark.share(2)
@pytest.mark.frameworks
@pytest.mark.parametrize("backend", ["numpy", "torch", pytest.param("c", marks=[NEEDS_CC, pytest.mark.slow])])
@pytest.mark.parametrize("name", HEADED)
def test_outputs_and_gradients_are_those_of_the_reference(name: str, backend: str) -> None:
    model = load(name)
    dims = {d: 4 if d == "N" else SIZES[d] for d in model.dimensions}
    data = random(model, dims, T, N, seed=7)
    data.states.update({v: np.abs(value) + 0.5 for v, value in data.states.items() if v == "n"})
    emitted = resolve(emit.source(model, backend=backend, wrt="all", python=backend == "c"))
    loss, gradients, outputs = emitted.value(data), emitted.gradients(data), emitted.forward(data)[0]

    parameters, inputs, targets, states = data.groups
    constants = {v.name for v in model.buffers}
    leaves = {k: torch.tensor(v, requires_grad=k not in constants) for g in (parameters, inputs, states) for k, v in g.items()}
    ours = recurrences.unrolled(multi_head.STEPS[name.removesuffix("_heads")], leaves, inputs, states, T)
    wanted = 0.5 * (ours - torch.tensor(targets["y"])).pow(2).sum()
    wanted.backward()
    assert abs(loss - wanted.item()) <= 1e-11 * max(1.0, abs(wanted.item()))
    np.testing.assert_allclose(outputs["o"], ours.detach().numpy(), rtol=1e-11, atol=1e-11)
    for k, leaf in leaves.items():
        if k not in constants:
            expected = np.zeros(leaf.shape) if leaf.grad is None else leaf.grad.numpy()
            floor = 1e-11 * max(1.0, np.abs(expected).max())
            np.testing.assert_allclose(gradients[k], expected, rtol=1e-11, atol=floor, err_msg=k)
    assert gradients.keys() == leaves.keys() - constants
