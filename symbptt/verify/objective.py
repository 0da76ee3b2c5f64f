"""The number whose gradient is checked, by the interpreter: the loss, or weighed outputs where there is none.

What classes stand for and what a loss counts is written here once more on purpose: a judge shares no code with what it judges.
"""

from collections.abc import Mapping

import numpy as np

from symbptt.algebra.nodes import Elementwise
from symbptt.data.arrays import lead, shape, size
from symbptt.data.classes import takes_classes
from symbptt.data.values import GIVEN, Array, Data
from symbptt.model.values import Model, Role, Variable
from symbptt.unroll.graph import UnrolledGraph
from symbptt.verify.interpreter import HELD, Values, evaluate


def leaves(graph: UnrolledGraph, data: Data) -> Values:
    """The data as the interpreter's values. Any array may carry one more axis in front, for perturbations."""
    made: Values = {}
    for variable in graph.model.of(*GIVEN):
        made.update(leaf(graph, data, variable))
    return made


def leaf(graph: UnrolledGraph, data: Data, variable: Variable) -> Values:
    """The values of one variable, at every step that has one; a tied parameter has the same value at each."""
    if variable.name not in data.states and variable.initial is not None:
        return {(variable.name, 0): _columns(data.parameters[variable.initial], variable, data, 0)}
    array, steps = data.value(variable), range(1, graph.T + 1)
    if _holds_classes(variable, array):
        array = _one_hot(array, size(variable.rows, data.dims))
    if variable.role is Role.STATE:
        return {(variable.name, 0): _columns(array, variable, data, 1)}
    if not variable.timed:
        whole = _columns(array, variable, data, 0)
        return {(variable.name, step): whole for step in steps}
    axis = array.ndim - len(lead(variable, data.T, data.N)) - len(shape(variable, data.dims))
    kept = 0 if variable.role in (Role.PARAMETER, Role.BUFFER) else 1
    return {(variable.name, step): _columns(array.take(step - 1, axis), variable, data, kept) for step in steps}


def _holds_classes(variable: Variable, array: Array) -> bool:
    return variable.classes or (variable.role is Role.TARGET and array.dtype.kind in "iu")


def _one_hot(classes: Array, count: int) -> Array:
    # A class below 0 matches no row: a column of zeros.
    return (classes[..., None] == np.arange(count)).astype(np.float64)


def _columns(array: Array, variable: Variable, data: Data, samples: int) -> Array:
    """(..., N, *shape) or, with samples = 0, (..., *shape), as (..., N or 1, rows, columns)."""
    front = array.shape[: array.ndim - len(variable.shape)]
    rows, columns = (size(extent, data.dims) for extent in (variable.rows, variable.columns))
    return array.reshape((*front, *((1,) * (1 - samples)), rows, columns))


def by_step(graph: UnrolledGraph, values: Values, data: Data) -> dict[int, Array]:
    """The objective of every loss step, summed over the samples; shape (...), the perturbation axes.

    Samples and steps count as the data's mask and weights say; the reduction "mean" divides by the number of those that count.
    A model without a loss has the objective <cotangent, output> at every step.
    """
    loss = graph.model.loss
    if loss is not None:
        counts = _counts(graph, values, data)
        return {t: _over_samples(values[loss.target.name, t], counts[t]) for t in graph.loss_steps}
    return {t: _weighed(graph, values, data, t) for t in range(1, graph.T + 1)}


def _over_samples(value: Array, counts: Array) -> Array:
    # A value that does not depend on the sample is there once for each.
    return (value * counts[..., None, None]).sum(axis=(-3, -2, -1))


def _counts(graph: UnrolledGraph, values: Values, data: Data) -> dict[int, Array]:
    """What each sample (..., N) of each loss step counts."""
    mask = np.ones((data.T, data.N)) if data.mask is None else data.mask
    weights = np.ones(data.T) if data.weights is None else data.weights
    counts = {t: mask[t - 1] * weights[t - 1] for t in graph.loss_steps}
    if graph.model.loss is None or graph.model.loss.reduction == "sum":
        return counts
    used = {t: mask[t - 1] != 0 for t in graph.loss_steps}
    if graph.model.loss.mask is not None:
        used = {t: u & (values[graph.model.loss.mask, t][..., 0, 0].real > 0.5) for t, u in used.items()}
    for target in graph.model.of(Role.TARGET):
        if takes_classes(graph.model, target):
            used = {t: u & (values[target.name, t].sum(axis=(-2, -1)) != 0) for t, u in used.items()}
    number = np.maximum(1, sum(u.sum(axis=-1, keepdims=True) for u in used.values()))
    return {t: count / number for t, count in counts.items()}


def _weighed(graph: UnrolledGraph, values: Values, data: Data, step: int) -> Array:
    def product(output: Variable) -> Array:
        weight = _columns(data.cotangents[output.name][step - 1], output, data, 1)
        return (values[output.name, step] * weight).sum(axis=(-3, -2, -1))

    return sum(map(product, graph.model.outputs), np.zeros(()))


def objective(graph: UnrolledGraph, data: Data, at: Data | None = None) -> Array:
    """The objective, summed over steps and samples; shape (...), the perturbation axes.

    What the model holds by stop_gradient stays as it is at the data `at`.
    """
    held = evaluate(graph, leaves(graph, at), at.dims) if at is not None and holds(graph.model) else None
    steps = by_step(graph, evaluate(graph, leaves(graph, data), data.dims, held), data)
    return sum(steps.values(), np.zeros(()))


def holds(model: Model) -> bool:
    """Whether a model states derivatives by stop_gradient, so that differences of its values are others."""
    return any(node.name == HELD for equation in model.all_equations for node in equation.value.atoms(Elementwise))


def outputs(graph: UnrolledGraph, data: Data) -> Mapping[str, Array]:
    """The outputs (T, N, ...) as the contract has them."""
    values = evaluate(graph, leaves(graph, data), data.dims)

    def stacked(variable: Variable) -> Array:
        size = (data.N, *shape(variable, data.dims))
        steps = (values[variable.name, t] for t in range(1, graph.T + 1))
        return np.stack([np.broadcast_to(v, (data.N, *v.shape[-2:])).reshape(size) for v in steps])

    return {v.name: stacked(v) for v in graph.model.outputs}
