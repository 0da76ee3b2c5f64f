"""Evaluates a backward pass, right or wrong, and keeps its terms apart by loss step t and source step k."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.derive.numeric import to_user
from symbptt.diagnose.linear import Compiled, Frame, compiled
from symbptt.diagnose.point import Point
from symbptt.diagnose.routes import Backward, Route
from symbptt.model.values import Model, Role, Variable

Gradients = dict[str, Array]


@dataclass(frozen=True)
class Terms:
    """The terms of gradients: `arrays[name]` is (loss steps, T, N, rows, columns); an initial state has one source step."""

    model: Model
    losses: tuple[int, ...]
    T: int
    arrays: Mapping[str, Array]

    def gradients(self) -> Gradients:
        """The sums of the terms in the shapes that the emitted code gives them."""
        return {name: _summed(self.model[name], array) for name, array in self.arrays.items()}


def _summed(variable: Variable, array: Array) -> Array:
    by_step = array.sum(axis=0)
    if variable.role is Role.STATE:
        return to_user(variable, by_step[0], 1)
    if variable.role is Role.INPUT:
        return to_user(variable, by_step, 2)
    over_samples = by_step.sum(axis=1)
    return to_user(variable, over_samples.sum(axis=0), 0) if variable.tied else to_user(variable, over_samples, 1)


def interpret(program: Backward, point: Point, names: frozenset[str] | None = None) -> Terms:
    """Run a backward pass from step T to step 1; the terms of the gradients in `names`, all if None."""
    walk = _Walk(program, point)
    steps: list[Mapping[str, Array]] = []
    carried: dict[str, Array] = {}
    for index in range(point.T - 1, -1, -1):
        later = steps[-1] if steps else {}
        adjoints = walk.adjoints(index, {n: c for n, c in carried.items() if n not in program.cut}, later)
        new = {s.name: walk.total(walk.lagged[s.name], Frame(index, adjoints, later), s) for s in program.model.states}
        carried = {n: new[n] + carried[n] if n in program.piled and n in carried else new[n] for n in new}
        steps.append(adjoints)
    started = {s.initial: s.name for s in program.model.states if s.name in point.run.started}
    arrays = walk.leaves(steps[::-1], names)
    for parameter, state in started.items():
        if parameter in arrays:
            # A state that starts from a parameter hands what reaches step 0 to it, with its first step.
            arrays[parameter][:, 0] += carried[state]
    arrays.update({name: array[:, None] for name, array in carried.items() if names is None or name in names})
    return Terms(program.model, point.losses, point.T, arrays)


_Piece = tuple[Compiled, bool]


class _Walk:
    """The compiled routes of a pass by their targets."""

    def __init__(self, program: Backward, point: Point) -> None:
        self.point, self.program = point, program
        self.place = {step: i for i, step in enumerate(point.losses)}
        self.inside: dict[str, list[_Piece]] = {}
        self.lagged: dict[str, list[_Piece]] = {s.name: [] for s in program.model.states}
        for route in program.routes:
            (self.lagged if route.lagged else self.inside).setdefault(route.target.name, []).append(self._piece(route))

    def _piece(self, route: Route) -> _Piece:
        return compiled(route.value, self.point), route.external

    def total(self, pieces: Iterable[_Piece], frame: Frame, variable: Variable) -> Array:
        """The sum of routes at a step, (loss steps, N, rows, columns); a route from outside belongs to its own loss step."""
        total = np.zeros((len(self.point.losses), self.point.N, *self.point.size(variable)))
        for function, external in pieces:
            if not external:
                total += function(frame)
            elif frame.index + 1 in self.place:
                total[self.place[frame.index + 1]] += (self.point.weight[frame.index] * function(frame))[0]
        return total

    def adjoints(self, index: int, carried: Mapping[str, Array], later: Mapping[str, Array]) -> dict[str, Array]:
        """The adjoints of a step, in order."""
        now: dict[str, Array] = {}
        frame = Frame(index, now, later)
        for variable in self.program.order:
            value = self.total(self.inside.get(variable.name, ()), frame, variable)
            now[variable.name] = value + carried[variable.name] if variable.name in carried else value
        return now

    def leaves(self, steps: list[Mapping[str, Array]], names: frozenset[str] | None) -> dict[str, Array]:
        """The terms of parameters and inputs, all steps at once."""
        now = {v.name: np.stack([step[v.name] for step in steps]) for v in self.program.order}
        later = {name: np.concatenate([array[1:], np.zeros_like(array[:1])]) for name, array in now.items()}
        frame = Frame(slice(None), now, later)
        found: dict[str, Array] = {}
        for v in self.program.model.of(Role.PARAMETER, Role.INPUT):
            if not v.classes and (names is None or v.name in names):
                found[v.name] = self._all_steps(v, frame)
        return found

    def _all_steps(self, variable: Variable, frame: Frame) -> Array:
        T, losses = self.point.T, self.point.losses
        total = np.zeros((T, len(losses), self.point.N, *self.point.size(variable)))
        for function, external in self.inside.get(variable.name, ()):
            value = function(frame)
            if not external:
                total += value
                continue
            for i, step in enumerate(losses):
                total[step - 1, i] += self.point.weight[step - 1] * value[step - 1][0]
        return total.swapaxes(0, 1)
