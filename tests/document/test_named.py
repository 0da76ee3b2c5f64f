"""Inner values that are too long to stand in another formula have names, and copies that a
convolution keeps are not drawn."""

from __future__ import annotations

import numpy as np

from symbptt import narrative, typeset
from symbptt.data.random_values import random
from symbptt.document.graph.flow import not_drawn, shown_values
from symbptt.document.named import named
from symbptt.model.read import differentiable, load
from symbptt.typeset.symbols import MAX_DEFINITION
from symbptt.verify.load import resolve


def test_no_formula_stands_where_it_is_too_long() -> None:
    model = named(differentiable(load("gated_deltanet")))
    inner = [v.definition for v in model.variables if v.definition is not None]
    assert inner and all(len(typeset.text(value, model)) <= MAX_DEFINITION for value in inner)
    steps = [step for section in narrative.derivation(model, 2).sections for step in section.steps]
    assert not any(step.claim and "is the adjoint of" in str(step.claim) for step in steps)


def test_equations_are_numbered_in_their_order_without_gaps() -> None:
    model = named(differentiable(load("gated_deltanet")))
    told = [e.number for e in model.all_equations if e.target.definition is None]
    assert told == list(range(1, len(told) + 1))
    numbers = [e.number for e in model.all_equations]
    assert numbers == sorted(numbers)


def test_a_model_of_short_formulas_is_as_it_was_and_a_named_one_computes_the_same() -> None:
    plain = differentiable(load("lstm"))
    assert named(plain).equations[-1].value == plain.equations[-1].value
    assert [v.latex for v in named(plain).variables if v.definition is not None] == [r"\mathbf{u}_{h}"]
    model = differentiable(load("gla"))
    data = random(model, T=3, N=2, seed=1)
    own, other = (resolve(one, T=3).gradients(data) for one in (model, named(model)))
    assert model != named(model) and all(np.array_equal(own[name], other[name]) for name in own)


def test_many_values_that_are_only_kept_are_not_drawn() -> None:
    model = differentiable(load("gated_deltanet"))
    assert len(not_drawn(model)) == 9 and [v.name for v in shown_values(model)] == ["x", "S", "o", "L"]
    assert not_drawn(differentiable(load("elman"))) == ()
