"""The function of a document runs as it is printed and gives the loss and the gradients of the emitted module."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from symbptt import document
from symbptt.data.random_values import random
from symbptt.document import DocumentOptions
from symbptt.document.blocks import Code
from symbptt.document.printed.function import printed
from symbptt.model.read import differentiable, load, names
from symbptt.verify.load import resolve

KINDS = Path(__file__).parents[1] / "kinds"
UNPRINTED = {"no-inputs", "learned-start-no-inputs", "states-only", "own-loss-reads-past"}
"""Models without a loop, and one whose loss at the first step has lines of its own."""


def agrees(text: str, name: str) -> None:
    model = differentiable(load(name))
    data, space = random(model, T=4, N=3, seed=9), dict[str, Any]()
    exec(compile(text, "printed", "exec"), space)
    loss, gradients = space["value_and_grad"](*data.groups)
    expected = resolve(model, T=4)
    assert np.isclose(loss, expected.value(data).real, rtol=1e-10)
    assert set(gradients) == {p.name for p in model.parameters}
    for parameter, value in gradients.items():
        np.testing.assert_allclose(value, expected.gradients(data)[parameter], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", ["elman", "lstm", str(KINDS / "matrix-state.toml")])
def test_the_printed_function_gives_the_gradients(name: str) -> None:
    text = printed(model := differentiable(load(name)), model.parameters)
    assert text is not None
    agrees(text, name)
    assert max(map(len, text.splitlines())) <= 135 and "_check" not in text and "weight" not in text


@pytest.mark.slow
@pytest.mark.share(3)
@pytest.mark.parametrize("name", [*names(), *(str(f) for f in sorted(KINDS.glob("*.toml")) if f.stem not in UNPRINTED)])
def test_every_printed_function_gives_the_gradients(name: str) -> None:
    model = differentiable(load(name))
    text = printed(model, model.parameters)
    assert text is not None
    agrees(text, name)


@pytest.mark.parametrize("name", sorted(UNPRINTED))
def test_a_model_without_one_shows_the_passes(name: str) -> None:
    made = document.compose(str(KINDS / f"{name}.toml"), 2, options=DocumentOptions())
    (code,) = [block for block in made.blocks if isinstance(block, Code)]
    assert "def _backward" in code.text


@pytest.mark.slow
def test_code_stands_in_a_handout_once_and_runs() -> None:
    made = document.compose("elman", 3, options=DocumentOptions(kind="handout"))
    (code,) = [block for block in made.blocks if isinstance(block, Code)]
    agrees(code.text, "elman")
