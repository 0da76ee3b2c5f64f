"""Random values at which a model is defined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from symbptt.data.draw import random
from symbptt.data.values import Data
from symbptt.derive.defined import DRAWS, nowhere
from symbptt.derive.defined import undefined as undefined_at
from symbptt.errors import BadInput
from symbptt.unroll.graph import UnrolledGraph
from symbptt.verify.interpreter import evaluate
from symbptt.verify.objective import leaves


@dataclass(frozen=True)
class Point:
    """Values for every variable; `notes` say where they are not those of the seed asked for."""

    data: Data
    notes: tuple[str, ...] = ()


def defined(graph: UnrolledGraph, dims: Mapping[str, int], N: int, seed: int, *, distributions: bool = False) -> Point:
    """The values of the seed, or of the first seed after it, at which every value of the graph is a finite number.

    Raises BadInput if there is none among `DRAWS`.
    """
    first = ""
    for number in range(seed, seed + DRAWS):
        data = random(graph.model, dims, graph.T, N, number, distributions=distributions)
        lost = undefined(graph, data)
        if not lost:
            return Point(data, (f"the values are those of seed {number}: with those of seed {seed} {first}",) if first else ())
        first = first or lost
    raise BadInput(nowhere(graph, first))


def undefined(graph: UnrolledGraph, data: Data) -> str:
    """The first value that is not finite, in words, by the interpreter; empty if all are."""
    with np.errstate(all="ignore"):
        values = evaluate(graph, leaves(graph, data), data.dims)
    return undefined_at(graph, lambda a: values[a.variable.name, a.step])
