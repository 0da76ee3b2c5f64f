"""A second look at a function that is right: with more steps, where blocks of steps have borders and what was cut short shows."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import numpy as np

from symbptt.diagnose import factors
from symbptt.diagnose.submission.session import Attempt, Session
from symbptt.errors import BadInput

STEPS = (12, 40)
_WRONG = 1e-4
"""A gradient that was right is wrong if it is off by more, relative to its largest number: rounding grows with the steps."""

_LARGEST = 1e30
"""Beyond that a gradient explodes, and says nothing about the code."""


def longer(session: Session, best: Attempt) -> Attempt:
    """The attempt itself, or one like it with more steps in which a gradient that was right is wrong."""
    if session.table.T is not None or not best.fit.right:
        return best
    run, data = session.run, best.plan.data
    draws = [session.drawn(data.N, dict(data.dims), steps=T) for T in STEPS]
    with suppress(BadInput), np.errstate(all="ignore"):  # too large to be compared, or to be computed
        for attempt in session.attempts([replace(best.plan, data=d) for d in draws]):
            if any(_off(attempt, name) for name in best.fit.right):
                return attempt
    session.run = run
    return best


def _off(attempt: Attempt, name: str) -> bool:
    """Whether a gradient came back, of numbers in the right shape, and is wrong; one that a bound was put on is not."""
    right, given = attempt.case.right[name], attempt.found.gradients.get(name)
    if given is None or given.dtype.kind != "f" or given.shape != right.shape:
        return False
    if not np.isfinite(given).all() or not np.abs(right).max(initial=0.0) < _LARGEST:
        return False
    bound = np.abs(given).max(initial=0.0)
    bounded = (right, np.clip(right, -bound, bound), factors.factor(given.ravel(), right.ravel()) * right)
    return all(np.abs(given - one).max(initial=0.0) > _WRONG * np.abs(right).max(initial=0.0) for one in bounded)
