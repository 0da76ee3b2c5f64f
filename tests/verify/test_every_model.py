"""Every built-in model, as fast, plain and straight-line code: all its gradients against the complex step of the interpreter."""

from __future__ import annotations

import types
from functools import cache
from typing import Any

import numpy as np
import pytest

from symbptt import data, emit
from symbptt.model import read
from symbptt.model.values import Model, Role
from symbptt.unroll.graph import steps
from symbptt.verify import complex_step
from symbptt.verify.compare import Scale

TOLERANCE = 1e-11
CODE: dict[str, dict[str, Any]] = {"fast": {"style": "fast"}, "plain": {"style": "plain"}, "straight": {"unroll": True}}


@cache
def emitted(name: str, code: str, T: int | None) -> types.ModuleType:
    module = types.ModuleType(name)
    exec(emit.source(read.load(name), wrt="all", T=T, **CODE[code]).text, module.__dict__)  # our own text
    return module


def differentiable(model: Model) -> list[str]:
    return [v.name for v in model.of(Role.PARAMETER, Role.INPUT, Role.STATE) if not v.classes and v.initial is None]


@pytest.mark.sampled(5)
@pytest.mark.parametrize("N", [1, 3])
@pytest.mark.parametrize("T", [1, 2, 5])
@pytest.mark.parametrize("name", read.names())
def test_gradients_by_every_variable(name: str, T: int, N: int) -> None:
    model = read.load(name)
    graph, drawn = steps(model, T), data.random(model, T=T, N=N, seed=T + 10 * N)
    measured = {v: complex_step.gradient(graph, drawn, model[v]) for v in differentiable(model)}
    scale = Scale.of(measured.values())
    for code in CODE:
        module = emitted(name, code, T if code == "straight" else None)
        _, given = module.value_and_grad(drawn.parameters, drawn.inputs, drawn.targets, drawn.states)
        assert given.keys() == measured.keys()
        for v, expected in measured.items():
            assert given[v].shape == expected.shape
            error = np.abs(given[v] - expected).max() / scale.size(expected)
            assert error < TOLERANCE, f"{code} code, {v}: {error:.1e}"
