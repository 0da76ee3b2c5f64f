"""Whether predicted numbers are the given ones, for all gradients and many predictions at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.diagnose.interpret import Gradients
from symbptt.diagnose.submitted import SubmittedGradient

_FLOOR = 1e-3
"""A gradient's size is at least this share of the largest of all: one that is zero by cancellation has rounding errors only."""
_ROUNDING = 1e-13
"""Where no right gradient is larger than this, entries of size one have cancelled in all of them, as behind batch_norm of two
samples, and differences up to this are their rounding."""


@dataclass(frozen=True)
class Matcher:
    """The given gradients side by side in one vector; `truth` are the right numbers at the same places."""

    givens: tuple[SubmittedGradient, ...]
    values: Array
    truth: Array
    sizes: Array
    """The size of the gradient that each number belongs to."""
    allowed: Array
    owner: Array
    """The gradient, by its place in `givens`, that each number belongs to."""

    @classmethod
    def of(cls, givens: Sequence[SubmittedGradient], right: Mapping[str, Array]) -> Matcher:
        """A matcher for these gradients; `right` holds all right gradients, in full."""
        largest = {name: float(np.abs(array).max(initial=0.0)) for name, array in right.items()}
        floor = max(_FLOOR * max(largest.values(), default=0.0), 1e-300)
        counts = [len(g.values) for g in givens]
        sizes = np.repeat([max(largest[g.name], floor) for g in givens], counts)
        relative = np.repeat([g.relative for g in givens], counts)
        slack = np.repeat([g.slack for g in givens], counts)
        values = np.concatenate([g.values for g in givens])
        truth = np.concatenate([g.pick(right[g.name]) for g in givens])
        lost = _ROUNDING if max(largest.values(), default=0.0) < _ROUNDING else 0.0
        allowed = np.maximum(relative * sizes + slack, lost)
        return cls(tuple(givens), values, truth, sizes, allowed, np.repeat(np.arange(len(givens)), counts))

    def vector(self, gradients: Gradients) -> Array:
        """Predicted gradients at the given places."""
        return np.concatenate([g.pick(gradients[g.name]) for g in self.givens])

    @property
    def digits(self) -> float:
        """How many decimal digits are known of all numbers together."""
        known = np.log10(np.maximum(np.abs(self.values), self.allowed) / np.maximum(self.allowed, 1e-300))
        return float(known.sum())

    def equal(self, predicted: Array) -> Array:
        """For each gradient, whether the prediction (..., numbers) gives it: (..., gradients)."""
        near = np.abs(predicted - self.values) <= self.allowed
        return self._all(near)

    def changed(self, predicted: Array) -> Array:
        """For each gradient, whether the prediction differs from the right one: (..., gradients)."""
        return ~self.same(predicted, self.truth)

    def same(self, one: Array, other: Array) -> Array:
        """For each gradient, whether two predictions are the same but for rounding: (..., gradients)."""
        return self._all(np.abs(one - other) <= 1e-11 * self.sizes)

    def errors(self) -> Array:
        """The largest difference from the right gradient, relative to its size, by gradient."""
        relative = np.abs(self.values - self.truth) / self.sizes
        return np.array([relative[self.owner == i].max(initial=0.0) for i in range(len(self.givens))])

    def _all(self, near: Array) -> Array:
        starts = np.searchsorted(self.owner, np.arange(len(self.givens)))
        return np.logical_and.reduceat(near, starts, axis=-1)
