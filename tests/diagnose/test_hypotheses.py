"""Causes one by one, in backward passes of emitted code and of models made for them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import symbptt
from symbptt.data.random_values import random
from symbptt.diagnose import Diagnosis
from symbptt.diagnose.case import case
from symbptt.diagnose.hypotheses import mutants
from symbptt.diagnose.mutant import predicted
from symbptt.model.read import from_text

from . import corpus, corpus_more, measure_corpus

ROTATION = """
[inputs]
x = "H"
i = "index V"

[states]
re = "H"
im = "H"

[parameters]
rate = "H"
angle = "H"
E = "H V"

[targets]
y = "H"

[equations]
a = "exp(-exp(rate))"
c = "cos(angle)"
s = "sin(angle)"
e = "embed(E, i)"
re = "a * c * re[t-1] - a * s * im[t-1] + x + e"
im = "a * s * re[t-1] + a * c * im[t-1]"
u = "re[0:1]"

[loss]
step = "squared_error(re, y) + sum(u)"
"""

ELMAN = """
[inputs]
x = "D"

[states]
h = "H"

[parameters]
W = "H D"
U = "H H"
b = "H"

[targets]
y = "H"

[equations]
h = "tanh(W @ x + U @ h[t-1] + b)"

[loss]
step = "squared_error(h, y)"
"""

TIED = """
[inputs]
x = "index V"

[states]
h = "H"

[parameters]
E = "H V"
W = "H H"

[targets]
y = "V"

[equations]
h = "tanh(embed(E, x) + W @ h[t-1])"
o = "E.T @ h"

[loss]
step = "softmax_cross_entropy(o, y)"
"""


def _edited(text: str, *edits: tuple[str, str]) -> Diagnosis:
    model = from_text(text, "model.toml")
    plain = symbptt.emit.source(model, style="plain").text
    at = random(model, {"H": 4} | {d: 3 for d in model.dimensions if d != "H"}, T=6, N=3, seed=3)
    changed = plain
    for old, new in edits:
        assert old in changed, (old, plain)
        changed = changed.replace(old, new)
    theirs = corpus.gradients(changed, at)
    assert theirs is not None
    return symbptt.diagnose.gradients(model, theirs, **corpus.arguments(at))


def _explains(found: Diagnosis, cause: str, words: str) -> bool:
    """Whether every wrong gradient has this cause for certain, with these words in some explanation."""
    wrong = [f for f in found.findings if not f.right]
    said = [s.cause for f in wrong for s in f.suspects if s.certain and s.cause.name == cause]
    return bool(wrong) and all(f.certain and cause in f.causes for f in wrong) and any(words in c.explanation for c in said)


_LOOP_END = "        d_im_next = d_im * a[t] * c[t] - d_re * a[t] * s[t]"
_SINE = "d_s = d_im * a[t] * re[t]"


@pytest.mark.sampled(12)
@pytest.mark.parametrize(("edits", "cause", "words"), [
    ([("d_re_next = d_im", "d_re_next = -d_im"), ("c[t] - d_re * a[t] * s[t]", "c[t] + d_re * a[t] * s[t]")],
     "sign-flipped", "rotation"),
    ([("(d_a_1 * a_1[t])", "d_a")], "slope-missing", "which is the gradient by"),
    ([("(d_a_1 * a_1[t])", "d_a_1")], "slope-missing", "exp(rate)"),
    ([("grad_E += d_e.T @ i[t]", "grad_E[:, i[t].argmax(1)] = d_e.T")], "overwritten", "the first step that has its class"),
    ([("grad_E += d_e.T @ i[t]", "grad_E[:, i[t].argmax(1)] += d_e.T")], "overwritten", "within a step"),
    ([("grad_E += d_e.T @ i[t]", "grad_E = d_e[-1:].T @ i[t][-1:]")], "overwritten", "the part of sample 2 and step k = 1"),
    ([("grad_E += d_e.T @ i[t]", "grad_E += d_e[-1:].T @ i[t][-1:]")], "overwritten", "the part of sample 2, of every step,"),
    ([("        d_e = d_re ", "        d_re[:, :1] = d_u\n        d_e = d_re ")], "overwritten", "in the rows of"),
    ([(_LOOP_END, _LOOP_END.replace("        d", "        d_re_next *= 0.3 if t and t % 2 == 0 else 1\n        d"))],
     "factor", "between blocks of 2 steps, is 3/10"),
    ([("(d_s * np.cos", "(d_c * np.cos")], "factor-wrong", "δ_{c,t} in place of δ_{s,t}"),
    ([(_SINE, "d_s = d_im * a[t] * re[1]")], "stale-buffer", "the value of the first step"),
    ([(_SINE, "d_s = d_im * a[t] * re[t][:1]")], "stale-buffer", "the first sample"),
])
def test_one_cause(edits: list[tuple[str, str]], cause: str, words: str) -> None:
    found = _edited(ROTATION, *edits)
    assert _explains(found, cause, words), str(found)


POWER = """
[inputs]
x = "H"
[states]
h = "H"
[parameters]
w = "H"
[targets]
y = "H"
[equations]
h = "tanh(w * h[t-1] + x)"
[loss]
step = "sum((h - y) ** 4)"
"""


@pytest.mark.parametrize("wrong", ["(4 * L_1 ** 2)", "(L_1 ** 3)", "(4 * L_1 ** 4)"])
def test_the_slope_of_a_power(wrong: str) -> None:
    assert _explains(_edited(POWER, ("(4 * L_1 ** 3)", wrong)), "slope-wrong", "has the wrong slope")


def test_the_gradient_of_an_initial_state() -> None:
    elman = symbptt.load("elman")
    at = random(elman, None, T=4, N=3, seed=0)
    given = {"parameters": at.parameters, "inputs": at.inputs, "states": at.states, "cotangents": {"h": at.cotangents["h"]}}
    right = case(elman, **given).right["h"]
    first = at.cotangents["h"][0]
    h = np.tanh(at.inputs["x"][0] @ at.parameters["W_xh"].T + at.states["h"] @ at.parameters["W_hh"].T + at.parameters["b_h"])
    later = {**given, "inputs": {"x": at.inputs["x"][1:]}, "states": {"h": h}, "cotangents": {"h": at.cotangents["h"][1:]}}
    for theirs, cause in ((right + first, "summand-extra"), (case(elman, **later).right["h"] + first, "off-by-one")):
        found = symbptt.diagnose.gradients(elman, {"h": theirs}, **given)
        assert found["h"].certain and found["h"].causes[0] == cause, str(found)


@pytest.mark.slow
@pytest.mark.parametrize("model", corpus.MODELS)
def test_the_same_mistake_at_all_sites_is_one(model: str) -> None:
    for mistake in [*corpus_more.systematic(corpus.source(model))][::3]:
        found = measure_corpus.outcome(model, 1, 5, mistake)
        assert found is None or found.foremost, found


@pytest.mark.slow
def test_mistakes_in_models_with_matrix_states() -> None:
    found = [*measure_corpus.matrix_states((0,), every=4)]
    assert len(found) > 8 and sum(o.named for o in found) >= 0.95 * len(found), [str(o) for o in found if not o.named]


@pytest.mark.slow
def test_three_mistakes_at_once() -> None:
    found = [*measure_corpus.triples(3, seed=1)]
    assert sum(o.named for o in found) >= 7, [str(o) for o in found if not o.named]


def test_an_index_that_comes_twice_is_told_beside_other_summands() -> None:
    both = "grad_E += h[t + 1].T @ d_o + d_h_1.T @ x[t]"
    apart = "grad_E += h[t + 1].T @ d_o\n        grad_E[:, x[t].argmax(1)] += d_h_1.T"
    found = _edited(TIED, (both, apart))
    assert _explains(found, "overwritten", "within a step") and found["W"].right


@pytest.mark.slow
def test_a_mean_for_a_sum_on_top_of_another_mistake_is_told_with_it() -> None:
    slope = "(1 - h[t + 1] ** 2)"
    found = _edited(ELMAN, (slope, "(1 - h[t + 1])"), (".sum(axis=0)", ".mean(axis=0)"))
    assert {"slope-wrong"} == set(found["W"].causes) and {"slope-wrong", "mean-for-sum"} == set(found["b"].causes)
    assert found["b"].certain


def test_gradients_of_inputs_in_reverse_order_are_told_beside_another_mistake() -> None:
    model = from_text(ELMAN, "model.toml")
    at = corpus.arguments(random(model, {"H": 4, "D": 3}, T=6, N=3, seed=3))
    right = case(model, **at)
    slope = next(m for m in mutants(right.backward, right.point) if m.causes[0].name == "slope-wrong")
    for theirs, causes in ((right.right, set()), (predicted(slope, right), {"slope-wrong"})):
        turned = theirs | {"x": theirs["x"][::-1]}
        found = symbptt.diagnose.gradients(model, turned, **at)
        assert set(found["x"].causes) == causes | {"time-reversed"} and set(found["W"].causes) == causes


LOG_COSH = "sum(log(0.5 * exp(h - y) + 0.5 * exp(y - h)))"


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("loss", "edit", "words"), [
    (LOG_COSH, ("-d_L_3 + d_L_1", "(h[t + 1] - y[t]) * weight[t]"), "hₜ − yₜ, that of half the squared error"),
    (LOG_COSH, ("-d_L_3 + d_L_1", "2 * (h[t + 1] - y[t]) * weight[t]"), "that of half the squared error"),
    ("huber(h, y, delta=0.3)", ("d_L_2 * np.where(L_1.real <= -0.3, -0.3, np.where(L_1.real >= 0.3, 0.3, L_1))",
                                "d_L_2 * np.clip(L_1, -0.6, 0.6)"), "that with"),
    ("squared_error(h, y)", ("(h[t + 1] - y[t])", "(1 / (1 + np.exp(-h[t + 1])) - y[t])"), "binary cross-entropy"),
])
def test_the_gradient_of_another_loss_is_named(loss: str, edit: tuple[str, str], words: str) -> None:
    assert _explains(_edited(ELMAN.replace("squared_error(h, y)", loss), edit), "loss-slope", words)


def test_a_factor_of_the_loss_is_no_other_loss() -> None:
    found = _edited(ELMAN, ("(h[t + 1] - y[t])", "(2 * (h[t + 1] - y[t]))"))
    assert "factor" in found.causes and "loss-slope" not in found.causes


def test_a_mask_that_the_loss_does_not_meet_is_a_missing_factor() -> None:
    found = _edited("freeze = true\n" + ELMAN, ("weight[t] * mask_[t]", "weight[t] * np.ones_like(mask_[t])"))
    assert {f.causes for f in found.findings if not f.right} == {("factor-missing",)}


@pytest.mark.parametrize(("name", "edit", "cause", "words"), [
    ("mgu", ("d_a_n_1 = d_a_n_2[..., :H]", "d_a_n_1 = d_a_n_2[..., -H:]"), "slice-wrong", "the last rows of"),
    ("jordan", ("(p[t + 1] * d_p).sum(", "d_p.sum("), "factor-missing", "pₜᵀ"),
])
def test_a_mistake_in_a_stacked_column_or_a_softmax_is_named(name: str, edit: tuple[str, str], cause: str, words: str) -> None:
    text = (Path(symbptt.__file__).parent / "models" / f"{name}.toml").read_text(encoding="utf-8")
    assert _explains(_edited(text, edit), cause, words)
