"""Somebody's numbers for one gradient, brought to the shape that is expected, with the precision that they were given in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.errors import BadInput
from symbptt.model.values import Role, Variable

EXACT = 1e-8
"""Numbers that differ by less, relative to the size of their gradient, are equal."""
SINGLE = 3e-5
"""The same for numbers in single precision."""
_DECIMALS = range(3, 13)
"""Numbers that were all rounded to one of these counts of decimals were printed: half a unit of the last place is allowed."""


@dataclass(frozen=True)
class SubmittedGradient:
    """A gradient's numbers: all entries in the expected shape, or those at the flat positions `places`.

    `slack` is the error of every number as given, `relative` that of the arithmetic. `layout` says how the array was turned
    to fit; `unsummed` holds a parameter's gradient that came with axes for samples or steps, in front.
    """

    name: str
    values: Array
    places: Array | None
    slack: float
    relative: float
    layout: str = ""
    unsummed: Array | None = None
    shape: tuple[int, ...] = ()

    def pick(self, gradient: Array) -> Array:
        """The entries of a gradient that this one has numbers for, flat."""
        flat = gradient.ravel()
        return flat if self.places is None else flat[self.places]

    def turned(self) -> SubmittedGradient | None:
        """A square matrix read as its transpose; None for anything else."""
        if self.places is not None or len(self.shape) != 2 or self.shape[0] != self.shape[1] or self.shape[0] == 1:
            return None
        flat = self.values.reshape(self.shape).T.ravel()
        return SubmittedGradient(self.name, flat, None, self.slack, self.relative, "transposed", None, self.shape)


def decimals(values: Array) -> int | None:
    """The count of decimals that all numbers were rounded to, or None if they have full precision."""
    found = 0
    for value in values.ravel()[:200]:
        digits = np.format_float_positional(value, trim="-").partition(".")[2]
        found = max(found, len(digits))
    return found if found in _DECIMALS else None


def _precision(array: Array) -> tuple[float, float]:
    if array.dtype.itemsize < 8:
        return 0.0, SINGLE
    places = decimals(array)
    return (0.0 if places is None else 0.501 * 10.0**-places), EXACT


def entries(variable: Variable, rows: Array, shape: tuple[int, ...]) -> SubmittedGradient:
    """Single known entries: rows of indices and a value. Raises BadInput on an index outside the shape."""
    table = np.atleast_2d(np.asarray(rows))
    if table.ndim != 2 or table.shape[1] != len(shape) + 1 or table.dtype.kind not in "fiu":
        expected = f"expected rows of {len(shape)} indices and a value"
        raise BadInput(f"entries.{variable.name}: {expected}, found the shape {table.shape}")
    places = table[:, :-1].astype(int)
    if (places != table[:, :-1]).any() or (places < 0).any() or (places >= np.array(shape, int)).any():
        raise BadInput(f"entries.{variable.name}: an index lies outside the shape {shape}; indices count from 0")
    flat = np.ravel_multi_index(tuple(places.T), shape) if shape else np.zeros(len(table), int)
    values = table[:, -1].astype(float)
    return SubmittedGradient(variable.name, values, np.asarray(flat), *_precision(values), shape=shape)


def whole(variable: Variable, array: Array, expected: Array, lead: Mapping[str, int]) -> SubmittedGradient | None:
    """A whole gradient, turned until it has the shape of `expected`; None if no turning fits.

    `lead` has the sizes T and N, for gradients of parameters that were never summed.
    """
    shape = expected.shape
    slack, relative = _precision(array)
    made = np.asarray(array, float)
    if made.shape == shape:
        return SubmittedGradient(variable.name, made.ravel(), None, slack, relative, shape=shape)
    if _squeezed(made.shape) == _squeezed(shape):
        return SubmittedGradient(variable.name, made.ravel(), None, slack, relative, shape=shape)
    if variable.role is Role.PARAMETER:
        summed = _summed(made, shape, lead)
        if summed is not None:
            return SubmittedGradient(variable.name, summed.ravel(), None, slack, relative, "", made, shape)
    return _turned(variable, made, expected, slack, relative)


def _squeezed(shape: Sequence[int]) -> tuple[int, ...]:
    return tuple(n for n in shape if n != 1)


def _summed(array: Array, shape: tuple[int, ...], lead: Mapping[str, int]) -> Array | None:
    """The sum over leading axes of samples and steps."""
    extra = array.ndim - len(shape)
    if extra < 1 or array.shape[extra:] != shape or any(n not in lead.values() for n in array.shape[:extra]):
        return None
    return array.sum(axis=tuple(range(extra)))


def _turned(variable: Variable, array: Array, expected: Array, slack: float, relative: float) -> SubmittedGradient | None:
    """The order of axes that fits; of several that fit the one that leaves most as it is, never the one with better numbers."""
    fitting: dict[tuple[int, ...], Array] = {}
    squeezed = array.reshape(_squeezed(array.shape)) if array.ndim > expected.ndim else array
    if squeezed.ndim == expected.ndim <= 4:
        for order in permutations(range(squeezed.ndim)):
            turned = squeezed.transpose(order)
            if turned.shape == expected.shape:
                fitting[order] = turned
    if not fitting:
        return None
    order = min(fitting)
    layout = "transposed" if len(order) == 2 else f"axes in the order {order}"
    return SubmittedGradient(variable.name, fitting[order].ravel(), None, slack, relative, layout, None, expected.shape)
