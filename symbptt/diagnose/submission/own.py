"""Gradients held against their own forward pass: central differences of the loss that somebody's function returns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from symbptt.data.values import Data
from symbptt.diagnose.submission.session import Attempt, Session
from symbptt.model.values import Role

_STEP = 1e-5
_ALIKE = 1e-6
MOST = 400
"""Entries of parameters for which a loss is asked twice."""


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
