"""One mistake together with a factor on everything, or with clipping: changes of the numbers rather than of the pass."""

from dataclasses import replace

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.diagnose import factors
from symbptt.diagnose.causes import Cause
from symbptt.diagnose.mutant import together
from symbptt.diagnose.search import Hypothesis, Problem, Singles

_FEW = 3
"""Numbers that must be left untouched by a bound that only one number sits at."""
_MANY = 20
"""Numbers that sit at a bound where none is left untouched: of these the signs alone say something."""


def singles(all_of: Singles) -> list[Hypothesis]:
    """The mistakes that give all numbers once they are clipped or multiplied; clipping alone is one of them."""
    return _clipped(all_of) or _multiplied(all_of)


def clipped(problem: Problem, hypothesis: Hypothesis, predicted: Array) -> list[Hypothesis]:
    """The hypothesis for gradients that were clipped on top, each with a bound of its own."""
    matcher, made = problem.matcher, []
    for i, given in enumerate(matcher.givens):
        mine = matcher.owner == i
        bound = float(np.abs(matcher.values[mine]).max(initial=0.0))
        cut = np.where(mine, np.clip(predicted, -bound, bound), predicted)
        if given.name not in hypothesis.gradients and matcher.equal(cut)[i] and (np.abs(predicted[mine]) > bound).sum() > 1:
            made.append(replace(hypothesis, gradients=frozenset([given.name]), extra=(factors.clipped(bound),)))
    return made


def multiplied(problem: Problem, hypothesis: Hypothesis) -> list[Hypothesis]:
    """The hypothesis for gradients that were multiplied on top, as where a mean is taken for a sum, each with its own factor."""
    if len(hypothesis.gradients) < 2 or not hypothesis.mutants:
        return []
    moved = replace(problem.matcher, truth=problem.vector(together(hypothesis.mutants)))
    counts = problem.case.counts
    found = {name: a for name, a in factors.scaled(moved).items() if name not in hypothesis.gradients}
    return [
        replace(hypothesis, gradients=frozenset([name]), extra=(*hypothesis.extra, factors.cause(name, a, counts)))
        for name, a in found.items()
    ]


def _clipped(all_of: Singles) -> list[Hypothesis]:
    matcher = all_of.problem.matcher
    largest = np.array([np.abs(matcher.values[matcher.owner == i]).max(initial=0.0) for i in range(len(matcher.givens))])
    bounds = largest[matcher.owner]
    names = frozenset(g.name for g in matcher.givens)
    if matcher.equal(np.clip(matcher.truth, -bounds, bounds)).all() and (bound := _bound(all_of, matcher.truth, bounds)):
        return [Hypothesis((), names, (), extra=(factors.clipped(bound),))]
    found = np.flatnonzero(matcher.equal(np.clip(all_of.vectors, -bounds, bounds)).all(axis=1))
    bitten = [(int(i), _bound(all_of, all_of.vectors[i], bounds)) for i in found]
    return _hypotheses(all_of, [(i, factors.clipped(bound)) for i, bound in bitten if bound])


def _bound(all_of: Singles, predicted: Array, bounds: Array) -> float:
    """The one bound that cuts a prediction; 0 if there are several, or too few numbers to tell."""
    matcher = all_of.problem.matcher
    cut = np.abs(predicted) > bounds * (1 + 1e-9)
    mine = np.isin(matcher.owner, matcher.owner[cut])
    if not cut.any() or np.ptp(bounds[mine]) > 1e-9 * bounds[mine].max():
        return 0.0
    left = int((mine & ~cut).sum())
    # Whatever is left untouched, in other gradients too, tells the mistake below the bound from those with the same signs.
    told = left >= _FEW or (cut.sum() > 1 and (not cut.all() or cut.sum() >= _MANY))
    return float(bounds[mine][0]) if told else 0.0


def _multiplied(all_of: Singles) -> list[Hypothesis]:
    matcher = all_of.problem.matcher
    weights = 1 / matcher.sizes**2
    with np.errstate(all="ignore"):
        square = (all_of.vectors**2 * weights).sum(axis=1)
        along = (all_of.vectors * matcher.values * weights).sum(axis=1)
        factor = np.where(square > 0, along / square, 1.0)
    found = np.flatnonzero(matcher.equal(all_of.vectors * factor[:, None]).all(axis=1) & (np.abs(factor) > 1e-6))
    counts = all_of.problem.case.counts
    simple = [i for i in found if factors.simple(float(factor[i]), counts)]
    return _hypotheses(all_of, [(int(i), factors.cause("θ", float(factor[i]), counts)) for i in simple])


def _hypotheses(all_of: Singles, found: list[tuple[int, Cause]]) -> list[Hypothesis]:
    names = frozenset(g.name for g in all_of.problem.matcher.givens)
    made = [replace(all_of.hypothesis(i), gradients=names, extra=(cause,)) for i, cause in found]
    return sorted(made, key=lambda h: h.rank)
