"""A second call with the same arguments that gives other numbers: a buffer that keeps the first, or numbers that change."""

from __future__ import annotations

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.diagnose.causes import Cause


def equal(one: Array, other: Array | None) -> bool:
    """Whether two calls gave the same, up to rounding."""
    return other is not None and one.shape == other.shape and bool(np.allclose(one, other, rtol=1e-9, atol=1e-12, equal_nan=True))


def cause(gradient: str, first: Array, second: Array, fresh: Array | None) -> Cause:
    """Why the second call of a function gave another gradient than the first; `fresh` is that of a call in a module anew.

    The first call's gradient counted once more is a buffer that is never cleared. Anything else is a function whose numbers
    change from call to call.
    """
    if equal(first, fresh) and equal(2 * first, second):
        what = "a second call with the same arguments adds to what the first left in a buffer"
        fix = "Set gradients to zero at the start of each call."
        return Cause("stale-buffer", None, gradient, 0, (("what", what), ("fix", fix)))
    why = "it keeps something between calls" if equal(first, fresh) else "it draws random numbers, or reads what changes"
    return Cause("not-deterministic", None, gradient, 0, (("why", why),))
