"""Which terms (t, k) are in a gradient, from its numbers alone: least squares on the terms of the right one."""

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.derive.numeric import in_own_shape
from symbptt.diagnose.interpret import Terms
from symbptt.diagnose.submitted import SubmittedGradient
from symbptt.model.values import Role

Pair = tuple[int, int]


def columns(terms: Terms, given: SubmittedGradient) -> dict[Pair, Array]:
    """The terms of a gradient at the places that numbers are given for, zero terms left out."""
    variable = terms.model[given.name]
    if variable.role is not Role.PARAMETER or not variable.tied:
        return {}
    array = terms.arrays[given.name].sum(axis=2)
    found: dict[Pair, Array] = {}
    for i, t in enumerate(terms.losses):
        for k in range(1, t + 1):
            column = given.pick(in_own_shape(variable, array[i, k - 1], 0, terms.values))
            if np.abs(column).max(initial=0.0) > 0:
                found[t, k] = column
    return found


def shares(terms: Terms, givens: tuple[SubmittedGradient, ...], names: frozenset[str]) -> dict[Pair, float]:
    """How much of each term is in these gradients: 1 for a term that is there, 0 for one that is missing.

    Empty where the numbers do not determine it.
    """
    parts = {g.name: columns(terms, g) for g in givens if g.name in names}
    pairs = sorted({pair for part in parts.values() for pair in part})
    used = [g for g in givens if parts.get(g.name)]
    if not pairs or sum(len(g.values) for g in used) < len(pairs):
        return {}
    blocks = [np.stack([parts[g.name].get(p, np.zeros(len(g.values))) for p in pairs], axis=1) for g in used]
    scales = [max(float(np.abs(b.sum(axis=1)).max()), 1e-12) for b in blocks]
    matrix = np.concatenate([b / s for b, s in zip(blocks, scales, strict=True)])
    wanted = np.concatenate([(g.values - b.sum(axis=1)) / s for g, b, s in zip(used, blocks, scales, strict=True)])
    solution, _, rank, _ = np.linalg.lstsq(matrix, wanted, rcond=1e-10)
    if rank < len(pairs):
        return {}
    return {pair: 1 + float(value) for pair, value in zip(pairs, solution, strict=True)}


def missing(terms: Terms, givens: tuple[SubmittedGradient, ...], names: frozenset[str]) -> tuple[Pair, ...]:
    """The terms whose absence explains the numbers exactly; empty if it does not."""
    found = shares(terms, givens, names)
    gone = tuple(pair for pair, share in found.items() if abs(share) < 1e-4)
    if not gone or any(abs(share) >= 1e-4 and abs(share - 1) >= 1e-4 for share in found.values()):
        return ()
    for given in givens:
        parts = columns(terms, given) if given.name in names else {}
        if parts:
            left = sum((c for p, c in parts.items() if p not in gone), np.zeros(len(given.values)))
            size = max(float(np.abs(left).max()), 1e-300)
            if (np.abs(left - given.values) > given.relative * 10 * size + given.slack).any():
                return ()
    return gone
