"""The rules by index against the derivative of the sum with all its entries written out."""

from __future__ import annotations

import pytest
import sympy as sp

from symbptt import typeset
from symbptt.model.read import load
from symbptt.narrative.identities import identities
from symbptt.narrative.matrix_rules import COLUMN, COLUMNS, ROW, ROWS, Rule, derivative, rules, steps
from symbptt.narrative.presentation import presentation_in

SIZES = {ROWS: 2, COLUMNS: 3}
KINDS = ("lstm", "tests/kinds/matrix-state.toml")


def every(flip: bool) -> dict[str, Rule]:
    return {rule.name: rule for name in KINDS for rule in rules(load(name), flip)}


@pytest.mark.parametrize("name, flip", [
    ("product", False), ("product", True), ("outer", False), ("entrywise", False), ("entrywise", True),
])
def test_a_rule_is_the_derivative_of_the_sum_written_out(name: str, flip: bool) -> None:
    rule = every(flip)[name]
    whole = rule.loss.subs(SIZES).doit()
    for entry, _ in rule.derivatives:
        by = derivative(rule.loss, entry)
        for i in (1, 2):
            for j in (1, 2, 3):
                at = {ROW: i, COLUMN: j}
                assert sp.expand(whole.diff(entry.subs(at)) - by.subs(at).subs(SIZES).doit()) == 0


def test_the_rules_that_students_ask_for() -> None:
    told = [typeset.text(step.equation) for step in steps(every(False)["product"], presentation_in())]
    assert told == ["aₖ = ∑_{m} W_{k,m} xₘ", "∂L/∂W_{i,j} = xⱼ δᵢ = (δ xᵀ)_{i,j}", "∂L/∂xⱼ = ∑_{k} W_{k,j} δₖ = (Wᵀ δ)ⱼ"]
    rows = [typeset.text(step.equation) for step in steps(every(True)["product"], presentation_in(layout="row"))]
    assert rows[1] == "∂L/∂W_{j,i} = xⱼ δᵢ = (xᵀ δ)_{j,i}"


def test_only_the_rules_that_a_model_needs() -> None:
    assert [rule.name for rule in rules(load("elman"))] == ["product"]
    assert [rule.name for rule in rules(load("lstm"))] == ["product", "entrywise"]
    labels = [step.label for one in identities(load("elman"), presentation_in()) for step in one.steps if step.label]
    assert labels == ["rule-product-1", "rule-product-2", "identity-1", "identity-2"]
