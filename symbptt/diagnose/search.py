"""Which mistake gives exactly these numbers: every hypothesis predicts all gradients, and one that hits them is certain."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.diagnose.case import Case
from symbptt.diagnose.causes import Cause
from symbptt.diagnose.match import Matcher
from symbptt.diagnose.mutant import Mutant, predicted

MOST = 0.9
"""A guess is worth telling if it explains this share of the squared difference."""


@dataclass(frozen=True)
class Problem:
    """A model at a point, and the numbers to explain."""

    case: Case
    matcher: Matcher

    def vector(self, mutant: Mutant) -> Array:
        """What a mutant predicts."""
        names = frozenset(g.name for g in self.matcher.givens)
        return self.matcher.vector(predicted(mutant, self.case, names))


@dataclass(frozen=True)
class Hypothesis:
    """Mistakes made together. `gradients` are those that they explain; `effects` those that each of them changes."""

    mutants: tuple[Mutant, ...]
    gradients: frozenset[str]
    effects: tuple[frozenset[str], ...]
    share: float = 1.0
    """The share of the squared difference from the right gradients that they explain."""
    alike: tuple[tuple[Mutant, ...], ...] = ()
    """For each mistake those with the same prediction."""
    extra: tuple[Cause, ...] = ()
    """Causes that change the numbers of every gradient, as a factor does."""

    def causes(self, gradient: str) -> tuple[Cause, ...]:
        """The causes that concern a gradient."""
        inside = (c for m, changed in zip(self.mutants, self.effects, strict=True) if gradient in changed for c in m.causes)
        return (*inside, *self.extra)

    def having(self, place: int, other: Mutant) -> Hypothesis:
        """The hypothesis with another mistake in the place of one that gives the same numbers."""
        return replace(self, mutants=(*self.mutants[:place], other, *self.mutants[place + 1 :]), alike=())

    @property
    def rank(self) -> tuple[int, int]:
        """The likeliest first: few causes, then the order of the table."""
        return len(self.mutants), sum(m.rank for m in self.mutants)


@dataclass(frozen=True)
class Singles:
    """All single mistakes with their predictions (mutants, numbers)."""

    problem: Problem
    mutants: tuple[Mutant, ...]
    vectors: Array
    equal: Array
    changed: Array

    @classmethod
    def of(cls, problem: Problem, mutants: Sequence[Mutant]) -> Singles:
        """Evaluate every mutant that changes something."""
        with np.errstate(all="ignore"):
            vectors = np.stack([problem.vector(m) for m in mutants])
        vectors[~np.isfinite(vectors)] = np.inf
        changed = problem.matcher.changed(vectors)
        kept = changed.any(axis=1) & np.isfinite(vectors).all(axis=1)
        mutants = [m for m, keep in zip(mutants, kept, strict=True) if keep]
        return cls(problem, tuple(mutants), vectors[kept], problem.matcher.equal(vectors[kept]), changed[kept])

    def with_more(self, mutants: Sequence[Mutant]) -> Singles:
        """These and other mistakes."""
        if not mutants:
            return self
        more = Singles.of(self.problem, mutants)
        arrays = ((mine, theirs) for mine, theirs in (
            (self.vectors, more.vectors), (self.equal, more.equal), (self.changed, more.changed)
        ))
        return Singles(self.problem, (*self.mutants, *more.mutants), *map(np.concatenate, arrays))

    def hypothesis(self, *places: int, vector: Array | None = None) -> Hypothesis:
        """The hypothesis of these mutants together."""
        matcher = self.problem.matcher
        made = self.vectors[places[0]] if vector is None else vector
        names = np.array([g.name for g in matcher.givens])
        effects = tuple(frozenset(names[self.changed[i]]) for i in places)
        explained = frozenset(names[matcher.equal(made)])
        mutants, alike = tuple(self.mutants[i] for i in places), tuple(self._alike(i) for i in places)
        return Hypothesis(mutants, explained, effects, alike=alike)

    def _alike(self, place: int) -> tuple[Mutant, ...]:
        near = np.abs(self.vectors - self.vectors[place]) <= 1e-11 * self.problem.matcher.sizes
        found = [self.mutants[i] for i in np.flatnonzero(near.all(axis=1)) if i != place]
        return tuple(sorted(found, key=lambda m: m.rank))


def singles(all_of: Singles) -> list[Hypothesis]:
    """The single mistakes that give all numbers."""
    return sorted((all_of.hypothesis(int(i)) for i in np.flatnonzero(all_of.equal.all(axis=1))), key=lambda h: h.rank)


def partial(all_of: Singles, gradient: int) -> list[Hypothesis]:
    """The single mistakes that give one gradient, those that agree with most other gradients only."""
    found = np.flatnonzero(all_of.equal[:, gradient] & all_of.changed[:, gradient])
    if not found.size:
        return []
    most = all_of.equal[found].sum(axis=1)
    made = [all_of.hypothesis(int(i)) for i, count in zip(found, most, strict=True) if count == most.max()]
    return sorted(made, key=lambda h: (-len(h.gradients), *h.rank))


def nearest(all_of: Singles, gradients: Collection[str], count: int) -> list[Hypothesis]:
    """The single mistakes that come nearest to these gradients, if they explain most of what is wrong with them."""
    matcher = all_of.problem.matcher
    mine = np.array([g.name in gradients for g in matcher.givens])[matcher.owner]
    with np.errstate(all="ignore"):
        left = (((all_of.vectors - matcher.values) / matcher.sizes)[:, mine] ** 2).sum(axis=1)
    right = float((((matcher.truth - matcher.values) / matcher.sizes)[mine] ** 2).sum())
    made: list[Hypothesis] = []
    for i in np.argsort(left, kind="stable"):
        if len(made) == count or left[i] > (1 - MOST) * right:
            break
        if all_of.mutants[i].causes[0].name not in {h.mutants[0].causes[0].name for h in made}:
            made.append(replace(all_of.hypothesis(int(i)), gradients=frozenset(), share=1 - float(left[i]) / right))
    return made
