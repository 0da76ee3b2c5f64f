"""Random numbers for a model, as dicts of arrays in the shapes of the emitted code's contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symbptt.checks import whole
from symbptt.errors import BadInput
from symbptt.model.arrays import lead, shape, shows_samples, sizes, takes_classes
from symbptt.model.values import Model, Role, Variable

Array = NDArray[Any]


@dataclass(frozen=True)
class Data:
    """Values for every variable: inputs and targets (T, N, ...), states (N, ...), parameters as in the file, untied (T, ...).

    Integer arrays (T, N) stand for classes; a target below 0 counts nothing. `cotangents` (T, N, ...) weigh the outputs.
    `mask` (T, N) and `weights` (T,) say what samples and steps count in the loss; None means one.
    """

    dims: Mapping[str, int]
    T: int
    N: int
    parameters: Mapping[str, Array]
    inputs: Mapping[str, Array]
    targets: Mapping[str, Array]
    states: Mapping[str, Array]
    cotangents: Mapping[str, Array] = field(default_factory=dict)
    mask: Array | None = None
    weights: Array | None = None

    def part(self, role: Role) -> str:
        """The name of the dict that holds variables of this role."""
        return _PARTS[role]

    def value(self, variable: Variable) -> Array:
        """The value given for a variable; a state that is not given has that of the parameter it starts from."""
        part = getattr(self, self.part(variable.role))
        if variable.name not in part and variable.initial is not None:
            start = self.parameters[variable.initial]
            return np.broadcast_to(start, (self.N, *start.shape))
        found: Array = part[variable.name]
        return found

    def having(self, variable: Variable, value: Array) -> Data:
        """The same data with another value for one variable."""
        part = self.part(variable.role)
        changed: dict[str, Any] = {part: {**getattr(self, part), variable.name: value}}
        return replace(self, **changed)

    def first(self, model: Model, T: int) -> Data:
        """The data of the first T steps."""
        untied = {v.name for v in model.of(Role.PARAMETER, Role.BUFFER) if v.timed}
        parameters = {name: value[:T] if name in untied else value for name, value in self.parameters.items()}
        inputs, targets, cotangents = (
            {name: value[:T] for name, value in part.items()} for part in (self.inputs, self.targets, self.cotangents)
        )
        mask, weights = (None if part is None else part[:T] for part in (self.mask, self.weights))
        return Data(self.dims, T, self.N, parameters, inputs, targets, self.states, cotangents, mask, weights)


_PARTS = {
    Role.PARAMETER: "parameters", Role.BUFFER: "parameters", Role.INPUT: "inputs", Role.TARGET: "targets", Role.STATE: "states",
}


def random(
    model: Model, dims: Mapping[str, int] | None = None, T: int = 5, N: int = 2, seed: int = 0, *, distributions: bool = False,
) -> Data:
    """Seeded random data in float64.

    A target of a cross-entropy is an integer class, one of them -1 (ignored) if the batch leaves others at its step; with
    `distributions` it is a real distribution that sums to one. A mask that the model reads is 0 or 1, and 1 at the last step.
    States that start from a parameter are left out; where nothing else shows the number of samples, there is one.
    """
    for name, count in (("T", T), ("N", N)):
        if whole(count, 1) is None:
            raise BadInput(f"{name} must be a positive whole number, not {count!r}")
    known, rng = sizes(model, dims), np.random.default_rng(seed)
    N = N if shows_samples(model) else 1

    def draw(variable: Variable) -> Array:
        size = shape(variable, known)
        full = lead(variable, T, N) + size
        if variable.classes:
            return rng.integers(0, size[0], full[: len(full) - len(size)])
        if variable.role is Role.TARGET and takes_classes(model, variable):
            return _distribution(rng, full) if distributions else _classes(rng, size[0], T, N)
        if variable.role is Role.BUFFER:
            return rng.uniform(0.5, 1.5, full)  # a variance is positive
        if model.loss is not None and variable.name == model.loss.mask:
            return np.concatenate((rng.integers(0, 2, (T - 1, N)), np.ones((1, N)))).astype(np.float64)
        values: Array = rng.standard_normal(full)
        # A weight matrix keeps its argument of order one, so that nothing saturates and no gradient is lost in rounding.
        return values / np.sqrt(size[1]) if variable.role is Role.PARAMETER and len(size) == 2 else values

    def part(*roles: Role) -> dict[str, Array]:
        return {v.name: draw(v) for v in model.of(*roles) if v.initial is None}

    cotangents = {v.name: rng.standard_normal((T, N, *shape(v, known))) for v in model.outputs}
    return Data(known, T, N, part(Role.PARAMETER, Role.BUFFER), part(Role.INPUT), part(Role.TARGET), part(Role.STATE), cotangents)


def _distribution(rng: np.random.Generator, full: tuple[int, ...]) -> Array:
    weights: Array = rng.uniform(0.1, 1.0, full)
    return weights / weights.sum(axis=-1, keepdims=True)


def _classes(rng: np.random.Generator, count: int, T: int, N: int) -> Array:
    classes: Array = rng.integers(0, count, (T, N))
    if N > 1:
        classes[rng.integers(T), rng.integers(N)] = -1
    return classes
