"""Heads in C: sums over heads with a number, what is joined beside what is not, products of each head and of all."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from symbptt import data, emit
from symbptt.model import read
from symbptt.verify.load import resolve

TEXT = """
heads = "M"
[inputs]
x = "D"
[states]
S = "M K V"
z = "M K"
[parameters]
W_k = "M*K D"
W_v = "M*V D"
c_k = "M*K 2"
R = "M K K"
G = "K K"
a = "M"
W_o = "O M*V+D"
w = "K"
[targets]
y = "O"
[equations]
p = "W_k @ x"
k = "split_heads(silu(conv(p, c_k)))"
v = "split_heads(W_v @ x)"
z = "tanh(R @ z[t-1] + G @ k - w * a)"
S = "sigmoid(a) * S[t-1] + outer(z, v)"
u = "merge_heads(S.T @ l2_norm(k))"
o = "W_o @ concat(u, x) - 0.5 * sum(sum_heads(k * z)) + mean(mean_heads(z) * w)"
[loss]
step = "squared_error(o, y) + 0.1 * sum(u * u)"
"""


@pytest.mark.slow
@pytest.mark.skipif(not any(map(shutil.which, ("cc", "gcc", "clang"))), reason="no C compiler")
def test_the_numbers_are_those_of_the_numpy_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    model = read.from_text(TEXT, "heads.toml")
    drawn = data.random(model, {"D": 4, "M": 3, "K": 2, "V": 5, "O": 2}, 4, 3, seed=1)
    theirs, ours = (resolve(emit.source(model, wrt="all", **options)) for options in ({"backend": "c", "python": True}, {}))
    given, wanted = theirs.gradients(drawn), ours.gradients(drawn)
    assert given.keys() == wanted.keys()
    for name, expected in wanted.items():
        np.testing.assert_allclose(given[name], expected, rtol=1e-11, atol=1e-11 * max(1.0, np.abs(expected).max()), err_msg=name)
