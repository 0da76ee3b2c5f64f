"""Arrays there and back: from our shapes to somebody's layout, and their gradients to ours."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.diagnose.foreign.meaning import Layout, Meaning
from symbptt.model.values import Model
from symbptt.verify.data import Data

_OURS = "TND"


def blocks(meaning: Meaning, layout: Layout, parameters: Mapping[str, Array]) -> Array:
    """Parameters put together, in the layout."""
    parts = [[np.asarray(parameters[name]) for name in row] for row in meaning.blocks]
    if parts[0][0].ndim < 2:
        vector = np.concatenate([np.concatenate([np.atleast_1d(p) for p in row]) for row in parts])
        return vector.reshape({"H": (-1,), "H1": (-1, 1), "1H": (1, -1)}[layout.bias])
    matrix = np.block(parts)
    return matrix.T.copy() if layout.weights == "row" else matrix


def unblocked(meaning: Meaning, layout: Layout, array: Array, parameters: Mapping[str, Array]) -> dict[str, Array]:
    """A gradient of parameters put together, as one of each; an array that does not fit is handed on as it is."""
    sizes = [[np.shape(parameters[name]) for name in row] for row in meaning.blocks]
    if len(meaning.variables) == 1:
        name = meaning.name
        turn = array.ndim == 2 and len(sizes[0][0]) == 2 and layout.weights == "row"
        return {name: array.T if turn else array}
    if len(sizes[0][0]) < 2:
        return _vectors(meaning, array, parameters)
    matrix = array.T if layout.weights == "row" and array.ndim == 2 else array
    heights, widths = [row[0][0] for row in sizes], [size[1] for size in sizes[0]]
    if matrix.shape != (sum(heights), sum(widths)):
        return dict.fromkeys(meaning.variables, array)
    rows = np.split(matrix, np.cumsum(heights)[:-1])
    parts = [np.split(row, np.cumsum(widths)[:-1], axis=1) for row in rows]
    return {name: part for names, row in zip(meaning.blocks, parts, strict=True) for name, part in zip(names, row, strict=True)}


def _vectors(meaning: Meaning, array: Array, parameters: Mapping[str, Array]) -> dict[str, Array]:
    lengths = [int(np.size(parameters[name])) for name in meaning.variables]
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim == 0 or array.shape[-1] != sum(lengths):
        return dict.fromkeys(meaning.variables, array)
    parts = np.split(array, np.cumsum(lengths)[:-1], axis=-1)
    return dict(zip(meaning.variables, parts, strict=True))


def sequence(array: Array, layout: Layout, *, listed: bool = True) -> Array:
    """A sequence (T, N, entries), or (T, N) without entries, in the layout's order of axes."""
    letters = _OURS[: array.ndim]
    return _ordered(array, letters, layout.axes)


def state(array: Array, layout: Layout) -> Array:
    """An initial state (N, entries) in the layout's order of axes, without T."""
    return _ordered(array, "ND"[: array.ndim], layout.axes.replace("T", ""))


def _ordered(array: Array, letters: str, axes: str) -> Array:
    wanted = [a for a in axes if a in letters or a == "1"]
    kept = [a for a in letters if a in wanted]
    for axis in range(len(letters) - 1, -1, -1):
        if letters[axis] not in wanted:
            array = array.take(0, axis)
    if "D" not in letters:
        wanted = [a for a in wanted if a != "1"]
    array = array.transpose([kept.index(a) for a in wanted if a != "1"])
    return array.reshape(_with_ones(array.shape, wanted)).copy()


def _with_ones(shape: tuple[int, ...], wanted: list[str]) -> tuple[int, ...]:
    sizes = iter(shape)
    return tuple(1 if a == "1" else next(sizes) for a in wanted)


def restored(array: Array, layout: Layout, letters: str, shape: tuple[int, ...]) -> Array:
    """A gradient in the layout's order of axes, in ours; one that does not fit is handed on as it is."""
    axes = [a for a in layout.axes if a in letters or a == "1"]
    if array.ndim != len(axes):
        return array
    plain = array.reshape([n for n, a in zip(array.shape, axes, strict=True) if a != "1"]) if "1" in axes else array
    order = [a for a in axes if a != "1"]
    if sorted(order) != sorted(a for a in letters if a in order):
        return array
    turned = plain.transpose([order.index(a) for a in letters if a in order])
    return turned.reshape(shape) if turned.size == int(np.prod(shape)) else array


def one_hot(classes: Array, count: int) -> Array:
    """Integer classes as rows."""
    made: Array = (classes[..., None] == np.arange(count)).astype(float)
    return made


def known(model: Model, data: Data, name: str) -> int:
    """A size by its name: T, N or a dimension."""
    return {"T": data.T, "N": data.N, **data.dims}[name]
