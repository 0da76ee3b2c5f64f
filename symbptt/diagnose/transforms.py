"""One mistake together with a factor on everything, or with clipping: changes of the numbers rather than of the pass."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from symbptt.diagnose import factors
from symbptt.diagnose.causes import Cause
from symbptt.diagnose.search import Hypothesis, Singles

_FEW = 3
"""Numbers that must be left untouched by a bound that only one number sits at."""


def singles(all_of: Singles) -> list[Hypothesis]:
    """The mistakes that give all numbers once they are clipped or multiplied; clipping alone is one of them."""
    return _clipped(all_of) or _multiplied(all_of)


def _clipped(all_of: Singles) -> list[Hypothesis]:
    matcher = all_of.problem.matcher
    bound = factors.Clip(float(np.abs(matcher.values).max(initial=0.0)))
    free = np.abs(matcher.values) < bound.bound * (1 - 1e-9)
    if free.sum() < _FEW:
        return []
    if matcher.equal(bound.apply(matcher.truth)).all():
        names = frozenset(g.name for g in matcher.givens)
        return [Hypothesis((), names, (), 0.0, (), (bound.cause(),))]
    found = np.flatnonzero(matcher.equal(np.clip(all_of.vectors, -bound.bound, bound.bound)).all(axis=1))
    return _hypotheses(all_of, [(int(i), bound.cause()) for i in found])


def _multiplied(all_of: Singles) -> list[Hypothesis]:
    matcher = all_of.problem.matcher
    weights = 1 / matcher.sizes**2
    square = (all_of.vectors**2 * weights).sum(axis=1)
    along = (all_of.vectors * matcher.values * weights).sum(axis=1)
    with np.errstate(all="ignore"):
        factor = np.where(square > 0, along / square, 1.0)
    found = np.flatnonzero(matcher.equal(all_of.vectors * factor[:, None]).all(axis=1) & (np.abs(factor) > 1e-6))
    counts = {"N": all_of.problem.point.N, "T": all_of.problem.point.T, "(T N)": all_of.problem.point.T * all_of.problem.point.N}
    simple = [i for i in found if factors.simple(float(factor[i]), counts)]
    return _hypotheses(all_of, [(int(i), factors.cause("θ", float(factor[i]), counts)) for i in simple])


def _hypotheses(all_of: Singles, found: list[tuple[int, Cause]]) -> list[Hypothesis]:
    names = frozenset(g.name for g in all_of.problem.matcher.givens)
    made = [replace(all_of.hypothesis(i), gradients=names, residual=0.0, extra=(cause,)) for i, cause in found]
    return sorted(made, key=lambda h: h.rank)
