"""Where a gradient differs from the right one: the size of the difference by term (t, k)."""

from collections.abc import Mapping

import numpy as np

from symbptt.diagnose import decompose
from symbptt.diagnose.case import Case
from symbptt.diagnose.mutant import terms
from symbptt.diagnose.search import Hypothesis
from symbptt.diagnose.submitted import SubmittedGradient
from symbptt.model.values import Role
from symbptt.terminal import columns

Pair = tuple[int, int]
SHADES = "·░▒▓█"
_LARGEST = 12
"""Steps that are drawn."""
_SPARE = 3
"""Numbers beyond one for each term: fewer are met by some shares whatever they are."""
_EXPLAINED = 1e-4
"""Numbers that shares of the terms give but for this much, relative to the largest, are explained by them."""


def differing(case: Case, given: SubmittedGradient, hypothesis: Hypothesis | None) -> Mapping[Pair, float]:
    """The difference in each term, relative to the largest; from the mistake if it is known, else by least squares.

    Empty where it cannot be told.
    """
    if case.point.T == 1 or case.backward.model[given.name].role is Role.STATE:
        return {}
    sizes = _of_hypothesis(case, given.name, hypothesis) if hypothesis else _of_numbers(case, given)
    largest = max(sizes.values(), default=0.0)
    if largest <= 0:
        return {}
    return {pair: size / largest if size > 1e-9 * largest else 0.0 for pair, size in sizes.items()}


def _of_hypothesis(case: Case, name: str, hypothesis: Hypothesis) -> dict[Pair, float]:
    mutant = hypothesis.mutants[0]
    for other in hypothesis.mutants[1:]:
        mutant = other.after(mutant)
    wrong = terms(mutant, case, frozenset([name])).arrays[name]
    apart = np.abs(wrong - case.terms.arrays[name]).sum(axis=(2, 3, 4))
    return {(t, k): float(apart[i, k - 1]) for i, t in enumerate(case.terms.losses) for k in range(1, t + 1)}


def _of_numbers(case: Case, given: SubmittedGradient) -> dict[Pair, float]:
    """From shares of the right terms, if these give the numbers: a difference of another kind has no place in the map."""
    found = decompose.shares(case.terms, (given,), frozenset([given.name]))
    columns = decompose.columns(case.terms, given)
    if not found or len(given.values) < len(found) + _SPARE:
        return {}
    left = sum((share * columns[pair] for pair, share in found.items()), np.zeros(len(given.values))) - given.values
    if (np.abs(left) > given.slack + _EXPLAINED * np.abs(given.values).max()).any():
        return {}
    return {pair: abs(1 - share) * float(np.abs(columns[pair]).max()) for pair, share in found.items()}


def drawn(differing: Mapping[Pair, float]) -> str:
    """The map in characters: a row for each loss step t, a column for each source step k."""
    losses = sorted({t for t, _ in differing})
    sources = sorted({k for _, k in differing})
    if not losses or max(losses) > _LARGEST:
        return ""
    rows = [(str(t), *(_shade(differing[t, k]) if (t, k) in differing else "" for k in sources)) for t in losses]
    return "\n".join(columns([("t\\k", *(f"{k:>2}" for k in sources)), *rows], left=0, indent="", gap=" "))


def _shade(size: float) -> str:
    return SHADES[0] if size <= 0 else SHADES[min(len(SHADES) - 1, 1 + int(size * (len(SHADES) - 2) + 0.5 + 1e-6))]
