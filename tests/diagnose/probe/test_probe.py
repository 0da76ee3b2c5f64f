"""Probes measure the terms (t, k) of a gradient: planted faults are found where they are, by step, by sample and by length."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import ModuleType

import numpy as np
import pytest

import symbptt
from symbptt.data.values import Data
from symbptt.diagnose.case import Case, case
from symbptt.diagnose.findings import WRONG, Finding
from symbptt.diagnose.probe.probe import Gradients, probe
from symbptt.diagnose.probe.probed import Probed
from symbptt.diagnose.probe.trial import trial
from symbptt.diagnose.submission.drawn_data import draw

Fault = Callable[[int, int, int, int], float]
T, SIZES = 6, {"D": 7, "H": 8, "O": 9}


def right(data: Data) -> Case:
    return case(
        symbptt.load("elman"), parameters=data.parameters, inputs=data.inputs, targets=data.targets, states=data.states
    )


def elman(fault: Fault, bound: float = np.inf) -> Callable[[Data], Gradients]:
    """Gradients of the Elman network term by term, each multiplied by what `fault` says for t, k, n and T."""

    def gradients(data: Data) -> Gradients:
        P, x, y = data.parameters, data.inputs["x"], data.targets["y"]
        found = {name: np.zeros(np.shape(value)) for name, value in P.items()}
        found |= {"x": np.zeros_like(x), "h": np.zeros_like(data.states["h"])}
        for n in range(data.N):
            h = {0: data.states["h"][n]}
            for t in range(1, data.T + 1):
                h[t] = np.tanh(P["W_xh"] @ x[t - 1, n] + P["W_hh"] @ h[t - 1] + P["b_h"])
            for t in range(1, data.T + 1):
                do = np.exp(P["W_ho"] @ h[t] + P["b_o"])
                do /= do.sum()
                do[y[t - 1, n]] -= 1
                found["W_ho"] += np.outer(do, h[t])
                found["b_o"] += do
                dh = P["W_ho"].T @ do
                for k in range(t, 0, -1):
                    da = np.clip(dh, -bound, bound) * (1 - h[k] ** 2)
                    times = fault(t, k, n + 1, data.T)
                    found["W_xh"] += times * np.outer(da, x[k - 1, n])
                    found["W_hh"] += times * np.outer(da, h[k - 1])
                    found["b_h"] += times * da
                    found["x"][k - 1, n] += times * (P["W_xh"].T @ da)
                    dh = P["W_hh"].T @ da
                found["h"][n] += fault(t, 0, n + 1, data.T) * dh
        return found

    return gradients


def probed(function: Callable[[Data], Gradients], names: Sequence[str] = ("W_xh", "W_hh", "b_h", "x")) -> Mapping[str, Probed]:
    model = symbptt.load("elman")
    base, other = (draw(model, T, 2, given=SIZES, seed=seed) for seed in (7, 8))
    return probe(trial(model, base, other, tuple(range(1, T + 1))), lambda data: [function(d) for d in data], right, names)


FAULTS: Mapping[str, tuple[Fault, str, str]] = {
    "nothing is carried from block to block": (
        lambda t, k, n, T: float((t - 1) // 4 == (k - 1) // 4),
        "The terms with t and k in different blocks of 4 steps are missing; all others are right.",
        "It is right for T ≤ 4, wrong for more steps.",
    ),
    "the carry between blocks is halved": (
        lambda t, k, n, T: 1.0 if (t - 1) // 3 == (k - 1) // 3 else 0.5,
        "The terms with t and k in different blocks of 3 steps are 0.5 times what they should be; all others are right.",
        "It is right for T ≤ 3, wrong for more steps.",
    ),
    "right for short sequences only": (
        lambda t, k, n, T: 1.0 if T <= 2 else 1.3,
        "All terms are 1.3 times what they should be.", "It is right for T ≤ 2, wrong for more steps.",
    ),
    "right for the first sample only": (
        lambda t, k, n, T: 1.0 if n == 1 else -1.0,
        "All terms of every sample after the first have the wrong sign; all others are right.",
        "It is right for one sample, wrong for several.",
    ),
    "what reaches far back": (
        lambda t, k, n, T: 1.0 if t - k < 2 else 1.7 + 0.1 * k,
        "The terms with t − k ≥ 2 are wrong; all others are right.",
        "It is right for T ≤ 2, wrong for more steps.",
    ),
    "the last step": (
        lambda t, k, n, T: 1.0 if t < T else 0.0, "The terms with t = 6 are missing; all others are right.", "",
    ),
    "a factor for every step back": (
        lambda t, k, n, T: 0.9 ** (t - k),
        "The terms with t − k ≥ 1 are multiplied by 0.9 for every step back; all others are right.",
        "It is right for T = 1, wrong for more steps.",
    ),
    "one term": (
        lambda t, k, n, T: 1.001 if (t, k) == (5, 2) else 1.0,
        "The term (t, k) = (5, 2) is 1.001 times what it should be; all others are right.",
        "It is right for T ≤ 4, wrong for more steps.",
    ),
    "no pattern": (
        lambda t, k, n, T: 1.5 if t * k % 5 == 1 else 1.0,
        "5 of the 21 terms (t, k) are 1.5 times what they should be; all others are right.", "",
    ),
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found_where_it_is(name: str) -> None:
    fault, terms, more = FAULTS[name]
    found = probed(elman(fault))
    # A weight that is multiplied with a sequence, and the sequence itself, tell the source steps apart.
    for gradient in ("W_xh", "W_hh", "x"):
        assert found[gradient].sentences[0] == terms, gradient
        assert all(sentence in terms or sentence.startswith(more[:24]) for sentence in found[gradient].sentences)
    assert not more or any(sentence.startswith(more) for sentence in found["W_hh"].sentences), found["W_hh"].sentences
    expected = {(t, k, n) for t in range(1, T + 1) for k in range(1, t + 1) for n in (1, 2) if fault(t, k, n, T) != 1}
    assert set(found["W_hh"].table.wrong) == set(found["x"].table.wrong) == expected
    # A bias adds all steps up: here the losses alone are told apart.
    assert not found["b_h"].table.separated and {t for t, _, _ in found["b_h"].table.wrong} == {t for t, _, _ in expected}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("times", [1.001, 1 + 1e-5])
def test_no_term_is_off_by_a_little_without_being_seen(times: float) -> None:
    for place in [(t, k) for t in range(1, T + 1) for k in range(1, t + 1)][::4]:
        found = probed(elman(lambda t, k, n, T, at=place: times if (t, k) == at else 1.0), ("W_hh", "x"))  # type: ignore[misc]
        for one in found.values():
            assert {(t, k) for t, k, _ in one.table.wrong} == {place}
            assert all(c.share == pytest.approx(times, rel=1e-7) for c in one.table.wrong.values())


def test_a_right_gradient_is_right_everywhere() -> None:
    found = probed(elman(lambda t, k, n, T: 1.0), ("W_xh", "W_hh", "b_h", "W_ho", "b_o", "x", "h"))
    for one in found.values():
        assert one.table.cells and not one.table.wrong and not one.sentences and all(one.lengths.values())
    assert {(t, k) for t, k in found["W_hh"].table.errors} == {(t, k) for t in range(1, T + 1) for k in range(1, t + 1)}
    assert set(found["W_ho"].table.errors) == {(t, t) for t in range(1, T + 1)}


def test_what_does_not_depend_on_the_targets_is_told_apart() -> None:
    def constant(data: Data) -> Gradients:
        return {name: 0 * g + 1 for name, g in elman(lambda t, k, n, T: 1.0)(data).items()}

    table = probed(constant, ("W_hh",))["W_hh"].table
    assert table.missing and not table.whole and "does not depend on targets or cotangents at all" in table.sentence
    finding = Finding("W_hh", WRONG, 1.0).measured(Probed(table))
    assert not finding.certain
    gone = probed(elman(lambda t, k, n, T: float(k > 1)), ("W_hh",))["W_hh"]
    assert Finding("W_hh", WRONG, 1.0).measured(gone).causes == ("terms-missing",)


def test_what_is_bounded_on_the_way_is_no_sum_of_terms() -> None:
    def clipped(data: Data) -> Gradients:
        return {name: np.clip(gradient, -0.3, 0.3) for name, gradient in elman(lambda t, k, n, T: 1.0)(data).items()}

    found = probed(clipped, ("W_hh",))["W_hh"]
    assert not found.adds_up and not found.table.cells and "does not sum up" in " ".join(found.sentences)
    inside = probed(elman(lambda t, k, n, T: 1.0, bound=0.2), ("W_hh",))["W_hh"]
    assert inside.table.wrong or not inside.adds_up


def test_terms_of_another_form_are_not_forced_into_a_map() -> None:
    def shifted(data: Data) -> Gradients:
        """The state of the same step in place of that before it."""
        made = dict(elman(lambda t, k, n, T: 1.0)(data))
        rng = np.random.default_rng(data.T)
        made["W_hh"] = made["W_hh"] + sum(
            np.outer(rng.standard_normal(8), rng.standard_normal(8)) * data.targets["y"][t, n]
            for t in range(data.T) for n in range(data.N)
        )
        return made

    table = probed(shifted, ("W_hh",))["W_hh"].table
    assert table.wrong and not table.separated


def test_a_call_that_fails_is_left_out() -> None:
    def fails(data: Data) -> Gradients:
        if data.T != T:
            return {}
        return elman(lambda t, k, n, T: 1.0 if k == t else 0.0)(data)

    found = probed(fails, ("W_hh",))["W_hh"]
    assert found.table.missing and [*found.lengths] == [T] and found.json()["terms"]
    assert not probed(lambda data: {}, ("W_hh",))


@pytest.mark.parametrize("name", ["lstm", "gru"])
def test_every_gate_tells_its_steps_apart(name: str) -> None:
    model = symbptt.load(name)
    made = ModuleType("emitted")
    exec(compile(symbptt.emit.source(model, style="plain").text, "emitted.py", "exec"), made.__dict__)

    def known(data: Data) -> Case:
        return case(model, parameters=data.parameters, inputs=data.inputs, targets=data.targets, states=data.states)

    def ask(data: Sequence[Data]) -> list[Gradients]:
        return [made.value_and_grad(d.parameters, d.inputs, d.targets, d.states)[1] for d in data]

    base, other = (draw(model, T, 2, given=SIZES, seed=seed) for seed in (7, 8))
    names = [v.name for v in model.parameters]
    found = probe(trial(model, base, other, tuple(range(1, T + 1))), ask, known, names)
    assert set(found) == set(names) and not any(one.table.wrong for one in found.values())
    assert all(found[v.name].table.separated == (len(v.shape) == 2) for v in model.parameters)
