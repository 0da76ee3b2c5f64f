"""Learned initial states: one parameter for all samples, used where no initial state is given."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from symbptt import data, derive, emit, unroll, verify
from symbptt.errors import BadInput
from symbptt.model import define, read
from symbptt.model.values import Model

Array = NDArray[Any]


def learned(name: str, starts: dict[str, str], **changes: Any) -> Model:
    """A built-in whose states start from parameters: {state: parameter}."""
    text = read.load(name).text
    declared = "".join(f'{parameter} = "H"\n' for parameter in dict.fromkeys(starts.values()))
    initial = "".join(f'{state} = "{parameter}"\n' for state, parameter in starts.items())
    text = text.replace("[parameters]\n", f"[parameters]\n{declared}") + f"\n[initial]\n{initial}"
    model = read.from_text(text, f"{name}.toml")
    return read.load(model, **changes)


def module(model: Model, **options: Any) -> Any:
    made = ModuleType("emitted")
    exec(compile(emit.source(model, wrt="all", **options).text, "emitted", "exec"), made.__dict__)
    return made


CASES = (("elman", {"h": "h_0"}), ("lstm", {"h": "h_0", "c": "c_0"}), ("lstm", {"c": "c_0"}), ("lstm", {"h": "s", "c": "s"}))
STRAIGHT = pytest.mark.parametrize("options", ({}, {"T": 3, "unroll": True}), ids=("loop", "unrolled"))


@STRAIGHT
@pytest.mark.parametrize(("name", "starts"), CASES)
def test_a_start_is_the_sum_over_the_samples(name: str, starts: dict[str, str], options: dict[str, Any]) -> None:
    model = learned(name, starts)
    code, given = module(model, **options), data.random(model, T=3, N=4)
    rows = {state: np.broadcast_to(given.parameters[start], (4, 4)) for state, start in starts.items()}
    loss, gradients = code.value_and_grad(given.parameters, given.inputs, given.targets, given.states)
    same, other = code.value_and_grad(given.parameters, given.inputs, given.targets, {**given.states, **rows})
    assert loss == same
    for start in set(starts.values()):
        whole = sum(gradients[state].sum(axis=0) for state in starts if starts[state] == start)
        np.testing.assert_allclose(gradients[start], whole, rtol=1e-12)
        np.testing.assert_array_equal(other[start], np.zeros(4))  # a given state does not depend on the parameter
    for name in set(gradients) - set(starts.values()):
        np.testing.assert_allclose(gradients[name], other[name], rtol=1e-13)


@pytest.mark.parametrize(("name", "starts"), CASES)
def test_every_route_knows_a_learned_start(name: str, starts: dict[str, str]) -> None:
    model = learned(name, starts)
    assert max(module(model).self_check().values()) < 1e-11
    if name == "elman":
        report = verify.gradients(model, dims={"D": 1, "H": 2, "O": 2}, T=3)
        assert report.ok, report.table()


@pytest.mark.parametrize(("name", "starts"), CASES)
def test_the_three_forms(name: str, starts: dict[str, str]) -> None:
    model = learned(name, starts)
    given, graph = data.random(model, T=3, N=2), unroll.steps(model, 3)
    partly = {state: np.ones((2, 4)) for state in list(starts)[1:]}
    for states in (given.states, {**given.states, **partly}):
        point = {"parameters": given.parameters, "inputs": given.inputs, "targets": given.targets, "states": states}
        expected = module(model).value_and_grad(*point.values())[1]
        backward = derive.adjoints(graph).evaluate(**point)
        for start in set(starts.values()):
            gradient = derive.gradient(graph, start)
            assert [(term.loss_step, term.source_step) for term in gradient.terms] == [(1, 1), (2, 1), (3, 1)]
            nested = derive.sensitivities(graph, start).evaluate(**point)
            for found in (backward[start], gradient.total(**point), nested):
                np.testing.assert_allclose(found, expected[start], atol=1e-13)


def test_a_lag_of_two_starts_from_zero_before_the_learned_start() -> None:
    model = define.model(
        name="m", inputs={"x": "H"}, states={"h": "H"}, parameters={"s": "H", "U": "H H"}, targets={"y": "H"},
        equations={"h": "tanh(x + U @ h[t-2] + h[t-1])"}, loss="squared_error(h, y)", initial={"h": "s"},
    )
    assert model["h"].initial == "s" and model["h_lag2"].initial is None
    report = verify.gradients(model, dims={"H": 2}, T=3)
    assert report.ok, report.table()


def test_starts_are_stacked_and_the_text_is_true() -> None:
    model = learned("lstm", {"c": "c_0"}, layers=2, freeze=True)
    assert {s.name: s.initial for s in model.states} == {"h": None, "c": "c_0", "h_l2": None, "c_l2": "c_0_l2"}
    assert read.from_text(model.text, "lstm.toml") == model
    assert model.starting(model["c_0_l2"]) == (model["c_l2"],) and model.starting(model["W_xi"]) == ()


REFUSED = (
    ({"initial": {"x": "s"}}, "[initial]: unknown state 'x'; known: h"),
    ({"initial": {"h": "W"}}, "[initial] h: the shapes of h and W are 'H' and 'H H'; expected the same"),
    ({"initial": {"h": "q"}}, "[initial] h: unknown parameter 'q'; known: W, s"),
    ({"initial": {"h": "x"}}, "[initial] h: unknown parameter 'x'; known: W, s"),
    ({"initial": {"h": "s"}, "equations": {"h": "tanh(W @ x + s)"}},
     "[equations] h, column 14: s is where h starts; an equation cannot read it, too"),
)


@pytest.mark.parametrize(("sections", "message"), REFUSED)
def test_a_bad_start_is_refused(sections: dict[str, Any], message: str) -> None:
    plain: dict[str, Any] = {"inputs": {"x": "H"}, "states": {"h": "H"}, "parameters": {"W": "H H", "s": "H"},
                             "equations": {"h": "tanh(W @ x + h[t-1])"}}
    with pytest.raises(BadInput) as caught:
        define.model(name="m", **{**plain, **sections})
    assert str(caught.value) == f"model m: {message}"
