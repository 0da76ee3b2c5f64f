"""The values that a printed formula is made of: arrays, and the identity and ones, which take their size from what is beside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = Any


@dataclass(frozen=True)
class Eye:
    """A number times the identity, which takes its size from what it stands beside."""

    number: Array = 1.0


@dataclass(frozen=True)
class Ones:
    """A number times a vector of ones: on the left it adds up the entries of a column, on the right those of a row."""

    number: Array = 1.0


CONSTANTS: dict[str, Callable[[], Array]] = {"𝟏": Ones, "𝐈": Eye, "𝟎": lambda: np.zeros((1, 1))}


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def softmax(x: Array) -> Array:
    return np.exp(x) / np.exp(x).sum()


FUNCTIONS: dict[str, Callable[[Array], Array]] = {
    "tanh": np.tanh, "sigmoid": sigmoid, "ReLU": lambda x: np.maximum(x, 0), "softmax": softmax, "exp": np.exp, "log": np.log,
    "diag": lambda x: Eye(x.number) if isinstance(x, Ones) else np.diag(np.ravel(x)),
    "tanh′": lambda x: 1 - np.tanh(x) ** 2, "ReLU′": lambda x: (x > 0) * 1.0,
    "sigmoid′": lambda x: sigmoid(x) * (1 - sigmoid(x)),
}


def times(a: Array, b: Array) -> Array:
    """A product of matrices; a number scales."""
    if isinstance(a, (Eye, Ones)) and not isinstance(b, (Eye, Ones)) and np.size(b) == 1:
        return type(a)(a.number * b)
    if isinstance(b, (Eye, Ones)) and not isinstance(a, (Eye, Ones)) and np.size(a) == 1:
        return type(b)(a * b.number)
    if isinstance(a, Eye):
        return times(np.full((1, 1), a.number), b)
    if isinstance(b, Eye):
        return times(np.full((1, 1), b.number), a)
    if isinstance(a, Ones):
        return a.number * b.sum(axis=0, keepdims=True)
    if isinstance(b, Ones):
        return b.number * a.sum(axis=1, keepdims=True)
    return a * b if np.size(a) == 1 or np.size(b) == 1 else a @ b


def entrywise(sign: str, a: Array, b: Array) -> Array:
    """An elementwise product or quotient."""
    return spread(a) / spread(b) if sign == "⊘" else spread(a) * spread(b)


def spread(a: Array) -> Array:
    """Ones as a number, which NumPy spreads."""
    return np.full((1, 1), a.number) if isinstance(a, Ones) else a


def sized(a: Array, like: Array) -> Array:
    """The identity as a matrix like another."""
    if isinstance(a, Eye):
        return a.number * np.eye(1 if isinstance(like, Eye) else len(like))
    return spread(a)


def plus(a: Array, b: Array, sign: int) -> Array:
    """A sum; the identity becomes a matrix, ones are spread."""
    if isinstance(a, (Eye, Ones)) and type(a) is type(b):
        return type(a)(a.number + sign * b.number)
    return sized(a, b) + sign * sized(b, a)
