"""Functions of files are probed where no cause is certain: by targets or cotangents, at sizes that they accept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from symbptt.diagnose import code
from symbptt.model.read import from_text

TARGETS = """
import numpy as np

def backward(W_xh, W_hh, b_h, W_ho, b_o, x, y, h0):
    CHECK
    T, N, _ = x.shape
    grads = {"W_xh": np.zeros_like(W_xh), "W_hh": np.zeros_like(W_hh), "b_h": np.zeros_like(b_h)}
    for n in range(N):
        h = {-1: h0[n]}
        for t in range(T):
            h[t] = np.tanh(W_xh @ x[t, n] + W_hh @ h[t - 1] + b_h)
            do = np.exp(W_ho @ h[t] + b_o)
            do /= do.sum()
            do[y[t, n]] -= 1
            dh = W_ho.T @ do
            for k in range(t, -1, -1):
                da = (1 - h[k] ** 2) * dh * (FACTOR)
                grads["W_xh"] += np.outer(da, x[k, n])
                grads["W_hh"] += np.outer(da, h[k - 1])
                grads["b_h"] += da
                dh = W_hh.T @ da
    return grads
"""
COTANGENTS = """
import numpy as np

def backward(W_xh, W_hh, b_h, W_ho, b_o, x, h0, do):
    T, N, _ = x.shape
    dW_xh, dW_hh = np.zeros_like(W_xh), np.zeros_like(W_hh)
    h = [h0]
    for t in range(T):
        h.append(np.tanh(x[t] @ W_xh.T + h[-1] @ W_hh.T + b_h))
    carry = 0
    for t in reversed(range(T)):
        da = (do[t] @ W_ho + carry) * (1 - h[t + 1] ** 2)
        dW_xh += da.T @ x[t]
        dW_hh += da.T @ h[t]
        carry = da @ W_hh * (1 if t % 4 else 0.25)
    return dW_xh, dW_hh
"""


OWN_LOSS = """
import numpy as np

def backward(x, h0, U, W):
    h = [h0]
    for t in range(len(x)):
        h.append(np.tanh(x[t] @ U.T + h[-1] @ W.T))
    dU, dW = np.zeros_like(U), np.zeros_like(W)
    for t in range(len(x)):
        dh = 2 * h[t + 1]
        for k in range(t, -1, -1):
            da = dh * (1 - h[k + 1] ** 2)
            dU += da.T @ x[k] * (0.7 if t - k == 2 else 1)
            dW += da.T @ h[k]
            dh = da @ W
    return dU, dW
"""

HEADS = """
import numpy as np

def backward(q, k, v, a, do):
    B, T, H, K = q.shape
    S, before = np.zeros((B, H, K, v.shape[-1])), []
    for t in range(T):
        before.append(S)
        S = a[:, t, :, None, None] * S + k[:, t, ..., None] * v[:, t, :, None]
    dk, dS = np.zeros_like(k), np.zeros_like(S)
    for t in reversed(range(T)):
        dk[:, t] = (dS * v[:, t, :, None]).sum(-1)
        dS = dS + q[:, t, ..., None] * do[:, t, :, None]
        dS = a[:, t, :, None, None] * dS
    return {"k": dk}
"""


@pytest.mark.slow
def test_several_axes_of_samples_are_probed_as_well(tmp_path: Path) -> None:
    """Single samples have them as axes of one."""
    (tmp_path / "theirs.py").write_text(HEADS)
    (tmp_path / "m.toml").write_text('axes = "B T H D"\n[names]\ndo = "cotangent o"\na = {of = "a", axes = "B T H"}\n')
    parts = {"inputs": 'q = "K"\nk = "K"\nv = "V"\na = ""', "states": 'S = "K V"',
             "equations": 'S = "a * S[t-1] + outer(k, v)"\no = "S.T @ q"'}  # fmt: skip
    model = from_text("title = 't'\n" + "".join(f"[{name}]\n{body}\n" for name, body in parts.items()), "t.toml")
    found = str(code.file(model, tmp_path / "theirs.py", table=tmp_path / "m.toml", wrt=["k"]))
    assert "The terms with k = t are missing; all others are right." in found, found


@pytest.mark.slow
def test_without_targets_the_lengths_tell_the_terms_apart(tmp_path: Path) -> None:
    (tmp_path / "theirs.py").write_text(OWN_LOSS)
    parts = {"inputs": 'x = "D"', "states": 'h = "H"', "parameters": 'U = "H D"\nW = "H H"',
             "equations": 'h = "tanh(U @ x + W @ h[t-1])"', "loss": 'step = "sum(h * h)"'}
    (tmp_path / "own.toml").write_text("\n".join(f"[{name}]\n{text}" for name, text in parts.items()))
    found = code.file(str(tmp_path / "own.toml"), tmp_path / "theirs.py")
    probe = found["U"].probe
    assert found["W"].right and probe is not None
    assert probe.table.sentence == "The terms with t − k = 2 are 0.7 times what they should be; all others are right."


@pytest.mark.slow
@pytest.mark.parametrize(("text", "factor", "check", "terms"), [
    (TARGETS, "0.5 if t - k == 2 and n else 1", "", "The terms with t − k ≥ 2 of every sample after the first are 0.5 times"),
    (TARGETS, "1.1 if t - k == 3 else 1", "assert W_hh.shape == (4, 4)", "The terms with t − k ≥ 3 are 1.1 times"),
    (COTANGENTS, "", "", "The terms with t and k in different blocks of 4 steps are 0.25 times"),
])
def test_the_table_is_measured_through_a_file(tmp_path: Path, text: str, factor: str, check: str, terms: str) -> None:
    path = tmp_path / "theirs.py"
    path.write_text(text.replace("FACTOR", factor).replace("CHECK", check))
    found = code.file("elman", path)
    assert {f.verdict for f in found.findings} == {"wrong"}
    probe = found["W_hh"].probe
    if found["W_hh"].certain:  # a cause that names it needs no measurement
        assert probe is None
        return
    said = json.loads(json.dumps(found.json()))["findings"][1]["probe"]
    assert probe is not None and said["says"] == list(probe.sentences)
    if not check:  # with four units the states of six steps cannot be told apart
        assert probe.table.sentence.startswith(terms) and terms[:40] in str(found)
        assert {(row["t"], row["k"]) for row in said["terms"] if not row["right"]} == {(t, k) for t, k, _ in probe.table.wrong}
    else:
        assert not probe.table.separated
        assert probe.table.sentence.startswith("The contributions of the losses with t > 3 are wrong")
