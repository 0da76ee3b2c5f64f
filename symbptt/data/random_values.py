"""Seeded random values for the variables of a model."""

from collections.abc import Mapping

import numpy as np

from symbptt.checks import positive
from symbptt.data.arrays import lead, shape, shows_samples, sizes
from symbptt.data.classes import takes_classes
from symbptt.data.values import GIVEN, GROUPS, Array, Data, grouped
from symbptt.model.values import Model, Role, Variable


def random(
    model: Model, dims: Mapping[str, int] | None = None, T: int = 5, N: int = 2, seed: int = 0, *, distributions: bool = False,
) -> Data:
    """Seeded random data in float64.

    A target of a cross-entropy is an integer class, one of them -1 (ignored) if the batch leaves others at its step; with
    `distributions` it is a real distribution that sums to one. A mask that the model reads is 0 or 1, and 1 at the last step.
    States that start from a parameter are left out; where nothing else shows the number of samples, there is one.
    """
    T, N = positive(T, "T"), positive(N, "N")
    known, rng = sizes(model, dims), np.random.default_rng(seed)
    N = N if shows_samples(model) else 1

    def draw(variable: Variable) -> Array:
        size = shape(variable, known)
        full = lead(variable, T, N) + size
        if variable.classes:
            return rng.integers(0, size[0], full[: len(full) - len(size)])
        if variable.role is Role.TARGET and takes_classes(model, variable):
            return _distribution(rng, full) if distributions else _classes(rng, size[0], T, N)
        if variable.role is Role.BUFFER and variable.timed:
            return rng.uniform(0.5, 1.5, full)  # a variance is positive
        if variable.mask:
            return np.concatenate((rng.integers(0, 2, (T - 1, N)), np.ones((1, N)))).astype(np.float64)
        values: Array = rng.standard_normal(full)
        # A weight matrix keeps its argument of order one, so that nothing saturates and no gradient is lost in rounding.
        return values / np.sqrt(size[1]) if variable.role in (Role.PARAMETER, Role.BUFFER) and len(size) == 2 else values

    cotangents = {v.name: rng.standard_normal((T, N, *shape(v, known))) for v in model.outputs}
    given = [v for group in GROUPS for v in model.of(*GIVEN) if v.role.group == group and v.initial is None]
    return Data(known, T, N, *grouped({v.name: draw(v) for v in given}, model), cotangents=cotangents)


def _distribution(rng: np.random.Generator, full: tuple[int, ...]) -> Array:
    weights: Array = rng.uniform(0.1, 1.0, full)
    return weights / weights.sum(axis=-1, keepdims=True)


def _classes(rng: np.random.Generator, count: int, T: int, N: int) -> Array:
    classes: Array = rng.integers(0, count, (T, N))
    if N > 1:
        classes[rng.integers(T), rng.integers(N)] = -1
    return classes
