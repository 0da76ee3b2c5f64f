"""The (t, k) table: the norm of every term, with its row sums, column sums and shares by distance t - k."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.analyze import emitted
from symbptt.analyze.data import evaluated
from symbptt.analyze.norms import norm
from symbptt.analyze.tally import Tally
from symbptt.data.values import Data
from symbptt.data.wrt import asked
from symbptt.derive.numeric import Evaluation
from symbptt.derive.sum_of_products import pairs
from symbptt.derive.walk import size, visits
from symbptt.errors import BadInput
from symbptt.model.values import Model, Variable
from symbptt.unroll.graph import steps

ROUNDING = 1e-9
"""A sum of terms further from the gradient than this, relative to its largest entry, is reported as a disagreement."""

_FLOOR = 1e-3
"""The share of the largest entry of all gradients, or of one, that a difference is relative to at least."""

MOST_ENTRIES = 10**7
"""The most entries of terms that are kept when asked for."""


def shares(norms: Array) -> Array:
    """Norms as parts of their sum; zeros if all are zero, nan if one is not finite."""
    largest = norms.max(initial=0.0)
    if largest == 0:
        return np.zeros(norms.shape)
    with np.errstate(invalid="ignore"):
        scaled = norms / largest  # the sum of very large norms would overflow
    return np.asarray(scaled / scaled.sum())


@dataclass(frozen=True)
class Terms:
    """The terms (t, k) of one parameter, input or initial state, at `pairs`; arrays [t-1, k-1] are zero elsewhere.

    `rows` are the norms of dL_t/d theta, `columns` those of what the backward loop accumulates at step k, `distances` those of
    the sums over t - k = d, and `bias[K]` that of the terms with t - k >= K, which a window of K leaves out (K = 0 .. T).
    `by_sample` is (N, T, T), N = 0 if not asked for. `gradient` is the sum of all terms, `error` its largest difference from
    the emitted code's gradient, relative to the largest entry of the gradient or norm of a term.
    `entries` are the terms themselves, in the shape of the variable, if asked for; those of an input are (N, ...).
    """

    variable: Variable
    pairs: tuple[tuple[int, int], ...]
    norms: Array
    by_sample: Array
    rows: Array
    columns: Array
    distances: Array
    bias: Array
    gradient: Array
    error: float
    entries: Mapping[tuple[int, int], Array] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The variable's name."""
        return self.variable.name

    @property
    def shares(self) -> Array:
        """Every norm as a part of the sum of all norms, [t-1, k-1]."""
        return shares(self.norms)

    @property
    def by_distance(self) -> Array:
        """The shares added up over t - k = 0, 1, ..., T-1."""
        parts = self.shares
        return np.array([np.trace(parts, -d) for d in range(len(parts))])

    @property
    def by_distance_of_samples(self) -> Array:
        """The same for every sample on its own, (N, T), if the samples were kept."""
        T = len(self.norms)
        parts = [shares(one) for one in self.by_sample]
        return np.array([[np.trace(part, -d) for d in range(T)] for part in parts]).reshape(-1, T)

    @property
    def total(self) -> float:
        """The norm of the gradient (root of the sum of squares)."""
        return float(norm(self.gradient.reshape(-1, 1)))

    @property
    def biased(self) -> bool:
        """Whether the gradient is finite and a window changes it."""
        return 0 < self.total < np.inf and bool(self.bias[1:].any())

    @property
    def agrees(self) -> bool:
        """Whether the terms add up to the emitted code's gradient; true as well where both are not finite."""
        return self.error <= ROUNDING


@dataclass(frozen=True)
class Signal:
    """The norms (T, T) of dL_t/ds_k for one state, over the batch; at [t-1, k-1], zero for k > t."""

    state: str
    norms: Array


@dataclass(frozen=True)
class Table:
    """The terms of every variable asked for, and the signals by state."""

    model: Model
    T: int
    N: int
    kind: str
    loss: float
    terms: tuple[Terms, ...]
    signals: tuple[Signal, ...]

    def __getitem__(self, name: str) -> Terms:
        for item in self.terms:
            if item.name == name:
                return item
        raise BadInput(f"the table has no terms of {name!r}; it has {', '.join(item.name for item in self.terms)}")


def tabulate(
    model: Model, data: Data, wrt: Iterable[str] | str | None = None, *, norm: str = "fro", samples: bool = False,
    entries: bool = False,
) -> Table:
    """The (t, k) table of a model with a loss at a point; `samples` adds norms by sample, `entries` the terms themselves.

    Raises BadInput for a model without a loss, UnknownName for a norm or a name that is in no table.
    """
    if model.loss is None:
        raise BadInput(f"{model.name} has no loss, so it has no terms; choose one with --loss")
    done = evaluated(steps(model, data.T), data)
    return of_run(done, data, asked(model, wrt), norm, samples, entries)


def of_run(
    done: Evaluation, data: Data, variables: tuple[Variable, ...], kind: str, samples: bool = False, entries: bool = False
) -> Table:
    """The table of a graph that has been evaluated."""
    graph, model, T = done.graph, done.graph.model, done.graph.T
    losses = tuple(reversed(graph.loss_steps))
    if entries:
        _affordable(done, variables)
    tallies = {v.name: Tally(v, T, losses, kind, done.values, done.N if samples else 0, entries) for v in variables}
    signals = {s.name: np.zeros((T, T)) for s in model.states}
    with np.errstate(all="ignore"):
        for visit in visits(done, variables, samples):
            at = np.asarray(visit.losses, dtype=int) - 1
            for name, value in visit.signals.items():
                signals[name][at, visit.k - 1] = norm(value.reshape(len(at), -1, value.shape[-1]), kind)
            for lane in visit.lanes:
                tallies[lane.name].add(visit.k, lane.places, lane.values)
            for tally in tallies.values():
                tally.close(visit.k)
        loss, gradients = emitted.value_and_grad(emitted.module(model, T, wrt="all"), data)
        least = floor(gradients)
        made = tuple(_terms(tally, done, gradients[name], least) for name, tally in tallies.items())
    return Table(model, T, done.N, kind, loss, made, tuple(Signal(*item) for item in signals.items()))


def _terms(tally: Tally, done: Evaluation, emitted: Array, least: float) -> Terms:
    v = tally.variable
    gradient = tally.gradient(*size(v, done.values), done.N)
    rows, distances, bias = tally.sums()
    return Terms(
        v, tuple(pairs(done.graph, v)), tally.norms, tally.by_sample, rows, tally.columns, distances, bias, gradient,
        difference(gradient, emitted, max(float(tally.norms.max(initial=0.0)), least)), tally.entries,
    )


def _affordable(done: Evaluation, variables: Iterable[Variable]) -> None:
    count = sum(len(pairs(done.graph, v)) * int(np.prod(size(v, done.values))) for v in variables)
    if count > MOST_ENTRIES:
        raise BadInput(f"the terms have {count} entries, more than {MOST_ENTRIES}; ask for fewer names or fewer steps")


def floor(gradients: Mapping[str, Array]) -> float:
    """The least size that differences are relative to: a gradient that is zero by cancellation has only rounding to show."""
    return _FLOOR * max((float(abs(a[np.isfinite(a)]).max(initial=1.0)) for a in gradients.values()), default=1.0)


def difference(ours: Array, theirs: Array, least: float = 0.0) -> float:
    """The largest difference relative to the largest entry, or to `least` if that is more.

    Zero where both have nan or inf in the same entries, inf where only one has.
    """
    finite = np.isfinite(ours) & np.isfinite(theirs)
    if not finite.all():
        return float("inf") if (np.isfinite(ours) != np.isfinite(theirs)).any() else 0.0
    largest = max(float(abs(theirs).max(initial=0.0)), least)
    error = float(abs(ours - theirs).max(initial=0.0))
    return error / largest if largest else error
