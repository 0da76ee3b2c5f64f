"""The example by hand of a composed model: that of each member, with the values and the gradients that they hand each other."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property, lru_cache
from random import Random

import numpy as np
import sympy as sp

from symbptt import derive
from symbptt.algebra.evaluate import Array
from symbptt.compose import Chain, source
from symbptt.compose.chain import How, Link
from symbptt.compose.handed import through_parts
from symbptt.compose.referee import Point, turned
from symbptt.compose.slips import Slip
from symbptt.data.arrays import leading_axes
from symbptt.data.values import Data, grouped
from symbptt.document.composed.members import Member, members
from symbptt.document.example.mixed import Mixed, Number
from symbptt.document.example.numbers import Example, drawn, faults, learned_start, sizes
from symbptt.model.values import Role, Variable
from symbptt.unroll.graph import steps
from symbptt.verify.complex_step import STEP
from symbptt.verify.emitted import Emitted
from symbptt.verify.exact.entries import Entries, Matrix
from symbptt.verify.exact.whole_graph import gradients, leaves, run
from symbptt.verify.load import loaded

TRIES = 12
Place = tuple[str, int]
"""The name of a value, and its step in the order of the model."""


@dataclass(frozen=True)
class Linked:
    """Examples of the members in the order of computation, over T steps each."""

    chain: Chain
    T: int
    examples: tuple[Example, ...]

    @property
    def counted(self) -> int:
        """What the loss is divided by."""
        return self.examples[-1].counted

    def by_hand(self, variable: Variable) -> list[Number]:
        """The entries of the gradient by a parameter that all steps share: what its members give, added up."""
        pairs = [pair for e in self.examples if variable in e.model.variables for pair in e.by_hand(variable)]
        found = [matrix for of, matrix in pairs if of == variable.at()]
        return [sum(entries) for entries in zip(*([e for row in matrix for e in row] for matrix in found), strict=True)]

    @cached_property
    def point(self) -> Point:
        """The numbers as a point of the model."""
        arrays: dict[str, Array] = {}
        for member, example in zip(members(self.chain), self.examples, strict=True):
            own = example.data().arrays()
            for v in (v for v in member.model.variables if v.name in own and v.name not in member.part.linked):
                timed = "T" in leading_axes(v)
                arrays.setdefault(v.name, turned(member.part, own[v.name], v) if timed else own[v.name])
        known = {name: size for example in self.examples for name, size in example.sizes.items()}
        groups = grouped(arrays, self.chain)  # type: ignore[arg-type]
        return Point(self.chain, Data(known, self.T, 1, *groups), (self.T,) * len(self.examples))

    def by_complex_step(self, variable: Variable) -> Array:
        """The gradient by a variable, entry by entry, from the values alone."""
        start = np.asarray(self.point.data.value(variable))
        found = np.zeros(start.shape)
        for entry in np.ndindex(start.shape):
            moved = start.astype(complex)
            moved[entry] += 1j * STEP
            found[entry] = np.imag(self.point.at(self.point.data.having(variable, moved)).objective()) / STEP
        return self.counted * found

    def by_code(self, variables: Iterable[Variable]) -> dict[str, Array]:
        """The gradients by the emitted module."""
        file = source(self.chain, wrt=tuple(v.name for v in variables))
        code = Emitted(file.path, loaded(file.text, file.path), self.chain)  # type: ignore[arg-type]
        return {name: self.counted * np.asarray(array) for name, array in code.gradients(self.point.data).items()}

    def without(self, slip: Slip) -> dict[str, Array]:
        """The gradients where something is not handed over."""
        return {name: self.counted * array for name, array in through_parts(self.point, slip)[0].items()}


@lru_cache(maxsize=8)
def linked(chain: Chain, T: int) -> Linked | None:
    """The first of several draws in which everything is finite and every gradient moves, None if none is finite."""
    best: tuple[tuple[int, int], Linked] | None = None
    for trial in range(TRIES):
        made = _Draw(chain, members(chain), T, trial).examples()
        found = [faults(example) for example in made]
        if None in found:
            continue
        score = sum(f[0] for f in found if f), sum(f[1] for f in found if f)
        if best is None or score < best[0]:
            best = score, Linked(chain, T, made)
        if score == (0, 0):
            break
    return best[1] if best else None


@dataclass
class _Draw:
    chain: Chain
    every: tuple[Member, ...]
    T: int
    trial: int
    known: dict[str, int] = field(default_factory=dict)
    values: dict[Place, Matrix] = field(default_factory=dict)
    cotangents: dict[Place, Matrix] = field(default_factory=dict)
    given: dict[sp.MatrixSymbol, Matrix] = field(default_factory=dict)

    def examples(self) -> tuple[Example, ...]:
        for member in self.every:
            self.known |= {n: max(size, self.known.get(n, 1)) for n, size in sizes(member.model).items()}
        self.known |= {member.part.steps: self.T for member in self.every if member.part.steps in self.known}
        handed_on = {link.source for member in self.every for link in member.part.links}
        for member in self.every:
            entries = self._evaluated(member)
            taken = member.part.linked - {v.name for v in member.model.outputs}
            for v in (*member.model.of(Role.INPUT), *member.model.outputs):
                for step in range(1, self.T + 1):
                    known = entries.leaves.get(v.at(step))
                    if v.name not in taken and (known or v.name in handed_on):  # what is handed on, its own phase need not read
                        value = known[0] if known else self._leaf(member, v.at(step), entries)
                        self.values[v.name, self._step(member, step)] = value
        return tuple(reversed([self._derived(member) for member in reversed(self.every)]))

    def _step(self, member: Member, own: int) -> int:
        return self.T + 1 - own if member.part.backward else own

    def _evaluated(self, member: Member) -> Entries:
        graph = steps(member.model, self.T)
        entries = Entries(Mixed(), {name: self.known[name] for name in member.model.dimensions}, 1)
        for leaf in leaves(graph):
            entries.leaves[leaf] = [self._leaf(member, leaf, entries)]
        run(graph, entries)
        return entries

    def _leaf(self, member: Member, leaf: sp.MatrixSymbol, entries: Entries) -> Matrix:
        link = next((link for link in member.part.links if link.name == leaf.name), None)
        step = self._step(member, int(leaf.step)) if hasattr(leaf, "step") else 0
        if link is not None:
            return self._taken(link, step)
        value = next((value for value, cotangent in member.handed if cotangent.name == leaf.name), None)
        if value is not None:
            rows, columns = entries.shape(leaf)
            return self.cotangents.get((value.name, step), [[Fraction(0)] * columns for _ in range(rows)])
        origin = learned_start(member.model, leaf) or leaf
        place = member.model[origin.name].at(step) if hasattr(origin, "step") else origin
        if place not in self.given:
            self.given[place] = drawn(member.model, origin, entries, Random(f"{self.trial} {place}"))
        return self.given[place]

    def _taken(self, link: Link, step: int) -> Matrix:
        if link.how is How.MEMORY:
            return [[entry for row in self.values[link.source, k] for entry in row] for k in range(1, self.T + 1)]
        return self.values[link.source, self._last(link) if link.how is How.FINAL else step]

    def _last(self, link: Link) -> int:
        return range(1, self.T + 1)[self.chain.end(link)]

    def _derived(self, member: Member) -> Example:
        """The example of a member, whose readers have handed back everything; what it hands back is added to the rest."""
        entries, graph = self._evaluated(member), steps(member.model, self.T)
        system = derive.adjoints(graph)
        found = {of: value[0] for _, of, value in gradients(system, entries)}
        for link in member.part.links:
            for place, gradient in self._back(member, link, found):
                before = self.cotangents.get(place)
                self.cotangents[place] = gradient if before is None else _added(before, gradient)
        known = {name: self.known[name] for name in member.model.dimensions}
        return Example(graph, known, entries, system, found)

    def _back(self, member: Member, link: Link, found: dict[sp.MatrixSymbol, Matrix]) -> Iterator[tuple[Place, Matrix]]:
        variable = member.model[link.name]
        at = {step: found[variable.at(step)] for step in range(self.T + 1) if variable.at(step) in found}
        if link.how is How.FINAL:
            yield (link.source, self._last(link)), at[0]
        elif link.how is How.STEPS:
            yield from (((link.source, self._step(member, step)), gradient) for step, gradient in at.items())
        else:
            total = next(iter(at.values()))
            for gradient in list(at.values())[1:]:
                total = _added(total, gradient)
            yield from (((link.source, k), [[entry] for entry in row]) for k, row in enumerate(total, 1))


def _added(first: Matrix, second: Matrix) -> Matrix:
    return [[a + b for a, b in zip(*rows, strict=True)] for rows in zip(first, second, strict=True)]
