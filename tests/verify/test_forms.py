"""The three forms are compared with each other, with the code and, term by term, with complex steps."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from symbptt import data, derive
from symbptt.model.values import Model
from symbptt.unroll.graph import steps
from symbptt.verify import forms
from symbptt.verify.case import Case
from symbptt.verify.emitted import Emitted
from symbptt.verify.report import Check

Elman = Callable[..., Model]
Hand = Callable[..., SimpleNamespace]


@pytest.fixture
def case(elman_model: Elman, hand_made: Hand) -> Case:
    model = elman_model()
    point = data.random(model, T=3, N=2, seed=1)
    code = Emitted("elman.py", hand_made(model), model)
    return Case(code, steps(model, 3), point, code.gradients(point))


def objections(case: Case) -> list[Check]:
    return [c for c in forms.check(case, np.random.default_rng(0)) if isinstance(c, Check) and not c.ok]


def evaluates(value: Any) -> SimpleNamespace:
    return SimpleNamespace(evaluate=lambda *point: value)


TERMS = {
    "slope": lambda terms: terms | {(3, 1): 1.001 * terms[3, 1]},
    "sign": lambda terms: terms | {(3, 1): -terms[3, 1]},
    "index": lambda terms: terms | {(3, 1): terms[3, 2]},
    "dropped": lambda terms: {pair: term for pair, term in terms.items() if pair != (3, 1)},
    "moved": lambda terms: terms | {(3, 1): terms[2, 1], (2, 1): terms[3, 1]},
}


@pytest.mark.parametrize("fault", TERMS)
def test_a_wrong_term_is_named(case: Case, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    right = derive.gradient

    def gradient(graph: Any, wrt: str) -> Any:
        found = right(graph, wrt)
        return found if wrt != "W_hh" else SimpleNamespace(evaluate=lambda *point: TERMS[fault](found.evaluate(*point)))

    monkeypatch.setattr(derive, "gradient", gradient)
    first, *others = objections(case)
    assert (first.name, first.subject) == ("sum of products", "W_hh")
    assert "term (t=3, k=1)" in first.where or (fault == "moved" and "term (t=2, k=1)" in first.where)
    # A term in the wrong place leaves the sum right.
    assert {c.name for c in others} == (set() if fault == "moved" else {"backward recursion", "nested recursion"})


def test_a_wrong_recursion_is_named(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    found = derive.adjoints(case.graph).evaluate(case.data.parameters, case.data.inputs, case.data.targets, case.data.states)
    monkeypatch.setattr(derive, "adjoints", lambda graph: evaluates(found | {"b_h": 1.001 * found["b_h"]}))
    assert [(c.name, c.subject) for c in objections(case)] == [("backward recursion", "b_h"), ("recursion and code", "b_h")]


def test_a_wrong_nested_form_is_named(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    right, wrong = derive.sensitivities, evaluates(-case.given["x"])
    monkeypatch.setattr(derive, "sensitivities", lambda graph, wrt: wrong if wrt == "x" else right(graph, wrt))
    (found,) = objections(case)
    assert (found.name, found.subject) == ("nested recursion", "x") and "at step" in found.where
