"""Gradients in low precision, held against a run of the same code in double precision on the same rounded arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import sqrt

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.data.values import Data
from symbptt.diagnose.causes import Cause
from symbptt.diagnose.findings import WRONG, Finding, Suspect

UNITS = {"float32": 2.0**-23, "float16": 2.0**-10, "bfloat16": 2.0**-7}
"""Distance from 1 to the next number."""
Arrays = Mapping[str, Array]
_ROUNDINGS = 2
"""What one rounding of every argument does to a gradient may come this many times at each step, added up as chance does."""


def rounded(data: Data, kind: str) -> Data:
    """Data that the kind holds exactly, so that every precision is given the same numbers."""
    if kind not in UNITS:
        return data

    def part(arrays: Mapping[str, Array]) -> dict[str, Array]:
        return {n: _round(a, kind) if a.dtype.kind == "f" else a for n, a in arrays.items()}

    return replace(data, parameters=part(data.parameters), inputs=part(data.inputs), states=part(data.states),
                   cotangents=part(data.cotangents))


def _round(array: Array, kind: str) -> Array:
    mantissa, exponent = np.frexp(array)
    places = 1 / UNITS[kind]
    return np.asarray(np.ldexp(np.round(mantissa * 2 * places) / (2 * places), exponent))


def nudged(data: Data, kind: str, seed: int = 13) -> Data:
    """Data with every number moved by half a unit of the kind, up or down: one rounding, in double precision."""
    rng = np.random.default_rng(seed)

    def part(arrays: Mapping[str, Array]) -> dict[str, Array]:
        move = UNITS[kind] / 2
        return {n: a * (1 + move * rng.choice((-1, 1), a.shape)) if a.dtype.kind == "f" else a for n, a in arrays.items()}

    return replace(data, parameters=part(data.parameters), inputs=part(data.inputs), states=part(data.states))


@dataclass(frozen=True)
class Low:
    """How far each gradient in low precision is from that in double, relative to its size, and how far it may be."""

    kind: str
    errors: Mapping[str, float]
    allowed: Mapping[str, float]

    @classmethod
    def of(cls, kind: str, low: Arrays, double: Arrays, moved: Arrays, T: int) -> Low:
        """Compare gradients by variable; `moved` are those of double precision at nudged arguments."""
        errors = {n: _error(low[n], a) for n, a in double.items() if n in low}
        once = {n: max(_error(moved[n], double[n]) if n in moved else 0.0, UNITS[kind] / 2) for n in errors}
        return cls(kind, errors, {n: _ROUNDINGS * sqrt(T) * size for n, size in once.items()})

    @property
    def note(self) -> str:
        """The comparison in a sentence."""
        told = ", ".join(f"{n} {error:.1e} (up to {self.allowed[n]:.1e})" for n, error in self.errors.items())
        return (f"{self.kind} is held against a double-precision run of the same code on the same rounded arguments; the "
                f"difference relative to the gradient's size, and what rounding explains: {told}")

    def judged(self, finding: Finding) -> Finding:
        """The finding of the double-precision run, wrong if rounding does not explain the one in low precision."""
        error = self.errors.get(finding.gradient, 0.0)
        if error <= self.allowed.get(finding.gradient, 0.0):
            return finding
        shown = (("kind", self.kind), ("error", f"{error:.1e}"), ("allowed", f"{self.allowed[finding.gradient]:.1e}"))
        lost = Suspect(Cause("precision-lost", None, finding.gradient, 0, shown), True)
        return replace(finding, verdict=WRONG, error=max(error, finding.error), suspects=(*finding.suspects, lost))


def _error(low: Array, double: Array) -> float:
    if low.shape != double.shape or not np.isfinite(low).all():
        return float("inf")
    size = float(np.abs(double).max(initial=0.0))
    return float(np.abs(low - double).max(initial=0.0)) / (size or 1.0)
