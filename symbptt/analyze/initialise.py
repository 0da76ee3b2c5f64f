"""Initial weights by name, for one parameter of a given shape.

Glorot and Bengio (2010) for xavier, He et al. (2015) for he, Saxe, McClelland and Ganguli (2014) for orthogonal, Le, Jaitly and
Hinton (2015) for the identity. Fans are read off a matrix (rows, columns) = (out, in).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from symbptt.errors import UnknownName

Real = NDArray[np.float64]
Draw = Callable[[np.random.Generator, tuple[int, int]], Real]


def _uniform(bound: Callable[[int, int], float]) -> Draw:
    return lambda rng, shape: rng.uniform(-1.0, 1.0, shape) * bound(*shape)


def _normal(deviation: Callable[[int, int], float]) -> Draw:
    return lambda rng, shape: rng.standard_normal(shape) * deviation(*shape)


def orthogonal(rng: np.random.Generator, shape: tuple[int, int]) -> Real:
    """A matrix whose rows or columns, whichever are fewer, are orthonormal; uniform over such matrices."""
    rows, columns = shape
    q, r = np.linalg.qr(rng.standard_normal((max(shape), min(shape))))
    # Without the signs of r the factor q is not uniform (Mezzadri 2007).
    q = q * np.where(np.diagonal(r) < 0, -1.0, 1.0)
    return np.asarray(q if rows >= columns else q.T)


_ROWS: dict[str, Draw] = {
    "zeros": lambda rng, shape: np.zeros(shape),
    "ones": lambda rng, shape: np.ones(shape),
    "xavier_uniform": _uniform(lambda out, into: (6 / (into + out)) ** 0.5),
    "xavier_normal": _normal(lambda out, into: (2 / (into + out)) ** 0.5),
    "he_uniform": _uniform(lambda out, into: (6 / into) ** 0.5),
    "he_normal": _normal(lambda out, into: (2 / into) ** 0.5),
    "orthogonal": orthogonal,
    "identity": lambda rng, shape: np.eye(*shape),
    "uniform": _uniform(lambda out, into: into**-0.5),
    "normal": _normal(lambda out, into: into**-0.5),
}
INITIALISERS: dict[str, Draw] = {**_ROWS, "xavier": _ROWS["xavier_uniform"], "he": _ROWS["he_normal"]}
"""Every name that `--init` takes; xavier and he are short for xavier_uniform and he_normal."""

DEFAULT = "xavier_uniform"


def known(name: str) -> str:
    """The name itself; raises UnknownName if it is not in the table."""
    if name not in INITIALISERS:
        raise UnknownName("initialiser", name, INITIALISERS)
    return name


def draw(name: str, rng: np.random.Generator, shape: tuple[int, ...]) -> Real:
    """A matrix of this shape, with leading axes for the steps of an untied one; raises UnknownName."""
    initialiser = INITIALISERS[known(name)]
    lead, size = shape[:-2], (shape[-2], shape[-1])
    return np.array([initialiser(rng, size) for _ in range(int(np.prod(lead)))]).reshape(shape)
