"""What every route is given: the code, its model's graph, data, and the gradients that the code returns for them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from symbptt.data.values import Array, Data
from symbptt.unroll.graph import UnrolledGraph
from symbptt.verify.emitted import Emitted
from symbptt.verify.probe import ENTRIES, Probes, probes


@dataclass(frozen=True)
class Case:
    """Code under test at one point; `given` are its gradients there, by name."""

    code: Emitted
    graph: UnrolledGraph
    data: Data
    given: Mapping[str, Array]

    def probes(self, rng: np.random.Generator, limit: int = ENTRIES) -> dict[str, Probes]:
        """Entries or random directions for every gradient."""
        variables = map(self.code.variable, self.given)
        return {v.name: probes(v, self.data.value(v).shape, rng, limit) for v in variables}
