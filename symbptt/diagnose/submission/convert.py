"""Arrays there and back: from our shapes to somebody's layout, and their gradients to ours."""

from collections.abc import Mapping, Sequence
from math import prod

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.data.values import Data
from symbptt.diagnose.submission.meaning import Layout, Meaning, tokens
from symbptt.errors import BadInput
from symbptt.model.values import Model, Variable

Batch = Mapping[str, int]
"""Further axes of samples, by the words of a layout: (B, H) for N samples of which H are heads."""


def blocks(meaning: Meaning, layout: Layout, parameters: Mapping[str, Array], model: Model) -> Array:
    """Parameters put together, in the layout."""
    parts = [[np.asarray(parameters[name]) for name in row] for row in meaning.blocks]
    if meaning.flat:
        shown = [_laid_out(p, len(model[name].shape), layout) for name, p in zip(meaning.variables, parts[0], strict=True)]
        return _laid_out(np.concatenate([p.ravel() for p in shown]), 1, layout)
    entries = len(model[meaning.name].shape)
    if len(meaning.variables) == 1:
        return _laid_out(parts[0][0], entries, layout)
    if entries < 2:
        vector = np.concatenate([np.concatenate([np.atleast_1d(p) for p in row]) for row in parts])
        return _laid_out(vector, 1, layout)
    return _laid_out(np.block(parts), 2, layout)


def _laid_out(array: Array, entries: int, layout: Layout) -> Array:
    """One parameter; an untied one has its steps in front."""
    lead = array.shape[: array.ndim - entries]
    if entries == 0:
        return array if layout.scalars == "float" else array[..., None]
    if entries == 1:
        return array.reshape(*lead, *{"H": (-1,), "H1": (-1, 1), "1H": (1, -1)}[layout.bias])
    return array.swapaxes(-1, -2).copy() if layout.weights == "row" else array


def unblocked(
    meaning: Meaning, layout: Layout, array: Array, parameters: Mapping[str, Array], model: Model,
) -> dict[str, Array]:
    """A gradient of parameters put together, as one of each; an array that does not fit is handed on as it is."""
    if meaning.flat:
        return _unravelled(meaning, layout, array, parameters, model)
    sizes = [[np.shape(parameters[name]) for name in row] for row in meaning.blocks]
    matrices = len(model[meaning.name].shape) == 2
    turned = array.swapaxes(-1, -2) if matrices and array.ndim >= 2 and layout.weights == "row" else array
    if len(meaning.variables) == 1:
        return {meaning.name: turned}
    if not matrices:
        return _vectors(meaning, array, parameters)
    heights, widths = [row[0][0] for row in sizes], [size[1] for size in sizes[0]]
    if turned.shape[-2:] != (sum(heights), sum(widths)):
        return dict.fromkeys(meaning.variables, array)
    rows = np.split(turned, np.cumsum(heights)[:-1], axis=-2)
    parts = [np.split(row, np.cumsum(widths)[:-1], axis=-1) for row in rows]
    return {name: part for names, row in zip(meaning.blocks, parts, strict=True) for name, part in zip(names, row, strict=True)}


def _unravelled(
    meaning: Meaning, layout: Layout, array: Array, parameters: Mapping[str, Array], model: Model,
) -> dict[str, Array]:
    shapes = {name: np.shape(parameters[name]) for name in meaning.variables}
    if array.size != sum(prod(shape) for shape in shapes.values()):
        return dict.fromkeys(meaning.variables, array)
    made, start = {}, 0
    for name, shape in shapes.items():
        part = array.reshape(-1)[start : start + prod(shape)]
        start += prod(shape)
        turned = len(model[name].shape) == 2 and layout.weights == "row"
        made[name] = part.reshape(*shape[:-2], *shape[:-3:-1]).swapaxes(-1, -2) if turned else part.reshape(shape)
    return made


def _vectors(meaning: Meaning, array: Array, parameters: Mapping[str, Array]) -> dict[str, Array]:
    lengths = [int(np.size(parameters[name])) for name in meaning.variables]
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim == 0 or array.shape[-1] != sum(lengths):
        return dict.fromkeys(meaning.variables, array)
    parts = np.split(array, np.cumsum(lengths)[:-1], axis=-1)
    return dict(zip(meaning.variables, parts, strict=True))


def ordered(array: Array, variable: Variable, lead: str, layout: Layout, batch: Batch) -> Array:
    """An array with leading axes, of "TN", in the layout's order; one without T there has the value of the last step.

    Raises BadInput if the layout leaves entries out.
    """
    entries = _entries(variable)[: array.ndim - len(lead)]
    have, shape = _have(array.shape, lead, entries, layout, batch)
    wanted = _wanted(layout, have, entries)
    if missing := [a for a in have if a not in wanted and a not in ("T", "N")]:
        what = "its entries, D" if missing[0] in entries else missing[0]
        raise BadInput(f"{variable.name}: the axes {layout.axes!r} leave out {what}")
    split = array.reshape(shape)
    for axis in reversed(range(len(have))):
        if have[axis] not in wanted:
            split = split.take(-1, axis)
    kept = [a for a in have if a in wanted]
    turned = split.transpose([kept.index(a) for a in wanted if a != "1"])
    sizes = iter(turned.shape)
    return turned.reshape([1 if a == "1" else next(sizes) for a in wanted]).copy()


def restored(array: Array, variable: Variable, lead: str, ours: Sequence[int], layout: Layout, batch: Batch) -> Array:
    """A gradient in the layout's order of axes, in ours; one that does not fit is handed on as it is."""
    entries = _entries(variable)[: len(ours) - len(lead)]
    have, shape = _have(tuple(ours), lead, entries, layout, batch)
    wanted = _wanted(layout, have, entries)
    sizes = dict(zip(have, shape, strict=True))
    if array.shape != tuple(1 if a == "1" else sizes[a] for a in wanted):
        return array
    order = [a for a in wanted if a != "1"]
    plain = array.reshape([sizes[a] for a in order])
    turned = plain.transpose([order.index(a) for a in have if a in order])
    return turned.reshape(ours) if turned.size == prod(ours) else array


def _entries(variable: Variable) -> list[str]:
    """The axes of a value by dimensions; the second of two alike is marked, and so are numbers, T and N: no axes of a layout."""
    names = [f"({a})" if a.isdecimal() or a in ("T", "N") else a for a in variable.shape]
    return [f"{a}'" if a in names[:i] else a for i, a in enumerate(names)]


def _have(
    shape: tuple[int, ...], lead: str, entries: Sequence[str], layout: Layout, batch: Batch
) -> tuple[list[str], tuple[int, ...]]:
    """The axes of an array of ours with their lengths, the samples apart where the layout has several axes for them."""
    have = [*lead, *entries]
    if "N" not in lead or not (set(batch) - {"N"}) & set(tokens(layout.axes)):
        return have, shape
    at = have.index("N")
    return [*have[:at], *batch, *have[at + 1 :]], (*shape[:at], *batch.values(), *shape[at + 1 :])


def _wanted(layout: Layout, have: Sequence[str], entries: Sequence[str]) -> list[str]:
    wanted: list[str] = []
    for axis in tokens(layout.axes):
        wanted += entries if axis == "D" else [axis] if axis in have or axis == "1" else []
    return wanted if entries else [a for a in wanted if a != "1"]


def batches(layouts: Sequence[Layout], dims: Sequence[str]) -> dict[str, int]:
    """The further axes of samples that layouts name, with sizes."""
    words = (a for layout in layouts if " " in layout.axes for a in tokens(layout.axes))
    found = dict.fromkeys(a for a in words if a not in ("T", "D", "1", *dims))
    return {a: 2 + i for i, a in enumerate(found)} if set(found) - {"N"} else {}


def known(model: Model, data: Data, name: str) -> int:
    """A size by its name: T, N or a dimension."""
    return {"T": data.T, "N": data.N, **data.dims}[name]
