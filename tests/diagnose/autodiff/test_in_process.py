"""symbptt.testing with declarations: a mapping, letters for axes, and function objects of this process."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from symbptt.errors import BadInput
from symbptt.testing import assert_gradients, diagnose_function

THEIRS = Path(__file__).parents[1] / "theirs"
GATED = str(THEIRS / "gated_attention.toml")
COLUMNS = {"axes": "D N T", "layout": "row", "names": {"inp": "x", "goal": "y", "start": "h", "bias": "b_h"}, "T": 4}


def swapped(inp: Any, goal: Any, start: Any, W_xh: Any, W_hh: Any, bias: Any, W_ho: Any, b_o: Any, carried: float = 1.0) -> Any:
    """An Elman network with sequences (entries, samples, steps) and weights (inputs, outputs)."""
    N, T = inp.shape[1:]
    h = [start.T]
    for t in range(T):
        h.append(np.tanh(inp[:, :, t].T @ W_xh + h[-1] @ W_hh + bias))
    dW_xh, dW_hh, dbias, dW_ho, db_o, carry = 0, 0, 0, 0, 0, 0
    for t in reversed(range(T)):
        o = h[t + 1] @ W_ho + b_o
        do = np.exp(o - o.max(axis=1, keepdims=True))
        do /= do.sum(axis=1, keepdims=True)
        do[range(N), goal[:, t]] -= 1
        dW_ho, db_o = dW_ho + h[t + 1].T @ do, db_o + do.sum(axis=0)
        da = (do @ W_ho.T + carried * carry) * (1 - h[t + 1] ** 2)
        dW_xh, dW_hh, dbias = dW_xh + inp[:, :, t] @ da, dW_hh + h[t].T @ da, dbias + da.sum(axis=0)
        carry = da @ W_hh.T
    return dW_xh, dW_hh, dbias, dW_ho, db_o


def test_a_function_of_numpy_with_a_mapping(tmp_path: Path) -> None:
    def wrong(inp: Any, goal: Any, start: Any, W_xh: Any, W_hh: Any, bias: Any, W_ho: Any, b_o: Any) -> Any:
        dW_xh, dW_hh, dbias, dW_ho, db_o = swapped(inp, goal, start, W_xh, W_hh, bias, W_ho, b_o, 0.0)
        return dW_xh, dW_hh, dbias, dW_ho, db_o

    mapping = COLUMNS | {"library": "numpy"}
    assert assert_gradients("elman", swapped, mapping=mapping, H=6).ok
    with pytest.raises(AssertionError, match=r"carry-dropped"):
        assert_gradients("elman", wrong, mapping=mapping)
    assert assert_gradients("elman", wrong, only=["W_ho"], mapping=mapping)["W_ho"].right
    file = tmp_path / "mapping.toml"
    text = "axes = 'D N T'\nlayout = 'row'\nlibrary = 'numpy'\n[names]\ninp = 'x'\n"
    file.write_text(text + "goal = 'y'\nstart = 'h'\nbias = 'b_h'\n")
    assert assert_gradients("elman", swapped, mapping=file).ok


def test_what_was_not_judged_does_not_pass() -> None:
    def nothing(inp: Any, goal: Any, start: Any, W_xh: Any, W_hh: Any, bias: Any, W_ho: Any, b_o: Any) -> Any:
        raise ValueError("not yet written")

    with pytest.raises(AssertionError, match=r"not every gradient was judged\n(.|\n)*not yet written"):
        assert_gradients("elman", nothing, mapping=COLUMNS | {"library": "numpy"})
    with pytest.raises(BadInput, match="did you mean 'axes'"):
        assert_gradients("elman", swapped, mapping={"axis": "TND"})
    with pytest.raises(BadInput, match="globals and forward are for files"):
        assert_gradients("elman", swapped, mapping={"forward": "f", "library": "numpy"})


@pytest.fixture
def kernels(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(THEIRS))
    yield lambda name: importlib.import_module(f"kernels.{name}")
    for name in [n for n in sys.modules if n.partition(".")[0] == "kernels"]:
        del sys.modules[name]


@pytest.mark.frameworks
def test_functions_whose_gradients_are_read_off(kernels: Any) -> None:
    torch, jax = kernels("gla_torch"), kernels("gla_jax")
    heads = {"axes": "B T H D", "returns": ["o"], "constants": {"scale": 0.5}}
    assert assert_gradients(GATED, torch.single_inside, mapping=heads | {"dtype": "float16"}, K=5).ok
    with pytest.raises(AssertionError, match="factor-missing"):
        assert_gradients(GATED, torch.CarryWithoutDecay, mapping=heads)
    samples = {"returns": ["o", "S_T"], "names": {"S_T": {"of": "S", "axes": "N D"}, "S0": "S"}, "constants": {"scale": 0.5}}
    assert diagnose_function(GATED, jax.right, mapping=samples).ok
    before = jax.jax.config.jax_enable_x64, torch.torch.get_default_dtype()
    assert before == (False, torch.torch.float32)
