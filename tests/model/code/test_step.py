"""Step functions become models that compute what the functions compute, or are refused with the line."""

from __future__ import annotations

import re
import types

import numpy as np
import pytest

from symbptt import emit
from symbptt.errors import BadInput
from symbptt.model.code.reading import read_code
from symbptt.model.read import from_text
from symbptt.model.values import Role

from .steps import STEPS

SIZES = {"H": 4, "D": 3, "O": 2, "K": 5, "M": 5, "S": 6, "P": 7, "E": 3}


def module(text: str, name: str) -> types.ModuleType:
    made = types.ModuleType(name)
    exec(compile(text, name, "exec"), made.__dict__)  # our own text
    return made


@pytest.mark.parametrize("name", STEPS)
def test_the_model_computes_what_the_function_computes(name: str) -> None:
    step = STEPS[name]
    model = from_text(read_code(step.text, "step.py", step.function), "step")
    random = np.random.default_rng(1)
    size = lambda v: tuple(sum(SIZES[part] for part in axis.split("+")) for axis in v.shape)  # noqa: E731
    parameters, inputs, states = (
        {v.name: 0.5 * random.standard_normal(size(v)) for v in model.of(role)}
        for role in (Role.PARAMETER, Role.INPUT, Role.STATE)
    )
    expected = step.call(module(step.text, "theirs"), parameters, inputs, states)
    ours = module(emit.source(model, style="plain", T=None if inputs else 1).text, "ours")
    outputs, _ = ours.forward(parameters, {n: a[None, None] for n, a in inputs.items()}, {n: a[None] for n, a in states.items()})
    assert expected.keys() == states.keys()
    for state, value in expected.items():
        np.testing.assert_allclose(outputs[state][0, 0], value, rtol=1e-12, atol=1e-14)


def test_there_are_twenty() -> None:
    assert len(STEPS) == 20


LINEAR = """
import torch
import torch.nn as nn
import torch.nn.functional as F
class Cell(nn.Module):
    def __init__(self, d, n):
        super().__init__()
        self.i2h = nn.Linear(d, 4 * n)
        self.h2h = nn.Linear(n, 4 * n, bias=False)
    def forward(self, x, state):
        h, c = state
        i, f, g, o = (self.i2h(x) + self.h2h(h)).chunk(4, dim=-1)
        c = F.sigmoid(f) * c + torch.sigmoid(i) * g.tanh()
        return o.sigmoid() * torch.tanh(c), c
"""


def test_layers_of_torch() -> None:
    model = from_text(read_code(LINEAR, "cell.py", "Cell"), "cell")
    assert {v.name: " ".join(v.shape) for v in model.parameters} == {
        "W_i2h": "H+H+H+H D", "b_i2h": "H+H+H+H", "W_h2h": "H+H+H+H H",
    }
    assert {v.name for v in model.states} == {"h", "c"}


@pytest.mark.parametrize(("body", "message"), [
    ("    for i in range(3): h = h + x\n    return h", "line 3: for i in range(3):: a step is assignments"),
    ("    if x: h = x\n    return h", "line 3: if x:: a step is assignments"),
    ("    return np.clip(W @ x + h, 0, 1)", "the model language has no clip"),
    ("    return F.layer_norm(h + x, (3,), W, b)", "the model language has no layer_norm"),
    ("    return np.linalg.inv(W) @ h", "the model language has no inv"),
    ("    return F.leaky_relu(h + x, negative_slope=0.3)", "an argument by keyword"),
    ("    h[0] = x\n    return h", "only names can be assigned"),
    ("    return x @ h", "line 3: x @ h: a product of two values of the step"),
    ("    return h * (b @ W)", "line 3: b @ W: a product of two parameters"),
    ("    a = h\n    a += x\n    return a * h", "line 4: a += x: changes in place what has another name, too"),
    ("    return x[0] * h", "only slices such as"),
    ("    y = W @ x", "returns nothing"),
    ("    return [v for v in h]", "line 3: [v for v in h]: the model language cannot say this"),
    ("    return __import__('os').system('true') * h", "the model language has no system"),
    ("    return h if x else h", "the model language cannot say this"),
])
def test_refusals_have_the_line(body: str, message: str) -> None:
    with pytest.raises(BadInput, match=re.escape(message)) as caught:
        read_code(f"import numpy as np, torch.nn.functional as F\ndef step(x, h, W, b):\n{body}\n", "step.py")
    assert str(caught.value).startswith("step.py, line ")


@pytest.mark.parametrize("text", [
    "", "x = 1", "def f(:", "def step(*a): return a", "def step(x, W): return W @ x", "\0", "(" * 1000,
    "def step(x, h): return h" + " + x" * 3000, "def step(x, h): return h" + " + x" * 900,
])
def test_what_is_no_step_function(text: str) -> None:
    with pytest.raises(BadInput, match=r"^step\.py"):
        read_code(text, "step.py")
