"""Derivatives that are too long for a line: in stages, or left out by name; what is printed still has its value."""

from __future__ import annotations

import re

import pytest

from symbptt import typeset
from symbptt.model.read import load, names
from symbptt.narrative import jacobians
from symbptt.narrative.inline import plain
from symbptt.narrative.presentation import ENGLISH
from symbptt.narrative.stages import WIDE, stages
from symbptt.typeset.tree import Equality

EVERY_MODEL = True


def formulas(name: str) -> list[str]:
    model = load(name)
    told = jacobians.state_jacobian(model, ENGLISH.about(model))
    return [typeset.text(step.equation) for step in told.steps]


def test_what_fits_is_written_out_at_once() -> None:
    assert formulas("elman") == ["Jₜ = ∂⁺hₜ/∂hₜ₋₁ = Φ_{h,t} Wₕₕ = diag(𝟏 − hₜ^{⊙2}) Wₕₕ"]
    assert not any("∂⁺zₜ/∂hₜ₋₁" in formula for formula in formulas("gru"))


def test_long_ones_go_through_the_values_of_the_step() -> None:
    found = formulas("slstm")
    assert "∂⁺iₜ/∂hₜ₋₁ = Φ_{i,t} ∂⁺log_{i,t}/∂hₜ₋₁ − Φ_{i,t} ∂⁺mₜ/∂hₜ₋₁" in found
    assert found.index("∂⁺zₜ/∂hₜ₋₁ = Φ_{z,t} R_z") < next(i for i, line in enumerate(found) if line.startswith("∂⁺cₜ/∂hₜ₋₁ = "))
    assert len(set(found)) == len(found)


def test_what_is_no_matrix_is_left_out_by_name() -> None:
    model = load("gated_deltanet")
    presentation = ENGLISH.about(model)
    told = plain(jacobians.state_jacobian(model, presentation).intro[-1], typeset.text)
    assert "∂⁺Sₜ/∂p_{k,lag1,t−1}" in told and "Not written out" in told
    assert stages(model, model["p_k_lag1"]) == {}
    assert not any("∂⁺Sₜ/∂p_{k,lag1" in formula for formula in formulas("gated_deltanet"))


@pytest.mark.sampled(5)
@pytest.mark.parametrize("name", names())
def test_every_line_that_is_shown_can_be_read(name: str) -> None:
    model = load(name)
    presentation = ENGLISH.about(model)
    for told in (jacobians.state_jacobian(model, presentation), jacobians.immediate(model, presentation, model.parameters)):
        for step in told.steps:
            sides = step.equation.sides if isinstance(step.equation, Equality) and step.label != "state-jacobian" else ()
            assert all(len(part) <= 2 * WIDE for side in sides for part in re.split(" [+−] ", typeset.text(side))), step.label
