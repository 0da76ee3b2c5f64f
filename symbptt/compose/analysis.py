"""Where the gradient of a composed model goes: its terms (t, k) for the loss of step t and the step k of each part.

The walk of the last part gives the terms of each loss step, those of what it reads from earlier parts among them. These are the
cotangents of an earlier part, loss step by loss step, apart by the way that they came.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from symbptt import analyze
from symbptt.analyze.norms import norm as norm_of
from symbptt.analyze.table import ROUNDING, difference, floor, shares
from symbptt.analyze.truncation import Cut, Truncation, compared
from symbptt.compose import emission
from symbptt.compose.chain import Chain, How
from symbptt.compose.point import at
from symbptt.compose.referee import Point
from symbptt.compose.terms import Found, Way, swept
from symbptt.compose.terms import sums as sums_of
from symbptt.data.values import Array
from symbptt.data.wrt import asked
from symbptt.display import Printed, Summarised
from symbptt.errors import BadInput
from symbptt.model.values import Variable
from symbptt.verify.load import resolve

ATTENTION: Way = frozenset((How.MEMORY,))


@dataclass(frozen=True)
class Terms:
    """The terms (t, k) of a variable in part `number`: of its use there at step k, in the loss of step t of the last part.

    `norms` are (T, K), of the whole terms; `ways` are those of what came on one way, whose sum a term is; `pairs` are the terms
    that there can be.
    """

    variable: Variable
    number: int
    pairs: tuple[tuple[int, int], ...]
    norms: Array
    ways: Mapping[Way, Array]

    @property
    def by_way(self) -> dict[Way, float]:
        """The share of each way in the norms of all terms."""
        return dict(zip(self.ways, shares(np.array([norms.sum() for norms in self.ways.values()])), strict=True))

    @property
    def attention(self) -> Array:
        """The share (T,) of what came through a memory alone in the norms of the terms of each loss step; nan where all are 0."""
        every = np.array([norms.sum(axis=1) for norms in self.ways.values()]).sum(axis=0)
        with np.errstate(all="ignore"):
            return np.asarray(self.ways.get(ATTENTION, np.zeros(self.norms.shape)).sum(axis=1) / every)


@dataclass(frozen=True)
class Sum:
    """The gradient of a variable, the sum of its terms in all parts, with its norm and `error` as of an ordinary table."""

    variable: Variable
    gradient: Array
    norm: float
    error: float

    @property
    def agrees(self) -> bool:
        """Whether the terms add up to the emitted code's gradient; true as well where both are not finite."""
        return self.error <= ROUNDING


@dataclass(frozen=True, repr=False)
class Flow(Summarised, Printed):
    """The terms of a composed model at a point, their sums, and of each part what is analysed of its states."""

    point: Point
    kind: str
    terms: tuple[Terms, ...]
    sums: tuple[Sum, ...]
    parts: tuple[analyze.Analysis, ...]
    truncation: Truncation | None = None

    def _summary_(self) -> str:
        return f"of {self.point.chain.name}, T={self.point.data.T}"

    @property
    def agrees(self) -> bool:
        """Whether all sums of terms equal the emitted gradients, and those that are kept the truncated ones."""
        cuts = self.truncation.cuts if self.truncation else ()
        return all(item.agrees for item in self.sums) and all(cut.error <= ROUNDING for cut in cuts)

    @property
    def pathways(self) -> tuple[Way, ...]:
        """The ways that some term came."""
        return tuple(dict.fromkeys(way for item in self.terms for way in item.ways))


def flow(
    chain: Chain, T: int | None = None, dims: Mapping[str, int] | None = None, N: int | None = None, seed: int = 0, *,
    values: Mapping[str, Array] | None = None, init: Mapping[str, str] | str | None = None,
    fill: Mapping[str, float] | None = None, scale: Mapping[str, float] | None = None,
    wrt: Iterable[str] | str | None = None, norm: str = "fro", truncation: tuple[int, int] | None = None,
) -> Flow:
    """Analyse the gradient flow of a composed model; the arguments are those of `analyze.flow`, `analyze.adjusted` and
    `analyze.truncate`.

    A dimension that counts the steps of a phase is T unless `dims` says otherwise. Raises BadInput for what does not fit.
    """
    names = asked(chain, wrt)
    norm_of(np.zeros((1, 1)), norm)  # an unknown norm is refused before any work
    point = at(chain, T, dims, N, seed, values=values, init=init)
    point = replace(point, data=analyze.adjusted(chain.parts[-1].model, point.data, fill or {}, scale or {}))
    if truncation and chain.loss is None:
        raise BadInput(f"{chain.name} has no loss, so there is nothing to truncate; choose one with --loss")
    found = swept(point) if chain.loss else ()
    terms, sums = _terms(point, found, norm, names) if chain.loss else ((), ())
    parts = (analyze.at(replace(part.model, loss=None), replace(data, targets={}), (), norm=norm)
             for part, (data, _) in zip(chain.parts, point.evaluated, strict=True))
    return Flow(point, norm, terms, sums, tuple(parts), _truncated(point, found, names, truncation) if truncation else None)


def _terms(
    point: Point, every: tuple[Found, ...], kind: str, names: tuple[Variable, ...]
) -> tuple[tuple[Terms, ...], tuple[Sum, ...]]:
    """The terms of these variables, by part, and their sums beside the gradients of the emitted code."""
    wanted = {v.name for v in names}
    found = [item for item in every if item.variable.name in wanted]
    terms = tuple(_told(item, kind) for item in sorted(found, key=lambda item: item.number))
    gradients, whole = _emitted(point), sums_of(point, tuple(found))
    least, sums = floor(gradients), list[Sum]()
    for v in names:
        gradient = whole[v.name]
        largest = max([least, *(float(item.norms.max(initial=0.0)) for item in terms if item.variable.name == v.name)])
        sums.append(Sum(v, gradient, float(norm_of(gradient.reshape(-1, 1))), difference(gradient, gradients[v.name], largest)))
    return terms, tuple(sums)


def _emitted(point: Point) -> dict[str, Array]:
    """The gradients of the emitted code."""
    with np.errstate(all="ignore"):
        return resolve(emission.source(point.chain, wrt="all", truncation=point.truncation)).gradients(point.data)


def _truncated(
    point: Point, found: tuple[Found, ...], names: tuple[Variable, ...], truncation: tuple[int, int]
) -> Truncation:
    """What a truncation of each part by itself leaves of these gradients, compared with the emitted truncated code."""
    cut = replace(point, truncation=truncation)
    left, code = swept(cut), _emitted(cut)
    whole, kept, least, cuts = sums_of(point, found), sums_of(cut, left), floor(code), list[Cut]()
    for v in names:
        here, every = (sum(int(i.reach.sum()) for i in items if i.variable.name == v.name) for items in (left, found))
        bias, cosine = compared(kept[v.name], whole[v.name])
        cuts.append(Cut(v.name, here, every, bias, cosine, difference(kept[v.name], code[v.name], least)))
    return Truncation(*truncation, tuple(cuts))


def _told(item: Found, kind: str) -> Terms:
    def norms(values: Array) -> Array:
        return norm_of(values.reshape(*values.shape[:2], -1, values.shape[-1]), kind)

    pairs = tuple((int(t) + 1, int(k) + 1) for t, k in np.argwhere(item.reach))
    return Terms(item.variable, item.number, pairs, norms(item.whole), {way: norms(a) for way, a in item.ways.items()})

