"""What the tests of the model share: a plain walk over the equations with NumPy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from symbptt.algebra.evaluate import Values, evaluate
from symbptt.model.values import Model, Role
from symbptt.unroll.graph import steps

Array = NDArray[Any]
Found = dict[tuple[str, int], Array]
Walk = Callable[..., Found]


def _walk(model: Model, given: Found, dims: Mapping[str, int], T: int = 1) -> Found:
    """Every value of the unrolled model, (name, step) -> (N, rows, columns); tied parameters are given at step 0."""
    leaves = {model[name].at(step): value for (name, step), value in given.items()}
    values = Values(leaves, dims)
    found = dict(given)
    for assignment in steps(model, T):
        value = evaluate(assignment.value, values)
        values.leaves[assignment.target] = value
        found[assignment.variable.name, assignment.step] = value
    return found


@pytest.fixture(scope="session")
def walk() -> Walk:
    """The walk: walk(model, given, dims, T) -> values."""
    return _walk


def _random(model: Model, dims: Mapping[str, int], T: int, N: int, seed: int = 0) -> dict[tuple[str, int], Array]:
    rng = np.random.default_rng(seed)
    numbers = {symbol: dims[symbol.name] for v in model.variables for symbol in v.rows.free_symbols | v.columns.free_symbols}
    given: dict[tuple[str, int], Array] = {}
    for variable in model.variables:
        shape = (int(variable.rows.xreplace(numbers)), int(variable.columns.xreplace(numbers)))
        if variable.role in (Role.PARAMETER, Role.BUFFER) and variable.tied:
            given[variable.name, 0] = rng.normal(size=(1, *shape))
        elif variable.role in (Role.PARAMETER, Role.BUFFER):
            given |= {(variable.name, t): rng.normal(size=(1, *shape)) for t in range(1, T + 1)}
        elif variable.role is Role.STATE:
            given[variable.name, 0] = rng.normal(size=(N, *shape))
        elif variable.role in (Role.INPUT, Role.TARGET):
            given |= {(variable.name, t): rng.normal(size=(N, *shape)) for t in range(1, T + 1)}
    return given


@pytest.fixture(scope="session")
def random() -> Callable[..., dict[tuple[str, int], Array]]:
    """Random parameters, inputs, targets and initial states: random(model, dims, T, N, seed)."""
    return _random
