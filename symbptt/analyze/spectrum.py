"""Singular values, eigenvalues and norms of a matrix, and of a long product of matrices (Lyapunov exponents).

The largest singular value bounds one step, the spectral radius is the rate of a fixed matrix in the long run; for a matrix that
is not normal they differ: [[.5, 10], [0, .5]] has radius .5 and norm 10.
"""

from dataclasses import dataclass

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.analyze.norms import norm


@dataclass(frozen=True)
class Spectrum:
    """What one matrix does to a vector. All values are nan if an entry is not finite."""

    name: str
    singular: Array
    radius: float
    departure: float
    """How far from normal: ||W W^T - W^T W|| / ||W||^2, zero for a normal matrix."""

    @property
    def largest(self) -> float:
        """The 2-norm."""
        return float(self.singular[0]) if len(self.singular) else 0.0

    @property
    def smallest(self) -> float:
        """The smallest singular value; (almost) zero for a singular matrix."""
        return float(self.singular[-1]) if len(self.singular) else 0.0

    @property
    def singular_matrix(self) -> bool:
        """Whether the matrix is singular to rounding, so that some direction is lost at once."""
        return bool(self.smallest <= len(self.singular) * np.finfo(float).eps * self.largest)


def spectrum_of(name: str, matrix: Array) -> Spectrum:
    """The spectrum of a square matrix (n, n)."""
    matrix = np.asarray(matrix, dtype=float)
    if not np.isfinite(matrix).all():
        return Spectrum(name, np.full(len(matrix), np.nan), np.nan, np.nan)
    size = float(norm(matrix))
    unit = matrix / size if size else matrix
    values = np.linalg.svd(unit, compute_uv=False) * size
    radius = float(abs(np.linalg.eigvals(unit)).max(initial=0.0)) * size
    return Spectrum(name, values, radius, float(norm(unit @ unit.T - unit.T @ unit)))


class Exponents:
    """Lyapunov exponents of a product whose factors are added one by one: the mean log of the stretch, by repeated QR.

    Benettin, Galgani, Giorgilli and Strelcyn (1980); nothing overflows, however long the product.
    """

    def __init__(self, samples: int, side: int) -> None:
        self._q = np.broadcast_to(np.eye(side), (samples, side, side))
        self._total = np.zeros((samples, side))
        self._count = 0

    def add(self, factor: Array) -> None:
        """The next factor, (samples, side, side), applied after the ones before."""
        with np.errstate(all="ignore"):
            moved = factor @ self._q
            usable = np.asarray(np.isfinite(moved).all(axis=(-1, -2)))
            self._q, r = np.linalg.qr(np.where(usable[:, None, None], moved, 0.0))
            stretch = np.log(abs(np.diagonal(r, axis1=-2, axis2=-1)))
            self._total = self._total + np.where(usable[:, None], stretch, np.nan)
        self._count += 1

    @property
    def values(self) -> Array:
        """(samples, side), the largest first; -inf where a direction is lost, nan where a factor is not finite."""
        return np.sort(self._total / max(self._count, 1), axis=-1)[:, ::-1]
