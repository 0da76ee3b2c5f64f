"""The norms of the factors d+s_k/d theta: how strongly step k writes a parameter or an input into the states."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.analyze.jacobian import Jacobians
from symbptt.analyze.norms import norm
from symbptt.derive.adjoint import initial
from symbptt.model.values import Role, Variable

ENTRIES = 3e8
"""With more entries than this in all of them together, they are made only when asked for."""


@dataclass(frozen=True)
class Immediate:
    """The norms of d+s_k/d theta, k = 1 .. T, as a matrix on all entries of theta; the worst sample counts."""

    name: str
    norms: Array


def immediate(
    jacobians: Jacobians, variables: Iterable[Variable], kind: str = "fro", every: bool | None = None
) -> tuple[Immediate, ...]:
    """One entry for every parameter and input among the variables; none at all where they are too many, unless `every`."""
    done, model = jacobians.done, jacobians.model
    chosen = [v for v in variables if v.role in (Role.PARAMETER, Role.INPUT) and not initial(model, v)]
    T, sizes = done.graph.T, [done.values.size(v.rows) * done.values.size(v.columns) for v in chosen]
    affordable = float(T) * done.N * jacobians.entries * sum(sizes) <= ENTRIES if every is None else every
    if not affordable:
        return ()
    found = {v.name: np.zeros(T) for v in chosen}
    for k in range(1, T + 1):
        for name, matrix in jacobians.immediate(k, chosen).items():
            found[name][k - 1] = norm(matrix, kind).max()
    return tuple(Immediate(name, norms) for name, norms in found.items())
