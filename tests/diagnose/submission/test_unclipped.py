"""Clipping on the way is told by running without it; values that are changed afterwards are no other forward pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from symbptt.diagnose import code
from symbptt.diagnose.diagnosis import Diagnosis

BACKWARD = """
import numpy as np

def backward(W_xh, W_hh, b_h, W_ho, b_o, x, y, h0):
    T, N, _ = x.shape
    hs, ps = {-1: h0}, {}
    for t in range(T):
        hs[t] = np.tanh(x[t] @ W_xh.T + hs[t - 1] @ W_hh.T + BIAS)
        o = hs[t] @ W_ho.T + b_o
        ps[t] = np.exp(o) / np.exp(o).sum(axis=1, keepdims=True)
    dW_xh, dW_hh, db_h, dW_ho, db_o = (np.zeros_like(a) for a in (W_xh, W_hh, b_h, W_ho, b_o))
    carry = 0
    for t in reversed(range(T)):
        do = COPY
        do[np.arange(N), y[t]] -= 1
        dW_ho += do.T @ hs[t]
        db_o += do.sum(axis=0)
        da = (do @ W_ho + carry) * (1 - SLOPE ** 2)
        dW_xh += da.T @ x[t]
        dW_hh += da.T @ hs[t - 1]
        db_h += da.sum(axis=0)
        carry = CARRY
    LAST
    return dW_xh, dW_hh, db_h, dW_ho, db_o
"""
RIGHT = {"BIAS": "b_h", "COPY": "ps[t].copy()", "SLOPE": "hs[t]", "CARRY": "da @ W_hh", "LAST": ""}


def found(tmp_path: Path, **changes: str) -> Diagnosis:
    text = BACKWARD
    for name, value in (RIGHT | changes).items():
        text = text.replace(name, value)
    (tmp_path / "theirs.py").write_text(text)
    return code.file("elman", tmp_path / "theirs.py")


@pytest.mark.slow
@pytest.mark.parametrize("carry", ["np.clip(da @ W_hh, -0.1, 0.1)", "(da @ W_hh).clip(-0.1, 0.1)"])
def test_a_carry_that_is_clipped_is_named(tmp_path: Path, carry: str) -> None:
    made = found(tmp_path, CARRY=carry)
    assert all(made[name].causes == ("clipped",) and made[name].certain for name in ("W_xh", "W_hh", "b_h"))
    assert made["W_ho"].right and "theirs.py, line 22: carry = " in made["W_hh"].line and "on the way, in line 22" in str(made)


@pytest.mark.slow
def test_what_else_is_wrong_is_named_as_well(tmp_path: Path) -> None:
    made = found(tmp_path, CARRY="np.clip(da @ W_hh.T, -0.1, 0.1)")
    assert {"clipped", "transpose-missing"} <= {*made["W_hh"].causes} and made["W_hh"].certain


def test_a_bound_that_nothing_reaches_is_told(tmp_path: Path) -> None:
    made = found(tmp_path, LAST="for d in (dW_xh, dW_hh): np.clip(d, -5000, 5000, out=d)")
    assert made.ok and any("clips in line 23, which changed nothing" in note for note in made.notes)


@pytest.mark.slow
def test_values_that_are_changed_in_place_are_no_other_forward_pass(tmp_path: Path) -> None:
    made = found(tmp_path, COPY="ps[t]", SLOPE="hs[t - 1]")
    assert not made.opening and "off-by-one" in made["W_hh"].causes
    assert found(tmp_path, BIAS="2 * b_h").opening


def test_numbers_as_keys(tmp_path: Path) -> None:
    """What a forward pass returns is a dict of steps."""
    text = """
import numpy as np

def forward(x, h0, W_xh, W_hh, b_h):
    h = {-1: h0}
    for t in range(len(x)):
        h[t] = np.tanh(x[t] @ W_xh.T + h[t - 1] @ W_hh.T + b_h)
    return h

def backward(x, dh, h0, W_xh, W_hh, b_h):
    h, carry = forward(x, h0, W_xh, W_hh, b_h), 0
    dW_hh = np.zeros_like(W_hh)
    for t in reversed(range(len(x))):
        da = (dh[t] + carry) * (1 - h[t] ** 2)
        dW_hh += da.T @ h[t - 1]
        carry = da @ W_hh
    return {"W_hh": dW_hh}
"""
    (tmp_path / "theirs.py").write_text(text)
    assert code.file("elman", tmp_path / "theirs.py", wrt=["W_hh"]).ok


@pytest.mark.slow
def test_a_forward_pass_of_which_nothing_was_recognised(tmp_path: Path) -> None:
    text = (tmp_path / "theirs.py")
    text.write_text("""
import numpy as np

def backward(x, dh, h0, W_xh, W_hh, b_h):
    kept, last, carry = [], h0, 0
    for t in range(len(x)):
        before, last = last, np.tanh(x[t] @ W_xh.T + last @ W_hh.T + 2 * b_h)
        kept.append((before, last))
    dW_hh = np.zeros_like(W_hh)
    for t in reversed(range(len(x))):
        da = (dh[t] + carry) * (1 - kept[t][1] ** 2)
        dW_hh += da.T @ kept[t][0]
        carry = da @ W_hh
    return {"W_hh": dW_hh}
""")
    made = code.file("elman", text, wrt=["W_hh"])
    assert not made.ok and any("whether its forward pass is the model's is not known" in note for note in made.notes)
