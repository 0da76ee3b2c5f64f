"""The argument from the nested form to the sum of products and on to the backward recursion, for every kind of model.

That every formula of it has its value is tested with all others, in test_printed.py.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from symbptt import typeset
from symbptt.model.read import differentiable, load, names
from symbptt.narrative import argument
from symbptt.narrative.inline import plain
from symbptt.narrative.presentation import Presentation
from symbptt.narrative.story import variables
from symbptt.narrative.values import Section
from symbptt.unroll.graph import steps

KINDS = Path(__file__).parents[1] / "kinds"
CHAIN = [
    "nested-recursion", "induction", "sum-of-products", "step-adjoint", "state-derivative", "step-adjoint-is-gradient",
    "backward-recursion",
]


def told(name: str, language: str = "en", T: int = 3) -> Section:
    model = differentiable(load(name))
    return argument.section(steps(model, T), Presentation(language), variables(model, "all"))


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", ["elman", "lstm", "deep_feedforward", str(KINDS / "matrix-state.toml")])
def test_the_steps_of_the_argument_are_there_in_order(name: str, language: str) -> None:
    labels = [step.label for step in told(name, language).steps]
    assert [label for label in labels if label in CHAIN] == CHAIN
    assert len(labels) == len(set(labels)) and all(labels)


@pytest.mark.slow
@pytest.mark.share(3)
@pytest.mark.parametrize("name", [*names(), *map(str, sorted(KINDS.glob("*.toml")))])
def test_every_model_has_an_argument_or_no_state(name: str) -> None:
    model = differentiable(load(name))
    if model.states:
        assert all(step.label and step.rule for step in told(name).steps)


def test_the_induction_is_written_out() -> None:
    induction = next(step for step in told("gru").steps if step.label == "induction")
    assert typeset.text(induction.equation) == (
        "(dhₜ/dθ)ᵀ = (∂⁺hₜ/∂θ)ᵀ + (∑_{k=1..t−1} (∂⁺hₖ/∂θ)ᵀ ∏↷_{j=k+1..t−1} Jⱼᵀ) Jₜᵀ = ∑_{k=1..t} (∂⁺hₖ/∂θ)ᵀ ∏↷_{j=k+1..t} Jⱼᵀ"
    )
    assert "If the formula holds for t − 1" in plain(induction.claim, typeset.text)


def test_the_step_adjoint_is_shown_to_be_a_gradient() -> None:
    found = {step.label: typeset.text(step.equation) for step in told("gru").steps}
    assert found["state-derivative"].startswith("(dhₜ/dhₖ)ᵀ = (dhₜ₋₁/dhₖ)ᵀ Jₜᵀ = ∏↷_{j=k+1..t} Jⱼᵀ")
    assert found["step-adjoint-is-gradient"] == "h̄ₖ = ∑_{t=k..T} (dhₜ/dhₖ)ᵀ g_{h,t} = dL/dhₖ"


def test_what_a_gradient_rests_on_is_said_for_its_kind_of_variable() -> None:
    said = {step.label: plain(step.rule, typeset.text) for step in told("elman").steps}
    assert said["gradient-x-by-state"] == "xₜ enters step t alone" and said["gradient-of-start"] == "h₀ enters step 1 alone"
    assert said["gradient-W_ho-by-state"] == "no state depends on θ"


def test_a_shared_parameter_has_a_copy_per_step() -> None:
    assert "dL/dθ = ∑_{k=1..T} dL/dθ⁽ᵏ⁾" in plain(told("elman").intro[0], typeset.text)
    assert not any("copy" in plain(prose, typeset.text) for prose in told("deep_feedforward").intro)


def test_step_adjoint_and_node_adjoint_are_related_through_the_routes_inside_the_step() -> None:
    found = {step.label: typeset.text(step.equation) for step in told("lstm").steps}
    assert found["two-adjoints-h"] == "δ_{h,t} = h̄ₜ"
    assert found["two-adjoints-c"] == "δ_{c,t} = c̄ₜ + h̄ₜ ⊙ qₜ ⊙ (𝟏 − tanh(cₜ)^{⊙2})"


def test_a_loss_at_the_end_has_no_sum_over_t() -> None:
    found = {step.label: typeset.text(step.equation) for step in told("deep_feedforward").steps}
    assert "∑" not in found["step-adjoint"] + found["backward-recursion"] + found["sum-of-products"]
