"""Backward passes written by hand in many styles: judged right as they are, and named when one thing in them is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from symbptt.diagnose import code

THEIRS = Path(__file__).parent / "theirs"
MODELS = {"mean_loss": "elman", "stacked": "lstm", "gru": "gru", "lists": "irnn", "jordan": "jordan",
          "leaky": str(THEIRS / "leaky.toml")}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", MODELS)
def test_they_are_right(name: str) -> None:
    found = code.file(MODELS[name], THEIRS / f"{name}.py")
    assert {f.verdict for f in found.findings} == {"scaled" if name == "mean_loss" else "right"}
    assert {f.gradient for f in found.findings} >= {v.name for v in found.model.parameters}


@pytest.mark.sampled(20)
@pytest.mark.parametrize(("name", "old", "new", "cause"), [
    ("mean_loss", "dscores.dot(Wy.T) + dh_next", "dscores.dot(Wy.T)", "carry-dropped"),
    ("mean_loss", "return loss, grads", "return loss, {k: np.clip(g, -0.1, 0.1) for k, g in grads.items()}", "clipped"),
    ("mean_loss", "range(T - 1, -1, -1)", "range(T - 1, 0, -1)", "step-missing"),
    ("stacked", "dh * o * (1 - tc**2)", "dh * o", "slope-missing"),
    ("stacked", "dc * c_old, dc * i", "dc * c, dc * i", "off-by-one"),
    ("stacked", "dg * (1 - g**2), do * o * (1 - o)", "do * o * (1 - o), dg * (1 - g**2)", "gates-permuted"),
    ("stacked", "dz[:, D:]", "dz[:, :H]", "slice-wrong"),
    ("stacked", "dc_next = dc * f", "dc_next = dc", "factor-missing"),
    ("gru", "dh * (h - n)", "dh * (n - h)", "sign-flipped"),
    ("gru", "dn = dh * (1 - z)", "dn = dh * z", "factor-wrong"),
    ("gru", " + Ur.T @ dar", "", "gate-missing"),
    ("lists", "dh = W_hh.T @ da", "dh = dh + W_hh.T @ da", "stale-buffer"),
    ("lists", "do[ys[t]] -= 1", "do[ys[t]] += 1", "loss-slope"),
    ("lists", "(a[t] > 0)", "(h[t] > 0)", "slope-argument"),
    ("jordan", "q * (dp - (dp * q).sum(1, keepdims=True))", "q * (1 - q) * dp", "slope-wrong"),
    ("jordan", "da.T @ p[t]", "da.T @ p[t + 1]", "off-by-one"),
    ("leaky", "delta * leak * (1", "delta * (1", "factor-missing"),
    ("leaky", "(1 - leak) * delta + da", "da", "route-missing"),
    ("leaky", "e = o[t] - y[t]", "e = 2 * (o[t] - y[t])", "factor"),
    ("leaky", "e = o[t] - y[t]", "e = (o[t] - y[t]) / y.size", "mean-for-sum"),
])
def test_what_is_wrong_is_named_first(tmp_path: Path, name: str, old: str, new: str, cause: str) -> None:
    text = (THEIRS / f"{name}.py").read_text()
    assert old in text
    path = tmp_path / "theirs.py"
    path.write_text(text.replace(old, new))
    found = code.file(MODELS[name], path)
    wrong = [f for f in found.findings if f.verdict == "wrong"] or [f for f in found.findings if f.verdict == "scaled"]
    assert wrong and all(f.certain and f.causes[0] == cause for f in wrong), str(found)
