"""Gradients that are right up to a factor, and gradients that were clipped."""

from collections.abc import Mapping
from fractions import Fraction

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.diagnose.causes import Cause
from symbptt.diagnose.match import Matcher
from symbptt.diagnose.submitted import SubmittedGradient

_NICE = 1e-7
"""How near a factor must be to a simple number to be called by it."""


def factor(values: Array, truth: Array) -> float:
    """The number a for which a * truth is nearest to the values; 1 where the truth is zero."""
    square = float(truth @ truth)
    return float(values @ truth) / square if square > 0 else 1.0


def scaled(matcher: Matcher) -> dict[str, float]:
    """The gradients that are a multiple of the right ones, other than 0 and 1, with the factor."""
    found: dict[str, float] = {}
    # A single number is a multiple of any other: only a simple factor says something, or that of another gradient.
    for i in sorted(range(len(matcher.givens)), key=lambda i: int((matcher.owner == i).sum()) == 1):
        given, mine = matcher.givens[i], matcher.owner == i
        values, truth = matcher.values[mine], matcher.truth[mine]
        a = factor(values, truth)
        if len(values) == 1 and simple(a, {}) is None and not any(abs(a / b - 1) < _NICE for b in found.values()):
            continue
        near = np.abs(values - a * truth) <= matcher.allowed[mine] * max(1.0, abs(a))
        wrong = np.abs(values - truth) > matcher.allowed[mine]
        if near.all() and wrong.any() and abs(a) > 1e-6:
            found[given.name] = a
    return found


def simple(value: float, counts: Mapping[str, int]) -> str | None:
    """A factor as a count's reciprocal or a small fraction, in words; None if it is neither."""
    for name, count in counts.items():
        if count > 1 and abs(value * count - 1) < _NICE:
            return f"1/{name}"
    near = Fraction(value).limit_denominator(12)
    if near and abs(value / float(near) - 1) < _NICE and max(abs(near.numerator), near.denominator) <= 12:
        return str(near)
    return None


def cause(gradient: str, value: float, counts: Mapping[str, int]) -> Cause:
    """The cause of a factor: a sign, a mean for a sum, or a constant."""
    words = simple(value, counts)
    if words == "-1":
        shown = (("what", f"d{gradient}"), ("fix", "It is the negative of the right gradient: an update is not a gradient."))
        return Cause("sign-flipped", None, gradient, 0, shown)
    if words and words.startswith("1/"):
        divisor = words[2:]
        number = f" = {counts[divisor]}" if divisor in counts else ""
        return Cause("mean-for-sum", None, gradient, 0, (("divisor", divisor + number),))
    return Cause("factor", None, gradient, 0, (("what", "The gradient"), ("value", words or f"{value:.12g}")))


def clipped(bound: float) -> Cause:
    """The cause of a bound on every entry."""
    return Cause("clipped", words=(("how", f"to [−{bound:g}, {bound:g}], entry by entry"),))


def norm_clip(givens: tuple[SubmittedGradient, ...], factors: Mapping[str, float]) -> Cause | None:
    """Clipping of the norm of all gradients together, or of one: a common factor below 1 and a norm that is a round number."""
    values = [g.values for g in givens]
    whole = [float(np.sqrt(sum(float(v @ v) for v in values)))] if len(set(np.round(list(factors.values()), 7))) == 1 else []
    for norm in (*whole, *(float(np.sqrt(v @ v)) for g, v in zip(givens, values, strict=True) if g.name in factors)):
        digits = float(f"{norm:.3g}")
        # A small number added to the norm before the division, as is often done, shows in the seventh digit.
        if digits and abs(norm / digits - 1) < 2e-6 and all(0 < a < 1 for a in factors.values()):
            return Cause("clipped", words=(("how", f"to the norm {digits:g}"),))
    return None
