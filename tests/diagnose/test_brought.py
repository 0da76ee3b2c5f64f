"""What people bring: interfaces of many kinds, each right as it is and wrong with one change, and never judged by luck."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import symbptt
from symbptt import testing
from symbptt.diagnose import Diagnosis, code
from symbptt.diagnose.case import case
from symbptt.diagnose.submission.mapping import table
from symbptt.model.values import Model

BROUGHT = Path(__file__).parent / "brought"
CELLS = {"stacked_rows": "gru", "gates": "lstm"}
"""What is brought for another model than the Elman network."""
NO_LOSS = ("class_of_parameters", "last_step", "last_by_shape", "last_cotangent", "stacked_rows")


def model(name: str) -> Model:
    """The model that a file is for: its own, or the Elman network, without a loss where cotangents are taken."""
    own = BROUGHT / f"{'attention' if name == 'heads' else name}.toml"
    made = symbptt.load(str(own) if own.exists() else CELLS.get(name, "elman"))
    return replace(made, loss=None) if name in NO_LOSS else made


def diagnosed(name: str, path: Path | None = None) -> Diagnosis:
    """The diagnosis of a file that was brought, with its mapping if it has one."""
    mapping = BROUGHT / f"{name}_mapping.toml"
    return code.file(model(name), path or BROUGHT / f"{name}.py", table=mapping if mapping.exists() else None)


QUICK = ("decayed_delta", "taken", "last_cotangent", "at_last", "one_scalar", "summed", "class_of_sizes", "handed_on", "heads",
         "written_into")
RIGHT = (*QUICK, *(
    pytest.param(name, marks=pytest.mark.slow) for name in (
        "dicts_of_steps", "class_of_parameters", "scalars", "attention", "other_keys", "classifier", "lists_of_gradients",
        "one_hot", "in_place", "module_names", "last_step", "gated", "delta_rule", "by_shape", "square", "loss_method",
        "whole_arrays", "pure_python", "last_by_shape", "class_with_dicts", "single_precision", "book", "dots", "packed",
        "set_by_name", "stacked_rows", "cells", "script", "gates",
    )
))


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", RIGHT)
def test_right_ones_are_right(name: str) -> None:
    found = diagnosed(name)
    assert found.ok and found.findings and not found.opening, str(found)


MISTAKES = (
    ("dicts_of_steps", "dhnext = np.dot(Whh.T, dhraw)", "dhnext = np.dot(Whh, dhraw)", "transpose-missing"),
    ("dicts_of_steps", "dy[targets[t]] -= 1", "dy[targets[t]] += 1", "loss-slope"),
    ("class_of_sizes", "self.dby += dy", "self.dby = dy", "overwritten"),
    ("class_of_parameters", 'carry = da @ p["W_hh"]', "carry = da", "factor-missing"),
    ("handed_on", "dnext = dz @ Wh.T", "dnext = dh @ Wh.T", "slope-missing"),
    ("scalars", "du += da * h[t]", "du += da * h[t + 1]", "off-by-one"),
    ("attention", "dS += do", "dS = do", "carry-dropped"),
    ("heads", "dq[b, t, h] = S[t + 1].T", "dq[b, t, h] = S[t].T", "off-by-one"),
    ("written_into", "dW_hh += da.T @ h[t]", "dW_hh += h[t].T @ da", "transpose-missing"),
    ("other_keys", 'grads["dbh"] += delta.sum(0)', 'grads["dbh"] += delta[0]', "bias-not-summed"),
    ("classifier", "dh = da @ U", "dh = dh @ U", "slope-missing"),
    ("one_hot", "* (1 - h[k - 1] ** 2)", "* (1 - h[k] ** 2)", "off-by-one"),
    ("named_tuple", "dh = da @ W_hh", "dh = da @ W_hh.T", "transpose-missing"),
    ("lists_of_gradients", "carry = da @ W_hh", "carry = 0", "carry-dropped"),
    ("taken", "dc, dm = dc * m[t + 1], dm * u", "dc, dm = dc, dm * u", "factor-missing"),
    ("at_last", "dh = dh * w", "dh = dh", "factor-missing"),
    ("last_cotangent", "dh = da @ W_hh", "dh = dh @ W_hh", "slope-missing"),
    ("summed", "dW += da.T @ s[t]", "dW += da.T @ s[t + 1]", "off-by-one"),
    ("one_hot", "np.arange(0, t + 1)", "np.arange(1, t + 1)", "step-missing"),
    ("set_by_name", "carry = da @ self.W_hh", "carry = da @ self.W_hh.T", "transpose-missing"),
    ("gates", "dz = dz + W[k].T @ d", "dz = W[k].T @ d", "overwritten"),
    ("script", "- 1, -1, -1)", "- 1, 0, -1)", "step-missing"),
    ("packed", "carry = da @ Wh.T", "carry = da @ Wh", "transpose-missing"),
    ("one_scalar", "lam = y[t] + a * lam", "lam = y[t]", "carry-dropped"),
    ("decayed_delta", "dS = decay * dbefore", "dS = dbefore", "factor-missing"),
    ("decayed_delta", " - np.einsum(\"bkv,bv->bk\", before, dr)", "", "route-missing"),
)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "old", "new", "cause"), MISTAKES)
def test_one_mistake_in_them_is_named(tmp_path: Path, name: str, old: str, new: str, cause: str) -> None:
    text = (BROUGHT / f"{name}.py").read_text()
    assert old in text
    path = tmp_path / "theirs.py"
    path.write_text(text.replace(old, new))
    found = diagnosed(name, path)
    wrong = [f for f in found.findings if f.verdict == "wrong"]
    assert wrong and not found.ok
    assert all(f.certain and cause in f.causes for f in wrong), str(found)
    if name == "decayed_delta":
        changed = {line.strip() for line in {*path.read_text().splitlines()} - {*text.splitlines()}}
        assert {f.line.partition(": ")[2] for f in wrong} == changed


@pytest.mark.slow
def test_several_samples_go_before_one() -> None:
    found = diagnosed("one_sample")
    wrong = {f.gradient: f.causes[:1] for f in found.findings if not f.right}
    assert wrong == dict.fromkeys(("b_h", "b_o"), ("bias-not-summed",))
    one = diagnosed("one_norm")
    assert not one.ok and not any(f.right for f in one.findings)


def test_results_without_names_are_judged_in_their_order() -> None:
    found = diagnosed("unnamed")
    assert [f.gradient for f in found.findings if f.verdict == "wrong"] == ["W_xh", "W_hh", "b_h", "W_ho"]
    assert found["b_o"].right


def test_a_function_called_backward_goes_before_one_called_forward() -> None:
    found = diagnosed("guessed")
    assert found.failed and any("rnn_backward returned no gradient" in note for note in found.notes)


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("name", "old", "new", "opening"), [
    ("lists_of_gradients", "h[-1] @ W_hh.T + b_h)", "h[-1] @ W_hh + b_h)", "h at step 1 is"),
    ("dicts_of_steps", "np.dot(Whh, hs[t - 1]) + bh)", "np.dot(Whh, hs[t - 1]))", "b_h are not its gradients, those of W_xh"),
    ("dicts_of_steps", "ys[t] = np.dot(Why, hs[t]) + by", "ys[t] = np.dot(Why, hs[t]) - by", "b_o are not its gradients"),
])
def test_another_forward_pass_is_said_first(tmp_path: Path, name: str, old: str, new: str, opening: str) -> None:
    text = (BROUGHT / f"{name}.py").read_text()
    assert old in text
    path = tmp_path / "theirs.py"
    path.write_text(text.replace(old, new))
    found = diagnosed(name, path)
    assert not found.ok and opening in " ".join(found.opening), str(found)
    assert str(found).replace("\n  ", " ").startswith(found.opening[0][:40])
    assert all(s.certain for f in found.findings for s in f.suspects)


def test_nothing_is_dropped_in_silence(tmp_path: Path) -> None:
    text = (BROUGHT / "by_shape.py").read_text().replace("return out", "return out[:4] + [out[0] * 2]")
    path = tmp_path / "theirs.py"
    path.write_text(text)
    found = diagnosed("by_shape", path)
    assert not found.ok and found.unjudged and all(name in str(found) for name in found.unjudged)
    assert any("no gradient of elman that can be recognised" in note for note in found.notes)


ROWS = """

columns = grad


def grad(x, y, h0, A):
    return columns(x, y, h0, A.T).T
"""


@pytest.mark.slow
def test_layouts_that_fit_alike_and_differ_in_the_verdict_are_asked_for(tmp_path: Path) -> None:
    first = diagnosed("unseen")  # nothing of its forward pass is seen: the axes of emitted code go first
    assert first.ok and any("do not rule out" in note for note in first.notes)
    path = tmp_path / "rows.py"
    path.write_text((BROUGHT / "unseen.py").read_text() + ROWS)
    found = code.file(model("unseen"), path)
    assert found.failed and not found.findings and any("two layouts fit" in note for note in found.notes)
    rows = table({"axes": "TND", "layout": "row"}, model("unseen"))
    assert code.file(model("unseen"), path, table=rows).ok


@pytest.mark.parametrize(("turned", "verdicts"), [
    ({"W_hh"}, {"W_hh": "wrong", "W_xh": "right"}), ({"W_hh", "W_xh"}, {"W_hh": "scaled", "W_xh": "scaled"}),
    ({"W_xh"}, {"W_hh": "wrong", "W_xh": "scaled"}),
])
def test_square_matrices_are_read_as_the_others(turned: set[str], verdicts: dict[str, str]) -> None:
    elman = symbptt.load("elman")
    point = testing.point(elman)
    given = {"parameters": point.parameters, "inputs": point.inputs, "targets": point.targets, "states": point.states}
    right = case(elman, **given).right
    theirs = {n: right[n].T if n in turned else right[n] for n in ("W_xh", "W_hh")}
    found = symbptt.diagnose.gradients(elman, theirs, **given)
    assert {f.gradient: f.verdict for f in found.findings} == verdicts
    assert all(f.certain and "transpose-missing" in f.causes for f in found.findings if not f.right)


def test_what_is_done_to_arguments_is_said() -> None:
    assert any("changes its arguments W_hh, b_h in place" in note for note in diagnosed("in_place").notes)


def test_a_parameter_that_nothing_stands_for_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "theirs.py"
    path.write_text((BROUGHT / "loss_method.py").read_text().replace("weight_out", "readout"))
    found = diagnosed("loss_method", path)
    assert found.failed and any('[names] NAME = "W_ho"' in note for note in found.notes)
