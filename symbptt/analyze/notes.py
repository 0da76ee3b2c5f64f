"""What a reader must know before trusting a table: values that are not finite, zeros, overflow, one step, singular matrices."""

from collections.abc import Iterable, Iterator

import numpy as np

from symbptt.analyze.spectrum import Spectrum
from symbptt.analyze.table import Table, Terms
from symbptt.data.values import Data
from symbptt.derive.numeric import Evaluation


def notes(data: Data, done: Evaluation, table: Table | None, spectra: Iterable[Spectrum]) -> tuple[str, ...]:
    """Sentences, most urgent first; none if nothing is odd."""
    found = [*_given(data), *_forward(data, done)]
    found += [f"{s.name} is singular: some directions are lost in one step" for s in spectra if _is_singular(s)]
    if table is not None:
        found += [note for item in table.terms for note in _terms(item, data)]
    if data.T == 1:
        found.append("T = 1: every term has t = k; nothing is carried from one step to another")
    return tuple(found)


def _is_singular(item: Spectrum) -> bool:
    return bool(np.isfinite(item.singular).all()) and item.singular_matrix


def _kind(array: np.ndarray) -> str:
    return "nan" if np.isnan(array).any() else "inf"


def _given(data: Data) -> Iterator[str]:
    for name, array in data.arrays().items():
        if not np.isfinite(array).all():
            yield f"{name} contains {_kind(array)}, so what depends on it is not finite"


def _forward(data: Data, done: Evaluation) -> Iterator[str]:
    """The first value of the forward pass that is not finite; the rest follows from it."""
    why = "overflows" if all(np.isfinite(array).all() for array in data.arrays().values()) else "is not finite"
    for assignment in done.graph.assignments:
        value = done.values.leaves[assignment.target]
        if not np.isfinite(value).all():
            yield f"the forward pass {why}: {assignment.variable.name} is {_kind(value)} from step {assignment.step} on"
            return


def _terms(item: Terms, data: Data) -> Iterator[str]:
    values = np.array([item.norms[t - 1, k - 1] for t, k in item.pairs])
    broken = [pair for pair, value in zip(item.pairs, values, strict=True) if not np.isfinite(value)]
    if broken:
        t, k = broken[0]
        word = "nan" if np.isnan(item.norms[t - 1, k - 1]) else "overflow (inf)"
        yield f"{item.name}: {len(broken)} of {len(values)} terms are not finite, first (t, k) = ({t}, {k}): {word}; no shares"
    elif not values.any():
        yield f"{item.name}: every term is exactly zero, so nothing flows to it here"
    elif not item.total:
        yield f"{item.name}: the gradient is zero although terms are not: they cancel"
    if not item.agrees:
        yield f"{item.name}: the terms DISAGREE with the emitted gradient (relative error {item.error:.1e})"
