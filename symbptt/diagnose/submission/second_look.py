"""A function looked at again: against the loss that it returns itself, with more steps, and in a second call."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.data.values import Data
from symbptt.diagnose import factors
from symbptt.diagnose.causes import Cause
from symbptt.diagnose.findings import WRONG, Finding, Suspect
from symbptt.diagnose.submission.results import results
from symbptt.diagnose.submission.session import Attempt, Session
from symbptt.errors import BadInput
from symbptt.model.values import Role

_STEP = 1e-5
_ALIKE = 1e-6
MOST = 400
"""Entries of parameters for which a loss is asked twice."""
STEPS = (12, 40)
_WRONG = 1e-4
"""A gradient that was right is wrong if it is off by more, relative to its largest number: rounding grows with the steps."""
_LARGEST = 1e30
"""Beyond that a gradient explodes, and says nothing about the code."""


def against_own_loss(session: Session, best: Attempt) -> dict[str, bool] | None:
    """For each gradient of a parameter whether it is that of the loss that came back; None if that cannot be told."""
    data = best.plan.data
    tied = [v.name for v in session.model.of(Role.PARAMETER) if v.name in best.found.gradients]
    names = [n for n in tied if best.found.gradients[n].size == np.size(data.parameters[n])]
    if best.found.loss is None or not names or sum(np.size(data.parameters[n]) for n in names) > MOST:
        return None
    losses = session.losses(best.plan, [moved for name in names for moved in _moved(data, name)])
    if losses is None:
        return None
    slopes = iter((losses[::2] - losses[1::2]) / (2 * _STEP))
    found: dict[str, bool] = {}
    for name in names:
        theirs = np.ravel(best.found.gradients[name])
        own = np.array([next(slopes) for _ in theirs])
        found[name] = bool(np.abs(theirs - own).max(initial=0) <= _ALIKE * max(1.0, float(np.abs(own).max(initial=0))))
    return found


def _moved(data: Data, name: str) -> Iterator[Data]:
    """The data with each entry of a parameter a little larger, then a little smaller."""
    array = np.asarray(data.parameters[name], float)
    for place in np.ndindex(array.shape):
        for sign in (1, -1):
            other = array.copy()
            other[place] += sign * _STEP
            yield replace(data, parameters={**data.parameters, name: other})


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


def _equal(one: Array, other: Array | None) -> bool:
    """Whether two calls gave the same, up to rounding."""
    return other is not None and one.shape == other.shape and bool(np.allclose(one, other, rtol=1e-9, atol=1e-12, equal_nan=True))


def _why(gradient: str, first: Array, second: Array, fresh: Array | None) -> Cause:
    """Why the second call of a function gave another gradient than the first; `fresh` is that of a call in a module anew.

    The first call's gradient counted once more is a buffer that is never cleared. Anything else is a function whose numbers
    change from call to call.
    """
    if _equal(first, fresh) and _equal(2 * first, second):
        what = "a second call with the same arguments adds to what the first left in a buffer"
        fix = "Set gradients to zero at the start of each call."
        return Cause("stale-buffer", None, gradient, 0, (("what", what), ("fix", fix)))
    why = "it keeps something between calls" if _equal(first, fresh) else "it draws random numbers, or reads what changes"
    return Cause("not-deterministic", None, gradient, 0, (("why", why),))


def called_twice(best: Attempt, finding: Finding) -> Finding:
    """A finding on the first call, changed if a second call with the same arguments gave other numbers."""
    if not best.answer.again:
        return finding
    second = results(best.plan, best.answer.again, {}).gradients.get(finding.gradient)
    first = best.found.gradients[finding.gradient]
    if second is None or first.dtype.kind not in "iuf" or second.shape != first.shape or _equal(second, first):
        return finding
    fresh = results(best.plan, best.answer.fresh, {}).gradients.get(finding.gradient)
    why = _why(finding.gradient, first, second, fresh)
    return replace(finding, verdict=WRONG, suspects=(Suspect(why, True), *finding.suspects))
