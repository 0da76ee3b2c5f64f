"""Every route accepts the right gradient and objects to every wrong one: a slope off by 0.1 %, a sign, an index, a lost term."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest

from symbptt import data
from symbptt.model.values import Model
from symbptt.unroll.graph import steps
from symbptt.verify import complex_step, dot_product, finite_difference, forms, forward, locate, oracle, taylor
from symbptt.verify.case import Case
from symbptt.verify.emitted import Emitted
from symbptt.verify.report import Check

Elman = Callable[..., Model]
Hand = Callable[..., SimpleNamespace]
ROUTES = {
    "complex step": complex_step.check, "complex step, own": complex_step.check_own, "dot product": dot_product.check,
    "central differences": finite_difference.check, "Taylor slope": taylor.check, "forms": forms.check, "oracle": oracle.check,
}
BEFORE_THE_READOUT = {"W_xh", "W_hh", "b_h", "x", "h"}
WRONG = {
    "slope": BEFORE_THE_READOUT, "sign": {"b_h"}, "index": {"W_hh"}, "term": {"W_hh"}, "truncated": BEFORE_THE_READOUT,
    "transposed": BEFORE_THE_READOUT, "state": {"h"},
}


def case_of(model: Model, module: SimpleNamespace, T: int = 4) -> Case:
    point = data.random(model, T=T, N=2, seed=1)
    code = Emitted("elman.py", module, model)
    return Case(code, steps(model, T), point, code.gradients(point))


def checked(route: str, case: Case) -> list[Check]:
    return [item for item in ROUTES[route](case, np.random.default_rng(2)) if isinstance(item, Check)]


@pytest.mark.parametrize("options", [{}, {"loss": "squared_error"}, {"at": "last"}, {"loss": None}])
@pytest.mark.parametrize("route", ROUTES)
def test_the_right_gradient_is_accepted(elman_model: Elman, hand_made: Hand, route: str, options: dict[str, str]) -> None:
    model = elman_model(**options)
    checks = checked(route, case_of(model, hand_made(model)))
    assert bool(checks) is not (route == "forms" and model.loss is None)
    assert all(check.ok and not check.where for check in checks), [str(check) for check in checks if not check.ok]


@pytest.mark.sampled(5)
@pytest.mark.parametrize("fault", WRONG)
@pytest.mark.parametrize("route", ROUTES)
def test_a_wrong_gradient_is_refused(elman_model: Elman, hand_made: Hand, route: str, fault: str) -> None:
    model = elman_model()
    objections = {check.subject: check for check in checked(route, case_of(model, hand_made(model, fault))) if not check.ok}
    assert set(objections) == WRONG[fault]
    assert all(name in check.where for name, check in objections.items())


def spoiled(right: SimpleNamespace, spoil: Callable[[np.ndarray], np.ndarray]) -> SimpleNamespace:
    """The module with the gradient of b_h made something else."""

    def change(gradients: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return gradients | {"b_h": spoil(gradients["b_h"])}

    def value_and_grad(*arguments: object) -> tuple[float, dict[str, np.ndarray]]:
        loss, gradients = right.value_and_grad(*arguments)
        return loss, change(gradients)

    return SimpleNamespace(forward=right.forward, backward=lambda *a: change(right.backward(*a)), value_and_grad=value_and_grad)


@pytest.mark.parametrize("route", sorted(set(ROUTES) - {"oracle"}))
def test_nan_and_a_wrong_shape_are_refused(elman_model: Elman, hand_made: Hand, route: str) -> None:
    model = elman_model()
    for spoil in (lambda g: g * np.nan, lambda g: g[:-1]):
        module = spoiled(hand_made(model), spoil)
        assert {check.subject for check in checked(route, case_of(model, module)) if not check.ok} == {"b_h"}


def test_a_wrong_forward_pass_is_refused_even_if_its_own_gradient_is_right(elman_model: Elman, hand_made: Hand) -> None:
    model = elman_model()
    module = hand_made(model)
    right, value = module.forward, module.value_and_grad

    def scaled(p: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return p | {"b_o": 1.001 * p["b_o"]}

    module.forward = lambda p, *a: right(scaled(p), *a)
    module.value_and_grad = lambda p, *a: value(scaled(p), *a)
    case = case_of(model, module)
    assert [c.subject for c in forward.check(case, np.random.default_rng(0)) if not c.ok] == ["loss", "o", "o"]
    module.forward = lambda p, *a: ({"h": right(p, *a)[0]["h"]}, None)
    assert "forward returns no output o" in [c.where for c in forward.check(case, np.random.default_rng(0))]


def test_differences_bear_kinks_and_estimate_their_error() -> None:
    smooth = ((np.exp, 1.0), (np.sin, 1.0))
    kinked = ((lambda h: abs(h - 1e-4), -1.0), (lambda h: np.exp(3 * h) + abs(h + 1e-3), 4.0))
    for f, exact in (*smooth, *kinked):
        slope, estimate = finite_difference.derivative(f)
        assert abs(slope - exact) <= max(estimate, 1e-11) and estimate < 1e-8
    # A kink closer than the shortest step: the estimate is too large for the probe to count.
    assert 100 * finite_difference.derivative(lambda h: abs(h - 5e-7))[1] > finite_difference.TOLERANCE[1]


EXPLANATIONS = {
    "term": ("W_hh", "the difference is -1 times the terms of source step k=2"),
    "sign": ("b_h", "the difference is -2 times the whole gradient"),
    "truncated": ("W_xh", "the difference is -1 times the terms that cross from step 3 to step 2"),
    "state": ("h", "the difference is 0.001 times the whole gradient"),
    "transposed": ("W_hh", "first seen with T=2: terms (t=2, k<=2)"),
    "index": ("W_hh", "seen from T=1 on: term (t=1, k=1)"),
    "": ("W_hh", ""),
}


@pytest.mark.parametrize("fault", EXPLANATIONS)
def test_the_term_that_is_wrong_is_named(elman_model: Elman, hand_made: Hand, fault: str) -> None:
    model = elman_model()
    name, why = EXPLANATIONS[fault]
    assert locate.explain(case_of(model, hand_made(model, fault)), model[name]) == why


def test_a_single_term_is_named(elman_model: Elman, hand_made: Hand) -> None:
    model = elman_model(loss="squared_error")
    case = case_of(model, hand_made(model))
    terms = complex_step.terms(case.graph, case.data, model["W_hh"])
    lost = Case(case.code, case.graph, case.data, {"W_hh": case.given["W_hh"] - terms[3, 1]})
    assert locate.explain(lost, model["W_hh"]) == "the difference is -1 times term (t=3, k=1)"
