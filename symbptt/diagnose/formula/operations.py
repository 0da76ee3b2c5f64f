"""What the operators and functions of a formula do with matrices. A number is a float or a 1x1 matrix; vectors are columns."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import sympy as sp

from symbptt.algebra import functions
from symbptt.algebra.evaluate import Array, log_sum_exp, softmax

Shape = tuple[int, ...]
MAX_SIZE = 100
"""The largest matrix that a formula can make out of nothing."""


class Unfit(ValueError):
    """Shapes that do not fit, or a value of a step that there is none of; `shapes` fill the braces of the message."""

    def __init__(self, message: str, *shapes: Shape) -> None:
        super().__init__(message)
        self.message, self.shapes = message, shapes

    def told(self, shown: Callable[[Shape], str]) -> str:
        """The message with its shapes as `shown` writes them."""
        return self.message.format(*map(shown, self.shapes))


class Absent(Unfit):
    """A value of a step that has none."""


class Meaningless(Unfit):
    """What no shapes would give a meaning, as a matrix to the power of one half."""


def is_number(x: Any) -> bool:
    """Whether a value is a single number."""
    return np.size(x) == 1


def _elementwise(operator: Callable[[Any, Any], Any], sign: str) -> Callable[[Any, Any], Any]:
    def apply(a: Any, b: Any) -> Any:
        if np.shape(a) == np.shape(b):
            return operator(a, b)
        if not (is_number(a) or is_number(b)):
            raise Unfit(f"{sign} of the shapes {{}} and {{}}", np.shape(a), np.shape(b))
        if np.ndim(a) and np.ndim(b):
            a, b = (np.reshape(x, ()) if is_number(x) and not is_number(y) else x for x, y in ((a, b), (b, a)))
        return operator(a, b)

    return apply


def matmul(a: Any, b: Any) -> Any:
    """The matrix product; a number times a matrix is taken for one, too."""
    if not np.ndim(a) or not np.ndim(b):
        return a * b
    if a.shape[1] != b.shape[0]:
        if a.shape == (1, 1):
            return a.item() * b
        raise Unfit("@ of the shapes {} and {}", a.shape, b.shape)
    return a @ b


def power(a: Any, b: Any) -> Any:
    """The matrix power of a square matrix, else entry by entry."""
    if np.ndim(a) < 2 or min(a.shape) < 2:
        return _POWER(a, b)
    if a.shape[0] != a.shape[1]:
        raise Meaningless("a matrix power of the shape {}; only a square matrix has powers, * multiplies entry by entry", a.shape)
    if not is_number(b) or np.ndim(b) or b != int(b):
        raise Meaningless("a matrix has powers with whole numbers only")
    if b < 0:
        raise Unfit("a matrix of the shape {} to a negative power", a.shape)
    return np.linalg.matrix_power(a, int(b)) if b < 1000 else a * np.nan


_POWER = _elementwise(np.power, "**")
BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": _elementwise(np.add, "+"), "-": _elementwise(np.subtract, "-"), "*": _elementwise(np.multiply, "*"),
    "/": _elementwise(np.divide, "/"), "**": power, "@": matmul,
}


def _vector(x: Any, name: str) -> Array:
    if np.ndim(x) != 2 or x.shape[1] != 1:
        raise Unfit(f"{name} expects a column, not the shape {{}}", np.shape(x))
    return np.asarray(x)


def _longer(x: Any, name: str) -> Array:
    if not np.ndim(x):
        raise Meaningless(f"{name} of a number; it expects a column")
    return _vector(x, name)


def _rows(x: Any, first: Any, last: Any) -> Any:
    if not (is_number(first) and is_number(last)) or np.ndim(x) != 2 or not 0 <= int(first) < int(last) <= len(x):
        raise Unfit("there are no such rows in the shape {}", np.shape(x))
    return x[int(first) : int(last)]


def _size(x: float) -> int:
    if not 1 <= x <= MAX_SIZE or x != int(x):
        raise Meaningless(f"{x:g} is no size; expected a whole number between 1 and {MAX_SIZE}")
    return int(x)


def _filled(value: float) -> Callable[..., Any]:
    return lambda rows, columns=1.0: np.full((_size(rows), _size(columns)), value)


def _outer(u: Any, v: Any) -> Any:
    return matmul(_vector(u, "outer"), _vector(v, "outer").T)


def _dot(u: Any, v: Any) -> Any:
    return matmul(_vector(u, "dot").T, _vector(v, "dot"))


def _concat(*parts: Any) -> Any:
    return np.vstack([_vector(p, "concat") for p in parts])


def _normalised(x: Any, eps: float = 1e-5) -> Any:
    x = _vector(x, "layer_norm")
    return (x - x.mean()) / np.sqrt(x.var() + eps)


def _log_softmax(x: Any) -> Any:
    return _vector(x, "log_softmax") - log_sum_exp(x)


def _tril(x: Any, k: Any = 0) -> Any:
    if np.ndim(x) != 2 or not is_number(k):
        raise Unfit("tril expects a matrix and a number, not the shape {}", np.shape(x))
    return np.tril(x, int(k))


def _inverse_unit_lower(x: Any) -> Any:
    if np.ndim(x) != 2 or x.shape[0] != x.shape[1]:
        raise Unfit("inverse_unit_lower expects a square matrix, not the shape {}", np.shape(x))
    return np.linalg.inv(np.eye(len(x)) + np.tril(x, -1))


OF_VALUES: dict[str, tuple[tuple[int, int], Callable[..., Any]]] = {
    "sum": ((1, 1), lambda x: np.reshape(np.sum(x), (1, 1))),
    "mean": ((1, 1), lambda x: np.reshape(np.mean(x), (1, 1))),
    "diag": ((1, 1), lambda x: np.diag(_vector(x, "diag")[:, 0])),
    "diagonal": ((1, 1), lambda x: np.reshape(np.diagonal(np.atleast_2d(x)), (-1, 1))),
    "softmax": ((1, 1), lambda x: softmax(_longer(x, "softmax"))),
    "log_softmax": ((1, 1), _log_softmax),
    "logsumexp": ((1, 1), lambda x: log_sum_exp(_vector(x, "logsumexp"))),
    "layer_norm": ((1, 1), _normalised),
    "outer": ((2, 2), _outer),
    "tril": ((1, 2), _tril),
    "inverse_unit_lower": ((1, 1), _inverse_unit_lower),
    "dot": ((2, 2), _dot),
    "concat": ((1, 64), _concat),
    "rows": ((3, 3), _rows),
    "mpow": ((2, 2), lambda a, b: power(np.atleast_2d(a), b)),
    "eye": ((1, 1), lambda n: np.eye(_size(n))),
    "ones": ((1, 2), _filled(1.0)),
    "zeros": ((1, 2), _filled(0.0)),
}
"""Functions of values by name: the least and the largest number of operands, and what they do."""
SIZED = ("eye", "ones", "zeros")
"""Those whose operands are sizes."""
ELEMENTWISE = tuple(functions.FUNCTIONS)
"""Functions of single entries."""


@cache
def _table(name: str, slope: bool, numbers: tuple[tuple[str, float], ...]) -> Callable[[Any], Any]:
    row = functions.FUNCTIONS[name]
    scalar = functions.slope(name) if slope else row.value
    given = dict(zip(row.symbols(), (dict(numbers).get(key, default) for key, default in row.arguments), strict=True))
    compiled: Callable[[Any], Any] = sp.lambdify(functions.Z, scalar.subs(given), "numpy")
    return compiled


def elementwise(name: str, x: Any, numbers: dict[str, float], slope: bool = False) -> Any:
    """A function of the table, or its slope, at every entry."""
    return np.broadcast_to(_table(name, slope, tuple(sorted(numbers.items())))(np.asarray(x, float)), np.shape(x))
