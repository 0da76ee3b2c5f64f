"""What is read twice by one operation: its derivative is one term, in formulas and in code."""

from __future__ import annotations

import types

import pytest

from symbptt import emit, typeset
from symbptt.derive.step import loss_gradient
from symbptt.model.read import from_text
from symbptt.model.values import Model

TEXT = """
[inputs]
x = "D"
[states]
h = "H"
[parameters]
U = "H D"
W = "H H"
V = "O H"
[targets]
y = "O"
[equations]
u = "U @ x"
h = "tanh(u * u + 0.3 * W @ (h[t-1] * h[t-1]))"
o = "V @ h + V @ h"
[loss]
step = "0.5 * dot(o - y, o - y) + 0.01 * dot(h, h)"
"""


@pytest.fixture(scope="module")
def squares() -> Model:
    return from_text(TEXT, "squares.toml")


def test_the_gradient_of_a_square_is_one_term(squares: Model) -> None:
    assert typeset.text(loss_gradient(squares)["h"], squares) == "2 Vᵀ (oₜ − yₜ) + 0.02 hₜ"


def test_a_number_stands_before_a_product_over_all_samples(squares: Model) -> None:
    for style in ("plain", "fast"):
        text = emit.source(squares, style=style).text
        assert "None, :]" not in text.partition("def _backward")[2].partition("\ndef ")[0], "entries of all samples at once"


def test_what_cancels_everywhere_leaves_code_that_runs() -> None:
    one = from_text('[states]\nh = "1"\n[parameters]\ns = ""\n[equations]\nh = "s"\n[loss]\nstep = "layer_norm(h)"\n', "one.toml")
    for style in ("plain", "fast"):
        module = types.ModuleType("emitted")
        exec(emit.source(one, style=style).text, module.__dict__)  # the text is ours
        assert max(module.self_check().values()) < 1e-11
