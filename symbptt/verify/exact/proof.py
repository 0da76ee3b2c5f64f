"""All exact checks of a model, and in words which of them prove and which of them sample."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from time import process_time

import sympy as sp

from symbptt.algebra.nodes import BatchMean, CrossEntropy, LogSumExp, Softmax
from symbptt.model.values import Model
from symbptt.verify.exact import functions, local_rule, one_step, sample, whole_graph
from symbptt.verify.exact.identity import proved
from symbptt.verify.report import Check, Report

STEPS = (1, 2)
"""The numbers of steps for which the whole graph is proved."""
SAMPLED = 3
"""The number of steps for which it is sampled."""
TERMS = 100_000
"""The most terms of all gradients written out; that many take about ten seconds."""

Sizes = dict[str, int]


def prove(model: Model, *, seed: int = 0) -> Report:
    """Prove that the derived gradients of a model equal the derivative that SymPy takes entry by entry.

    Functions are opaque: f has the derivative f', and no other property, except where the table of functions says more. Local
    rules, one step, and the whole graph for one and two steps are proved at small sizes; three steps are sampled at random
    rational numbers in exact arithmetic. The error of a check is the number of equations that fail.
    """
    found = list(_timed(_all(model, seed)))
    checks = tuple(item for item in found if isinstance(item, Check))
    return Report(f"{model.name}, exactly", checks, tuple(item for item in found if isinstance(item, str)))


def _all(model: Model, seed: int) -> Iterator[Check | str]:
    mixed, samples = _mixed(model), _samples(model)
    yield from functions.check(model)
    yield from local_rule.check(model, mixed)
    yield f"proved for opaque functions and all values: the local rules, at {_shown(mixed)}"
    yield from _one_step(model, samples)
    if model.loss is None:
        yield "no loss: the whole graph is left out"
        return
    for T in STEPS:
        yield from _whole(model, T, samples)
    yield from sample.check(model, SAMPLED, mixed, samples, seed)
    yield f"sampled, not proved: T = {SAMPLED}, at random rational numbers (seed {seed}) in exact arithmetic, at {_shown(mixed)}"


def _one_step(model: Model, samples: int) -> Iterator[Check | str]:
    """Each claim about one step at the largest of the sizes two and one that takes seconds."""
    used: dict[str, list[str]] = {}
    for subject, claim in one_step.claims(model).items():
        for sizes in _sizes(model):
            identities, arithmetic = one_step.identities(model, claim, sizes, samples)
            if sum(arithmetic.terms(i.given) + arithmetic.terms(i.wanted) for i in identities) <= TERMS:
                yield proved(one_step.NAME, subject, identities, arithmetic)
                used.setdefault(_shown(sizes), []).append(subject)
                break
        else:
            yield f"one step: the {subject} is left out: written out entry by entry it is too large"
    for shown, subjects in used.items():
        which = f" ({', '.join(subjects)})" if len(used) > 1 else ""
        yield f"proved for opaque functions and all values: one step{which}, N = {samples}, at {shown}"


def _whole(model: Model, T: int, samples: int) -> Iterator[Check | str]:
    """The whole graph at the largest of the sizes two and one that takes seconds."""
    for sizes in _sizes(model):
        if whole_graph.terms(model, T, sizes, samples) <= TERMS:
            yield from whole_graph.check(model, T, sizes, samples)
            yield f"proved for opaque functions and all values: the whole graph, T = {T}, N = {samples}, at {_shown(sizes)}"
            return
    yield f"the whole graph for T = {T} is left out: written out entry by entry it is too large"


def _samples(model: Model) -> int:
    """Two where samples are coupled, else one."""
    return 2 if any(e.value.has(BatchMean) for e in model.all_equations) else 1


def _mixed(model: Model) -> Sizes:
    """Sizes of two and three, so that no transpose is square by chance."""
    return {name: 2 + number % 2 for number, name in enumerate(model.dimensions)} | _squares(model)


def _sizes(model: Model) -> tuple[Sizes, Sizes]:
    """Twos, and the smallest sizes that show something."""
    return dict.fromkeys(model.dimensions, 2) | _squares(model), _smallest(model)


def _squares(model: Model) -> Sizes:
    """Fours for dimensions of which a root is taken, so that it is a rational number."""
    roots = (power for e in model.all_equations for power in e.value.atoms(sp.Pow) if not power.exp.is_Integer)
    return {power.base.name: 4 for power in roots if isinstance(power.base, sp.Symbol)}


def _smallest(model: Model) -> Sizes:
    """Ones, but two entries for a softmax: of one entry it is constant."""
    reduced = (n.args[0].shape[0] for e in model.all_equations for n in e.value.atoms(Softmax, LogSumExp, CrossEntropy))
    names = {symbol.name for height in reduced for symbol in height.free_symbols}
    return {name: 2 if name in names else 1 for name in model.dimensions}


def _shown(sizes: Sizes) -> str:
    return ", ".join(f"{name} = {size}" for name, size in sizes.items()) or "the sizes of the file"


def _timed(items: Iterable[Check | str]) -> Iterator[Check | str]:
    started = process_time()
    for item in items:
        yield replace(item, seconds=process_time() - started) if isinstance(item, Check) else item
        started = process_time()
