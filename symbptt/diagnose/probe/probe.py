"""Measures somebody's gradient: calls at data with another target or cotangent at one step, of other lengths, of single samples.

What a gradient changes by where the loss of one step alone is another is the row t of its table; `split` finds the columns k.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.data.values import Data
from symbptt.diagnose.case import Case, given
from symbptt.diagnose.probe.probed import Probed
from symbptt.diagnose.probe.split import Splitter
from symbptt.diagnose.probe.table import Cell, Table
from symbptt.diagnose.probe.trial import Place, Trial
from symbptt.diagnose.submitted import SINGLE, SubmittedGradient
from symbptt.errors import BadInput
from symbptt.model.values import Role

_ROUNDING = 1e-13
"""The error of every number of a gradient, relative to the largest."""
_EQUAL = 1e-7
"""Gradients that differ by less, relative to the largest number, are equal."""

Cells = Mapping[tuple[int, int, int], Cell]
Gradients = Mapping[str, Array]
Ask = Callable[[Sequence[Data]], Sequence[Gradients]]
"""Somebody's gradients at data, by variable; none where their function failed."""


def probe(trial: Trial, ask: Ask, right: Callable[[Data], Case], names: Collection[str], scale: float = 1.0) -> dict[str, Probed]:
    """What calls show of some gradients that are wrong; those that no call returned are left out.

    `right` evaluates the model at data; its gradients times `scale` are those that are expected.
    """
    data = [*trial.all]
    read = {id(d): answer for d, answer in zip(data, ask(data), strict=False)}
    known = {id(d): right(d) for d in (trial.base, trial.other, *trial.shorter.values(), *trial.alone.values())}
    base = known[id(trial.base)]
    made: dict[str, Probed] = {}
    for name in names:
        numbers = {place: _flat(known.get(place, base), name, answer) for place, answer in read.items()}
        reading = _Reading(trial, name, numbers, known)
        if (found := reading.probed(scale)) is not None:
            made[name] = found
    return made


def _flat(case: Case, name: str, answer: Gradients) -> SubmittedGradient | None:
    """Their numbers for a gradient, in the shape that is expected."""
    if name not in answer:
        return None
    try:
        compared, _ = given(case, {name: answer[name]}, {})
    except BadInput:
        return None
    return compared[0] if compared else None


@dataclass(frozen=True)
class _Reading:
    """One gradient in all answers; answers and cases by the identity of their data."""

    trial: Trial
    name: str
    answers: Mapping[int, SubmittedGradient | None]
    cases: Mapping[int, Case]

    def probed(self, scale: float) -> Probed | None:
        """What the answers show; None without an answer at the base."""
        if self._at(self.trial.base) is None:
            return None
        lengths = {T: self._right(d, scale) for T, d in (*self.trial.shorter.items(), (self.trial.base.T, self.trial.base))
                   if self._at(d) is not None}
        alone = {n: self._right(d, scale) for n, d in self.trial.alone.items() if self._at(d) is not None}
        if self.trial.coupled or not self._outside.any():
            return Probed(self._by_length(scale), lengths, alone)
        changes = self._changes()
        whole = self._change(self.trial.other)
        if not changes or whole is None:
            return Probed(Table(), lengths, alone)
        total = sum(changes.values(), np.zeros_like(whole))
        adds_up = bool(np.abs(total - whole).max(initial=0.0) <= _EQUAL * max(self._size, float(np.abs(whole).max(initial=0.0))))
        return Probed(self._table(changes, scale) if adds_up else Table(), lengths, alone, adds_up)

    def _at(self, data: Data) -> Array | None:
        found = self.answers.get(id(data))
        return None if found is None else found.values

    @property
    def _base(self) -> Case:
        return self.cases[id(self.trial.base)]

    @property
    def _size(self) -> float:
        values = self._at(self.trial.base)
        return max(float(np.abs(a).max(initial=0.0)) for a in (values, self._base.right[self.name]) if a is not None)

    @property
    def _floor(self) -> float:
        """The error of every number of a difference of two gradients."""
        first = self.answers[id(self.trial.base)]
        single = first is not None and first.relative >= SINGLE
        return self._size * (SINGLE if single else _ROUNDING)

    def _right(self, data: Data, scale: float) -> bool:
        values, right = self._at(data), scale * self.cases[id(data)].right[self.name].ravel()
        assert values is not None
        size = max(float(np.abs(right).max(initial=0.0)), 1e-300)
        return bool(np.abs(values - right).max(initial=0.0) <= max(_EQUAL * size, self._floor))

    def _change(self, data: Data) -> Array | None:
        values, base = self._at(data), self._at(self.trial.base)
        return None if values is None or base is None or values.shape != base.shape else base - values

    def _changes(self) -> dict[Place, Array]:
        """What each single change changes in theirs; empty if an answer is missing."""
        found = {place: change for place, d in self.trial.single.items() if (change := self._change(d)) is not None}
        return found if len(found) == len(self.trial.single) else {}

    @property
    def _outside(self) -> Array:
        """What other targets and cotangents change in the right terms: (loss steps, source steps, N, rows, columns)."""
        one, two = (self.cases[id(d)].terms.arrays.get(self.name, np.zeros(0)) for d in (self.trial.base, self.trial.other))
        return one - two

    def _table(self, changes: Mapping[Place, Array], scale: float) -> Table:
        """The terms, from what each change of a target or cotangent changes."""
        right = scale * self._outside
        cells = self._cells(changes, self.trial.losses, right, [right[:, :, n] for n in range(right.shape[2])])
        return Table(cells, self._whole(cells, scale * self._base.terms.arrays[self.name]))

    def _by_length(self, scale: float) -> Table:
        """The terms of all samples together, from what each further step adds, where nothing from outside can be changed."""
        data = {**self.trial.shorter, self.trial.base.T: self.trial.base}
        T, given = self.trial.base.T, {t: values for t, d in data.items() if (values := self._at(d)) is not None}
        variable = self._base.backward.model[self.name]
        if self.trial.losses != tuple(range(1, T + 1)) or variable.role is not Role.PARAMETER or not variable.tied:
            return Table()
        totals = {t: self.cases[id(d)].terms.arrays[self.name].sum(axis=0) for t, d in data.items()}
        padded = {t: np.concatenate([a, np.zeros((T - t, *a.shape[1:]))]) for t, a in totals.items()}
        right = scale * np.stack([padded[t] - padded.get(t - 1, 0) for t in sorted(padded)])
        if len(given) < T:
            return Table()
        added = {(t, 1): values - given.get(t - 1, 0) for t, values in given.items()}
        every = right.swapaxes(1, 2).reshape(-1, T, *right.shape[3:])
        return Table(self._cells(added, self.trial.losses, right.sum(axis=2, keepdims=True), [every]))

    def _cells(self, changes: Mapping[Place, Array], losses: tuple[int, ...], right: Array, spans: Sequence[Array]) -> Cells:
        splitter = Splitter(self._base.backward.model[self.name], losses, right, tuple(spans), 10 * self._floor)
        cells = {
            (t, k, n): Cell.of(theirs, truth, splitter.precision())
            for (t, n), parts in splitter.split(changes).items() for k, (theirs, truth) in parts.items()
        }
        return {place: cell for place, cell in cells.items() if cell is not None}

    def _whole(self, cells: Cells, terms: Array) -> bool:
        """Whether their gradient is the sum of the shares that were measured; taken for granted where a term is no such share."""
        if any(cell.share is None for cell in cells.values()):
            return True
        shares = np.ones(terms.shape[:3])
        for (t, k, n), cell in cells.items():
            shares[self.trial.losses.index(t), k - 1 if k else slice(None), n - 1] = cell.share
        made = replace(self._base.terms, arrays={self.name: shares[..., None, None] * terms}).gradients()[self.name].ravel()
        values = self._at(self.trial.base)
        return values is not None and bool(np.abs(values - made).max(initial=0.0) <= _EQUAL * self._size + self._floor)
