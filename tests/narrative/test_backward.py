"""The backward recursion as it is told: its values, its order, and its numbers in emitted code."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from symbptt import emit, narrative, typeset
from symbptt.algebra.nodes import TIME
from symbptt.algebra.related import Adjoint
from symbptt.derive.recursion import recursion
from symbptt.model.read import load, names
from symbptt.model.values import Model, Role
from symbptt.narrative import backward
from symbptt.narrative.inline import plain
from symbptt.narrative.presentation import ENGLISH


def by_recursion(item: Any) -> dict[str, Any]:
    """The gradients by the told equations: base case at t = T, then backwards."""
    found = recursion(item.model)
    leaves = item.run.values.leaves
    for t in range(item.T, 0, -1):
        for equation in found.adjoints:
            base, earlier = backward.right_sides(item.model, equation)
            value = (base if t == item.T else earlier).xreplace({TIME: t})
            leaves[Adjoint(equation.variable.at(t))] = item.value(value)
    made = {}
    for equation in found.gradients:
        v = equation.variable
        if v.role is Role.PARAMETER and v.tied:
            made[v.name] = item.value(backward.gradient_side(item.model, equation)).sum(axis=0)
        elif v.role is Role.STATE:
            made[v.name] = item.value(backward.gradient_side(item.model, equation))
    return made


@pytest.mark.parametrize("name", ["elman", "jordan", "gru", "lstm", "lstm_peephole", "scalar", "mlp", "leaky"])
@pytest.mark.parametrize("T", [1, 3])
def test_the_told_recursion_gives_the_gradient(
    name: str, T: int, numbers: Callable[..., Any], close: Callable[[Any, Any], None]
) -> None:
    item = numbers(load(name), T)
    expected = item.gradients()
    for variable, value in by_recursion(item).items():
        close(value.reshape(expected[variable].shape), expected[variable])


def test_a_loss_at_the_end_is_silent_before(
    last_only: Model, numbers: Callable[..., Any], close: Callable[[Any, Any], None]
) -> None:
    item = numbers(last_only, 3)
    expected = item.gradients()
    for variable, value in by_recursion(item).items():
        close(value.reshape(expected[variable].shape), expected[variable])
    assert "o" in backward.zero_before_last(last_only)
    assert "h" not in backward.zero_before_last(last_only)


def test_forgetting_the_silence_is_noticed(
    last_only: Model, numbers: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backward, "zero_before_last", lambda model: frozenset())
    monkeypatch.setattr(backward, "contribution", lambda model, term: term.value)
    item = numbers(last_only, 3)
    assert np.abs(by_recursion(item)["V"] - item.gradients()["V"]).max() > 1e-3


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", names())
def test_the_numbers_in_the_code_are_those_of_the_equations(name: str) -> None:
    model = load(name)
    told = narrative.derivation(model, 2, wrt="all")
    numbers = [step.number for section in told.sections for step in section.steps if step.number is not None]
    assert len(numbers) == len(set(numbers)), "two equations share a number"
    hidden = {e.number for e in model.all_equations if e.target.definition is not None}
    commented = {int(n) for n in re.findall(r"# \((\d+)\)", emit.source(model, wrt="all").text)}
    assert commented <= set(numbers) | hidden


def test_the_base_case_comes_first() -> None:
    model = load("elman")
    section = backward.node_form(model, ENGLISH, model.parameters)
    step = next(s for s in section.steps if isinstance(s.equation, typeset.Aligned))
    assert typeset.text(step.equation).split("\n")[0].strip().startswith("δ_{h,T} = Wₕₒᵀ δ_{o,T}")
    assert plain(step.rule, typeset.text) == "from o: matrix product; from a of the next step: matrix product"
    assert step.shapes == "(H×O)(O×1) + (H×H)(H×1) = (H×1)"


def test_the_state_form_starts_at_the_end() -> None:
    model = load("lstm")
    first = backward.state_form(model, ENGLISH, model.parameters).steps[0]
    assert typeset.text(first.equation).split("\n")[0].strip().startswith("s̄_T = e_{s,T}")


def test_a_name_of_our_own_is_explained() -> None:
    section = backward.node_form(load("deep_feedforward_batch_norm"), ENGLISH, ())
    claims = ["".join(p if isinstance(p, str) else typeset.text(p) for p in s.claim) for s in section.steps if s.claim]
    assert any(" is the adjoint of " in claim for claim in claims)
