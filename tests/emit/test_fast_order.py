"""Cases that random models found: the order of statements for all t at once, and products that samples share."""

from __future__ import annotations

import types

import pytest

import symbptt.model.read as read
from symbptt import emit

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


@pytest.mark.parametrize("text", [CHAIN, SHARED, MEAN], ids=["a chain of carries", "a product without samples", "a mean"])
@pytest.mark.parametrize("style", ["plain", "fast"])
def test_gradients(text, style):
    module = types.ModuleType("emitted")
    exec(emit.source(read.from_text(text, "found.toml"), wrt="all", style=style).text, module.__dict__)  # the text is ours
    assert max(module.self_check().values()) < 1e-11
