"""A change of a gradient beside the right one, by source steps where the variable lets them be told apart."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.diagnose.probe.separate import Separator, separator
from symbptt.model.values import Role, Variable

Parts = dict[int, tuple[Array, Array]]
"""Theirs and the right one by source step; 0 stands for all source steps together."""
_SPAN = 1e-6
"""What is left of a gradient beside the directions of its terms, relative to its size, is a rounding error."""


@dataclass(frozen=True)
class Splitter:
    """Splits the changes of one variable's gradient; `terms` (loss steps, source steps, N, rows, columns) are the right ones.

    `spans` has for each of the N the terms (any, source steps, rows, columns) whose directions tell the source steps apart.
    """

    variable: Variable
    losses: tuple[int, ...]
    terms: Array
    spans: tuple[Array, ...]
    floor: float
    """The error of every number of a change."""

    def split(self, changes: Mapping[tuple[int, int], Array]) -> dict[tuple[int, int], Parts]:
        """The parts of the changes for loss step t and sample n."""
        split = {place: self._apart(change, *place) for place, change in changes.items()}
        apart = {place: parts for place, parts in split.items() if parts is not None}
        return apart if len(apart) == len(split) else {place: self._whole(change, *place) for place, change in changes.items()}

    def precision(self) -> float:
        """The error of every number of a part."""
        return self.floor * max((s.condition for s in self._separators if s is not None), default=1.0)

    @cached_property
    def _separators(self) -> tuple[Separator | None, ...]:
        is_sum = self.variable.role is Role.PARAMETER and self.variable.tied
        return tuple(map(separator, self.spans)) if is_sum else ()

    def _apart(self, change: Array, t: int, n: int) -> Parts | None:
        """By source steps; None if they cannot be told apart, or if the change is no sum of such terms."""
        right = self.terms[self.losses.index(t), :, n - 1]
        if self.variable.role is Role.INPUT:
            return self._stepwise(change, _at(right, n, self.terms.shape[2]))
        if not self.variable.tied:
            return self._stepwise(change, right)
        found = self._separators[n - 1] if self._separators else None
        if found is None:
            return None
        parts = found.parts(change.reshape(right.shape[1:]))
        left = change.reshape(right.shape[1:]) - sum(parts.values(), np.zeros(right.shape[1:]))
        if np.abs(left).max() > self.floor * found.condition + _SPAN * np.abs(change).max():
            return None
        return {k + 1: (part, right[k]) for k, part in parts.items()}

    def _stepwise(self, change: Array, right: Array) -> Parts:
        return {k: (mine, truth) for k, (mine, truth) in enumerate(zip(change.reshape(right.shape), right, strict=True), 1)}

    def _whole(self, change: Array, t: int, n: int) -> Parts:
        right = self.terms[self.losses.index(t), :, n - 1].sum(axis=0)
        if self.variable.role is Role.STATE:
            right = _at(right[None], n, self.terms.shape[2])[0]
        return {0: (change.reshape(right.shape), right)}


def _at(right: Array, n: int, count: int) -> Array:
    """Terms (steps, rows, columns) of sample n among those of all samples, which are zero: (steps, N, rows, columns)."""
    made = np.zeros((len(right), count, *right.shape[1:]))
    made[:, n - 1] = right
    return made
