"""One comparison: a model, sizes and numbers, the same for every subject."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

import symbptt
from symbptt import data

MODELS = ("elman", "lstm", "gru_reset_after")
SIZES = ((20, 2, 3, 3, 3), (25, 1, 64, 100, 64), (50, 32, 64, 128, 64), (100, 64, 256, 512, 256))
"""T, N, D, H, O."""

Arrays = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """The arrays of one comparison, in the shapes of the emitted code's contract."""

    model: str
    size: tuple[int, int, int, int, int]
    dtype: str
    parameters: Arrays
    inputs: Arrays
    targets: Arrays
    states: Arrays

    @property
    def label(self) -> str:
        """elman 20x2x3x3x3 float32."""
        return f"{self.model} {'x'.join(map(str, self.size))} {self.dtype}"

    def stacked(self, names: tuple[str, ...]) -> Any:
        """Parameters on top of each other, as frameworks keep gates."""
        return np.concatenate([self.parameters[name] for name in names])


@dataclass(frozen=True)
class Subject:
    """`call` does the timed work; `read` turns what it returned into (loss, gradients by name), for the comparison of results.

    `peak` tells how many bytes a call needs at its peak, where the library counts them.
    """

    call: Callable[[], Any]
    read: Callable[[Any], tuple[float, Mapping[str, Any]]]
    peak: Callable[[], int] | None = None


def make(model: str, size: tuple[int, int, int, int, int], dtype: str, seed: int = 0) -> Case:
    """Random numbers for a built-in model; integer classes as targets."""
    T, N = size[:2]
    drawn = data.random(symbptt.load(model), dict(zip("DHO", size[2:], strict=True)), T=T, N=N, seed=seed)

    def cast(arrays: Mapping[str, Any]) -> Arrays:
        return {k: np.ascontiguousarray(v.astype(dtype)) if v.dtype.kind == "f" else np.maximum(v, 0) for k, v in arrays.items()}

    return Case(model, size, dtype, cast(drawn.parameters), cast(drawn.inputs), cast(drawn.targets), cast(drawn.states))
