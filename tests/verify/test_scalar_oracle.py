"""The oracle: its own functions against the table, and its gradients against complex steps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import sympy as sp

from symbptt import data
from symbptt.algebra.functions import FUNCTIONS, Z
from symbptt.algebra.nodes import Elementwise
from symbptt.errors import MissingRule
from symbptt.model.values import Model
from symbptt.unroll.graph import steps
from symbptt.verify import complex_step
from symbptt.verify.scalar_nodes import NODES, Constant
from symbptt.verify.scalar_oracle import gradients

NAMES = ("W_xh", "W_hh", "b_h", "W_ho", "b_o", "x", "h")


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_and_their_slopes(name: str) -> None:
    row, z = FUNCTIONS[name], sp.Symbol("z", real=True)
    numbers = tuple(default for _, default in row.arguments)
    ((own,),) = NODES[Elementwise]({}, Elementwise(name, *numbers, sp.MatrixSymbol("v", 1, 1)), [[z]])
    table = row.value.subs(dict(zip(row.symbols(), numbers, strict=True)))
    for x in (x for x in (-3.5, -1.7, -0.4, 0.3, 0.9, 1.7, 3.5) if x in row.domain):
        for ours, theirs in ((own, table), (own.diff(z), table.diff(Z))):
            value = ours.replace(Constant, lambda held: held).subs(z, x)
            assert float(value) == pytest.approx(float(theirs.subs(Z, x)), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("options", [
    {}, {"loss": "squared_error", "at": "last"}, {"loss": None}, {"tied": False}, {"activation": "relu"},
])
@pytest.mark.parametrize(("size", "T", "N"), [(1, 3, 1), (2, 1, 2)])
def test_gradients_are_complex_steps(
    elman_model: Callable[..., Model], options: dict[str, str], size: int, T: int, N: int,
) -> None:
    model = elman_model(**options)
    for distributions in (False, True):
        point = data.random(model, {"D": size, "H": size, "O": 2}, T, N, seed=2, distributions=distributions)
        for name, gradient in gradients(model, point, NAMES).items():
            measured = complex_step.gradient(steps(model, T), point, model[name])
            assert gradient == pytest.approx(measured, rel=1e-12, abs=1e-14)


def test_what_the_table_does_not_know_is_refused(elman_model: Callable[..., Model]) -> None:
    class Strange(Elementwise):
        pass

    model = elman_model(loss=None)
    first = model.equations[0]
    strange = type(first)(first.target, Strange("tanh", first.value), 1)
    odd = type(model)(model.name, "", model.variables, (strange, *model.equations[1:]))
    with pytest.raises(MissingRule, match=r"verify/scalar_nodes\.py"):
        gradients(odd, data.random(odd, dict.fromkeys("DHO", 1), 1, 1), ())


def test_only_what_is_asked_for_is_differentiated(elman_model: Callable[..., Model]) -> None:
    model = elman_model()
    point = data.random(model, dict.fromkeys("DHO", 2), 1, 1, distributions=True)
    (name, gradient), = gradients(model, point, ["b_o"]).items()
    assert name == "b_o" and np.isfinite(gradient).all()
