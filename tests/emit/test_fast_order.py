"""Cases that random models found: the order of statements for all t at once, and products that samples share."""

from __future__ import annotations

import types

import numpy as np
import pytest

import symbptt.model.read as read
from symbptt import emit
from symbptt.verify.load import resolve

CHAIN = """
[inputs]
u = "H"
[states]
h = "H"
c = "H"
[equations]
h = "c[t-3]"
c = "u"
"""
SHARED = """
[states]
c = "H"
[parameters]
W = "H K"
b = "K"
[equations]
c = "W @ b[t]"
"""
MEAN = """
[inputs]
u = "K"
[states]
h = "1"
m = "H"
[equations]
m = "m[t-3]"
h = "mean(m)"
"""
KEPT = """
freeze = true
[states]
h = "H"
[equations]
h = "h[t-1]"
"""
WEIGHED = """
[inputs]
u = "K"
[states]
h = "H"
[parameters]
W = "H K"
[equations]
h = "tanh(W @ u) * h[t-1] + 0.5 * sin(h[t-1])"
"""
FIXED = """
[states]
h = "H"
[parameters]
W = "H D"
A = "D D"
[equations]
h = "W @ diagonal(A) + solve_unit_lower(W @ W.T, h[t-1])"
"""
CASES = {
    "a chain of carries": CHAIN, "a product without samples": SHARED, "a mean": MEAN, "a local factor of one entry": KEPT,
    "a product in a local factor": WEIGHED, "weights made of parameters alone": FIXED,
}


@pytest.mark.parametrize("text", CASES.values(), ids=CASES)
@pytest.mark.parametrize("style", ["plain", "fast"])
def test_gradients(text, style):
    module = types.ModuleType("emitted")
    exec(emit.source(read.from_text(text, "found.toml"), wrt="all", style=style).text, module.__dict__)  # the text is ours
    assert max(module.self_check().values()) < 1e-11


FADING = """
freeze = true
[states]
h = "H"
[parameters]
W = "H H"
[equations]
h = "0.1 * h[t-1] ** 2 * ((W @ h[t-1]) * h[t-1])"
[loss]
step = "sum(h)"
at = "last"
"""


def test_what_cancels_comes_first() -> None:
    """1 - mask is zero for a step that counts; a small slope added to the 1 before would lose its digits."""
    rng = np.random.default_rng(0)
    W, mask, h = rng.normal(size=(2, 2)), np.ones((3, 4)), {"h": 1e-2 * rng.normal(size=(4, 2))}
    found = []
    for style in ("plain", "fast"):
        code = resolve(emit.source(read.from_text(FADING, "fading.toml"), wrt="all", style=style))
        found.append(code.module.value_and_grad({"W": W}, {"mask": mask}, {}, h)[1])
    for name in ("W", "h"):
        np.testing.assert_allclose(found[1][name], found[0][name], rtol=1e-12, atol=0)


def test_outer_products_and_sums_of_matrices_are_written_where_they_belong() -> None:
    text = emit.source("linear_attention").text
    assert 'np.einsum("...i,...j->...ij", v_rows, k_rows, out=S_rows)' in text
    assert "np.add(S_before_t, S_t, out=S_t)" in text and "np.copyto(S_" not in text
