"""Two arrays side by side: the worst error relative to a gradient's size, and where it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from symbptt.data.values import Array
from symbptt.model.values import Variable
from symbptt.verify.probe import Probes, entry
from symbptt.verify.report import Check

_FLOOR = 1e-3
"""Errors are relative to a gradient's largest entry, but at least to this share of the largest entry of all gradients:
a gradient that is zero by cancellation has only rounding errors to show."""

_SMALLEST = 1e-3
"""The same where all gradients are zero by cancellation, as those of a softmax of one entry; random data are of order one."""


@dataclass(frozen=True)
class Scale:
    """What errors are divided by."""

    floor: float

    @classmethod
    def of(cls, references: Iterable[Array]) -> Scale:
        """The scale of a family of gradients."""
        return cls(max(_FLOOR * max(map(_largest, references), default=0.0), _SMALLEST))

    def size(self, reference: Array) -> float:
        """The size that an error in this gradient is divided by."""
        return max(_largest(reference), self.floor)


def _largest(array: Array) -> float:
    sizes = np.abs(array[np.isfinite(array)])
    return float(sizes.max()) if sizes.size else 0.0


@dataclass(frozen=True)
class Comparison:
    """A route, the names of the two sides that it compares, and its tolerance."""

    route: str
    ours: str
    theirs: str
    tolerance: float
    scale: Scale

    def slopes(self, given: Array, measured: Array, probe: Probes) -> Check:
        """A gradient, which is `given`, against the slopes that the probes measured."""
        subject, wanted = probe.variable.name, probe.directions.shape[1:]
        if given.shape != wanted:
            return self._shapes(subject, given.shape, wanted)
        return self._worst(subject, probe.along(given), measured, probe.label)

    def arrays(self, subject: str, given: Array, reference: Array, variable: Variable | None = None) -> Check:
        """An array against its reference, entry by entry; `variable` tells how to name an entry of a gradient."""
        if given.shape != reference.shape:
            return self._shapes(subject, given.shape, reference.shape)

        def label(flat: int) -> str:
            place = tuple(int(i) for i in np.unravel_index(flat, given.shape))
            return entry(variable, place) if variable else f"{subject}{list(place)}"

        return self._worst(subject, given.ravel(), reference.ravel(), label)

    def _worst(self, subject: str, given: Array, reference: Array, label: Callable[[int], str]) -> Check:
        # Where a model is not defined, neither is its code.
        alike = (given == reference) | (np.isnan(given) & np.isnan(reference))
        errors = np.where(alike, 0.0, np.abs(given - reference) / self.scale.size(reference))
        at = int(np.argmax(np.where(np.isnan(errors), np.inf, errors)))
        error = float(errors[at])
        where = f"{label(at)}: {self.ours} {given[at]:.12g}, {self.theirs} {reference[at]:.12g}"
        return Check(self.route, subject, error, self.tolerance, "" if error <= self.tolerance else where)

    def _shapes(self, subject: str, given: tuple[int, ...], wanted: tuple[int, ...]) -> Check:
        where = f"{subject}: {self.ours} has shape {given}, expected {wanted}"
        return Check(self.route, subject, float("inf"), self.tolerance, where)
