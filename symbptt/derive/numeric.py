"""Arrays for the leaves of a graph: from the shapes users have, (T, N, ...), to one matrix per sample and step, and back."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import prod
from typing import Generic, TypeVar

import numpy as np
import sympy as sp

from symbptt.algebra.evaluate import Array, Values, evaluate
from symbptt.algebra.nodes import TIME, Timed
from symbptt.algebra.related import LossWeight
from symbptt.checks import group
from symbptt.data.arrays import leading_axes
from symbptt.data.classes import are_classes, class_targets, one_hot
from symbptt.data.values import Arrays
from symbptt.errors import BadInput
from symbptt.model.dimensions import sources
from symbptt.model.values import Model, Role, Variable
from symbptt.unroll.graph import UnrolledGraph

R = TypeVar("R")

LOSS_WEIGHT = LossWeight(Timed("L", 1, 1, TIME))
"""What a sample counts in the loss of step t; one, unless there is a mask, a weight of the step or a mean."""


@dataclass(frozen=True)
class Evaluation:
    """A graph with the value of every symbol: `values.leaves` maps a symbol to an array (N or 1, rows, columns)."""

    graph: UnrolledGraph
    values: Values
    N: int
    weight: Mapping[int, Array]
    """What each sample of a loss step counts, (N, 1, 1): see `loss_weight`."""
    started: frozenset[str]
    """The states that start from a parameter, since they are not given."""

    def at(self, step: int) -> Values:
        """The values as a template of step `step` reads them: v_t at the step, v_{t-1} at the step before."""
        leaves = dict(self.values.leaves)
        for variable in self.graph.model.variables:
            if variable.timed:
                for back in (0, 1):
                    symbol = variable.at(step - back)
                    if symbol in leaves:
                        leaves[variable.at(TIME - back)] = leaves[symbol]
        leaves[LOSS_WEIGHT] = self.weight.get(step, np.zeros((1, 1, 1)))
        return _with(self.values, leaves)

    def batch(self, value: Array) -> Array:
        """A value repeated for every sample if the samples share it."""
        return np.broadcast_to(value, (*value.shape[:-3], self.N, *value.shape[-2:]))


def _with(values: Values, leaves: Mapping[sp.MatrixSymbol, Array]) -> Values:
    made = Values(leaves, {})
    made.sizes = values.sizes
    return made


def sizes(model: Model, parameters: Arrays, inputs: Arrays, targets: Arrays, states: Arrays) -> dict[str, int]:
    """The named dimensions, read off the arrays; raises BadInput where two arrays disagree or too few are given."""
    given = {name: np.asarray(array) for part in (parameters, inputs, targets, states) for name, array in part.items()}
    told = [v for v in model.variables if v.name in given and not are_classes(v, given[v.name])]
    for v in told:
        _check_axes(v, given[v.name])
    known: dict[str, int] = {}
    for name, source in sources(told).items():
        rest = _length(given, source.variable, source.axis) - source.number - sum(known[other] for other in source.others)
        count = source.count * prod(known[factor] for factor in source.factors)
        if rest < count or rest % count:
            told_by = source.variable.name
            raise BadInput(f"{told_by} has shape {given[told_by].shape}, which leaves no size for {name}")
        known[name] = rest // count
    for v in told:
        for axis, name in enumerate(v.shape):
            if name in known and known[name] != _length(given, v, axis):
                first = sources(told)[name].variable.name
                raise BadInput(f"dimension {name} is {known[name]} in {first} but {_length(given, v, axis)} in {v.name}")
    if missing := sorted(set(model.dimensions) - known.keys()):
        raise BadInput(f"no array tells the size of {missing[0]}")
    return known


def _check_axes(variable: Variable, array: Array) -> None:
    """Raises BadInput for an array without the axes of the contract: those of steps and samples, then the variable's own."""
    axes = (*leading_axes(variable), *variable.shape)
    if array.ndim != len(axes):
        classes = variable.role is Role.TARGET and len(variable.shape) == 1
        other = f", or integer classes (T, N), not {array.dtype}" if classes and array.ndim == 2 else ""
        raise BadInput(f"{variable.name} has shape {array.shape}, expected ({', '.join(axes)}){other}")


def _length(given: Arrays, variable: Variable, axis: int) -> int:
    """The length of an axis of the variable's own shape, behind any leading axes."""
    return int(given[variable.name].shape[axis - len(variable.shape)])


def _one_hot(classes: Array, n: int, name: str) -> Array:
    """Integer classes (...) as columns (..., n, 1)."""
    if classes.size and classes.max() >= n:
        raise BadInput(f"{name}: class {classes.max()} is not below {n}")
    return one_hot(classes, n)[..., None]


def _column(array: Array, variable: Variable, values: Values, lead: int) -> Array:
    """An array with `lead` leading axes as matrices; checks the shape."""
    rows, columns = values.size(variable.rows), values.size(variable.columns)
    shape = tuple(map(values.size, variable.axes))
    if array.ndim < lead or array.shape[lead:] != shape:
        expected = ", ".join([*(["T", "N"][-lead:] if lead else ()), *map(str, shape)])
        raise BadInput(f"{variable.name} has shape {array.shape}, expected ({expected})")
    return array.reshape(*array.shape[:lead], rows, columns)


def _need(arrays: Arrays, variable: Variable) -> Array:
    if variable.name not in arrays:
        raise BadInput(f"no value for the {variable.role} {variable.name}")
    return np.asarray(arrays[variable.name])


def bind(graph: UnrolledGraph, parameters: Arrays, inputs: Arrays, targets: Arrays, states: Arrays) -> Evaluation:
    """The values of a graph's leaves, nothing computed yet. Shapes and errors are those of `run`."""
    model, T = graph.model, graph.T
    learned = (Role.PARAMETER, Role.BUFFER)
    for arrays, *roles in ((parameters, *learned), (inputs, Role.INPUT), (targets, Role.TARGET), (states, Role.STATE)):
        for name in arrays:
            if name not in {v.name for v in model.of(*roles)}:
                raise BadInput(f"{name} is no {roles[0]} of {model.name}")
    values = Values({}, sizes(model, parameters, inputs, targets, states))
    N = 1
    for v in model.of(*learned):
        array = _need(parameters, v)
        if not v.timed:
            values.leaves[v.at()] = _column(array, v, values, 0)[None]
            continue
        stacked = _column(array, v, values, 1)
        values.leaves.update({v.at(t): stacked[t - 1][None] for t in range(1, T + 1)})
    reads_targets = {s.name for e in (model.loss.equations if model.loss else ()) for s in e.value.atoms(sp.MatrixSymbol)}
    for v in model.of(Role.INPUT, Role.TARGET):
        if v.role is Role.TARGET and v.name not in reads_targets:
            continue
        array = _need(inputs if v.role is Role.INPUT else targets, v)
        column = _one_hot(array, values.size(v.rows), v.name) if are_classes(v, array) else _column(array, v, values, 2)
        if len(column) != T:
            raise BadInput(f"{v.name} has {len(column)} steps, the graph has T = {T}")
        N = column.shape[1]
        values.leaves.update({v.at(t): column[t - 1] for t in range(1, T + 1)})
    for v in model.states:
        rows, columns = values.size(v.rows), values.size(v.columns)
        if v.name in states:
            values.leaves[v.at(0)] = _column(np.asarray(states[v.name]), v, values, 1)
        else:
            start = np.zeros((1, rows, columns)) if v.initial is None else values.leaves[model[v.initial].at()]
            values.leaves[v.at(0)] = np.broadcast_to(start, (N, rows, columns))
        N = max(N, len(values.leaves[v.at(0)]))
    started = frozenset(v.name for v in model.states if v.initial is not None and v.name not in states)
    return Evaluation(graph, values, N, {}, started)


def _given(array: Array | None, shape: tuple[int, ...], name: str) -> Array:
    """An optional array, ones if it is left out."""
    if array is None:
        return np.ones(shape)
    if np.shape(array) != shape:
        raise BadInput(f"{name} has shape {np.shape(array)}, expected {shape}")
    return np.asarray(array)


def loss_weight(bound: Evaluation, mask: Array | None, weights: Array | None) -> dict[int, Array]:
    """What each sample of each loss step counts: mask (T, N) times weights (T,).

    With the reduction "mean" it is divided by the number of steps and samples that count: those with a loss, a mask that is
    not zero (one that the model reads: above one half), and no target without a class.
    """
    graph, model = bound.graph, bound.graph.model
    masked = _given(mask, (graph.T, bound.N), "mask")
    stepwise = _given(weights, (graph.T,), "weights")
    counted = {t: masked[t - 1] != 0 for t in graph.loss_steps}
    if model.loss is not None and model.loss.mask is not None:
        own = model[model.loss.mask]
        counted = {t: kept & (bound.batch(bound.values.leaves[own.at(t)])[:, 0, 0] > 0.5) for t, kept in counted.items()}
    for name in class_targets(model):
        variable = model[name]
        counted = {
            t: kept & (bound.batch(bound.values.leaves[variable.at(t)]).sum(axis=(1, 2)) != 0) for t, kept in counted.items()
        }
    mean = model.loss is not None and model.loss.reduction == "mean"
    number = max(1, sum(int(kept.sum()) for kept in counted.values())) if mean else 1
    return {t: (masked[t - 1] * stepwise[t - 1] / number)[:, None, None] for t in graph.loss_steps}


def run(
    graph: UnrolledGraph, parameters: Arrays, inputs: Arrays, targets: Arrays | None = None, states: Arrays | None = None,
    mask: Array | None = None, weights: Array | None = None,
) -> Evaluation:
    """Evaluate the graph forward: every symbol gets its value.

    Shapes as in the emitted code's contract: inputs and targets (T, N, ...), states (N, ...), parameters as in the file,
    mask (T, N), weights (T,). Raises BadInput for a missing, unknown or misshapen array.
    """
    groups = (("parameters", parameters), ("inputs", inputs), ("targets", targets), ("states", states))
    bound = bind(graph, *(group(arrays, what) for what, arrays in groups))
    bound = replace(bound, weight=loss_weight(bound, mask, weights))
    for assignment in graph:
        bound.values.leaves[assignment.target] = bound.batch(evaluate(assignment.value, bound.values))
    return bound


class Form(Generic[R]):
    """Base of what is derived of a graph: it has a value wherever the graph has one."""

    graph: UnrolledGraph

    def of_run(self, done: Evaluation) -> R:
        """The value at a run of the graph."""
        raise NotImplementedError

    def evaluate(
        self, parameters: Arrays, inputs: Arrays, targets: Arrays | None = None, states: Arrays | None = None,
        mask: Array | None = None, weights: Array | None = None,
    ) -> R:
        """The value at arrays in the shapes that the emitted code takes; `of_run` says in which shape it is.

        Inputs and targets are (T, N, ...), states (N, ...), parameters as in the file, mask (T, N), weights (T,). Raises
        BadInput for a missing, unknown or misshapen array.
        """
        return self.of_run(run(self.graph, parameters, inputs, targets, states, mask, weights))


def in_own_shape(variable: Variable, value: Array, lead: int, values: Values) -> Array:
    """Matrices (..., rows, columns) with `lead` leading axes as arrays (..., *shape) of the variable's shape in its file.

    `values` know the sizes.
    """
    if variable.heads is None:
        return value.reshape(value.shape[: lead + len(variable.shape)])
    return value.reshape(*value.shape[:lead], *map(values.size, variable.axes))
