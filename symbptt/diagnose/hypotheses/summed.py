"""Mistakes in the sums over samples and steps, and in the order of steps."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from symbptt.diagnose.causes import Cause
from symbptt.diagnose.hypotheses.terms import ends, groups, of_step, overwritten
from symbptt.diagnose.interpret import Terms, interpret
from symbptt.diagnose.mutant import Filter, Mutant
from symbptt.diagnose.point import Point
from symbptt.diagnose.routes import BackwardPass
from symbptt.model.values import Role


def sample(names: frozenset[str], index: int) -> Filter:
    """Only one sample in the gradients of these names."""

    def keep(terms: Terms) -> Terms:
        arrays = dict(terms.arrays)
        for name in names & arrays.keys():
            chosen = np.zeros_like(arrays[name])
            chosen[:, :, index] = arrays[name][:, :, index]
            arrays[name] = chosen
        return replace(terms, arrays=arrays)

    return keep


def mutants(backward: BackwardPass, point: Point) -> Iterator[Mutant]:
    """One sample instead of the sum over the batch, or one step instead of the sum over time, for biases."""
    biases = [v for v in backward.model.parameters if len(v.shape) < 2]
    groups = [frozenset([v.name]) for v in biases] + ([frozenset(v.name for v in biases)] if len(biases) > 1 else [])
    for names in groups:
        what = f"d{next(iter(names))}" if len(names) == 1 else "the gradient of every bias"
        subject = next(iter(names)) if len(names) == 1 else ""

        def mutant(axes: str, keep: Filter, subject: str = subject, what: str = what) -> Mutant:
            return Mutant((Cause("bias-not-summed", None, subject, 0, (("what", what), ("axes", axes))),), keep=keep)

        for index in (0, point.N - 1) if point.N > 1 else ():
            yield mutant(f"the batch: only sample {index} remains", sample(names, index))
        for step in ends(point.T) if point.T > 1 else ():
            tied = frozenset(n for n in names if backward.model[n].tied)
            yield mutant(f"time: only step {step} remains", of_step(step, tied))


def written(backward: BackwardPass, point: Point) -> Iterator[Mutant]:
    """Gradients of weights assigned in a loop over samples, inside of one over the steps, outside of it or without one."""
    if point.N == 1:
        return
    found = interpret(backward, point).arrays
    for names in groups(backward):
        for index in (point.N - 1, 0):
            alone = sample(names, index)
            if any(len(backward.model[n].shape) > 1 for n in names):
                yield overwritten(backward, names, f"the part of sample {index}, of every step,", alone)
            for step in ends(point.T) if point.T > 1 else ():
                if not any(found[n][:, step - 1, index].any() for n in names):
                    continue  # nothing is left, as where the gradient is never computed
                yield overwritten(backward, names, f"the part of sample {index} and step k = {step}", _both(step, names, alone))


def _both(step: int, names: frozenset[str], alone: Filter) -> Filter:
    """One sample of one step."""
    at = of_step(step, names)
    return lambda terms: alone(at(terms))


def reversed_steps(backward: BackwardPass, point: Point) -> Iterator[Mutant]:
    """Gradients that have an axis of time, in the order in which the loop found them."""
    model = backward.model
    timed = [v.name for v in (*model.of(Role.INPUT), *model.parameters) if v.timed and not v.classes]
    groups = dict.fromkeys((*((n,) for n in timed), tuple(timed)))
    for names in (g for g in groups if g and point.T > 1):
        what, subject = " and ".join(f"d{n}" for n in names), names[0] if len(names) == 1 else ""
        yield Mutant((Cause("time-reversed", None, subject, 0, (("what", what),)),), keep=_reversed(names))


def _reversed(names: tuple[str, ...]) -> Filter:
    def keep(terms: Terms) -> Terms:
        return replace(terms, arrays={n: a[:, ::-1] if n in names else a for n, a in terms.arrays.items()})

    return keep
