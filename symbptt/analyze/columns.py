"""The terms (t, k) over several draws of weights, each beside the term (k, k) of its column, and what a window leaves of them.

All terms of a column k start from the same immediate derivative, so what is left in their ratio is the product of Jacobians.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from symbptt import derive
from symbptt.algebra.evaluate import Array
from symbptt.analyze.data import point
from symbptt.analyze.decay import sizes
from symbptt.model.values import Model, Variable
from symbptt.unroll.graph import steps

STEPS, WINDOW, SEEDS = 8, 3, 5
ZERO = 1e-12
"""A term that is smaller, relative to the largest one, is zero up to rounding."""


@dataclass(frozen=True)
class Columns:
    """`ratios` are ||term (k + d, k)|| / ||term (k, k)||, (seeds, columns, T), nan where there is none or the term (k, k)
    is zero; of the gradient that a
    window keeps, (seeds,): its distance from the whole one, relative to it, and the cosine between the two; not finite where the
    whole one is zero or has overflowed."""

    ratios: Array
    bias: Array
    cosine: Array
    kept: int
    terms: int
    rests: bool = False
    """Whether every state starts at zero."""


def columns(model: Model, variable: Variable, T: int = STEPS, window: int = WINDOW) -> Columns:
    """The terms of a parameter that all steps share."""
    graph = steps(model, T)
    gradient = derive.gradient(graph, variable.name)
    ratios, bias, cosine, pairs = np.full((SEEDS, T, T), np.nan), np.zeros(SEEDS), np.zeros(SEEDS), []
    starts: list[Mapping[str, Array]] = []
    with np.errstate(all="ignore"):
        for seed in range(SEEDS):
            data = point(model, T, sizes(model), 1, seed)
            terms = gradient.evaluate(*data.groups)
            starts.append(data.states)
            pairs = list(terms)
            norms = {pair: float(np.linalg.norm(term)) for pair, term in terms.items()}
            least = ZERO * max(norms.values(), default=0.0)
            for t, k in pairs:
                if norms.get((k, k), 0.0) > least:
                    ratios[seed, k - 1, t - k] = norms[t, k] / norms[k, k]
            whole = sum(terms.values())
            part = sum(term for (t, k), term in terms.items() if t - k < window)
            size = np.linalg.norm(whole)
            bias[seed] = np.linalg.norm(part - whole) / size
            cosine[seed] = np.sum(part * whole) / (size * np.linalg.norm(part))
    rests = all(set(start) == {s.name for s in model.states} and not any(map(np.any, start.values())) for start in starts)
    return Columns(ratios, bias, cosine, sum(t - k < window for t, k in pairs), len(pairs), rests)
