"""Values at which a model is defined: a logarithm of what is negative, say, is no number, and has no gradient."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from symbptt.data.values import Array, Data
from symbptt.errors import BadInput
from symbptt.unroll.graph import Assignment, UnrolledGraph

DRAWS = 40
"""Draws of values among which one is looked for at which a model is defined."""

Forward: TypeAlias = Callable[[Assignment], Array]
"""What each assignment of a graph assigns."""


class Undefined(BadInput):
    """A model that none of the values drawn suits."""


def undefined(graph: UnrolledGraph, forward: Forward) -> str:
    """The first value of the graph that is not finite, in words; empty if all are."""
    lost = (f"{a.variable.name} is not finite at step {a.step}" for a in graph if not np.isfinite(forward(a)).all())
    return next(lost, "")


def defined(graph: UnrolledGraph, seed: int, drawn: Callable[[int], tuple[Data, Forward]]) -> tuple[Data, tuple[str, ...]]:
    """What is drawn with the seed, or with the first one after it at which the model is defined; a note says with which.

    Raises Undefined if there is none among `DRAWS`.
    """
    first = ""
    for number in range(seed, seed + DRAWS):
        data, forward = drawn(number)
        lost = undefined(graph, forward)
        if not lost:
            return data, (f"the values are those of seed {number}: with those of seed {seed} {first}",) if first else ()
        first = first or lost
    raise Undefined(f"{graph.model.name}: {first}, nor with other values: none of {DRAWS} draws has finite numbers everywhere")
