"""The part of each source step in the gradient of a weight matrix.

The term of step k of W in W @ x is an adjoint times x_k transposed. Where the x_k are linearly independent, a sum of such terms
is such a sum in one way only, whatever the adjoints are: so the terms of a wrong gradient can be read off it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from symbptt.algebra.evaluate import Array

_RANK = 1e-9
"""Directions whose singular values are smaller, relative to the largest, are rounding errors."""
_CONDITION = 1e5
"""Directions that depend on each other more than this are not told apart."""


@dataclass(frozen=True)
class Separator:
    """Splits a matrix into the parts along the directions of each step."""

    basis: Array
    inverse: Array
    owner: Array
    """The step, from 0, that each row of the basis belongs to."""
    turned: bool
    condition: float

    def parts(self, gradient: Array) -> Mapping[int, Array]:
        """The part (rows, columns) of each step that has one."""
        matrix = gradient.T if self.turned else gradient
        weights = matrix @ self.inverse
        found = {int(k): weights[:, self.owner == k] @ self.basis[self.owner == k] for k in np.unique(self.owner)}
        return {k: part.T if self.turned else part for k, part in found.items()}


def separator(terms: Array) -> Separator | None:
    """What separates sums of terms (loss steps, source steps, rows, columns).

    None if their directions are not independent, or if the terms overflowed.
    """
    if not np.isfinite(terms).all():
        return None
    found = (made for turned in (False, True) if (made := _along(terms.swapaxes(-1, -2) if turned else terms, turned)))
    return min(found, key=lambda s: len(s.basis), default=None)


def _along(terms: Array, turned: bool) -> Separator | None:
    rows: list[Array] = []
    owner: list[int] = []
    for k in range(terms.shape[1]):
        _, sizes, directions = np.linalg.svd(terms[:, k].reshape(-1, terms.shape[-1]), full_matrices=False)
        kept = directions[sizes > _RANK * max(sizes.max(initial=0.0), 1e-300)]
        rows += [*kept]
        owner += [k] * len(kept)
    if not rows or len(rows) > terms.shape[-1]:
        return None
    basis = np.stack(rows)
    sizes = np.linalg.svd(basis, compute_uv=False)
    if sizes[-1] * _CONDITION < sizes[0]:
        return None
    return Separator(basis, np.linalg.pinv(basis), np.array(owner), turned, float(sizes[0] / sizes[-1]))
