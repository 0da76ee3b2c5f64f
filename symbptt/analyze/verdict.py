"""What the numbers say about vanishing and exploding, in words, with the logic that the bound allows and no more.

sigma_max < 1/gamma suffices for vanishing; sigma_max > 1/gamma is necessary for exploding; in between the bound decides
nothing, and the measured rate is given.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from symbptt.algebra.evaluate import Array


class Kind(StrEnum):
    """The verdicts."""

    VANISHING = "vanishing by the bound"
    UNDECIDED = "undecided by the bound"
    GROWING = "growing, measured"
    NOTHING = "nothing to judge"


@dataclass(frozen=True)
class Verdict:
    """`rate` is the measured factor per step in the long run, nan if there is none; `bound` the largest factor of a step."""

    kind: Kind
    rate: float
    words: str
    bound: float = float("nan")


EVEN = 1e-6
"""A rate this close to one neither grows nor shrinks."""


def rate(norms: Array) -> float:
    """The factor per step: least squares of log norm on distance, over the later half of the distances 0, 1, ...; nan if
    fewer than two norms are positive and finite, 0 if they end in exact zeros."""
    norms = np.asarray(norms, dtype=float)
    if len(norms) > 1 and norms[-1] == 0 and np.isfinite(norms).all():
        return 0.0
    later = np.arange(len(norms)) >= (len(norms) - 1) // 2
    use = later & np.isfinite(norms) & (norms > 0)
    if use.sum() < 2:
        return float("nan")
    d = np.flatnonzero(use)
    return float(np.exp(np.polyfit(d, np.log(norms[use]), 1)[0]))


def judge(norms: Array, bound: Array, by: str = "sigma_max(W)", here: Array | None = None) -> Verdict:
    """The verdict on norms at the distances 0, 1, ..; `bound` holds the factors that bound each step, `by` says whose.

    `here` are the norms of the Jacobians at this point, where `bound` holds at every point.
    """
    norms = np.asarray(norms, dtype=float)
    if len(norms) < 2:
        return Verdict(Kind.NOTHING, float("nan"), "there is no earlier step, so nothing can vanish or grow")
    broken = ~np.isfinite(norms)
    if broken.any():
        first = int(np.argmax(broken))
        if np.isinf(norms[first]):
            return Verdict(Kind.GROWING, float("inf"), f"growing, measured: the product overflows at distance {first}")
        return Verdict(Kind.NOTHING, float("nan"), f"the product is not a number (nan) from distance {first} on")
    measured = rate(norms)
    largest = float(np.max(bound))
    if np.all(bound < 1):
        words = f"vanishing by the bound: every step shrinks it at least by the factor {largest:.4g} ({by})"
        return Verdict(Kind.VANISHING, measured, f"{words}; measured {_rate(measured)} per step", largest)
    known = f"{by} allows a factor of up to {largest:.4g} per step"
    if measured > 1 + EVEN:
        return Verdict(Kind.GROWING, measured, f"growing, measured: {_rate(measured)} per step ({known})", largest)
    words = f"undecided by the bound ({known}); {_outcome(norms, measured)}"
    if here is not None and np.all(here < 1):
        words += f"; each Jacobian met has a norm of at most {float(np.max(here)):.4g}, so for these values it has to vanish"
    return Verdict(Kind.UNDECIDED, measured, words, largest)


def _rate(value: float) -> str:
    return "no rate" if np.isnan(value) else f"a factor of {value:.4g}"


def _outcome(norms: Array, measured: float) -> str:
    if not norms[-1]:
        return f"measured: exactly zero from distance {int(np.argmax(norms == 0))} on"
    if np.isnan(measured):
        return "measured: too few steps for a rate"
    peak = int(np.argmax(norms))
    first = f"it grows to {norms[peak]:.4g} at distance {peak} first, and then" if norms[peak] > 1.5 * norms[0] and peak else "it"
    if measured >= 1 - EVEN:
        return f"measured: {first} keeps its size (a factor of {measured:.6g} per step)"
    return f"measured: {first} vanishes by {_rate(measured)} per step"
