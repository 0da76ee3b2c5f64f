"""The formulas of the sum of products, checked by their value and against the derived terms."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
import sympy as sp
from zoo import CLASSIC

from symbptt import derive, typeset, unroll
from symbptt.algebra import tidy
from symbptt.algebra.nodes import BETWEEN, SOURCE, expand
from symbptt.derive.formula import free
from symbptt.model.define import model as build_model
from symbptt.model.read import load
from symbptt.model.values import Model
from symbptt.narrative import forms, products, substituted, symbols
from symbptt.narrative.presentation import ENGLISH
from symbptt.narrative.story import variables
from symbptt.narrative.written_sum import written_sum

RECURRENT = ["elman", "jordan", "gru", "lstm", "indrnn", "leaky", "scalar"]


def flat(expression: Any) -> set[str]:
    """The summands of a written-out formula, as text; the order of summands is free."""

    def summands(node: Any) -> list[Any]:
        if isinstance(node, sp.MatAdd):
            return [part for arg in node.args for part in summands(arg)]
        return [] if tidy.is_zero(node) else [node]

    return {typeset.text(part) for whole in summands(expand(expression)) for part in summands(_multiplied(whole))}


def _multiplied(node: Any) -> Any:
    """Products without identities and nesting."""
    return tidy.mul(*node.args) if isinstance(node, sp.MatMul) else node


def lagged() -> Model:
    """A loss at the last step that reads the state before, a learned start, and a parameter of each step."""
    return build_model(
        name="lagged", inputs={"x": "D"}, states={"h": "H"}, parameters={"W": "H D", "U": "H H", "s": "H", "v": "H"},
        equations={"h": "tanh(W @ x + U[t] @ h[t-1])"}, loss="sum(h[t-1] * (W @ x)) + dot(v, h)", at="last", initial={"h": "s"},
    )


def untold() -> Model:
    """Nothing reaches a state."""
    return build_model(
        name="untold", inputs={"x": "D"}, states={"h": "H"}, parameters={"W": "H D", "b": "H"}, equations={"h": "W @ x"},
        loss="dot(b, W @ x)",
    )


GENERAL = {**{name: (lambda name=name: load(name)) for name in CLASSIC}, "lagged": lagged, "untold": untold,
           "two layers": lambda: load("lstm", layers=2), "frozen": lambda: load("gru", freeze=True)}  # fmt: skip


@pytest.mark.sampled(5)
@pytest.mark.parametrize("T", [1, 2, 3, 4])
@pytest.mark.parametrize("name", GENERAL)
def test_the_general_formula_expands_to_the_terms(name: str, T: int) -> None:
    """For a symbolic T and, where a variable has a value per step, a symbolic k; in partial derivatives and in letters."""
    model = GENERAL[name]()
    graph = unroll.steps(model, T)
    for pattern, letters in product(products.patterns(model, variables(model, "all")), (False, True)):
        general = products.general(model, pattern, letters).xreplace({symbols.LAST: sp.Integer(T)})
        terms = derive.gradient(graph, pattern.variables[0].name).terms
        write = products.Factors(model, letters)
        for k in range(1, T + 1) if pattern.timed else (0,):
            theta = pattern.symbol(model, k or SOURCE)
            mine = [term for term in terms if k in (0, term.source_step)]
            expected = {text for term in mine for text in flat(products.product(term, write, theta))}
            found = flat(general.xreplace({SOURCE: sp.Integer(k)}) if k else general)
            assert {text for text in found if not any(zero in text for zero in _zeros(model, write, theta, T))} == expected


def _zeros(model: Model, write: products.Factors, theta: Any, T: int) -> set[str]:
    """What is zero where only the last step has a loss."""
    assert model.loss is not None
    early = range(1, T) if model.loss.at == "last" else ()
    return {typeset.text(part) for t in early for part in (write.loss(t), write.lag(t), write.direct(theta, t))}


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
        formula = written_sum(item.model, variable)
        if formula is None:
            continue
        leaf = symbols.jacobian(item.model, BETWEEN)
        if formula.has(type(leaf)) and any(s.name == leaf.name for s in formula.atoms(type(leaf))):
            continue  # J stands for itself there
        close(item.value(formula).sum(axis=0).reshape(gradients[variable.name].shape), gradients[variable.name])
        checked += 1
    assert checked >= 2


def deep() -> Model:
    """Layers with own weights, a loss at every step and one that reads a parameter of its own step."""
    return build_model(
        name="deep", inputs={"x": "D"}, states={"h": "H"}, parameters={"W": "H H", "U": "H D", "v": "H"},
        equations={"h": "tanh(W[t] @ h[t-1] + U @ x)"}, loss="dot(v[t], h * h)",
    )


@pytest.mark.parametrize("make", [lambda: load("deep_feedforward"), deep])
@pytest.mark.parametrize("T", [1, 3])
def test_the_substituted_sum_of_one_step_has_the_value_of_its_gradient(
    make: Callable[[], Model], T: int, numbers: Callable[..., Any], close: Callable[[Any, Any], None]
) -> None:
    item = numbers(make(), T)
    for variable in (v for v in item.model.parameters if v.timed):
        formula, gradient = written_sum(item.model, variable), item.gradients()[variable.name]
        assert formula is not None
        for k in range(1, T + 1):
            value = item.value(formula.xreplace({SOURCE: sp.Integer(k)})).sum(axis=0)
            close(value.reshape(gradient[k - 1].shape), gradient[k - 1])


def test_the_substituted_sum_of_heads_that_add_up(numbers: Callable[..., Any], close: Callable[[Any, Any], None]) -> None:
    model = build_model(
        name="heads", heads="M", inputs={"x": "D"}, states={"h": "M K"}, parameters={"W": "M*K D"},
        equations={"h": "h[t-1] + split_heads(W @ x)"}, loss="sum_heads(dot(h, h))",
    )
    item = numbers(model, 3)
    formula = written_sum(item.model, item.model["W"])
    assert formula is not None
    close(item.value(formula).sum(axis=0), item.gradients()["W"])


def test_the_vanishing_chain_of_layers() -> None:
    """As Nielsen writes it: the gradient by the first bias is a product over all layers."""
    model = load("deep_feedforward")
    _, written = products.sections(unroll.steps(model, 3), ENGLISH, (model["b"],))
    chain = typeset.text(written.steps[-1].equation).splitlines()
    assert [line.strip() for line in chain] == [
        "dL/db₁ = D_{h,1} W₂ᵀ D_{h,2} W₃ᵀ D_{h,3} (h₃ − y₃)",
        "dL/db₂ = D_{h,2} W₃ᵀ D_{h,3} (h₃ − y₃)",
        "dL/db₃ = D_{h,3} (h₃ − y₃)",
    ]


def said(name: str, wrt: str) -> str:
    model = load(name)
    graph = unroll.steps(model, 3)
    return forms.text(derive.gradient(graph, wrt)) + forms.text(derive.sensitivities(graph, wrt))


def test_what_no_state_reads_has_no_chain_of_states() -> None:
    for name, wrt in (("elman", "b_o"), ("lstm", "W_ho")):
        assert said(name, wrt).count("act on the loss of their own step alone") == 2
        assert "chain of states" not in said(name, wrt) and "block" not in said(name, wrt)
    assert "∑_{t=1..T} (softmax(oₜ) − yₜ) hₜᵀ" in said("lstm", "W_ho")
    assert "6 in all for T = 3" in said("lstm", "W_xi") and "in blocks" in said("lstm", "W_xi")


def test_a_corrupted_formula_has_another_value(numbers: Callable[..., Any]) -> None:
    item = numbers(load("elman"), 3)
    formula = written_sum(item.model, item.model["W_hh"])
    assert formula is not None
    shifted = formula.xreplace({item.model["h"].at(SOURCE - 1): item.model["h"].at(SOURCE)})
    difference = item.value(shifted).sum(axis=0) - item.gradients()["W_hh"]
    assert np.abs(difference).max() > 1e-3


@pytest.mark.parametrize("name", ["elman", "jordan", "gru", "leaky"])
def test_every_listed_term_has_its_value(name: str, numbers: Callable[..., Any], close: Callable[[Any, Any], None]) -> None:
    item = numbers(load(name), 3)
    letter = free(item.model, "jacobian")
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
