"""Models of every kind, and numbers for their derivations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from symbptt import derive, unroll
from symbptt.algebra.evaluate import evaluate
from symbptt.algebra.nodes import TIME, Diag, expand, leaves
from symbptt.data.random_values import random
from symbptt.data.values import Data
from symbptt.derive.numeric import Evaluation, run
from symbptt.model.read import load
from symbptt.model.values import Model
from symbptt.narrative import symbols

LAST_ONLY = """
title = "Loss at the end"
[inputs]
x = "D"
[states]
h = "H"
[parameters]
W = "H D"
U = "H H"
V = "O H"
[targets]
y = "O"
[equations]
h = "tanh(W @ x + U @ h[t-1])"
o = "V @ h"
[loss]
step = "squared_error(o, y)"
at = "last"
"""


@pytest.fixture(scope="session")
def last_only(tmp_path_factory: pytest.TempPathFactory) -> Model:
    path = tmp_path_factory.mktemp("models") / "last_only.toml"
    path.write_text(LAST_ONLY)
    return load(str(path))


class Numbers:
    """A model run forward on random data over T steps."""

    def __init__(self, model: Model, T: int) -> None:
        self.model, self.T = model, T
        self.graph = unroll.steps(model, T)
        self.data: Data = random(model, T=T, N=2, seed=1)
        self.arrays = (self.data.parameters, self.data.inputs, self.data.targets, self.data.states)
        self.run: Evaluation = run(self.graph, *self.arrays)

    def gradients(self) -> dict[str, Any]:
        return derive.adjoints(self.graph).evaluate(*self.arrays)

    def value(self, expression: Any) -> Any:
        """The value of a formula for this T, its letters D put back, samples first."""
        full = expand(expression.xreplace({symbols.LAST: self.T}))
        while True:
            found = {}
            for leaf in leaves(full):
                for _, template, letter in symbols.slopes(self.model):
                    if leaf.name == letter.name:
                        found[leaf] = template.xreplace({TIME: leaf.step})
            if not found:
                break
            full = full.xreplace(found)
        assert not any(isinstance(node, Diag) and not node.args for node in full.atoms(Diag))
        return self.run.batch(evaluate(full, self.run.values))


@pytest.fixture
def numbers() -> Callable[[Model, int], Numbers]:
    return Numbers


@pytest.fixture
def close() -> Callable[[Any, Any], None]:
    def check(a: Any, b: Any) -> None:
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-13)

    return check
