"""Emitted gradients against the scalar oracle, at sizes that it can bear."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from symbptt.algebra.nodes import BatchMean, CrossEntropy, LogSumExp, Softmax, SumAll
from symbptt.model.arrays import sizes
from symbptt.verify.case import Case
from symbptt.verify.compare import Comparison, Scale
from symbptt.verify.data import Data, random
from symbptt.verify.emitted import Emitted
from symbptt.verify.report import Check
from symbptt.verify.scalar_oracle import Written, write

TOLERANCE = 1e-9
"""Expanded expressions cancel: up to 1e-12 was seen."""

SIZES = ((2, 2), (1, 3), (1, 2), (2, 1), (1, 1))
"""(dimension, T): one mixes entries, another has a longer memory. Those that fit into the budget are taken, from the left,
except what one before covers."""

_REDUCTIONS = (Softmax, LogSumExp, CrossEntropy, SumAll)
"""What these reduce keeps two entries: a softmax of one entry is constant."""

_BUDGET = 60_000
"""Expression nodes times entries that they are differentiated by, over all sizes: about three seconds."""


def check(case: Case, rng: np.random.Generator) -> Iterator[Check | str]:
    """For every emitted gradient the worst check of all sizes, with real target distributions."""
    worst: dict[str, Check] = {}
    for written in _written(case.code, tuple(case.given), rng):
        for one in _compare(case.code, written):
            worst[one.subject] = max(one, worst.get(one.subject, one), key=lambda c: (not c.ok, c.worst_error))
    yield from worst.values()
    if not worst:
        yield "the scalar oracle is left out: the code is too large for it"


def _written(code: Emitted, names: tuple[str, ...], rng: np.random.Generator) -> Iterator[Written]:
    covered: list[tuple[int, int]] = []
    budget = _BUDGET
    for size, T in _affordable(code, names, rng):
        if any(size <= s and t >= T for s, t in covered):
            continue
        written = write(code.model, _data(code, size, T, int(rng.integers(2**31))))
        work = _work(code, names, written)
        if work <= budget:
            budget -= work
            covered.append((size, T))
            yield written


def _work(code: Emitted, names: tuple[str, ...], written: Written) -> int:
    return sum(written.data.value(code.variable(name)).size for name in names) * written.nodes(_BUDGET)


def _affordable(code: Emitted, names: tuple[str, ...], rng: np.random.Generator) -> list[tuple[int, int]]:
    """The sizes that the code is made for; none if the smallest is beyond the budget: larger ones take long to write out."""
    fitting = [(size, T) for size, T in SIZES if code.only_T in (None, T)]
    if not fitting:
        return []
    smallest = write(code.model, _data(code, *fitting[-1], int(rng.integers(2**31))))
    return fitting if _work(code, names, smallest) <= _BUDGET else []


def _data(code: Emitted, size: int, T: int, seed: int) -> Data:
    values = [equation.value for equation in code.model.all_equations]
    heights = [node.args[0].shape[0] for value in values for node in value.atoms(*_REDUCTIONS)]
    reduced = {symbol.name for height in heights for symbol in height.free_symbols}
    dims = {name: 2 if name in reduced else size for name in sizes(code.model)}
    couples = any(value.has(BatchMean) for value in values)
    return random(code.model, dims, T, 2 if couples else 1, seed, distributions=True)


def _compare(code: Emitted, written: Written) -> Iterator[Check]:
    given = code.gradients(written.data)
    wanted = written.gradients(given)
    compare = Comparison("scalar oracle", "emitted", "scalar SymPy", TOLERANCE, Scale.of(wanted.values()))
    for name, gradient in given.items():
        yield compare.arrays(name, gradient, wanted[name], code.variable(name))
