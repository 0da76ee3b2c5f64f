"""Random values at which a model is defined, as the interpreter sees it."""

from collections.abc import Mapping

import numpy as np

from symbptt.data.random_values import random
from symbptt.data.values import Data
from symbptt.derive.defined import Forward, defined
from symbptt.unroll.graph import UnrolledGraph
from symbptt.verify.interpreter import evaluate
from symbptt.verify.objective import leaves


def point(
    graph: UnrolledGraph, dims: Mapping[str, int], N: int, seed: int, *, distributions: bool = False
) -> tuple[Data, tuple[str, ...]]:
    """Random data, and a note if they are not those of the seed; raises Undefined for a model that no draw suits."""

    def drawn(number: int) -> tuple[Data, Forward]:
        data = random(graph.model, dims, graph.T, N, number, distributions=distributions)
        return data, forward(graph, data)

    return defined(graph, seed, drawn)


def forward(graph: UnrolledGraph, data: Data) -> Forward:
    """The values of the graph by the interpreter."""
    with np.errstate(all="ignore"):
        values = evaluate(graph, leaves(graph, data), data.dims)
    return lambda a: values[a.variable.name, a.step]
