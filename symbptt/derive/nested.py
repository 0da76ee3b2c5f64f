"""The nested (forward) recursion: sensitivities of the states, carried forward in time (RTRL; Williams and Zipser 1989).

ds_t/d theta = d+s_t/d theta + J_t ds_{t-1}/d theta,  ds_0/d theta = 0
dL/d theta   = sum_t (d+L_t/d theta + g_t^T ds_t/d theta)^T
"""

from dataclasses import dataclass

import numpy as np

from symbptt.algebra.evaluate import Array
from symbptt.algebra.nodes import TIME
from symbptt.algebra.related import Tangent
from symbptt.data.wrt import wanted
from symbptt.derive import step
from symbptt.derive.adjoint import initial
from symbptt.derive.numeric import Evaluation, Form
from symbptt.display import Formula, Summarised
from symbptt.errors import BadInput
from symbptt.model.values import Role, Variable
from symbptt.unroll.graph import UnrolledGraph, unrolled


@dataclass(frozen=True, repr=False)
class Sensitivities(Summarised, Formula, Form[Array]):
    """The nested recursion of a graph for one parameter, input or initial state."""

    graph: UnrolledGraph
    parameter: Variable

    def _summary_(self) -> str:
        return f"of {self.graph.model.name} with respect to {self.parameter.name}, T={self.graph.T}"

    def of_run(self, done: Evaluation) -> Array:
        """dL/d theta by carrying ds_t/d theta forward, one direction for each entry of theta.

        Shape as in the emitted code: the parameter's own, (T, N, ...) for an input, (N, ...) for an initial state.
        """
        return _forward(self, done)


def sensitivities(graph: UnrolledGraph, wrt: str) -> Sensitivities:
    """The nested recursion; raises BadInput for a model without a loss or a name that has no gradient."""
    if unrolled(graph).model.loss is None:
        raise BadInput(f"{graph.model.name} has no loss; choose one with --loss")
    return Sensitivities(graph, wanted(graph.model, wrt))


def _directions(item: Sensitivities, done: Evaluation) -> tuple[Array, tuple[int, ...]]:
    """Unit directions (P, T or 1, N or 1, rows, columns) for every entry, and the shape of the result."""
    v = item.parameter
    rows, columns = done.values.size(v.rows), done.values.size(v.columns)
    shape = tuple(map(done.values.size, v.axes))
    steps = item.graph.T if v.timed and v.role is not Role.STATE else 1
    samples = 1 if v.role is Role.PARAMETER else done.N
    user = (
        *((steps,) if v.timed and v.role is not Role.STATE else ()),
        *((samples,) if v.role is not Role.PARAMETER else ()),
        *shape,
    )
    count = steps * samples * rows * columns
    return np.eye(count).reshape(count, steps, samples, rows, columns), user


def _forward(item: Sensitivities, done: Evaluation) -> Array:
    model, v = item.graph.model, item.parameter
    assert model.loss is not None
    unit, shape = _directions(item, done)
    carried = {s.name: np.zeros((1, 1, done.values.size(s.rows), done.values.size(s.columns))) for s in model.states}
    for s in initial(model, v):
        if s == v or s.name in done.started:
            carried[s.name] = unit[:, 0]
    total = np.zeros(len(unit))
    for j in range(1, item.graph.T + 1):
        values = done.at(j)
        for leaf in model.of(Role.PARAMETER, Role.INPUT):
            zero = np.zeros((1, 1, values.size(leaf.rows), values.size(leaf.columns)))
            values.leaves[Tangent(leaf.at())] = zero
        if v.role is not Role.STATE:
            values.leaves[Tangent(v.at())] = unit[:, j - 1 if unit.shape[1] > 1 else 0]
        for s in model.states:
            values.leaves[Tangent(s.at(TIME - 1))] = carried[s.name]
        step.step_jvp(model, j in item.graph.loss_steps).run(values)
        carried = {s.name: values.leaves[Tangent(s.at())] for s in model.states}
        if j in item.graph.loss_steps:
            slope = done.weight[j] * values.leaves[Tangent(model.loss.target.at())]
            total += np.broadcast_to(slope, (len(unit), done.N, 1, 1)).sum(axis=(1, 2, 3))
    return total.reshape(shape)
