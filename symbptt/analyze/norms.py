"""Norms that neither overflow nor underflow before the value itself does, over the last two axes of stacks of matrices."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symbptt.errors import UnknownName

Array = NDArray[Any]

_SAFE = (1e-140, 1e140)
"""Between these, squaring the entries and adding them up is harmless."""
WIDE = 4
"""A matrix with more than this many columns for each row is wide."""


def _frobenius(x: Array) -> Array:
    return np.asarray(np.sqrt(np.einsum("...ij,...ij->...", x, x)))


def _spectral(x: Array) -> Array:
    if 1 in x.shape[-2:]:
        return _frobenius(x)
    # LAPACK refuses nan and inf; they are put back afterwards.
    finite = np.asarray(np.isfinite(x).all(axis=(-1, -2)))
    clean = np.where(finite[..., None, None], x, 0.0)
    largest = _root if clean.shape[-1] > WIDE * clean.shape[-2] else _largest
    return np.where(finite, largest(clean), np.nan)


def _largest(x: Array) -> Array:
    return np.asarray(np.linalg.svd(x, compute_uv=False)[..., 0])


def _root(x: Array) -> Array:
    """The same of a wide matrix from its square, which is small: the largest eigenvalue is as exact."""
    scale = np.maximum(abs(x).max(axis=(-1, -2)), np.finfo(float).tiny)
    unit = x / scale[..., None, None]
    return np.asarray(scale * np.sqrt(np.linalg.eigvalsh(unit @ unit.swapaxes(-1, -2))[..., -1]))


_TABLE: dict[str, Callable[[Array], Array]] = {
    "fro": _frobenius,
    "2": _spectral,
    "1": lambda x: np.asarray(abs(x).sum(axis=-2).max(axis=-1)),
    "inf": lambda x: np.asarray(abs(x).sum(axis=-1).max(axis=-1)),
    "max": lambda x: np.asarray(abs(x).max(axis=(-1, -2))),
}
"""fro: root of the sum of squares; 2: largest singular value; 1: largest column sum; inf: largest row sum; max: largest entry."""


def norm(x: Array, kind: str = "fro") -> Array:
    """The norms (...) of matrices (..., rows, columns); nan where an entry is nan, inf where one is infinite.

    Raises UnknownName for a norm that is not in the table.
    """
    if kind not in _TABLE:
        raise UnknownName("norm", kind, _TABLE)
    if x.size == 0:
        return np.zeros(x.shape[:-2])
    with np.errstate(all="ignore"):
        plain = np.asarray(_TABLE[kind](x))
        rough = ~((plain > _SAFE[0]) & (plain < _SAFE[1]))
        if not rough.any():
            return plain
        # Scaling by the largest entry keeps squares in range; zeros, inf and nan are passed through.
        some = x[rough]
        largest = abs(some).max(axis=(-1, -2))
        usable = np.isfinite(largest) & (largest > 0)
        scale = np.where(usable, largest, 1.0)
        scaled = _TABLE[kind](np.where(usable[..., None, None], some / scale[..., None, None], 0.0)) * scale
        plain[rough] = np.where(usable, scaled, largest)
        return plain


def total(norms: Array) -> float:
    """The root of the sum of squares of norms, as of one long vector."""
    return float(norm(np.asarray(norms, dtype=float).reshape(-1, 1)))
