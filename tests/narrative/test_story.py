"""The whole derivation: its order, its symbols, and that every built-in model can be told."""

from __future__ import annotations

import pytest

from symbptt import narrative, typeset
from symbptt.algebra.nodes import leaves
from symbptt.derive import formula
from symbptt.errors import BadInput, UnknownName
from symbptt.model.read import load, names
from symbptt.model.values import Role
from symbptt.narrative import jacobians, symbols
from symbptt.narrative.inline import Prose, plain
from symbptt.narrative.presentation import ENGLISH
from symbptt.narrative.values import Derivation, Step


def words(prose: Prose) -> str:
    return plain(prose, typeset.text)


def steps(told: Derivation) -> list[Step]:
    return [step for section in told.sections for step in section.steps]


@pytest.mark.sampled(4)
@pytest.mark.parametrize("name, T", [*((name, 3) for name in names()), ("elman", 1), ("lstm", 1), ("elman", 30)])
def test_every_model_can_be_told(name: str, T: int) -> None:
    told = narrative.derivation(load(name), T, wrt="all")
    for step in steps(told):
        assert step.rule, typeset.text(step.equation)
        assert typeset.latex(step.equation) and typeset.text(step.equation) and typeset.mathml(step.equation)
    heads = [section.heading for section in told.sections]
    assert heads[:3] == ["Conventions", "Forward equations", "Local derivatives"]
    assert len(heads) == len(set(heads))


def test_the_order_of_the_elman_story() -> None:
    told = narrative.derivation(load("elman"), 3)
    assert [s.heading for s in told.sections] == [
        "Conventions", "Forward equations", "Local derivatives", "State Jacobian", "Gradient of the loss of one step",
        "Immediate derivatives", "Why the three forms are one", "Sum of products, factors substituted",
        "Sum of products, in numbers", "Backward recursion, value by value",
    ]


def test_the_conventions_name_the_two_uses_of_the_plus() -> None:
    text = "\n".join(map(words, narrative.derivation(load("elman"), 3).sections[0].intro))
    assert "Pascanu" in text and "Werbos" in text and "opposite" in text
    assert "numerator layout" in text and "h₀" in text and "sum to one" in text


def test_the_chain_of_the_brief_is_there() -> None:
    texts = [typeset.text(step.equation) for step in steps(narrative.derivation(load("elman"), 3))]
    assert any("Φ_{h,1} Wₕₕᵀ Φ_{h,2} Wₕₕᵀ Φ_{h,3} Wₕₒᵀ (softmax(o₃) − y₃) h₀ᵀ" in text for text in texts)
    assert any("∂hₜ/∂aₜ = Φ_{h,t} = diag(𝟏 − hₜ^{⊙2})" in text for text in texts)


def test_immediate_and_total_never_share_a_symbol() -> None:
    forms = next(s for s in narrative.derivation(load("elman"), 3).sections if "three forms" in s.heading)
    text = typeset.text(forms.steps[0].equation)
    assert "dhₜ/dθ = ∂⁺hₜ/∂θ + Jₜ dhₜ₋₁/dθ" in text
    assert typeset.latex(symbols.immediate(load("elman")["h"].at(), load("elman")["b_h"].at())).count("^{+}") == 1


def test_several_states_have_a_block_matrix_and_the_direct_route_on_its_own() -> None:
    section = jacobians.state_jacobian(load("lstm"), ENGLISH)
    assert "[∂⁺hₜ/∂hₜ₋₁, ∂⁺hₜ/∂cₜ₋₁; ∂⁺cₜ/∂hₜ₋₁, ∂⁺cₜ/∂cₜ₋₁]" in typeset.text(section.steps[0].equation)
    direct = section.steps[-1]
    assert words(direct.rule) == "direct route"
    assert "one summand" in words(direct.claim) and "diag(fₜ)" in words(direct.claim)


def test_letters_of_the_model_are_left_alone() -> None:
    lstm = load("lstm")
    used = {v.name for v in lstm.variables}
    assert formula.free(lstm, "state") not in used
    assert formula.free(load("scalar"), "vector") == "nu", "the scalar network has a parameter v"


@pytest.mark.parametrize("wrt, expected", [
    (None, ("W_xh", "W_hh", "b_h", "W_ho", "b_o")), ("W_hh", ("W_hh",)), (("x", "h"), ("x", "h")),
    ("all", ("x", "h", "W_xh", "W_hh", "b_h", "W_ho", "b_o")),
])
def test_the_variables_asked_for(wrt: str | tuple[str, ...] | None, expected: tuple[str, ...]) -> None:
    assert tuple(v.name for v in narrative.derivation(load("elman"), 2, wrt).wrt) == expected


def test_a_model_without_a_loss_is_told_for_given_cotangents() -> None:
    told = narrative.derivation(load("elman", loss="none"), 2).model
    assert told.loss is not None and {v.name for v in told.of(Role.TARGET)} == {"r_h", "r_o"}
    assert {s.name for e in told.loss.equations for s in leaves(e.value)} >= {"h", "o", "r_h", "r_o"}


def test_what_cannot_be_told_is_refused() -> None:
    with pytest.raises(UnknownName):
        narrative.derivation(load("elman"), 3, "W_hx")
    with pytest.raises(BadInput, match="T must be"):
        narrative.derivation(load("elman"), 0)


def test_the_norms_are_those_of_the_terms() -> None:
    section = next(s for s in narrative.derivation(load("elman"), 3).sections if s.norms)
    assert section.norms is not None
    assert section.norms.pairs == ((1, 1), (2, 1), (2, 2), (3, 1), (3, 2), (3, 3))
    by_name = {typeset.text(name): values for name, values, _ in section.norms.rows}
    assert by_name["Wₕₒ"][1] == 0.0 and by_name["Wₕₒ"][0] > 0
    assert all(value > 0 for value in by_name["Wₕₕ"])
