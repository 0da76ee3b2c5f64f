"""Directions in which a gradient is probed, and their names in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from symbptt.data.values import Array
from symbptt.model.values import Role, Variable

ENTRIES = 256
"""Up to this many entries each is probed; beyond it, as many random directions are."""


@dataclass(frozen=True)
class Probes:
    """`directions` (E, *shape) for one variable; `entries` tells whether they are its entries, one by one."""

    variable: Variable
    directions: Array
    entries: bool

    def along(self, gradient: Array) -> Array:
        """The slopes (E,) that a gradient of the variable's shape predicts."""
        return self.directions.reshape(len(self.directions), -1) @ gradient.ravel()

    def chunks(self, size: int = ENTRIES) -> Iterator[Array]:
        """The directions, a bounded number at a time."""
        for start in range(0, len(self.directions), size):
            yield self.directions[start : start + size]

    def label(self, index: int) -> str:
        """A probe in words."""
        if not self.entries:
            return f"{self.variable.name} along random direction {index}"
        return entry(self.variable, np.unravel_index(np.argmax(self.directions[index]), self.directions.shape[1:]))

    def only(self, kept: Array) -> Probes:
        """Some of the probes, by a boolean for each."""
        return Probes(self.variable, self.directions[kept], self.entries)


def probes(variable: Variable, shape: tuple[int, ...], rng: np.random.Generator, limit: int = ENTRIES) -> Probes:
    """Every entry of a variable, or `limit` random unit directions if it has more entries than that."""
    size = int(np.prod(shape))
    if size <= limit:
        return Probes(variable, np.eye(size).reshape(size, *shape), True)
    drawn = rng.standard_normal((limit, size))
    return Probes(variable, (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).reshape(limit, *shape), False)


def entry(variable: Variable, index: tuple[np.intp, ...] | tuple[int, ...]) -> str:
    """An entry of a gradient in words: its step from 1, its sample and its position from 0."""
    place = [int(i) for i in index]
    words = []
    if variable.role is Role.INPUT or (variable.role is Role.PARAMETER and not variable.tied):
        words.append(f"step {place.pop(0) + 1}")
    if variable.role in (Role.INPUT, Role.STATE):
        words.append(f"sample {place.pop(0)}")
    name = f"{variable.name}_0" if variable.role is Role.STATE else variable.name
    position = f"[{', '.join(map(str, place))}]" if place else ""
    return f"{name}{position}" + (f" at {', '.join(words)}" if words else "")
