"""Several mistakes in one backward pass, which hide each other: every gradient is off for more than one reason.

With a single step nothing is carried, so each mistake inside a step shows in gradients of its own. What explains shorter runs of
the same function is taken over to longer ones, where mistakes of the carry come on top. Without shorter runs the mistakes that
leave least of the difference are tried first, and others on top of each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.diagnose import transforms
from symbptt.diagnose.hypotheses import mutants
from symbptt.diagnose.mutant import Mutant
from symbptt.diagnose.mutant import together as chained
from symbptt.diagnose.search import Hypothesis, Problem, Singles
from symbptt.diagnose.two_mistakes import DIGITS, Search

MAX_TOGETHER = 6
"""Mistakes that are taken together."""
MAX_ALIKE = 40
"""Mistakes that give the same numbers in a shorter run, of which one is meant."""
BASES = 8
"""Mistakes on top of which others are looked for."""
ON_TOP = 300
"""Pairs that are tried on top of each."""


def together(all_of: Singles, shorter: Iterable[Problem], known: int = 0) -> list[Hypothesis]:
    """What mistakes that hide each other give, if that is more gradients than the `known`.

    Shorter runs may leave single gradients open, which something else is wrong with; without them it is all or nothing.
    """
    problem = all_of.problem
    if problem.matcher.digits < DIGITS:
        return []
    climbed = _climbed(all_of, shorter)
    if climbed is not None and problem.matcher.equal(climbed.on(problem)).all():
        return _hypotheses(all_of, climbed)
    found = climbed or next(_searched(all_of), None)
    if found is None or -found.rank(problem)[0] <= max(known, int(problem.matcher.equal(problem.matcher.truth).sum())):
        return []
    return _hypotheses(all_of, found)


@dataclass(frozen=True)
class _Made:
    """Mistakes made together; each is the first of those that are as good."""

    picks: tuple[tuple[Mutant, ...], ...] = ()

    @property
    def mutants(self) -> tuple[Mutant, ...]:
        return tuple(pick[0] for pick in self.picks)

    def on(self, problem: Problem) -> Array:
        """The numbers that they give."""
        return problem.vector(chained(self.mutants)) if self.picks else problem.matcher.truth

    def having(self, place: int, pick: tuple[Mutant, ...]) -> _Made:
        return _Made((*self.picks[:place], pick, *self.picks[place + 1:]))

    def rank(self, problem: Problem) -> tuple[int, float]:
        """The better the lower: how many gradients they give, and what they leave of the difference."""
        vector = self.on(problem)
        return -int(problem.matcher.equal(vector).sum()), round(float(_left(problem, vector)), 9)


def _left(problem: Problem, vectors: Array) -> Array:
    matcher = problem.matcher
    return np.asarray((((vectors - matcher.values) / matcher.sizes) ** 2).sum(axis=-1))


def _climbed(all_of: Singles, shorter: Iterable[Problem]) -> _Made | None:
    """What explains ever longer runs; None if there are none."""
    made = _Made()
    for problem in shorter:
        made = _grown(problem, made, mutants(problem.case.backward, problem.case.point))
    return _grown(all_of.problem, made, all_of.mutants) if made.picks else None


def _grown(problem: Problem, made: _Made, pool: Sequence[Mutant]) -> _Made:
    """What explains a run, from what explains a shorter one.

    It is taken as it is, then with the choices settled by the numbers here, then without what spoke of certain terms (t, k).
    """
    here = _here(made, pool)
    tried: list[_Made] = []
    for start in dict.fromkeys((here, _settled(problem, here), _Made(tuple(p for p in here.picks if p[0].keep is None)))):
        tried.append(_needed(problem, _extended(problem, start, pool)))
        if problem.matcher.equal(tried[-1].on(problem)).all():
            break
    return min(tried, key=lambda t: t.rank(problem))


def _here(made: _Made, pool: Sequence[Mutant]) -> _Made:
    """The same mistakes for another number of steps: "the last step" is another one there."""
    by_cause = {m.causes: m for m in reversed(pool)}
    return _Made(tuple(tuple(by_cause.get(m.causes, m) if m.keep else m for m in pick) for pick in made.picks))


def _needed(problem: Problem, made: _Made) -> _Made:
    """Without the mistakes that change nothing beside the others."""
    for pick in made.picks:
        fewer = _Made(tuple(p for p in made.picks if p is not pick))
        if fewer.rank(problem) <= made.rank(problem):
            made = fewer
    return made


def _extended(problem: Problem, made: _Made, pool: Sequence[Mutant]) -> _Made:
    """With more mistakes, as long as each gives another gradient and takes none."""
    matcher = problem.matcher
    while len(made.picks) < MAX_TOGETHER:
        equal = matcher.equal(made.on(problem))
        if equal.all():
            break
        with np.errstate(all="ignore"):
            vectors = np.stack([problem.vector(m.after(chained(made.mutants)) if made.picks else m) for m in pool])
            vectors[~np.isfinite(vectors)] = np.inf
            given, left = matcher.equal(vectors), _left(problem, vectors)
        counts = np.where((given | ~equal).all(axis=1), given.sum(axis=1), 0)
        if counts.max(initial=0) <= equal.sum():
            break
        best = min(map(int, np.flatnonzero(counts == counts.max())), key=lambda i: (round(float(left[i]), 9), pool[i].rank))
        near = (np.abs(vectors - vectors[best]) <= 1e-9 * matcher.sizes).all(axis=1)
        alike = sorted(map(int, np.flatnonzero(near)), key=lambda i: pool[i].rank)
        made = _Made((*made.picks, tuple(pool[i] for i in alike[:MAX_ALIKE])))
    return made


def _settled(problem: Problem, made: _Made) -> _Made:
    """The same with, in each place, the one of those that were as good so far that is best here."""
    for _ in range(2):
        for place, pick in enumerate(made.picks):
            if len(pick) > 1:
                turns = [made.having(place, (m, *(o for o in pick if o is not m))) for m in pick]
                made = min(turns, key=lambda turn: turn.rank(problem))
    return made


def _searched(all_of: Singles) -> Iterator[_Made]:
    """Two mistakes on top of one that leaves little of the difference."""
    problem = all_of.problem
    left = _left(problem, all_of.vectors)
    seen: set[bytes] = set()
    for i in np.argsort(left, kind="stable"):
        key = np.round(all_of.vectors[i] / problem.matcher.sizes, 9).tobytes()
        if len(seen) == BASES or left[i] >= _left(problem, problem.matcher.truth):
            return
        if key not in seen:
            seen.add(key)
            yield from _on_top(all_of, all_of.mutants[i])


def _on_top(all_of: Singles, base: Mutant) -> Iterator[_Made]:
    """Pairs of mistakes that give all numbers together with this one."""
    problem = all_of.problem
    moved = Problem(problem.case, replace(problem.matcher, truth=problem.vector(base)))
    rest = [m for m in all_of.mutants if m is not base]
    wholes = [m.after(base) for m in rest]
    single = {id(whole): m for whole, m in zip(wholes, rest, strict=True)}
    above = Singles.of(moved, wholes)
    for i, j in islice(Search(above).near(), ON_TOP):
        made = _Made(((base,), (single[id(above.mutants[i])],), (single[id(above.mutants[j])],)))
        if problem.matcher.equal(made.on(problem)).all():
            yield made


def _hypotheses(all_of: Singles, made: _Made) -> list[Hypothesis]:
    """The hypothesis, and the same for gradients that were clipped; a mistake concerns what would be another without it."""
    problem, matcher = all_of.problem, all_of.problem.matcher
    names, vector = [g.name for g in matcher.givens], made.on(all_of.problem)
    effects, alike = [], []
    for place, pick in enumerate(made.picks):
        without = _Made((*made.picks[:place], *made.picks[place + 1:])).on(problem)
        same = matcher.same(without, vector)
        effects.append(frozenset(n for n, s in zip(names, same, strict=True) if not s))
        others = (m for m in pick[1:] if matcher.same(made.having(place, (m,)).on(problem), vector).all())
        alike.append(tuple(others))
    given = frozenset(n for n, e in zip(names, matcher.equal(vector), strict=True) if e)
    whole = Hypothesis(made.mutants, given, tuple(effects), alike=tuple(alike))
    return [whole, *transforms.clipped(problem, whole, vector)]
