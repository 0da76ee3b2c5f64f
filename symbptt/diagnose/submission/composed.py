"""Diagnose a function in somebody's Python file as the gradients of a composed model."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from symbptt.compose.chain import Chain
from symbptt.compose.referee import Point, drawn, lengths
from symbptt.data.classes import one_hot
from symbptt.data.values import Array, Data
from symbptt.diagnose.between_parts import Composed, findings
from symbptt.diagnose.case import Case
from symbptt.diagnose.diagnosis import Diagnosis
from symbptt.diagnose.submission import code, guess_parts, mapping, remarks, second_look, signature
from symbptt.diagnose.submission.arguments import calls
from symbptt.diagnose.submission.drawn_data import N, T, unequal
from symbptt.diagnose.submission.guarded import Limits
from symbptt.diagnose.submission.mapping import Table
from symbptt.diagnose.submission.session import Attempt, Session
from symbptt.errors import BadInput
from symbptt.model.values import Model, Role


def file(
    chain: Chain, path: Path | str, function: str | None = None, table: Table | Path | str | None = None,
    limits: Limits | None = None, wrt: Sequence[str] = (),
) -> Diagnosis:
    """Diagnose the gradients that a function of a file returns; the arguments are those of `code.file`, as are its errors."""
    model = cast(Model, chain)
    source = signature.source(path)
    read = mapping.file(table, model) if isinstance(table, (Path, str)) else table or Table()
    if read.dtype or read.library or read.chunk:
        raise BadInput(f"{read.place}: dtype, library and chunk are not for models with two directions or phases")
    read = replace(read, wrt=mapping.asked(wrt, model, "wrt")) if wrt else read
    session = _Session(model, Path(path), calls(source, function, read, model, guess_parts.guesser), read, limits or Limits())
    return code.run(session, _judged)


class _Session(Session):
    """The runs of a function that is held against a composed model."""

    @property
    def chain(self) -> Chain:
        """The model, without its loss where cotangents are taken."""
        chain = cast(Chain, self.model)
        *before, last = chain.parts
        last = replace(last, model=replace(last.model, loss=None)) if self.by_cotangents else last
        return replace(chain, parts=(*before, last))

    def drawn(self, samples: int, sizes: Mapping[str, int], seed: int = 7, steps: int = T) -> Data:
        return draw(self.chain, self.table.T or steps, samples, sizes, seed, self.one_hot)

    def evaluated(self, data: Data, states: Mapping[str, Array], **given: Any) -> Case:
        zeros = {name: np.zeros_like(array) for name, array in data.states.items()}
        if self.by_cotangents:
            given = {"cotangents": {name: np.zeros_like(a) for name, a in data.cotangents.items()} | given["cotangents"]}
        data = replace(data, states=zeros | dict(states), **given)
        known = Composed(Point(self.chain, data, lengths(self.chain, data.T, data.dims)))
        return cast(Case, known)  # what is not of a `Known` is asked by judges of ordinary models alone


def draw(
    chain: Chain, T: int = T, N: int = N, given: Mapping[str, int] | None = None, seed: int = 7, classes: Set[str] = frozenset(),
) -> Data:
    """Seeded data for somebody's function: of unequal sizes, without ignored classes, masks ragged, inputs `classes` one-hot."""
    data = drawn(chain, unequal(cast(Model, chain), given or {}), T, N, seed).data
    inputs = {**data.inputs, **{name: _one_hot(data.inputs[name]) for name in classes}}
    inputs |= {v.name: _ragged(inputs[v.name]) for v in chain.of(Role.INPUT) if v.mask}
    targets = {n: np.maximum(a, 0) if a.dtype.kind in "iu" else a for n, a in data.targets.items()}
    return replace(data, inputs=inputs, targets=targets)


def _one_hot(array: Array) -> Array:
    return one_hot(array.argmax(axis=-1), array.shape[-1])


def _ragged(mask: Array) -> Array:
    """A mask of sequences of different lengths, none empty, the first in full."""
    T, N = mask.shape[:2]
    ends = [max(1, T - 2 * n) for n in range(N)]
    return np.stack([(np.arange(T) < end).astype(float) for end in ends], axis=1)


def _judged(session: Session, best: Attempt, name: str) -> code.Judgement:
    """What went wrong between parts, or inside one."""
    found = findings(cast(Composed, best.case), best.found.gradients)
    given = best.found.gradients
    found = tuple(second_look.called_twice(best, replace(f, zero=not f.right and not given[f.gradient].any())) for f in found)
    opening = remarks.opening(best, name)
    return best, *(code.of_other_pass(best, found, opening) if best.fit.differs else (found, opening))
