"""The formulas of the sum of products, checked by their value and against the derived terms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy as sp

from symbptt import derive, typeset, unroll
from symbptt.algebra import build
from symbptt.algebra.nodes import expand
from symbptt.model.read import load
from symbptt.model.values import Model
from symbptt.narrative import products, substituted, symbols
from symbptt.narrative.story import variables
from symbptt.narrative.voice import ENGLISH

RECURRENT = ["elman", "jordan", "gru", "lstm", "indrnn", "leaky", "scalar"]


def flat(expression: Any) -> set[str]:
    """The summands of a written-out formula, as text; the order of summands is free."""

    def summands(node: Any) -> list[Any]:
        if isinstance(node, sp.MatAdd):
            return [part for arg in node.args for part in summands(arg)]
        return [] if build.is_zero(node) else [node]

    return {typeset.text(_multiplied(part)) for part in summands(expand(expression))}


def _multiplied(node: Any) -> Any:
    """Products without identities and nesting."""
    return build.mul(*node.args) if isinstance(node, sp.MatMul) else node


@pytest.mark.parametrize("letters", [False, True])
@pytest.mark.parametrize("name", ["elman", "gru", "lstm"])
def test_the_general_formula_expands_to_the_terms(name: str, letters: bool) -> None:
    model = load(name)
    graph = unroll.steps(model, 3)
    for pattern in products.patterns(model, variables(model, "all")):
        if pattern.timed:
            continue
        theta = pattern.symbol(model)
        general = products.general(model, pattern, letters).xreplace({symbols.LAST: sp.Integer(3)})
        terms = derive.gradient(graph, pattern.variables[0].name).terms
        write = products.Factors(model, letters)
        assert flat(general) == {text for term in terms for text in flat(products.product(term, write, theta))}


@pytest.mark.parametrize("name", RECURRENT)
def test_the_count_of_lines_is_the_count_of_terms(name: str) -> None:
    model = load(name)
    partial, _ = products.sections(unroll.steps(model, 3), ENGLISH, model.parameters)
    listed = [len(step.equation.lines) for step in partial.steps if step.rule == ("the sums written out",)]
    reaching = [p.reaches for p in products.patterns(model, model.parameters)]
    assert listed == [6 if reaches else 3 for reaches in reaching]


@pytest.mark.parametrize("name", ["elman", "indrnn", "leaky", "gru", "mlp", "residual_rnn"])
@pytest.mark.parametrize("T", [1, 3])
def test_the_substituted_sum_has_the_value_of_the_gradient(
    name: str, T: int, numbers: Callable[..., Any], close: Callable[[Any, Any], None]
) -> None:
    item = numbers(load(name), T)
    gradients = item.gradients()
    checked = 0
    for variable in item.model.parameters:
        formula = substituted._loop(item.model, variable)
        if formula is None:
            continue
        leaf = symbols.jacobian(item.model, symbols.BETWEEN)
        if formula.has(type(leaf)) and any(s.name == leaf.name for s in formula.atoms(type(leaf))):
            continue  # J stands for itself there
        close(item.value(formula).sum(axis=0).reshape(gradients[variable.name].shape), gradients[variable.name])
        checked += 1
    assert checked >= 2


def test_a_corrupted_formula_has_another_value(numbers: Callable[..., Any]) -> None:
    item = numbers(load("elman"), 3)
    formula = substituted._loop(item.model, item.model["W_hh"])
    assert formula is not None
    shifted = formula.xreplace({item.model["h"].at(symbols.SOURCE - 1): item.model["h"].at(symbols.SOURCE)})
    difference = item.value(shifted).sum(axis=0) - item.gradients()["W_hh"]
    assert np.abs(difference).max() > 1e-3


@pytest.mark.parametrize("name", ["elman", "jordan", "gru", "leaky"])
def test_every_listed_term_has_its_value(name: str, numbers: Callable[..., Any], close: Callable[[Any, Any], None]) -> None:
    item = numbers(load(name), 3)
    letter = symbols.free(item.model, "jacobian")
    for variable in item.model.parameters:
        gradient = derive.gradient(item.graph, variable.name)
        values = gradient.evaluate(*item.arrays)
        for term, formula in zip(gradient.terms, substituted._values(item.model, ENGLISH, gradient), strict=True):
            expected = values[term.loss_step, term.source_step]
            if not any(s.name == letter for s in formula.atoms(sp.MatrixSymbol)):
                close(item.value(formula).sum(axis=0).reshape(expected.shape), expected)


def test_long_terms_keep_the_letters_of_their_jacobians() -> None:
    model = load("gru")
    gradient = derive.gradient(unroll.steps(model, 3), "W_xr")
    shown = [typeset.text(value, model) for value in substituted._values(model, ENGLISH, gradient)]
    assert "J₂ᵀ J₃ᵀ" in shown[3]
    assert max(map(len, shown)) < 160


def test_letters_with_jacobians_put_back_give_the_terms(
    numbers: Callable[..., Any], close: Callable[[Any, Any], None]
) -> None:
    item = numbers(load("gru"), 3)
    gradient = derive.gradient(item.graph, "W_xr")
    block = derive.step.state_jacobian(item.model)["h", "h"].matrix()
    letters = {symbols.jacobian(item.model, t): symbols.at(block, t) for t in (2, 3)}
    values = gradient.evaluate(*item.arrays)
    for term, formula in zip(gradient.terms, substituted._values(item.model, ENGLISH, gradient), strict=True):
        close(item.value(formula.xreplace(letters)).sum(axis=0), values[term.loss_step, term.source_step])


def test_a_loss_at_the_end_has_no_sum_over_losses(last_only: Model) -> None:
    partial, _ = products.sections(unroll.steps(last_only, 3), ENGLISH, last_only.parameters)
    assert typeset.text(partial.steps[0].equation).startswith("dL/dθ = ∑_{k=1..T} (∂⁺hₖ/∂θ)ᵀ")
    assert "3 in all" in "".join(map(str, partial.intro[0]))


def test_many_steps_are_counted_not_listed() -> None:
    model = load("elman")
    partial, full = products.sections(unroll.steps(model, 12), ENGLISH, model.parameters)
    assert not any(isinstance(step.equation, typeset.Aligned) for step in (*partial.steps, *full.steps))
    assert "78 in all" in "".join(map(str, partial.intro[0]))
