"""The arrays that hold the values of a model's variables: their sizes and shapes, by the emitted code's contract."""

from collections.abc import Mapping

import sympy as sp

from symbptt.model.dimensions import check_sizes
from symbptt.model.values import Model, Role, Variable

DIMENSIONS = {"D": 3, "H": 4, "O": 3}
"""Sizes of the usual dimensions where the caller names none."""
_OTHERS = (2, 5, 6, 7)
"""Sizes of further dimensions, in alphabetical order: small, and distinct so that a transposed shape is noticed."""


def sizes(model: Model, dims: Mapping[str, int] | None = None) -> dict[str, int]:
    """A size for each named dimension of the model: the one given, or a small one. Raises as `check_sizes` does."""
    given = dict(dims or {})
    check_sizes(model, given)
    others = iter(_OTHERS * len(model.dimensions))
    return {name: DIMENSIONS[name] if name in DIMENSIONS else next(others) for name in model.dimensions} | given


def size(expression: sp.Expr, dims: Mapping[str, int]) -> int:
    """The number that a size such as H + D is, given the sizes of its names."""
    return int(expression.subs({symbol: dims[symbol.name] for symbol in expression.free_symbols}))


def shape(variable: Variable, dims: Mapping[str, int]) -> tuple[int, ...]:
    """The array shape of one value of a variable, as its file gives it."""
    return tuple(size(extent, dims) for extent in variable.axes)


def leading_axes(variable: Variable) -> tuple[str, ...]:
    """The names of the axes that the contract puts in front of a variable's shape: steps T, samples N."""
    if variable.role in (Role.PARAMETER, Role.BUFFER):
        return ("T",) if variable.timed else ()
    return ("N",) if variable.role is Role.STATE else ("T", "N")


def lead(variable: Variable, T: int, N: int) -> tuple[int, ...]:
    """The lengths of the axes in front of a variable's shape."""
    lengths = {"T": T, "N": N}
    return tuple(lengths[axis] for axis in leading_axes(variable))


def shows_samples(model: Model) -> bool:
    """Whether the emitted code can tell the number of samples: from an input, or from a state that has to be given."""
    return any("N" in leading_axes(v) and v.initial is None for v in model.of(Role.INPUT, Role.STATE))
