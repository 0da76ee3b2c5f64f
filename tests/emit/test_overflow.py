"""Elementwise functions far from zero: value and slope are finite, and right, wherever the mathematics is finite."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sympy as sp

from symbptt import emit
from symbptt.algebra.functions import FUNCTIONS, Z, slope
from symbptt.model import read
from symbptt.verify.load import resolve

FAR = ((-1000, -40), (40, 1000))
KINDS: dict[str, dict[str, Any]] = {
    "fast": {}, "plain": {"style": "plain"}, "forward": {"mode": "forward"}, 
    "torch": {"backend": "torch"}, "jax": {"backend": "jax"},
}  # fmt: skip
NAMES = sorted(FUNCTIONS)


def _exact(name: str, formula: sp.Expr, at: int) -> float:
    """The value in exact arithmetic; nan where it is no real double."""
    numbers = dict(zip(FUNCTIONS[name].symbols(), (default for _, default in FUNCTIONS[name].arguments), strict=True))
    value = sp.N(formula.subs(numbers).subs(Z, at), 30)
    return float(value) if value.is_real and abs(value) < 1e300 else np.nan


def _model(names: list[str]) -> str:
    """Each function once as a value of its own, whose slope may be written by its result, and once inside a product."""
    equations = [f'{name}_v = "{name}(x)"\n{name}_p = "w * {name}(x)"' for name in names]
    total = " + ".join(f"sum({name}_v + {name}_p)" for name in names)
    head = 'title = "far"\n[inputs]\nx = "1"\n[parameters]\nw = "1"\n[equations]\n'
    return head + "\n".join(equations) + f'\n[loss]\nstep = "{total}"'


@pytest.mark.sampled(3)
@pytest.mark.parametrize("kind", [pytest.param(k, marks=[pytest.mark.frameworks] * ("backend" in v)) for k, v in KINDS.items()])
def test_no_function_overflows_where_its_value_is_finite(kind: str) -> None:
    pytest.importorskip(KINDS[kind].get("backend", "numpy"))
    dtype = np.float32 if kind == "jax" else np.float64
    for far in FAR:
        value = {name: np.array([_exact(name, FUNCTIONS[name].value, at) for at in far]) for name in NAMES}
        rate = {name: np.array([_exact(name, slope(name), at) for at in far]) for name in NAMES}
        finite = [name for name in NAMES if np.isfinite(value[name]).all() and np.isfinite(rate[name]).all()]
        code = resolve(emit.source(read.from_text(_model(finite), "far.toml"), wrt="all", **KINDS[kind])).module
        parameters, inputs = {"w": np.full(1, 2.0, dtype)}, {"x": np.array(far, dtype).reshape(1, 2, 1)}
        with np.errstate(all="raise", under="ignore"):
            outputs, residuals = code.forward(parameters, inputs)
            for name in finite:
                found = np.asarray(outputs[f"{name}_v"]).ravel()
                np.testing.assert_allclose(found, value[name], rtol=1e-5, atol=1e-15, err_msg=f"{name} at {far}")
                for output, factor in ((f"{name}_v", 1.0), (f"{name}_p", 2.0)):
                    gradient = code.backward(parameters, residuals, {output: 0 * outputs[output] + 1})["x"]
                    found, wanted = np.asarray(gradient).ravel(), factor * rate[name]
                    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-15, err_msg=f"slope of {name} at {far}")
