"""Numbers for a model: values of all its symbols, adjoints included, and what a formula is worth at them."""

from dataclasses import replace
from functools import cached_property, lru_cache

import numpy as np
import sympy as sp
from sympy.matrices.exceptions import ShapeError
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt import derive
from symbptt.algebra import tidy
from symbptt.algebra.evaluate import Array, evaluate
from symbptt.algebra.nodes import BatchMean, SumOver
from symbptt.data.random_values import random
from symbptt.data.values import Arrays, Data
from symbptt.derive.numeric import run
from symbptt.errors import BadInput
from symbptt.model.values import Model
from symbptt.narrative import symbols
from symbptt.narrative.symbols import LAST
from symbptt.quiz.question import Numbers
from symbptt.unroll.graph import steps

Worth = tuple[Array | None, ...]
"""What a right side is worth at every step; None where it cannot be evaluated."""
SIZE = 2
"""The size of every dimension."""
DRAWS = 40
NEAR = 1e-6
"""Numbers that differ by less, relative to their size, are the same."""


class Point:
    """Values of a model over T steps of N samples, those of the leaves with one decimal if they are to be read."""

    def __init__(self, model: Model, data: Data, T: int) -> None:
        self.model, self.T, self.data = model, T, data
        system = derive.adjoints(steps(model, T))
        self.done = run(system.graph, data.parameters, data.inputs, data.targets, data.states)
        self.gradients = system.of_run(self.done)

    @property
    def finite(self) -> bool:
        """Whether every value and every adjoint is a number."""
        return all(np.isfinite(value).all() for value in self.done.values.leaves.values())

    @cached_property
    def leaves(self) -> dict[sp.MatrixSymbol, Array]:
        """The value of every symbol, (N or 1, rows, columns)."""
        return self.done.values.leaves

    def worth(self, value: MatrixExpr, last: bool) -> Worth:
        """What a right side in template time is worth at every step, the last one only if asked for.

        None where it reads what does not exist, or where its shapes do not fit.
        """
        return tuple(self._at(value, t) for t in range(1, self.T + 1 if last else self.T))

    def _at(self, value: MatrixExpr, step: int) -> Array | None:
        try:
            sums = {node: self._summed(node) for node in value.atoms(SumOver)}
            there = symbols.at(value.xreplace(sums).xreplace({LAST: sp.Integer(self.T)}), step)
            with np.errstate(all="ignore"):
                return self.done.batch(evaluate(there, self.done.values))
        except (KeyError, ValueError, ShapeError):
            return None

    def _summed(self, node: SumOver) -> MatrixExpr:
        body, index, first, end = node.args
        bounds = range(int(first), int(end.xreplace({LAST: sp.Integer(self.T)})) + 1)
        return tidy.add(*(body.xreplace({index: sp.Integer(t)}) for t in bounds))


def same(one: Worth, other: Worth) -> bool:
    """Whether two right sides agree at all steps at which both can be evaluated; a row agrees with a column of its entries."""
    both = [(a.ravel(), b.ravel()) for a, b in zip(one, other, strict=True) if a is not None and b is not None]
    return bool(both) and all(a.shape == b.shape and _close(a, b) for a, b in both)


def _close(a: Array, b: Array) -> bool:
    return bool(np.abs(a - b).max() <= NEAR * max(1.0, float(np.abs(a).max())))


def numbers(worth: Worth) -> Numbers | None:
    """The entries of all steps, None where one of them cannot be evaluated."""
    if any(value is None for value in worth):
        return None
    return tuple(float(entry) for value in worth if value is not None for entry in value.ravel())


@lru_cache(maxsize=64)
def point(model: Model, T: int, N: int, seed: int, decimals: int | None = None) -> Point:
    """Values of a model at which it is defined. Raises BadInput where no draw suits."""
    for trial in range(DRAWS):
        data = random(model, dict.fromkeys(model.dimensions, SIZE), T=T, N=N, seed=seed + 1000 * trial)
        made = Point(model, data if decimals is None else _rounded(data, decimals), T)
        if made.finite:
            return made
    raise BadInput(f"{model.name}: none of {DRAWS} draws of values gives finite numbers, so there is nothing to ask")


def _rounded(data: Data, decimals: int) -> Data:
    def short(arrays: Arrays) -> Arrays:
        return {name: _short(array, decimals) for name, array in arrays.items()}

    return replace(
        data, parameters=short(data.parameters), inputs=short(data.inputs), targets=short(data.targets), states=short(data.states)
    )


def _short(array: Array, decimals: int) -> Array:
    """Rounded, but never to zero."""
    if array.dtype.kind != "f":
        return array
    made = np.round(array, decimals)
    return np.where((made == 0) & (array != 0), np.copysign(10.0**-decimals, array), made)


def mixes_samples(model: Model) -> bool:
    """Whether a mean over the batch couples the samples, so that one sample shows nothing."""
    return any(e.value.has(BatchMean) for e in model.all_equations)
