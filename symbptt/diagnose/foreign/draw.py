"""Data for somebody's function: small, of unequal sizes, without ignored classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from symbptt.diagnose.foreign.convert import one_hot
from symbptt.model.arrays import size, sizes, takes_classes
from symbptt.model.values import Model, Role
from symbptt.verify.data import Data, random

SIZES = {"D": 3, "H": 4, "O": 5}
T, N = 6, 2


def draw(
    model: Model, T: int = T, N: int = N, one_hot_inputs: frozenset[str] = frozenset(), given: Mapping[str, int] | None = None,
    seed: int = 7,
) -> Data:
    """Seeded data; the inputs named are one-hot columns. The target of a softmax is an integer class for every sample."""
    dims = {name: SIZES[name] for name in SIZES if name in model.dimensions} | dict(given or {})
    made = random(model, dims, T=T, N=N, seed=seed)
    rng = np.random.default_rng(seed)
    known = sizes(model, dims)
    inputs = dict(made.inputs)
    for name in one_hot_inputs:
        classes = inputs[name].shape[-1]
        inputs[name] = one_hot(rng.integers(classes, size=(T, N)), classes)
    targets = dict(made.targets)
    for v in model.of(Role.TARGET):
        if takes_classes(model, v):
            targets[v.name] = rng.integers(size(v.rows, known), size=(T, N))
    return replace(made, inputs=inputs, targets=targets)
