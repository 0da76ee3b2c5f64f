"""Evaluates a backward pass, right or wrong, and keeps its terms apart by loss step t and source step k."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from symbptt.algebra.evaluate import Array, Values
from symbptt.derive.numeric import in_own_shape
from symbptt.diagnose import jacobians
from symbptt.diagnose.linear import Compiled, Frame, compiled
from symbptt.diagnose.point import Point
from symbptt.diagnose.routes import BackwardPass, Route
from symbptt.model.values import Model, Role, Variable

Gradients = dict[str, Array]


@dataclass(frozen=True)
class Terms:
    """The terms of gradients: `arrays[name]` is (loss steps, T, N, rows, columns); an initial state has one source step."""

    model: Model
    losses: tuple[int, ...]
    T: int
    arrays: Mapping[str, Array]
    values: Values
    """They know the sizes."""

    def gradients(self) -> Gradients:
        """The sums of the terms in the shapes that the emitted code gives them."""
        return {name: _summed(self.model[name], array, self.values) for name, array in self.arrays.items()}


def _summed(variable: Variable, array: Array, values: Values) -> Array:
    by_step = array.sum(axis=0)
    if variable.role is Role.STATE:
        return in_own_shape(variable, by_step[0], 1, values)
    if variable.role is Role.INPUT:
        return in_own_shape(variable, by_step, 2, values)
    over_samples = by_step.sum(axis=1)
    summed = (over_samples.sum(axis=0), 0) if variable.tied else (over_samples, 1)
    return in_own_shape(variable, *summed, values)


@dataclass(frozen=True)
class Sweep:
    """The adjoints of a pass: `now` and `later` are those of every step and of the step after it, `carried` what reaches step 0.

    `leaves` are the terms of parameters and inputs that flow out of them.
    """

    backward: BackwardPass
    frame: Frame
    carried: Mapping[str, Array]
    leaves: Mapping[str, Array]

    def fits(self, backward: BackwardPass) -> bool:
        """Whether another pass has the same adjoints: it differs in gradients at most."""
        mine = self.backward
        same = len(mine.inner) == len(backward.inner) and all(a is b for a, b in zip(mine.inner, backward.inner, strict=True))
        return same and (mine.cut, mine.piled, mine.chain, mine.leaking) == (
            backward.cut, backward.piled, backward.chain, backward.leaking)


def sweep(backward: BackwardPass, point: Point) -> Sweep:
    """The adjoints of a pass, and all terms of its parameters and inputs."""
    frame, carried = _adjoints(backward, point)
    names = frozenset(v.name for v in backward.model.of(Role.PARAMETER, Role.INPUT) if not v.classes)
    return Sweep(backward, frame, carried, {name: _leaf(backward, point, frame, name) for name in names})


def interpret(backward: BackwardPass, point: Point, names: frozenset[str] | None = None, near: Sweep | None = None) -> Terms:
    """Run a backward pass from step T to step 1; the terms of the gradients in `names`, all if None.

    `near` is a sweep of a pass at the same point; what is the same in both is taken from it.
    """
    if near is not None and near.fits(backward):
        frame, carried = near.frame, near.carried
        known = {name: array for name, array in near.leaves.items() if _same(near.backward, backward, name)}
    else:
        frame, carried = _adjoints(backward, point)
        known = {}
    found: dict[str, Array] = {}
    for v in backward.model.of(Role.PARAMETER, Role.INPUT):
        if not v.classes and (names is None or v.name in names):
            found[v.name] = known[v.name] if v.name in known else _leaf(backward, point, frame, v.name)
    carried = {**carried, **_misplaced(backward, point, frame, carried)}
    for state in backward.model.states:
        if state.initial in found and state.name in point.run.started:
            # A state that starts from a parameter hands what reaches step 0 to it, with its first step.
            found[state.initial] = np.concatenate(
                [found[state.initial][:, :1] + carried[state.name][:, None], found[state.initial][:, 1:]], axis=1
            )
    states = {s.name for s in backward.model.states}
    found.update({n: a[:, None] for n, a in carried.items() if n in states and (names is None or n in names)})
    return Terms(backward.model, point.losses, point.T, found, point.values)


def _misplaced(backward: BackwardPass, point: Point, frame: Frame, carried: Mapping[str, Array]) -> dict[str, Array]:
    """What is taken for the adjoint of initial values that are `early` or come `again`."""
    first = Frame(0, {n: a[0] for n, a in frame.now.items()}, {n: a[0] for n, a in frame.later.items()})
    own = {n: _total(_pieces(backward.into(n), point), point, first, backward.model[n]) for n in backward.again}
    return {state: frame.now[value][0] for state, value in backward.early} | {n: carried[n] + value for n, value in own.items()}


def _same(one: BackwardPass, other: BackwardPass, name: str) -> bool:
    """Whether a gradient is computed alike in two passes."""
    mine, yours = one.into(name), other.into(name)
    return len(mine) == len(yours) and all(a is b for a, b in zip(mine, yours, strict=True))


def _adjoints(backward: BackwardPass, point: Point) -> tuple[Frame, Mapping[str, Array]]:
    """The adjoints of every step, stacked, and those that reach step 0."""
    if backward.chain is not None:
        return jacobians.adjoints(backward, point, backward.chain)
    frame, carried = _swept(backward, point, {})
    for _ in range(point.N - 1 if backward.leaking else 0):  # each sweep hands the carry to one more sample
        frame, carried = _swept(backward, point, {name: _to_next_sample(array) for name, array in carried.items()})
    return frame, carried


def _to_next_sample(array: Array) -> Array:
    return np.concatenate([np.zeros_like(array[:, :1]), array[:, :-1]], axis=1)


def _swept(backward: BackwardPass, point: Point, carried: Mapping[str, Array]) -> tuple[Frame, Mapping[str, Array]]:
    """One sweep, which starts with a carry."""
    inside = {v.name: _pieces(backward.into(v.name), point) for v in backward.order}
    lagged = {v.name: _pieces(backward.into(v.name, lagged=True), point) for v in backward.order}
    steps: list[Mapping[str, Array]] = []
    for index in range(point.T - 1, -1, -1):
        now: dict[str, Array] = {}
        frame = Frame(index, now, steps[-1] if steps else {})
        for variable in backward.order:
            value = _total(inside[variable.name], point, frame, variable)
            used = variable.name in carried and variable.name not in backward.cut
            now[variable.name] = value + carried[variable.name] if used else value
        new = {v.name: _total(lagged[v.name], point, frame, v) for v in backward.order if lagged[v.name] or v.role is Role.STATE}
        carried = {n: new[n] + carried[n] if n in backward.piled and n in carried else new[n] for n in new}
        steps.append(now)
    stacked = {v.name: np.stack([step[v.name] for step in steps[::-1]]) for v in backward.order}
    later = {name: np.concatenate([array[1:], np.zeros_like(array[:1])]) for name, array in stacked.items()}
    return Frame(slice(None), stacked, later), carried


_Piece = tuple[Compiled, bool]


def _pieces(routes: Iterable[Route], point: Point) -> tuple[_Piece, ...]:
    return tuple((compiled(route.value, point), route.external) for route in routes)


def _total(pieces: Iterable[_Piece], point: Point, frame: Frame, variable: Variable) -> Array:
    """The sum of routes at a step, (loss steps, N, rows, columns); a route from outside belongs to its own loss step."""
    total = np.zeros((len(point.losses), point.N, *point.size(variable)))
    place = point.places.get(frame.index + 1)
    for function, external in pieces:
        if not external:
            total += function(frame)
        elif place is not None:
            total[place] += (point.weight[frame.index] * function(frame))[0]
    return total


def _leaf(backward: BackwardPass, point: Point, frame: Frame, name: str) -> Array:
    """The terms of a parameter or an input, all steps at once: (loss steps, T, N, rows, columns)."""
    total = np.zeros((point.T, len(point.losses), point.N, *point.size(backward.model[name])))
    for function, external in _pieces(backward.into(name), point):
        value = function(frame)
        if not external:
            total += value
            continue
        for step, i in point.places.items():
            total[step - 1, i] += point.weight[step - 1] * value[step - 1][0]
    return total.swapaxes(0, 1)
