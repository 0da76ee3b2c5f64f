"""Verdicts on numbers: right, right up to layout or factor, wrong with the cause; and what cannot be compared."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import symbptt
from symbptt.derive.recursion import recursion
from symbptt.diagnose import Cause
from symbptt.diagnose.report import Derivation
from symbptt.errors import BadInput, UnknownName
from symbptt.mistakes import named
from symbptt.model.read import from_text

from .conftest import Bench

Make = Callable[..., Bench]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", ["elman", "gru", "lstm", "jordan", "lstm_peephole", "deep_feedforward", "mlp"])
def test_right_gradients_are_right(bench: Make, name: str) -> None:
    made = bench(name)
    found = made.diagnose({k: v for k, v in made.case.right.items()})
    assert found.ok and not found.causes
    assert {f.gradient for f in found.findings} == set(made.case.right)


@pytest.mark.slow
def test_one_per_mille_is_not_right(bench: Make) -> None:
    made = bench("elman")
    for name, gradient in made.right.items():
        theirs = made.right | {name: gradient + 1e-3 * np.eye(*gradient.shape) if gradient.ndim == 2 else gradient + 1e-3}
        found = made.diagnose(theirs)
        assert found[name].verdict == "wrong"
        assert all(f.right for f in found.findings if f.gradient != name)


def test_gradients_that_cancel_are_compared_with_what_cancels() -> None:
    text = """
[states]
c = "H"
[parameters]
b = "H"
w = "1 H"
[equations]
c = "b"
[loss]
step = "batch_norm(w @ c[t-1])"
"""
    model = from_text(text, "cancels.toml", "cancels")
    given = {"parameters": {"w": np.array([[0.7, -0.4]]), "b": np.ones(2)}, "inputs": {}, "targets": {}}
    start = {"c": np.array([[0.3, 1.2], [-0.8, 0.5]])}
    for rounding, verdict in ((1e-16, "right"), (1e-3, "wrong")):
        theirs = {"w": np.full((1, 2), rounding), "b": np.zeros(2)}
        assert symbptt.diagnose.gradients(model, theirs, T=1, states=start, **given)["w"].verdict == verdict


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("factor", "cause"), [(0.5, "mean-for-sum"), (0.125, "mean-for-sum"), (-1.0, "sign-flipped"),
                                               (2.0, "factor"), (0.3, "factor")])
def test_factors(bench: Make, factor: float, cause: str) -> None:
    made = bench("gru")
    found = made.diagnose({name: factor * g for name, g in made.right.items()})
    assert {f.verdict for f in found.findings} == {"scaled"} and not found.ok
    assert all(f.factor == pytest.approx(factor) and f.causes[0] == cause for f in found.findings)


def test_a_transposed_gradient_is_right_up_to_layout(bench: Make) -> None:
    made = bench("lstm")
    found = made.diagnose({name: g.T for name, g in made.right.items()})
    for finding in found.findings:
        assert finding.verdict == ("scaled" if made.right[finding.gradient].ndim == 2 else "right")


def test_a_wrong_gradient_is_recognised_in_another_layout(bench: Make) -> None:
    made = bench("elman")
    for mutant in made.named("carry-dropped"):
        found = made.diagnose({name: g.T for name, g in made.wrong(mutant).items()})
        assert found["W_hh"].causes[0] == "carry-dropped" and found["W_hh"].certain


@pytest.mark.slow
def test_clipping(bench: Make) -> None:
    made = bench("lstm")
    found = made.diagnose({name: np.clip(g, -0.5, 0.5) for name, g in made.right.items()})
    assert found.causes == ("clipped",)
    norm = np.sqrt(sum((g**2).sum() for g in made.right.values()))
    found = made.diagnose({name: g * (1.5 / (norm + 1e-6)) for name, g in made.right.items()})
    assert found.causes == ("clipped",)
    dropped = made.wrong(made.named("carry-dropped")[0])
    found = made.diagnose({name: np.clip(g, -0.3, 0.3) for name, g in dropped.items()})
    assert {"clipped", "carry-dropped"} <= set(found["W_hf"].causes)


@pytest.mark.parametrize("axes", ["N", "T", "TN"])
def test_a_bias_that_was_never_summed(bench: Make, axes: str) -> None:
    made = bench("elman", T=4, N=3)
    terms = made.case.terms.arrays["b_h"].sum(axis=0)[..., 0]
    theirs = {"N": terms.sum(axis=0), "T": terms.sum(axis=1), "TN": terms}[axes]
    finding = made.diagnose(made.right | {"b_h": theirs})["b_h"]
    assert finding.verdict == "wrong" and finding.causes[0] == "bias-not-summed"


@pytest.mark.sampled(3)
@pytest.mark.parametrize("decimals", [4, 6, 9])
def test_printed_numbers(bench: Make, decimals: int) -> None:
    made = bench("lstm")
    assert made.diagnose({name: g.round(decimals) for name, g in made.right.items()}).ok
    wrong = made.wrong(made.named("carry-dropped")[0])
    assert made.diagnose({name: g.round(decimals) for name, g in wrong.items()})["W_hf"].causes[0] == "carry-dropped"


@pytest.mark.slow
def test_single_precision(bench: Make) -> None:
    made = bench("lstm")
    assert made.diagnose({name: g.astype(np.float32) for name, g in made.right.items()}).ok
    wrong = made.wrong(made.named("carry-dropped")[0])
    assert made.diagnose({name: g.astype(np.float32) for name, g in wrong.items()})["W_hf"].causes[0] == "carry-dropped"


@pytest.mark.slow
def test_single_entries(bench: Make) -> None:
    made = bench("lstm")
    both = next(m for m in made.named("carry-dropped") if len(m.causes) == 2)
    wrong = made.wrong(both)
    entries = {name: np.array([[0, 1, wrong[name][0, 1]], [2, 0, wrong[name][2, 0]]]) for name in ("W_hf", "W_xi", "W_hg")}
    found = made.diagnose({}, entries=entries)
    assert {f.gradient for f in found.findings} == {"W_hf", "W_xi", "W_hg"}
    for finding in found.findings:
        assert [(s.cause.name, s.cause.state) for s in finding.suspects[:2]] == [("carry-dropped", "h"), ("carry-dropped", "c")]
    assert made.diagnose({}, entries={"W_hf": np.array([[1, 1, made.right["W_hf"][1, 1]]])}).ok


@pytest.mark.slow
def test_two_gradients_with_a_mistake_of_their_own(bench: Make) -> None:
    made = bench("lstm")
    theirs = made.right | {"b_q": 0 * made.right["b_q"], "W_ho": made.wrong(made.named("off-by-one")[0])["W_ho"] + 0.0}
    theirs["W_hi"] = made.wrong(made.named("carry-dropped")[0])["W_hi"]
    found = made.diagnose(theirs)
    assert "not-computed" in found["b_q"].causes and found["W_hi"].causes[0] == "carry-dropped"


@pytest.mark.slow
def test_terms_of_one_step_left_out(bench: Make) -> None:
    made = bench("lstm", T=3)
    array = made.case.terms.arrays["W_hi"].sum(axis=2)
    finding = made.diagnose(made.right | {"W_hi": made.right["W_hi"] - array[1, 0] - array[2, 1]})["W_hi"]
    assert finding.causes == ("terms-missing",) and "(2, 1), (3, 2)" in finding.suspects[0].cause.explanation


def test_noise_has_no_certain_cause(bench: Make) -> None:
    made = bench("elman")
    rng = np.random.default_rng(3)
    found = made.diagnose({name: g + 0.05 * rng.standard_normal(g.shape) for name, g in made.right.items()})
    assert all(f.verdict == "wrong" and not f.certain for f in found.findings)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_no_finite_numbers(bench: Make, bad: float) -> None:
    made = bench("elman")
    theirs = made.right | {"W_hh": made.right["W_hh"] * np.where(np.eye(4) > 0, bad, 1)}
    found = made.diagnose(theirs)
    assert found["W_hh"].causes == ("not-finite",) and found["W_xh"].right


@pytest.mark.parametrize("odd", [np.zeros((9, 9)), np.array("text"), None, [[1, 2], [3]], np.array([1j])])
def test_what_is_no_gradient_at_all(bench: Make, odd: object) -> None:
    made = bench("elman")
    found = made.diagnose(made.right | {"b_h": odd})  # type: ignore[dict-item]
    named = "shape-wrong" if isinstance(odd, np.ndarray) and odd.dtype == float else "not-real"
    assert found["b_h"].causes == (named,) and found["W_hh"].right


def test_names_of_gradients(bench: Make) -> None:
    made = bench("elman")
    right = made.case.right
    found = made.diagnose({"dW_hh": right["W_hh"], "dx": right["x"], "dh0": right["h"]})
    assert found.ok and {f.gradient for f in found.findings} == {"W_hh", "x", "h"}
    with pytest.raises(UnknownName, match="did you mean 'W_hh'"):
        made.diagnose({"W_hhh": right["W_hh"]})


def test_bad_input(bench: Make) -> None:
    made = bench("elman")
    with pytest.raises(BadInput, match="no gradients"):
        made.diagnose({})
    with pytest.raises(BadInput, match="not both"):
        made.diagnose(made.right, cotangents={"h": np.zeros((4, 2, 4))})
    with pytest.raises(BadInput, match="outside the shape"):
        made.diagnose({}, entries={"W_hh": np.array([[4, 0, 1.0]])})
    with pytest.raises(UnknownName, match="unknown mistake"):
        Cause("no-such-cause")


def test_the_sample_axis_may_be_left_out(bench: Make) -> None:
    made = bench("elman", N=1)
    point = {part: {n: a for n, a in arrays.items()} for part, arrays in made.point.items()}
    point["inputs"] = {"x": point["inputs"]["x"][:, 0]}
    point["states"] = {"h": point["states"]["h"][0]}
    point["targets"] = {"y": point["targets"]["y"][:, 0]}
    assert symbptt.diagnose.gradients("elman", made.right, **point).ok


@pytest.mark.slow
def test_json(bench: Make) -> None:
    made = bench("lstm")
    found = made.diagnose(made.wrong(made.named("carry-dropped")[0])).json()
    assert found["schema"] == 1 and [f["gradient"] for f in found["findings"]] == [v.name for v in made.model.parameters]
    finding = next(f for f in found["findings"] if f["gradient"] == "W_hf")
    assert finding["verdict"] == "wrong" and finding["terms"][0] == {"t": 1, "k": 1, "difference": 0.0}
    first = finding["causes"][0]
    assert (first["name"], first["state"], first["certain"]) == ("carry-dropped", "h", True) and "W_{hf}" in first["explanation"]
    assert all(named(cause["name"]) for f in found["findings"] for cause in f["causes"])


def test_the_report_teaches(bench: Make) -> None:
    made = bench("elman")
    text = str(made.diagnose(made.wrong(made.named("carry-dropped")[0])))
    assert "never passed back from step t+1 to step t" in text
    assert "equation (6): δ_{h,t} = Wₕₒᵀ δ_{o,t} + Wₕₕᵀ δ_{a,t+1}" in text
    assert "right in code: d_h = c_h[t + 1] + d_o @ W_ho + d_h_next" in text
    assert "should be" in text and "█" in text


def test_only_the_gradient_of_a_parameter_is_a_sum_over_steps() -> None:
    """An input has a gradient at each step, and what a state starts from has that of the first."""
    derivation = Derivation(symbptt.load("elman"))
    numbers = {e.variable.name: e.number for e in recursion(symbptt.load("elman")).gradients}
    assert derivation.equation(numbers["x"]) == "dxₜ = Wₓₕᵀ δ_{a,t}"
    assert derivation.equation(numbers["h"]) == "dh₀ = Wₕₕᵀ δ_{a,1}"
    assert derivation.equation(numbers["b_h"]) == "db_h = Σₜ δ_{a,t}"
    learned = from_text("""
inputs = {x = "H"}
states = {h = "H"}
parameters = {w = "H", start = "H"}
initial = {h = "start"}
targets = {y = "H"}
equations = {h = "w * h[t-1] + x"}
loss = {step = "squared_error(h, y)"}
""", "learned")
    number = next(e.number for e in recursion(learned).gradients if e.variable.name == "start")
    assert Derivation(learned).equation(number) == "dstart = δ_{h,1} ⊙ w"
