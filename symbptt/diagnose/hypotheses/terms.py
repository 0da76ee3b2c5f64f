"""Mistakes that are a choice of terms (t, k): truncation, steps that are skipped, sums that are overwritten."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.diagnose.causes import Cause
from symbptt.diagnose.interpret import Terms
from symbptt.diagnose.mutant import Filter, Mutant
from symbptt.diagnose.point import Point
from symbptt.diagnose.routes import BackwardPass
from symbptt.model.values import Role

Choice = Callable[[int, int], bool]
_LONGEST = 12
"""Up to this many steps the reach of a truncation that restarts every few steps is tried too."""


def kept(choice: Choice, names: frozenset[str] | None = None) -> Filter:
    """Keep the terms (t, k) of the choice, in the gradients of these names (all if None)."""

    def keep(terms: Terms) -> Terms:
        arrays = {n: _chosen(terms, n, a, choice) if names is None or n in names else a for n, a in terms.arrays.items()}
        return replace(terms, arrays=arrays)

    return keep


def _chosen(terms: Terms, name: str, array: Array, choice: Choice) -> Array:
    steps = range(1, array.shape[1] + 1)
    mask = np.array([[choice(t, k) for k in steps] for t in terms.losses], float)
    return array * mask[:, :, None, None, None]


def mutants(backward: BackwardPass, point: Point) -> Iterator[Mutant]:
    """Windows, missing loss steps, missing source steps, and gradients that keep one step only."""
    T = point.T
    which = "cotangent" if backward.model.loss is None else "loss"
    for K in range(1, T):
        yield _one("truncated", kept(lambda t, k, K=K: t - k < K), kept=f"t − k < {K}")  # type: ignore[misc]
    for size in range(2, T):
        yield from _stretches(T, size)
    if len(point.losses) > 1:
        last = point.losses[-1]
        yield _one("last-loss-only", kept(lambda t, k: t == last), which=which)
        for step in point.losses:
            yield _one("loss-missing", kept(lambda t, k, s=step: t != s), which=which, step=str(step))  # type: ignore[misc]
    inner, where = _recurrent(backward), "every gradient"
    inputs = frozenset(v.name for v in backward.model.of(Role.INPUT))
    shown = ", ".join(f"d{v.name}" for v in backward.model.parameters if v.name in inner)
    for step in range(1, T + 1) if T > 1 else ():
        yield _one("step-missing", _unvisited(step), step=str(step), where=where)
        if inner and inner < {v.name for v in backward.model.parameters}:
            gone = kept(lambda t, k, s=step: k != s, inner | inputs)  # type: ignore[misc]
            yield _one("step-missing", gone, step=str(step), where=shown)
    for name in (v.name for v in backward.model.parameters if v.tied) if T > 1 else ():
        for step in (1, T):
            gone = kept(lambda t, k, s=step: k != s, frozenset([name]))  # type: ignore[misc]
            cause = Cause("step-missing", None, name, words=(("step", str(step)), ("where", f"d{name}")))
            yield Mutant((cause,), keep=gone)
    if T > 1:
        # A loop that begins too late meets neither the uses of step T nor its loss.
        yield _one("step-missing", kept(lambda t, k: t != T), step=str(T), where=where)
        yield from _overwritten(backward, T)


def _stretches(T: int, size: int) -> Iterator[Mutant]:
    """The recursion restarted every `size` steps, and the same with a longer reach back."""
    chunk = f"t and k in the same stretch of {size} steps, counted from step"
    yield _one("truncated", kept(lambda t, k: (t - 1) // size == (k - 1) // size), kept=f"{chunk} 1")
    if T % size:
        yield _one("truncated", kept(lambda t, k: (T - t) // size == (T - k) // size), kept=f"{chunk} {T}")
    for reach in range(size + 1, T) if T <= _LONGEST else ():
        shown = f"k > {size}⌈t/{size}⌉ − {reach} (every {size} steps, {reach} steps back)"
        choice = lambda t, k, reach=reach: k > -(-t // size) * size - reach  # noqa: E731
        yield _one("truncated", kept(choice), kept=shown)


def _one(name: str, keep: Filter, **shown: str) -> Mutant:
    return Mutant((Cause(name, words=tuple(shown.items())),), keep=keep)


def _unvisited(step: int) -> Filter:
    # An initial state has no step of its own: its terms stay.
    def keep(terms: Terms) -> Terms:
        names = frozenset(n for n in terms.arrays if terms.model[n].role is not Role.STATE)
        return kept(lambda t, k: k != step, names)(terms)

    return keep


def _recurrent(backward: BackwardPass) -> frozenset[str]:
    """The parameters that a loop over k inside one over t adds to: those of the read-out it leaves alone."""
    reached: set[str] = set()
    inside = [r for r in backward.routes if not r.external]
    while more := {r.target.name for r in inside if r.lagged or r.through.name in reached} - reached:
        reached |= more
    return frozenset(v.name for v in backward.model.parameters if v.name in reached)


def _overwritten(backward: BackwardPass, T: int) -> Iterator[Mutant]:
    for names in groups(backward):
        for step in ends(T):
            yield overwritten(backward, names, f"the part of step k = {step}", of_step(step, names))


def ends(T: int) -> list[int]:
    """The steps whose part a loop may leave: the first, the last, and step 2 where it stops there."""
    return list(dict.fromkeys((1, T, 2)))


def of_step(step: int, names: frozenset[str]) -> Filter:
    """The terms of one source step alone, in these gradients."""
    return kept(lambda t, k: k == step, names)


def groups(backward: BackwardPass) -> list[frozenset[str]]:
    """Gradients that one habit may have spoilt: each alone, those of one shape, all biases, all."""
    tied = [v for v in backward.model.parameters if v.tied]
    single = [frozenset([v.name]) for v in tied]
    alike = [frozenset(v.name for v in tied if v.shape == shape) for shape in dict.fromkeys(v.shape for v in tied)]
    biases = frozenset(v.name for v in tied if len(v.shape) < 2)
    return [g for g in dict.fromkeys((*single, *alike, biases, frozenset(v.name for v in tied))) if g]


def overwritten(backward: BackwardPass, names: frozenset[str], left: str, keep: Filter) -> Mutant:
    """These gradients assigned in a loop, so that a part of them is left."""
    tied = [v.name for v in backward.model.parameters if v.tied]
    what = "every gradient" if names == frozenset(tied) else " and ".join(f"d{n}" for n in tied if n in names)
    subject = next(iter(names)) if len(names) == 1 else ""
    number = next((r.number for r in reversed(backward.routes) if r.target.name == subject), 0)
    return Mutant((Cause("overwritten", None, subject, number, (("what", what), ("left", left))),), keep=keep)
