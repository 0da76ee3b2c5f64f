"""The example itself: small sizes, short fractions for every leaf, all values and adjoints computed from them."""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from random import Random

import numpy as np
import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt import derive
from symbptt.algebra.evaluate import Array
from symbptt.algebra.nodes import TIME, BatchMean, Elementwise, SumAll
from symbptt.data.classes import class_targets
from symbptt.data.values import GIVEN, Data, grouped
from symbptt.derive.adjoint import AdjointSystem
from symbptt.derive.value_range import value_range
from symbptt.document.example.mixed import Mixed
from symbptt.errors import BadInput
from symbptt.model.values import Model, Role, Variable
from symbptt.unroll.graph import UnrolledGraph, steps
from symbptt.verify.exact.entries import Entries, Matrix
from symbptt.verify.exact.whole_graph import gradients, leaves, run
from symbptt.verify.load import resolve

TWO = 2
"""The size of a dimension of states or classes, so that transposes and the order of factors show; every other has size one."""
HALVES = tuple(Fraction(n, 2) for n in (-2, -1, 1, 2))
TRIES = 60
NEAR = 0.25
"""A denominator that is nearer to zero makes numbers that nobody wants to follow."""


@dataclass(frozen=True)
class Example:
    """Numbers for a model over T steps of one sample; `entries.leaves` holds those of every symbol, adjoints included."""

    graph: UnrolledGraph
    sizes: Mapping[str, int]
    entries: Entries
    system: AdjointSystem
    gradients: Mapping[sp.MatrixSymbol, Matrix]

    @property
    def model(self) -> Model:
        """The model."""
        return self.graph.model

    def value(self, expression: MatrixExpr) -> Matrix:
        """The entries of a formula."""
        return self.entries(expression)[0]

    def by_hand(self, variable: Variable) -> list[tuple[sp.MatrixSymbol, Matrix]]:
        """The gradient by a parameter, for one of each step one by one: the symbol that it is of, and its entries.

        That of a parameter from which states start is the sum of theirs.
        """
        started = tuple(state.at(0) for state in self.model.starting(variable))
        if started:
            found = [self.gradients[of] for of in started if of in self.gradients]
            total = [[sum(entries) for entries in zip(*rows, strict=True)] for rows in zip(*found, strict=True)]
            return [(variable.at(), total)]
        return [(of, entries) for of, entries in self.gradients.items() if of.name == variable.name]

    @cached_property
    def counted(self) -> int:
        """What the code divides the loss and its gradients by: the losses that count where it takes their mean."""
        assert self.model.loss is not None
        return len(self.graph.loss_steps) if self.model.loss.reduction == "mean" else 1

    @cached_property
    def by_code(self) -> Mapping[str, Array]:
        """The gradients of the sum of the losses by the emitted module, for the same numbers, by name; the loss as well."""
        code, data = resolve(self.model, T=self.graph.T), self.data()
        assert self.model.loss is not None
        found = {**code.gradients(data), self.model.loss.target.name: np.asarray(code.value(data).real)}
        return {name: self.counted * values for name, values in found.items()}

    def by_difference(self, variable: Variable, step: float) -> float:
        """The central difference of the sum of the losses by the first entry of a variable, from the emitted module."""
        code, data = resolve(self.model, T=self.graph.T), self.data()
        losses = []
        for sign in (1, -1):
            moved = np.array(data.value(variable), dtype=float)
            moved.flat[0] += sign * step
            losses.append(float(np.real(code.value(data.having(variable, moved)))))
        return self.counted * (losses[0] - losses[1]) / (2 * step)

    def data(self) -> Data:
        """The numbers as arrays of the emitted code's contract, time-major with one sample."""
        made = {v.name: self._array(v) for v in self.model.of(*GIVEN) if v.initial is None}
        return Data(dict(self.sizes), self.graph.T, 1, *grouped(made, self.model))

    def _array(self, v: Variable) -> Array:
        shape = tuple(self.entries.size(size) for size in v.axes)
        learned = v.role in (Role.PARAMETER, Role.BUFFER)
        if v.role is Role.STATE or (learned and not v.timed):
            one = self._entries(v.at(0) if v.role is Role.STATE else v.at(), shape)
            return one[None] if v.role is Role.STATE else one
        stacked = np.stack([self._entries(v.at(t), shape) for t in range(1, self.graph.T + 1)])
        if v.classes:
            return np.argmax(stacked.reshape(self.graph.T, -1), axis=1)[:, None]
        return stacked if learned else stacked[:, None]

    def _entries(self, symbol: sp.MatrixSymbol, shape: tuple[int, ...]) -> Array:
        if symbol not in self.entries.leaves:
            return np.zeros(shape)
        return np.array([[float(entry) for entry in row] for row in self.entries.leaves[symbol][0]]).reshape(shape)


def sizes(model: Model) -> dict[str, int]:
    """One for every dimension; two for states, for classes, to have a choice, and for what a cell averages."""
    classed = {name for target in class_targets(model) for name in model[target].shape}
    classed |= {symbol.name for v in model.states for extent in (v.rows, v.columns) for symbol in sp.sympify(extent).free_symbols}
    classed |= {name for v in model.of(Role.INPUT) if v.classes for name in v.shape}
    sums = (node for e in model.equations for node in e.value.atoms(SumAll))
    classed |= {symbol.name for node in sums for extent in node.args[0].shape for symbol in extent.free_symbols}
    return {name: TWO if name in classed else 1 for name in model.dimensions}


def refusal(model: Model) -> str | None:
    """Why a model has no example by hand, as a key of the tables of words; None if it has one."""
    if any(e.value.has(BatchMean) for e in model.all_equations):
        return "couples"
    return None if example(model, 2) is not None else "numbers"


@lru_cache(maxsize=32)
def example(model: Model, T: int, seed: int = 0) -> Example | None:
    """The first of several draws in which everything is finite, denominators are away from zero and every gradient moves; None
    if none is finite. States of a model that divides by what they carry start at zero, where that gives finite numbers."""
    starts = (True, False) if _divides(model) else (False,)
    return next((found for rests in starts if (found := _best(_draws(model, T, seed, rests))) is not None), None)


def _divides(model: Model) -> bool:
    """Whether a value that depends on the state before is a denominator that may be zero."""
    known = {e.target.at(): e.value for e in model.all_equations}
    carried = {leaf for state in model.states for leaf in (state.at(TIME - 1), state.at())}
    for equation in model.equations:
        if equation.value.atoms(sp.MatrixSymbol) & carried:
            carried.add(equation.target.at())
    under = [denominator for value in known.values() for denominator in _under(value)]
    return any(one.atoms(sp.MatrixSymbol) & carried and value_range(one, known)[0] <= 0 for one in under)


def _under(value: MatrixExpr) -> Iterator[MatrixExpr]:
    """What a formula divides by."""
    yield from (node.operand for node in value.atoms(Elementwise) if node.name == "reciprocal")


def _close(made: Example) -> int:
    """How many denominators are near zero."""
    entries = (e for a in made.graph.assignments for under in _under(a.value) for row in made.value(under) for e in row)
    return sum(abs(float(entry)) < NEAR for entry in entries)


def _best(draws: Iterable[Example]) -> Example | None:
    best: tuple[tuple[int, int], Example] | None = None
    for made in draws:
        found = faults(made)
        if found is not None and (best is None or found < best[0]):
            best = found, made
        if found == (0, 0):
            break
    return best[1] if best else None


def faults(made: Example) -> tuple[int, int] | None:
    """How many denominators are near zero, and how many gradients; None where something is not finite."""
    values = [abs(float(e)) for matrix in made.gradients.values() for row in matrix for e in row]
    return (_close(made), sum(value < 0.01 for value in values)) if all(map(math.isfinite, values)) else None


def _draws(model: Model, T: int, seed: int, rests: bool) -> Iterator[Example]:
    """Examples with other numbers each; `rests` lets every state that starts from no parameter start at zero."""
    graph, known = steps(model, T), sizes(model)
    system = derive.adjoints(graph)
    for trial in range(TRIES):
        entries = Entries(Mixed(), known, 1)
        for leaf in leaves(graph):
            source = learned_start(model, leaf) or leaf
            if source not in entries.leaves:
                at_rest = rests and model[source.name].role is Role.STATE
                found = _zeros(entries.shape(source)) if at_rest else \
                    drawn(model, source, entries, Random(f"{seed} {trial} {source}"))
                entries.leaves[source] = [found]
            entries.leaves[leaf] = entries.leaves[source]
        run(graph, entries)
        yield Example(graph, known, entries, system, {of: value[0] for _, of, value in gradients(system, entries)})


def _zeros(shape: tuple[int, int]) -> Matrix:
    return [[Fraction(0)] * shape[1] for _ in range(shape[0])]


def learned_start(model: Model, leaf: sp.MatrixSymbol) -> sp.MatrixSymbol | None:
    """The parameter that an initial state is taken from, None for other values."""
    name = model[leaf.name].initial
    return None if name is None else model[name].at()


def drawn(model: Model, leaf: sp.MatrixSymbol, entries: Entries, random: Random) -> Matrix:
    """Multiples of one half; a class is a column with a single one, a mask and a moving average are one."""
    variable = model[leaf.name]
    rows, columns = entries.shape(leaf)
    if variable.name in class_targets(model) or variable.classes:
        chosen = random.randrange(rows)
        return [[Fraction(int(i == chosen))] for i in range(rows)]
    if (variable.role is Role.BUFFER and variable.timed) or variable.mask:
        return [[Fraction(1)] * columns for _ in range(rows)]
    if model.dimensions and variable.role is Role.PARAMETER and variable.shape in ((), ("1",)):
        return [[Fraction(1, 2)]]  # among vectors a single number is a rate or a mixture
    return [[random.choice(HALVES) for _ in range(columns)] for _ in range(rows)]


def required(model: Model, T: int, seed: int = 0) -> Example:
    """As `example`; raises BadInput where there is none."""
    found = example(model, T, seed)
    if found is None:
        raise BadInput(f"{model.name} has no small example with finite numbers")
    return found
