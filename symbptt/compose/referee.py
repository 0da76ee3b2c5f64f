"""The referee of a composed model: its parts evaluated one after another by the interpreter, perturbations included.

It shares no code with the derivation or the emitted modules. Arrays are in the order of the steps; a part in the backward
direction is evaluated in its own time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from symbptt.compose.chain import Chain, How, Link, Part
from symbptt.compose.slips import TURN_BACK, TURN_IN, UNMASKED, Slip
from symbptt.data.arrays import leading_axes, shape, shows_samples, sizes
from symbptt.data.random_values import random
from symbptt.data.values import Array, Data, grouped
from symbptt.model.values import Role, Variable
from symbptt.unroll.graph import UnrolledGraph, steps
from symbptt.verify.interpreter import Values, evaluate
from symbptt.verify.objective import by_step, leaves


@dataclass(frozen=True)
class Point:
    """A composed model at values: `data` has the arrays of all parts, `T` the number of steps of each part; `slips` are made on
    the way forward. With `truncation` (k1, k2) a perturbation goes on inside each part as that scheme goes back."""

    chain: Chain
    data: Data
    T: tuple[int, ...]
    slips: frozenset[Slip] = frozenset()
    truncation: tuple[int, int] | None = None

    def at(self, data: Data) -> Point:
        """The same model at other values."""
        return replace(self, data=data)

    def graph(self, number: int) -> UnrolledGraph:
        """The unrolled graph of a part."""
        return replace(steps(self.chain.parts[number].model, self.T[number]), truncation=self.truncation)

    def values(self, number: int, own: Data) -> Values:
        """The values of a part at its own data."""
        graph = self.graph(number)
        return _evaluated(graph, leaves(graph, own), own.dims)

    @cached_property
    def evaluated(self) -> tuple[tuple[Data, Values], ...]:
        """Each part's own data and values."""
        found: list[tuple[Data, Values]] = []
        known: dict[str, Array] = dict(self.data.inputs)
        for number, part in enumerate(self.chain.parts):
            own = part_data(self, number, known)
            values = self.values(number, own)
            known |= {v.name: self.taken(number, v, values, own) for v in part.model.outputs}
            found.append((own, values))
        return tuple(found)

    def taken(self, number: int, variable: Variable, values: Values, own: Data) -> Array:
        """(..., steps, N, ...) of a value of a part, in the order of the steps."""
        array = _stacked(variable, values, own)
        unturned = any(slip.kind == TURN_IN and slip.number == number for slip in self.slips)
        return array if unturned else turned(self.chain.parts[number], array, variable)

    def outputs(self) -> dict[str, Array]:
        """The outputs, (..., steps, N, ...)."""
        found = {v.name: self.taken(number, v, values, own)
                 for number, (own, values) in enumerate(self.evaluated) for v in self.chain.parts[number].model.outputs}
        return {v.name: found[v.name] for v in self.chain.outputs}

    def objective(self) -> Array:
        """The loss, or the weighed outputs where there is none; shape (...), the perturbation axes."""
        own, values = self.evaluated[-1]
        if self.chain.loss is not None:
            return sum(by_step(self.graph(-1), values, own).values(), np.zeros(()))
        return self.weighed()

    def weighed(self) -> Array:
        """The outputs times the cotangents of the data, summed; shape (...)."""
        weighed = [(array * self.data.cotangents[name]).reshape(*array.shape[: array.ndim - self._rank(name)], -1).sum(axis=-1)
                   for name, array in self.outputs().items()]
        return sum(weighed, np.zeros(()))

    def _rank(self, name: str) -> int:
        return 2 + len(self.chain[name].shape)


def _evaluated(graph: UnrolledGraph, given: Values, dims: Mapping[str, int]) -> Values:
    """The values of a part. Truncated, those of step t come from a run that takes what is carried into its first step without its
    perturbation: the imaginary part of a complex step."""
    whole = evaluate(graph, given, dims)
    if graph.truncation is None:
        return whole
    made = dict(given)
    first = {t: next((k for k in range(1, t + 1) if graph.keeps(t, k)), t + 1) for t in range(1, graph.T + 1)}
    for t, start in first.items():
        fixed = {at: value.real for at, value in whole.items() if at not in given and at[1] < start}
        run = replace(graph, assignments=tuple(a for a in graph if start <= a.step <= t))
        found = evaluate(run, fixed | given, dims)
        made |= {at: value for at, value in found.items() if at[1] == t}
    return made


def turned(part: Part, array: Array, variable: Variable) -> Array:
    """An array of all steps in the order of a part's time, or back; any axes may stand in front."""
    if not part.backward:
        return array
    samples = 0 if variable.role in (Role.PARAMETER, Role.BUFFER) else 1
    behind = 0 if variable.classes else len(variable.shape)
    return np.flip(array, array.ndim - 1 - samples - behind)


def part_data(point: Point, number: int, known: Mapping[str, Array]) -> Data:
    """The data of one part in its own time; `known` are the outer inputs and the values of the parts before."""
    part, data = point.chain.parts[number], point.data
    arrays = {name: array for name, array in data.arrays().items() if name not in part.linked}
    arrays |= {link.name: handed(point, number, link, known[link.source]) for link in part.links}
    slipped = {slip.kind: slip.name for slip in point.slips if slip.number == number}
    arrays |= {name: np.ones_like(arrays[name]) for kind, name in slipped.items() if kind == UNMASKED}
    given: dict[str, Array] = {}
    for variable in part.model.variables:
        if variable.name in arrays and variable.role in (Role.PARAMETER, Role.BUFFER, Role.INPUT, Role.TARGET, Role.STATE):
            timed = "T" in leading_axes(variable) and not (TURN_BACK in slipped and variable.role is Role.INPUT)
            given[variable.name] = turned(part, arrays[variable.name], variable) if timed else arrays[variable.name]
    cotangents = {v.name: turned(part, data.cotangents[v.name], v) for v in part.model.outputs if v.name in data.cotangents}
    last = number == len(point.chain.parts) - 1
    return Data(data.dims, point.T[number], data.N, *grouped(given, part.model), cotangents=cotangents,
                mask=data.mask if last else None, weights=data.weights if last else None)


def handed(point: Point, number: int, link: Link, array: Array) -> Array:
    """What a part is given of an earlier value (..., steps, N, ...)."""
    variable = point.chain.parts[number].model[link.name]
    if link.how is How.STEPS:
        return array
    if link.how is How.FINAL:
        axis = array.ndim - 2 - len(variable.shape)
        return array.take(point.chain.end(link), axis)
    axis = array.ndim - 1 - len(variable.shape)
    matrix = np.expand_dims(np.swapaxes(array, axis, axis + 1), axis)
    return np.repeat(matrix, point.T[number], axis)


def _stacked(variable: Variable, values: Values, data: Data) -> Array:
    """(..., T, N, *shape) of a value at all steps."""
    size = shape(variable, data.dims)
    every = [values[variable.name, t] for t in range(1, data.T + 1)]
    front = np.broadcast_shapes(*(v.shape[:-3] for v in every))
    full = [np.broadcast_to(v, (*front, data.N, *v.shape[-2:])).reshape(*front, data.N, *size) for v in every]
    return np.stack(full, axis=len(front))


def lengths(chain: Chain, T: int, dims: Mapping[str, int]) -> tuple[int, ...]:
    """The number of steps of each part."""
    return tuple(dims.get(part.steps, T) for part in chain.parts)


def drawn(chain: Chain, dims: Mapping[str, int] | None, T: int, N: int, seed: int) -> Point:
    """A composed model at random values in float64; a variable of several parts is drawn once."""
    known = sizes(chain, dims)  # type: ignore[arg-type]
    T_of = lengths(chain, T, known)
    N = N if all(shows_samples(part.model) for part in chain.parts) else 1
    arrays: dict[str, Array] = {}
    cotangents: dict[str, Array] = {}
    for number in reversed(range(len(chain.parts))):
        part = chain.parts[number]
        given = {name: known[name] for name in part.model.dimensions}
        made = random(part.model, given, T_of[number], N, seed + number)
        arrays = {name: a for name, a in made.arrays().items() if name not in part.linked} | arrays
        cotangents |= made.cotangents
    outputs = {v.name for v in chain.outputs}
    parameters, inputs, targets, states = by_group(arrays, chain)
    data = Data(known, T, N, parameters, inputs, targets, states, {n: c for n, c in cotangents.items() if n in outputs})
    return Point(chain, data, T_of)


def by_group(arrays: Mapping[str, Array], chain: Chain) -> list[dict[str, Array]]:
    """Values by name, sorted into their groups."""
    roles = ((Role.PARAMETER, Role.BUFFER), (Role.INPUT,), (Role.TARGET,), (Role.STATE,))
    return [{v.name: arrays[v.name] for v in chain.of(*group) if v.name in arrays} for group in roles]
