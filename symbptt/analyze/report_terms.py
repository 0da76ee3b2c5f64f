"""The part of a report on terms: shares, windows, samples, signals, and pair by pair where there are few steps."""

from collections.abc import Callable, Collection, Iterator, Sequence

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.analyze.layout import cell, columns, percent, shown
from symbptt.analyze.norms import total
from symbptt.analyze.table import Signal, Table, Terms

WIDE = 8
"""A table with more steps is shown by distance only, not pair by pair."""


def sections(table: Table) -> Iterator[list[str]]:
    """The sections of a table, each a list of lines."""
    yield [*_terms(table)]
    if any(item.by_distance_of_samples.size for item in table.terms):
        yield [*_samples(table)]
    if table.signals and table.T > 1:
        yield [*_windows(table)]
        yield [*_signals(table)]
    if table.T <= WIDE:
        yield from ([*_pairs(item)] for item in table.terms)
        yield from ([*_signal_pairs(signal)] for signal in table.signals)


def _terms(table: Table) -> Iterator[str]:
    places = shown(table.T - 1)
    whole = total(np.array([item.total for item in table.terms]))
    yield f"norm of the gradient, and share of the terms by distance t - k ({table.kind} norm; loss {table.loss:.6g})"
    head = ("", "norm", "terms", "zero", *(f"d={d}" for d in places), "sums agree")
    yield from columns([head, *(_term_row(item, places) for item in table.terms)])
    yield f"  all of these gradients together as one vector: {cell(whole)}"


def _term_row(item: Terms, places: list[int]) -> tuple[str, ...]:
    values = [item.norms[t - 1, k - 1] for t, k in item.pairs]
    by_distance = item.by_distance
    agrees = f"{item.error:.0e}" if item.agrees else f"NO {item.error:.0e}"
    parts = [percent(by_distance[d]) for d in places]
    return (item.name, cell(item.total), str(len(values)), str(values.count(0)), *parts, agrees)


def _samples(table: Table) -> Iterator[str]:
    places = shown(table.T - 1)
    yield "share of the terms by distance, sample by sample"
    rows = [
        (item.name, str(n), cell(total(item.by_sample[n])), *(percent(parts[d]) for d in places))
        for item in table.terms
        for n, parts in enumerate(item.by_distance_of_samples)
    ]
    yield from columns([("", "sample", "terms", *(f"d={d}" for d in places)), *rows])


def _windows(table: Table) -> Iterator[str]:
    places = [K for K in shown(table.T) if K]
    yield "bias of the gradient truncated to a window of K steps, relative to the gradient"
    rows = [
        (item.name, *(cell(item.bias[K] / item.total) for K in places))
        for item in table.terms
        if item.total and np.isfinite(item.total)
    ]
    yield from columns([("", *(f"K={K}" for K in places)), *rows]) if rows else ["  no gradient is finite and not zero"]


def _signals(table: Table) -> Iterator[str]:
    places = shown(table.T - 1)
    last = max((t for t in range(1, table.T + 1) if any(s.norms[t - 1].any() for s in table.signals)), default=table.T)
    places = [d for d in places if d < last]
    yield f"signal dL_{last}/ds_k of the last loss, by state, at the distance {last} - k"
    rows = [(signal.state, *(cell(signal.norms[last - 1, last - 1 - d]) for d in places)) for signal in table.signals]
    yield from columns([("", *(f"d={d}" for d in places)), *rows])


def _pairs(item: Terms) -> Iterator[str]:
    exists = set(item.pairs)
    yield f"terms (t, k) of {item.name}; rows add up to dL_t/d{item.name}, columns to what the backward loop adds at k"
    foot = ("sum", *(cell(value) for value in item.columns), cell(item.total))
    yield from matrix(item.norms, exists, item.rows, foot)


def matrix(
    norms: Array, pairs: Collection[tuple[int, int]], sums: Array | None = None, foot: Sequence[str] = ()
) -> Iterator[str]:
    """Norms (T, K) pair by pair, one row for each t that has pairs; perhaps with the sums of the rows, and a last row."""
    value, head = _cells(norms, lambda t, k: (t, k) in pairs), [f"k={k}" for k in range(1, norms.shape[1] + 1)]
    rows = [(f"t={t}", *value(t), *([] if sums is None else [cell(sums[t - 1])])) for t in sorted({t for t, _ in pairs})]
    yield from columns([("", *head, *([] if sums is None else ["sum"])), *rows, *([foot] if foot else [])])


def _signal_pairs(signal: Signal) -> Iterator[str]:
    T = len(signal.norms)
    yield f"signals dL_t/d{signal.state}_k"
    value = _cells(signal.norms, lambda t, k: t >= k)
    rows = [(f"t={t}", *value(t)) for t in range(1, T + 1) if signal.norms[t - 1].any()]
    yield from columns([("", *(f"k={k}" for k in range(1, T + 1))), *rows])


def _cells(norms: Array, exists: Callable[[int, int], bool]) -> Callable[[int], Sequence[str]]:
    def row(t: int) -> Sequence[str]:
        return [cell(norms[t - 1, k - 1]) if exists(t, k) else "" for k in range(1, norms.shape[1] + 1)]

    return row
