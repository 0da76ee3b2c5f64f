"""One explanation for all gradients of a function: the fewest mistakes that, made together, give as many of them as they can.

A mistake that gives one gradient exactly would often show in others too. It is taken for made where these agree. Where they do
not, it can only have been made in the computation of that one gradient; two such mistakes that exclude each other are left open.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import takewhile

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.diagnose.clock import Clock
from symbptt.diagnose.mutant import together
from symbptt.diagnose.search import Hypothesis, Singles, partial
from symbptt.diagnose.two_mistakes import DIGITS

SECONDS = 6.0
"""Processor time for mistakes on top of others."""
MAX_TOGETHER = 6
"""Mistakes that are taken together."""
MAX_TIES = 6
"""Other mistakes that are tried in the place of each."""

ByName = dict[str, tuple[Hypothesis, ...]]


@dataclass(frozen=True)
class Explanation:
    """Hypotheses by gradient, the likeliest first and then others with the same numbers.

    Those of `certain` can all have been made at once; one of `alone` gives its gradient exactly and excludes what gives another.
    """

    certain: ByName
    alone: ByName


def explained(all_of: Singles) -> Explanation:
    """The explanation of gradients that no single mistake, and no pair of them, gives all at once."""
    matcher = all_of.problem.matcher
    joint = _Joint(all_of, Clock(SECONDS))
    while (more := joint.extended()) is not None:
        joint = more
    names = [g.name for g in matcher.givens]
    wrong = ~matcher.equal(matcher.truth)
    shown = tuple(joint.hypotheses()) if joint.places else ()
    shared = {names[g]: shown for g in np.flatnonzero(joint.equal & wrong)}
    found = {names[g]: tuple(partial(all_of, int(g))) for g in np.flatnonzero(~joint.equal)}
    single = {name: tuple(replace(h, gradients=frozenset([name])) for h in made) for name, made in found.items() if made}
    if _agree(all_of, [*shown[:1], *(made[0] for made in single.values())], [names.index(n) for n in single]):
        return Explanation({**shared, **single}, {})
    if len(shared) > 1:
        return Explanation(shared, _open(single))
    return Explanation({}, _open({**shared, **single}))


def beside(all_of: Singles, more: ByName, found: Explanation) -> Explanation:
    """An explanation of more gradients in the place of another one, of which that is kept which can have been made as well."""
    if not more:
        return found
    names = [g.name for g in all_of.problem.matcher.givens]
    first = next(iter(more.values()))[0]
    rest = {name: made for name, made in found.certain.items() if name not in more}
    kept = {n: made for n, made in rest.items() if _agree(all_of, [first, made[0]], [names.index(n)])}
    other = {n: made for n, made in (found.alone | _open(rest)).items() if n not in more and n not in kept}
    return Explanation({**more, **kept}, other)


def _open(found: ByName) -> ByName:
    return {name: tuple(replace(h, gradients=frozenset()) for h in made) for name, made in found.items()}


def _agree(all_of: Singles, hypotheses: Iterable[Hypothesis], gradients: list[int]) -> bool:
    """Whether mistakes give these gradients when all are made, so that each may have been made for its gradient alone."""
    mutants = list(dict.fromkeys(m for h in hypotheses for m in h.mutants))
    if len(mutants) < 2:
        return True
    problem = all_of.problem
    return bool(problem.matcher.equal(problem.vector(together(mutants)))[gradients].all())


@dataclass(frozen=True)
class _Joint:
    """Mistakes made together, by their places; `ties` are for each of them those that were as good when it was found."""

    all_of: Singles
    clock: Clock
    places: tuple[int, ...] = ()
    ties: tuple[tuple[int, ...], ...] = ()

    @cached_property
    def vector(self) -> Array:
        """The numbers that they give."""
        mutants = [self.all_of.mutants[i] for i in self.places]
        if len(mutants) < 2:
            return self.all_of.vectors[self.places[0]] if mutants else self.all_of.problem.matcher.truth
        return self.all_of.problem.vector(together(mutants))

    @cached_property
    def equal(self) -> Array:
        """The gradients that have these numbers."""
        return self.all_of.problem.matcher.equal(self.vector)

    def extended(self) -> _Joint | None:
        """With one more mistake: the one that gives most of the other gradients and leaves those that are given as they are.

        Of several the one that leaves least of the difference, then the likeliest.
        """
        equal = self.equal
        if len(self.places) == MAX_TOGETHER or equal.all():
            return None
        for candidates in (self._exact(equal), self._any(equal)):
            tried = map(self._with, takewhile(lambda _: not self.clock.over, candidates))
            ranks = {joint.places[-1]: joint._rank() for joint in tried if (joint.equal | ~equal).all()}
            gained = [i for i in ranks if -ranks[i][0] > equal.sum()]
            if gained:
                first, *others = sorted(gained, key=lambda i: ranks[i])
                ties = tuple(i for i in others if ranks[i][:2] == ranks[first][:2])[:MAX_TIES]
                return replace(self._with(first), ties=(*self.ties, ties))
        return None

    def _rank(self) -> tuple[int, float, int]:
        matcher = self.all_of.problem.matcher
        with np.errstate(all="ignore"):
            left = float((((self.vector - matcher.values) / matcher.sizes) ** 2).sum())
        return -int(self.equal.sum()), round(left, 9), self.all_of.mutants[self.places[-1]].rank

    def _with(self, place: int) -> _Joint:
        return replace(self, places=(*self.places, place))

    def _exact(self, equal: Array) -> Iterator[int]:
        """The mistakes that give another gradient by themselves."""
        gives = self.all_of.equal & self.all_of.changed & ~equal
        yield from map(int, np.flatnonzero(gives.any(axis=1)))

    def _any(self, equal: Array) -> Iterator[int]:
        """The mistakes that change another gradient, where one has been found and enough is known to tell it from chance."""
        if self.places and self.all_of.problem.matcher.digits >= DIGITS:
            yield from map(int, np.flatnonzero((self.all_of.changed & ~equal).any(axis=1)))

    def hypotheses(self) -> Iterator[Hypothesis]:
        """The hypothesis of these mistakes, then those with another one in the place of one that give the same gradients."""
        yield self._hypothesis()
        for at, ties in enumerate(self.ties):
            for other in ties:
                joint = replace(self, places=(*self.places[:at], other, *self.places[at + 1 :]))
                if (joint.equal == self.equal).all():
                    yield joint._hypothesis()

    def _hypothesis(self) -> Hypothesis:
        """The hypothesis; a mistake concerns the gradients that would be others without it."""
        made = self.all_of.hypothesis(*self.places, vector=self.vector)
        if len(self.places) == 1:
            return made
        names, matcher = [g.name for g in self.all_of.problem.matcher.givens], self.all_of.problem.matcher
        without = (replace(self, places=(*self.places[:i], *self.places[i + 1 :])) for i in range(len(self.places)))
        kept = (matcher.same(joint.vector, self.vector) for joint in without)
        return replace(made, effects=tuple(frozenset(n for n, same in zip(names, k, strict=True) if not same) for k in kept))
