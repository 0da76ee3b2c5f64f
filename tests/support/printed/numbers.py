"""The values that a printed formula is made of: arrays, and the identity and ones, which take their size from what is beside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sympy as sp

from symbptt.algebra.functions import FUNCTIONS, Z, slope

Array = Any
LARGEST = 16
"""The longest side of a matrix whose size a formula leaves open."""


@dataclass(frozen=True)
class Eye:
    """A number times the identity, which takes its size from what it stands beside."""

    number: Array = 1.0


@dataclass(frozen=True)
class Ones:
    """A number times a vector of ones, which takes its size from what it stands beside; `row` if it lies."""

    number: Array = 1.0
    row: bool = False


@dataclass(frozen=True)
class Repeated:
    """A column times a row of ones: the column, or ones, in every column of a matrix."""

    column: Array


@dataclass(frozen=True)
class Centred:
    """A number times the identity, and a repeated column: I − 𝟏 𝟏ᵀ / n."""

    number: Array
    rest: Repeated


@dataclass(frozen=True)
class Open:
    """Blocks whose zeros and identities may have several sizes: all the matrices; what stands beside says which."""

    choices: tuple[Array, ...]

    def like(self, other: Array) -> Array:
        """The one in the shape of another matrix, nearest to it; the likeliest where none is."""
        fitting = [one for one in self.choices if one.shape == np.shape(other)]
        return min(fitting, key=lambda one: float(np.abs(one - other).max()), default=self.choices[0])


def of_choices(found: Sequence[Array]) -> Array:
    """One matrix, or those that it may be."""
    return found[0] if len(found) == 1 else Open(tuple(found))


def lifted(operation: Callable[..., Array], fits: Callable[[Array, Array], bool], a: Array, b: Array, *more: Any) -> Array:
    """An operation on matrices of which one may be several: the results of those that fit together."""
    left, right = (one.choices if isinstance(one, Open) else (one,) for one in (a, b))
    pairs = [(x, y) for x in left for y in right]
    scaling = not isinstance(a, (Open, Eye, Ones)) and np.size(a) == 1
    fitting = [pair for pair in pairs if scaling or fits(*pair)] or pairs[:1]
    return of_choices([operation(x, y, *more) for x, y in fitting])


def _multiply(a: Array, b: Array) -> bool:
    shapes = np.shape(a), np.shape(b)
    return () in shapes or shapes[0][1] == shapes[1][0]


def _same(a: Array, b: Array) -> bool:
    if isinstance(a, Eye) or isinstance(b, Eye):
        height, width = np.shape(b if isinstance(a, Eye) else a) or (1, 1)
        return height == width
    return () in (np.shape(a), np.shape(b)) or np.shape(a) == np.shape(b)


def triangle(holds: Callable[[Array, Array], Array]) -> Open:
    """Ones where the index of the row compares with that of the column, as i ≥ j: a square of any size."""
    return Open(tuple(holds(*np.indices((n, n))).astype(float) for n in range(2, LARGEST + 1)))


def below_each_other(ones: Ones, row: Array) -> Open:
    """A column of ones times a row: the row as often as the column is long; as a square if nothing says otherwise."""
    lengths = sorted(range(1, LARGEST + 1), key=lambda n: n != row.shape[1])
    return Open(tuple(ones.number * np.repeat(row, n, axis=0) for n in lengths))


CONSTANTS: dict[str, Callable[[], Array]] = {"𝐈": Eye, "𝟎": lambda: np.zeros((1, 1))}


def softmax(x: Array) -> Array:
    return np.exp(x) / np.exp(x).sum()


WHOLE: dict[str, Callable[[Array], Array]] = {
    "softmax": softmax, "diag": lambda x: Eye(x.number) if isinstance(x, Ones) else np.diag(np.ravel(x)),
}
"""The functions of a vector as a whole."""


def elementwise(name: str, arguments: tuple[float, ...], prime: bool) -> Callable[[Array], Array]:
    """A function of the package's table, or its derivative, at every entry; the table's formulas are tested on their own."""
    row = FUNCTIONS[name]
    numbers = arguments or tuple(float(default) for _, default in row.arguments)
    formula = slope(name) if prime else row.value
    made = sp.sympify(formula).subs(dict(zip(row.symbols(), numbers, strict=True)))
    return sp.lambdify(Z, made, [{"Held": lambda x: x}, "numpy"])


def times(a: Array, b: Array, rows: bool = False) -> Array:
    """A product of matrices; a number scales. A Jacobian acts on the entries of a matrix, of which a column is that matrix read
    row by row, a row its transpose; with `rows` it is the other way round."""
    if isinstance(a, Open) or isinstance(b, Open):
        return lifted(times, _multiply, a, b, rows)
    if isinstance(a, Centred) and isinstance(b, Eye):
        return replace(a, number=a.number * b.number, rest=times(a.rest, b))
    if isinstance(a, Centred):
        return plus(times(Eye(a.number), b), times(a.rest, b), 1)
    if isinstance(b, Centred):
        return plus(times(a, Eye(b.number)), times(a, b.rest), 1)
    if isinstance(a, Repeated):
        return Repeated(times(a.column, b)) if np.size(b) == 1 and not isinstance(b, Ones) else _of_rows(a.column, b)
    if isinstance(b, Repeated):
        return Repeated(times(a, b.column))
    if isinstance(a, (Eye, Ones)) and not isinstance(b, (Eye, Ones)) and np.size(b) == 1:
        return replace(a, number=a.number * b)
    if isinstance(b, (Eye, Ones)) and not isinstance(a, (Eye, Ones)) and np.size(a) == 1:
        return replace(b, number=a * b.number)
    if isinstance(a, Eye):
        return times(np.full((1, 1), a.number), b)
    if isinstance(b, Eye):
        return times(np.full((1, 1), b.number), a)
    if isinstance(b, Ones) and b.row and (isinstance(a, Ones) or a.shape[1] == 1):
        return Repeated(times(np.full((1, 1), b.number), a))
    if isinstance(a, Ones) and not a.row and not isinstance(b, Ones) and len(b) == 1:
        return below_each_other(a, b)
    if isinstance(a, Ones):
        return a.number * b.sum(axis=0, keepdims=True)
    if isinstance(b, Ones):
        return b.number * a.sum(axis=1, keepdims=True)
    if np.size(a) == 1 or np.size(b) == 1:
        return a * b
    if a.shape[1] != b.shape[0] and a.shape[1] == b.size:
        return a @ (b.T if rows else b).reshape(-1, 1)
    if a.shape[1] != b.shape[0] == a.size:
        return (a if rows else a.T).reshape(1, -1) @ b
    return a @ b


def _of_rows(column: Array, b: Array) -> Array:
    """A column, or ones, times the sum of the rows of b."""
    if isinstance(b, Eye):
        return times(Repeated(column), np.full((1, 1), b.number))
    sums = b.sum(axis=0, keepdims=True)
    return column.number * np.ones((len(b), 1)) @ sums if isinstance(column, Ones) else column @ sums


def entrywise(sign: str, a: Array, b: Array) -> Array:
    """An elementwise product or quotient."""
    if isinstance(a, Open) or isinstance(b, Open):
        return lifted(lambda x, y: entrywise(sign, x, y), _same, a, b)
    if isinstance(a, Repeated) and isinstance(b, Eye) and not isinstance(a.column, Ones):
        return b.number * np.diag(np.ravel(a.column))
    if isinstance(a, Ones) and isinstance(b, Ones):
        return replace(a, number=entrywise(sign, a.number, b.number))
    a, b = sized(a, b), sized(b, a)
    return spread(a) / spread(b) if sign == "⊘" else spread(a) * spread(b)


def spread(a: Array) -> Array:
    """Ones as a number, which NumPy spreads; a repeated column as one."""
    if isinstance(a, Repeated):
        return spread(a.column)
    return a.choices[0] if isinstance(a, Open) else np.full((1, 1), a.number) if isinstance(a, Ones) else a


def sized(a: Array, like: Array) -> Array:
    """The identity as a matrix like another, and of blocks that may have several sizes those like another."""
    if isinstance(a, Open):
        return a.like(like)
    if isinstance(a, Eye):
        return a.number * np.eye(1 if isinstance(like, (Eye, Repeated)) else len(like))
    if isinstance(a, Centred):
        return sized(Eye(a.number), like) + spread(a.rest)
    if isinstance(a, Repeated) and not isinstance(a.column, Ones) and np.shape(like)[1:] == (1,) and len(like) > len(a.column):
        return np.repeat(a.column, len(like) // len(a.column), axis=0)  # the column of a matrix's entries
    return spread(a)


def plus(a: Array, b: Array, sign: int) -> Array:
    """A sum; the identity becomes a matrix, ones are spread."""
    if isinstance(a, Open) or isinstance(b, Open):
        return lifted(plus, _same, a, b, sign)
    if isinstance(a, (Eye, Ones)) and type(a) is type(b):
        return replace(a, number=a.number + sign * b.number)
    if isinstance(a, Eye) and isinstance(b, Repeated):
        return Centred(a.number, times(np.full((1, 1), float(sign)), b))
    a, b = sized(a, b), sized(b, a)
    if a.shape != b.shape and a.size == b.size:  # a matrix, and the column of its entries
        a, b = a.reshape(-1, 1), b.reshape(-1, 1)
    return a + sign * b


def inverse(a: Array) -> Array:
    """The inverse of a matrix, or of a number."""
    return of_choices([inverse(one) for one in a.choices]) if isinstance(a, Open) else np.linalg.inv(a)


def turned(a: Array) -> Array:
    """The transpose."""
    if isinstance(a, Open):
        return Open(tuple(one.T for one in a.choices))
    if isinstance(a, Ones):
        return replace(a, row=not a.row)
    return a if isinstance(a, Eye) else a.T
