"""Random numbers for a model, as dicts of arrays in the shapes of the emitted code's contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from symbptt.algebra.nodes import CrossEntropy
from symbptt.errors import BadInput, UnknownName
from symbptt.model.values import Model, Role, Variable

Array = NDArray[Any]

DIMENSIONS = {"D": 3, "H": 4, "O": 3}
"""Sizes used where the caller names none."""

_OTHERS = (2, 5, 6, 7)
"""Sizes for further dimensions, in alphabetical order: small, and distinct so that a transposed shape is noticed."""


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


def sizes(model: Model, dims: Mapping[str, int] | None = None) -> dict[str, int]:
    """A size for each named dimension of the model.

    Raises UnknownName for a dimension that the model has not, BadInput for a size that is no positive whole number.
    """
    given = dict(dims or {})
    for name, size in given.items():
        if name not in model.dimensions:
            raise UnknownName("dimension", name, model.dimensions)
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise BadInput(f"dimension {name} must be a positive whole number, not {size!r}")
    others = iter(_OTHERS * len(model.dimensions))
    default = {name: DIMENSIONS[name] if name in DIMENSIONS else next(others) for name in model.dimensions}
    return default | given


def number(expression: sp.Expr, dims: Mapping[str, int]) -> int:
    """A size such as H + D as a number."""
    return int(expression.subs({sp_name: dims[sp_name.name] for sp_name in expression.free_symbols}))


def shape(variable: Variable, dims: Mapping[str, int]) -> tuple[int, ...]:
    """The array shape of one value of a variable, as its file gives it."""
    return tuple(number(size, dims) for size in (variable.rows, variable.columns)[: len(variable.shape)])


def lead(variable: Variable, T: int, N: int) -> tuple[int, ...]:
    """The axes that the contract puts in front of a variable's shape."""
    if variable.role in (Role.PARAMETER, Role.BUFFER):
        return (T,) if variable.timed else ()
    return (N,) if variable.role is Role.STATE else (T, N)


def takes_classes(model: Model, target: Variable) -> bool:
    """Whether a target is a vector that cross-entropies alone read, so that integer classes can be given for it."""
    readers = [e.value for e in model.all_equations if any(s.name == target.name for s in e.value.atoms(sp.MatrixSymbol))]
    entropies = [node for value in readers for node in value.atoms(CrossEntropy)]
    inside = sum(getattr(node.args[1], "name", None) == target.name for node in entropies)
    elsewhere = sum(value.xreplace({node: sp.ZeroMatrix(1, 1) for node in entropies}).has(target.at()) for value in readers)
    return len(target.shape) == 1 and inside > 0 and not elsewhere


def random(
    model: Model, dims: Mapping[str, int] | None = None, T: int = 5, N: int = 2, seed: int = 0, *, distributions: bool = False,
) -> Data:
    """Seeded random data in float64.

    A target of a cross-entropy is an integer class, one of them -1 (ignored) if the batch leaves others at its step; with
    `distributions` it is a real distribution that sums to one. A mask that the model reads is 0 or 1, and 1 at the last step.
    States that start from a parameter are left out.
    """
    for name, count in (("T", T), ("N", N)):
        if isinstance(count, bool) or not isinstance(count, int) or count < 1:
            raise BadInput(f"{name} must be a positive whole number, not {count!r}")
    known, rng = sizes(model, dims), np.random.default_rng(seed)

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
