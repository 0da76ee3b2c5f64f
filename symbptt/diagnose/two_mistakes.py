"""Which two mistakes together give exactly these numbers.

All pairs are too many to evaluate. A pair has a chance only if every gradient that one of the two leaves alone has the numbers
that the other one predicts. Of these pairs three kinds are tried: a choice of terms with any other mistake, which costs one
product of matrices for all choices; a mistake that explains some gradient with those that leave this gradient alone; and the
pairs whose effects, added up, come nearest.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from itertools import chain, islice

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.diagnose.clock import Clock
from symbptt.diagnose.mutant import terms
from symbptt.diagnose.search import Hypothesis, Singles
from symbptt.model.values import Role

MAX_NEAR = 2500
"""Pairs that are evaluated because their effects add up to nearly the right ones."""
MAX_SEEDED = 4000
"""Pairs that are evaluated because one of the two explains a gradient alone."""
SECONDS = 8.0
"""Processor time for pairs."""
DIGITS = 9.0
"""Fewer digits in all given numbers together fit some pair by chance."""
_FEW = 8
_TIES = 40
"""Pairs that are looked at after the first exact one, for others with the same numbers."""


def pairs(all_of: Singles) -> list[Hypothesis]:
    """Pairs of mistakes that give all numbers, the likeliest first."""
    if all_of.problem.matcher.digits < DIGITS:
        return []
    search = Search(all_of)
    found = [h for i, j in search.chosen() if (h := search.exact(i, j))]
    rest = chain(islice(search.seeded(), MAX_SEEDED), islice(search.near(), MAX_NEAR))
    left = None if not found else _TIES
    clock = Clock(SECONDS)
    for i, j in rest:
        if left == 0 or clock.over:
            break
        left = None if left is None else left - 1
        if hypothesis := search.exact(i, j):
            found.append(hypothesis)
            left = _TIES if left is None else left
    return sorted(found, key=lambda h: h.rank)


class Search:
    """The likeliest mutant for each prediction, by their places, and what every two of them can explain together."""

    def __init__(self, all_of: Singles) -> None:
        self.all_of, self.matcher = all_of, all_of.problem.matcher
        self.kept = _distinct(all_of)
        self.equal, self.changed = all_of.equal[self.kept], all_of.changed[self.kept]
        self._tried: set[tuple[int, int]] = set()

    def exact(self, i: int, j: int) -> Hypothesis | None:
        """The hypothesis of two mutants if it gives all numbers and has not been asked for before."""
        if (i, j) in self._tried:
            return None
        self._tried |= {(i, j), (j, i)}
        mutants = self.all_of.mutants
        vector = self.all_of.problem.vector(mutants[j].after(mutants[i]))
        return self.all_of.hypothesis(i, j, vector=vector) if self.matcher.equal(vector).all() else None

    @cached_property
    def fits(self) -> Array:
        """Which pairs have a chance: what only one of them changes has the numbers that this one predicts."""
        count, right = len(self.kept), self.matcher.equal(self.matcher.truth)
        fits = np.triu(np.ones((count, count), bool), 1)
        for g in range(self.equal.shape[1]):
            c, e = self.changed[:, g], self.equal[:, g]
            fits &= (c[:, None] & c) | (c[:, None] & ~c & e[:, None]) | (~c[:, None] & c & e) | (~c[:, None] & ~c & right[g])
        return fits

    @cached_property
    def residual(self) -> Array:
        """How far the added effects of two mutants are from the numbers, squared."""
        matcher = self.matcher
        effects = (self.all_of.vectors[self.kept] - matcher.truth) / matcher.sizes
        wanted = (matcher.values - matcher.truth) / matcher.sizes
        with np.errstate(all="ignore"):
            gram, along = effects @ effects.T, effects @ wanted
            size = np.diag(gram)
            found: Array = size[:, None] + size[None] + 2 * gram - 2 * along[:, None] - 2 * along[None] + wanted @ wanted
        return found

    def near(self) -> Iterator[tuple[int, int]]:
        """The pairs that have a chance, in the order of how near the sum of their effects comes."""
        return self._ordered(self.fits)

    def seeded(self) -> Iterator[tuple[int, int]]:
        """Those where one explains a gradient exactly and the other one leaves it alone."""
        alone = self.equal & self.changed
        seeds = (alone[:, None] & ~self.changed[None]).any(axis=2)
        return self._ordered(self.fits & (seeds | seeds.T))

    def _ordered(self, wanted: Array) -> Iterator[tuple[int, int]]:
        i, j = np.nonzero(wanted)
        order = np.argsort(self.residual[i, j], kind="stable")
        return ((int(self.kept[a]), int(self.kept[b])) for a, b in zip(i[order], j[order], strict=True))

    def chosen(self) -> Iterator[tuple[int, int]]:
        """Those of which one is a choice of terms for every parameter, and that give the gradients of the parameters."""
        case, mutants = self.all_of.problem.case, self.all_of.mutants
        model = case.backward.model
        givens = [g for g in self.matcher.givens if model[g.name].role is Role.PARAMETER and model[g.name].tied]
        choices = {int(i): mask for i in self.kept if (mask := self._mask(int(i))) is not None}
        if not givens or not choices:
            return
        masks = np.stack(list(choices.values()))
        chosen = np.isin(self.kept, list(choices))
        possible = (self.fits | self.fits.T)[:, chosen].any(axis=1)
        samples = {g.name: _sample(len(g.values)) for g in givens}
        starts = {g.name: int(np.searchsorted(self.matcher.owner, i)) for i, g in enumerate(self.matcher.givens)}
        at = np.concatenate([starts[name] + places for name, places in samples.items()])
        values, allowed = self.matcher.values[at], self.matcher.allowed[at]
        for j in map(int, self.kept[possible]):
            arrays = terms(mutants[j], case, frozenset(samples)).arrays
            rows = np.concatenate([_picked(arrays[g.name], g.places, samples[g.name]) for g in givens], axis=1)
            with np.errstate(all="ignore"):
                near = np.abs(masks @ rows - values) <= allowed
            yield from ((j, i) for i, fits in zip(choices, near.all(axis=1), strict=True) if fits and i != j)

    def _mask(self, place: int) -> Array | None:
        """The terms (t, k) that a mutant keeps, flat, if it does nothing else and the same for every parameter."""
        mutant, found = self.all_of.mutants[place], self.all_of.problem.case.terms
        if mutant.keep is None or mutant.edit is not None or mutant.unset:
            return None
        names = [v.name for v in found.model.parameters if v.tied]
        ones = replace(found, arrays={n: np.ones((*found.arrays[n].shape[:3], 1, 1)) for n in names})
        masks = mutant.keep(ones).arrays
        flat = [masks[n].ravel() for n in names]
        return flat[0] if flat and all(np.array_equal(flat[0], other) for other in flat) else None


def _sample(count: int) -> Array:
    """A few places among so many, spread over them: enough to tell that a pair does not fit."""
    return np.unique(np.linspace(0, count - 1, min(count, _FEW)).astype(int))


def _picked(array: Array, places: Array | None, sample: Array) -> Array:
    """Terms of a tied parameter, a row for each loss step, source step and sample, at some places that numbers are given for."""
    rows = array.reshape(int(np.prod(array.shape[:3])), -1)
    return rows[:, sample if places is None else places[sample]]


def _distinct(all_of: Singles) -> Array:
    """One mutant, the likeliest, for each prediction."""
    order = sorted(range(len(all_of.mutants)), key=lambda i: all_of.mutants[i].rank)
    scaled = all_of.vectors / all_of.problem.matcher.sizes
    seen: dict[bytes, int] = {}
    for i in order:
        seen.setdefault(np.round(scaled[i], 9).tobytes(), i)
    return np.array(sorted(seen.values()), int)
