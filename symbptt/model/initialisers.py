"""Weight initialisers by name, and first values for all parameters of a model.

A weight W (n_out, n_in) meets its input as W x. For a vector of n entries n_in = n_out = n, for a scalar both are 1.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from symbptt import checks
from symbptt.checks import whole
from symbptt.errors import BadInput
from symbptt.model.dimensions import check_sizes
from symbptt.model.place import Place
from symbptt.model.values import Model, Role, Variable

Array = NDArray[Any]
Shape = tuple[int, ...]
LARGEST = 2**28
"""The most entries of all values together: two GiB."""
Draw = Callable[[np.random.Generator, Shape, int, int], Array]


@dataclass(frozen=True)
class Initialiser:
    """`draw(rng, shape, n_out, n_in)` gives an array of a shape; `matrices` says that it is for matrices only."""

    draw: Draw
    matrices: bool = False


def _uniform(limit: Callable[[int, int], float]) -> Initialiser:
    def draw(rng: np.random.Generator, shape: Shape, n_out: int, n_in: int) -> Array:
        bound = limit(n_out, n_in)
        return rng.uniform(-bound, bound, shape)

    return Initialiser(draw)


def _normal(deviation: Callable[[int, int], float]) -> Initialiser:
    return Initialiser(lambda rng, shape, n_out, n_in: deviation(n_out, n_in) * rng.standard_normal(shape))


def _constant(value: float) -> Initialiser:
    return Initialiser(lambda rng, shape, n_out, n_in: np.full(shape, value))


def _orthogonal(rng: np.random.Generator, shape: Shape, n_out: int, n_in: int) -> Array:
    """The Q of a Gaussian matrix, with the signs of R so that every orthogonal matrix is as likely as any other."""
    q, r = np.linalg.qr(rng.standard_normal((max(shape), min(shape))))
    q = q * np.sign(np.diagonal(r))
    return q if n_out >= n_in else q.T


INITIALISERS: dict[str, Initialiser] = {
    "zeros": _constant(0.0),
    "ones": _constant(1.0),
    # Glorot and Bengio (2010): variance 2 / (n_in + n_out)
    "xavier_uniform": _uniform(lambda n_out, n_in: (6 / (n_in + n_out)) ** 0.5),
    "xavier_normal": _normal(lambda n_out, n_in: (2 / (n_in + n_out)) ** 0.5),
    # He, Zhang, Ren and Sun (2015): variance 2 / n_in
    "he_uniform": _uniform(lambda n_out, n_in: (6 / n_in) ** 0.5),
    "he_normal": _normal(lambda n_out, n_in: (2 / n_in) ** 0.5),
    # Saxe, McClelland and Ganguli (2014): orthonormal rows or columns
    "orthogonal": Initialiser(_orthogonal, matrices=True),
    "identity": Initialiser(lambda rng, shape, n_out, n_in: np.eye(n_out, n_in), matrices=True),
    # LeCun, Bottou, Orr and Müller (1998): between -1/sqrt(n_in) and 1/sqrt(n_in)
    "uniform": _uniform(lambda n_out, n_in: n_in**-0.5),
}
"""Every initialiser; a model file may also give a number, which fills the parameter."""

DEFAULTS = {2: "xavier_uniform"}
"""By the number of axes, where the model file says nothing; vectors and scalars are zeros."""

_NUMBER = re.compile(r"[+-]?\d{1,20}(\.\d{0,20})?([eE][+-]?\d{1,2})?")


def _named(name: str) -> Initialiser | None:
    return _constant(float(name)) if _NUMBER.fullmatch(name) else INITIALISERS.get(name)


def check(name: str, axes: int | None, place: Place) -> str:
    """Return the name of an initialiser; raises BadInput if there is none, or none for a parameter with so many axes."""
    found = _named(name)
    if found is None:
        raise place.unknown("initialiser", name[:40], INITIALISERS)
    if found.matrices and axes not in (2, None):
        raise place.error(f"{name} is for matrices; expected a shape with two dimensions")
    return name


def _sizes(model: Model, variables: tuple[Variable, ...], dims: Mapping[str, int]) -> dict[sp.Symbol, int]:
    needed = {symbol.name: symbol for v in variables for symbol in v.rows.free_symbols | v.columns.free_symbols}
    check_sizes(model, dims)
    missing = [name for name in sorted(needed) if name not in dims]
    if missing:
        raise BadInput(f"{model.name} needs a size for {', '.join(missing)}, as in {missing[0]}=4")
    return {symbol: dims[name] for name, symbol in needed.items()}


def name_of(variable: Variable) -> str:
    """The initialiser of a parameter: the file's, or the default for its number of axes."""
    return variable.init or DEFAULTS.get(variable.rank, "zeros")


def packed(values: Mapping[str, Array]) -> bytes:
    """Arrays as the content of an .npz file; equal arrays give equal bytes."""
    # By hand, since a parameter may have the name of an argument of numpy.savez; an entry's date is fixed.
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, value in values.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, np.asanyarray(value), allow_pickle=False)
    return file.getvalue()


def stream(seed: int, name: str) -> np.random.Generator:
    """Random numbers for one variable: another variable in the file changes no other's values."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def _value(variable: Variable, known: Mapping[sp.Symbol, int], steps: int, seed: int) -> Array:
    """First values for every step, if it has some; each head is drawn as a parameter of its own."""
    rng = stream(seed, variable.name)
    *heads, rows, columns = (int(axis.xreplace(known)) for axis in replace(variable, shape=("",) * 3).axes)
    shape = (rows, columns)[: variable.rank]
    initialiser = _named(name_of(variable))
    assert initialiser is not None, "checked as the file was read"
    count = steps * prod(heads)
    made = [np.asarray(initialiser.draw(rng, shape, rows, columns if len(shape) == 2 else rows)) for _ in range(count)]
    return np.reshape(made, (*([steps] if variable.timed else []), *heads, *shape))


def _affordable(model: Model, variables: Iterable[Variable], known: Mapping[sp.Symbol, int], T: int) -> None:
    """Raise BadInput where the values would fill the memory."""
    count = sum(int(v.rows.xreplace(known)) * int(v.columns.xreplace(known)) * (T if v.timed else 1) for v in variables)
    if count > LARGEST:
        raise BadInput(f"{model.name}: the values would take about {8 * count / 2**30:.3g} GiB of memory; choose smaller sizes")


def draw(model: Model, dims: Mapping[str, int], seed: int = 0, T: int | None = None) -> dict[str, Array]:
    """First values for the parameters of a model, by name, float64, each in its variable's shape; buffers too.

    `T` is needed where a parameter has one value per step. The same seed gives the same values.
    Raises BadInput for a size that is missing or no positive whole number, or for sizes that would fill the memory,
    UnknownName for a dimension that the model does not have.
    """
    variables = model.of(Role.PARAMETER, Role.BUFFER)
    known = _sizes(model, variables, dims)
    seed = checks.seed(seed)
    timed = [v.name for v in variables if v.timed]
    if timed and whole(T, 1) is None:
        raise BadInput(f"{timed[0]} of {model.name} has one value per step: T must be a positive whole number, not {T!r}")
    _affordable(model, variables, known, T or 1)
    return {
        v.name: _value(v, known, T if v.timed and T else 1, seed)
        for v in variables
    }
