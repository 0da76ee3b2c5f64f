"""Whether a model is defined at given values: a logarithm of what is negative, say, is no number, and has no gradient."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from symbptt.data.values import Array
from symbptt.unroll.graph import Assignment, UnrolledGraph

DRAWS = 40
"""Draws of values among which one is looked for at which a model is defined."""


def undefined(graph: UnrolledGraph, value: Callable[[Assignment], Array]) -> str:
    """The first value of the graph that is not finite, in words; empty if all are. `value` gives what an assignment assigns."""
    lost = (f"{a.variable.name} is not finite at step {a.step}" for a in graph if not np.isfinite(value(a)).all())
    return next(lost, "")


def nowhere(graph: UnrolledGraph, lost: str) -> str:
    """What there is to say of a model that no draw suits; `lost` is what the first one lacks."""
    return f"{graph.model.name}: {lost}, nor with other values: none of {DRAWS} draws has finite numbers everywhere"
