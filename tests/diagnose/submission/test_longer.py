"""A function that is right with few steps and wrong with more is not called right."""

from __future__ import annotations

from pathlib import Path

import pytest

from symbptt.diagnose import code

TEXT = """
import numpy as np

def backward(x, h0, W_xh, W_hh, b_h, W_ho, b_o, do):
    T = len(x)
    h = [h0]
    for t in range(T):
        h.append(np.tanh(x[t] @ W_xh.T + h[-1] @ W_hh.T + b_h))
    d = {n: np.zeros_like(w) for n, w in (("W_xh", W_xh), ("W_hh", W_hh), ("b_h", b_h), ("W_ho", W_ho), ("b_o", b_o))}
    carry = 0
    for t in reversed(range(T)):
        d["W_ho"] += do[t].T @ h[t + 1]
        d["b_o"] += do[t].sum(axis=0)
        da = (do[t] @ W_ho + carry) * (1 - h[t + 1] ** 2)
        d["W_xh"] += da.T @ x[t]
        d["W_hh"] += da.T @ h[t]
        d["b_h"] += da.sum(axis=0)
        carry = da @ W_hh CHANGE
    return d
"""


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("change", "steps"), [
    ("* (t % 8 > 0)", 12), ("* (t % 16 > 0)", 40), ("* (1 if t else 2)", 0), ("/ (1 if T < 20 else 2)", 40),
])
def test_blocks_have_borders(tmp_path: Path, change: str, steps: int) -> None:
    path = tmp_path / "theirs.py"
    path.write_text(TEXT.replace("CHANGE", change))
    found = code.file("elman", path)
    assert found.ok == (steps == 0), str(found)
    if steps:
        assert f"With {steps} they are not" in str(found) and not found["W_hh"].right and found["W_ho"].right
