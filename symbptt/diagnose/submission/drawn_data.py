"""Data for somebody's function: small, of unequal sizes, without ignored classes."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import count

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.data.arrays import size, sizes
from symbptt.data.classes import one_hot, takes_classes
from symbptt.data.random_values import random
from symbptt.data.values import Data
from symbptt.derive.defined import Forward, defined
from symbptt.derive.numeric import run
from symbptt.model.values import Model, Role
from symbptt.unroll.graph import UnrolledGraph, steps

SIZES = {"D": 3, "H": 4, "O": 5}
_OTHERS = (3, 4, 5, 7, 9, 11, 13)
T, N = 6, 2
_PATTERN = (1, 0, 1, 1, 1, 0)
"""A mask from the last step to the first, over and over."""
_LARGE, _HALVINGS = 50.0, 6


def unequal(model: Model, given: Mapping[str, int]) -> dict[str, int]:
    """A size for each dimension, no two alike, nor one like T or N: so shapes tell axes apart."""
    usual = {name: size for name, size in SIZES.items() if name in model.dimensions} | dict(given)
    free = [n for n in (*_OTHERS, *range(15, 200, 2)) if n not in usual.values()]
    return dict(zip((n for n in model.dimensions if n not in usual), free, strict=False)) | usual


def draw(
    model: Model, T: int = T, N: int = N, one_hot_inputs: frozenset[str] = frozenset(), given: Mapping[str, int] | None = None,
    seed: int = 7,
) -> Data:
    """Seeded data at which the model is defined; the inputs named are one-hot columns.

    The target of a softmax is an integer class for every sample. A mask has zeros and ones in every step, as far as there are
    samples, and for every sample, so that no step stands for all. Raises Undefined for a model that is defined at no draw.
    """
    graph, dims = steps(model, T), unequal(model, given or {})
    data, _ = defined(graph, seed, lambda number: _drawn(graph, N, one_hot_inputs, dims, number))
    return data


def _drawn(
    graph: UnrolledGraph, N: int, one_hot_inputs: frozenset[str], dims: Mapping[str, int], seed: int
) -> tuple[Data, Forward]:
    model, T = graph.model, graph.T
    made = random(model, dims, T=T, N=N, seed=seed)
    rng = np.random.default_rng(seed)
    known = sizes(model, dims)
    inputs = dict(made.inputs)
    for name in one_hot_inputs:
        classes = inputs[name].shape[-1]
        inputs[name] = one_hot(rng.integers(classes, size=(T, N)), classes)
    mask = model.loss.mask if model.loss is not None else None
    if mask is not None:
        inputs[mask] = _mask(T, N)
    targets = dict(made.targets)
    for v in model.of(Role.TARGET):
        if takes_classes(model, v):
            targets[v.name] = rng.integers(size(v.rows, known), size=(T, N))
    return _moderate(graph, replace(made, inputs=inputs, targets=targets), one_hot_inputs | {str(mask)})


def _mask(T: int, N: int) -> Array:
    """Zeros and ones, alone and in runs, so that every pattern has losses after it; each second sample has the opposite."""
    one = np.resize(_PATTERN, T)[::-1]
    made = np.stack([np.roll(one, i // 2) for i in range(N)], axis=1)
    made[:, : N - N % 2 : 2] = 1 - made[:, 1::2]
    return made.astype(float)


def _moderate(graph: UnrolledGraph, data: Data, kept: frozenset[str]) -> tuple[Data, Forward]:
    """The data, scaled down until no value of the forward pass is large: beside 1e11, what is missing in a 1 is not seen."""
    for halvings in count():
        with np.errstate(all="ignore"):
            leaves = run(graph, *data.groups).values.leaves
        if halvings == _HALVINGS or all(np.abs(array).max(initial=0) <= _LARGE for array in leaves.values()):
            break
        parts = {
            name: {n: a / 2 if a.dtype.kind == "f" and n not in kept else a for n, a in getattr(data, name).items()}
            for name in ("parameters", "inputs", "states")
        }
        data = replace(data, **parts)  # type: ignore[arg-type]
    return data, lambda a: leaves[a.target]
