"""Single routes through the graph: the terms (t, k) taken apart, for few steps.

A route leads from a use of theta at step k through named values to the loss of step t. Its value is the product of the local
derivatives on it, and the sum over the routes of a pair (t, k) is the term (t, k). Their number grows geometrically with t - k
(for an LSTM nearly fivefold a step), so the sum of products is indexed by terms, not by routes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import linear, tidy
from symbptt.algebra.evaluate import Array, evaluate
from symbptt.algebra.linear import LinearMap
from symbptt.algebra.related import Cotangent
from symbptt.data.wrt import wanted
from symbptt.derive.adjoint import initial
from symbptt.derive.numeric import Evaluation, Form, in_own_shape
from symbptt.derive.rules import paths
from symbptt.display import Summarised, counted
from symbptt.errors import BadInput
from symbptt.model.values import Role, Variable
from symbptt.unroll.graph import Assignment, UnrolledGraph, unrolled

MAX_STEPS = 4
"""Routes are listed for so many steps at most, and no more than `MAX_ROUTES`."""
MAX_ROUTES = 20_000

Values = tuple[sp.MatrixSymbol, ...]
Edges = Mapping[sp.MatrixSymbol, LinearMap]


@dataclass(frozen=True, repr=False)
class Route(Summarised):
    """A route: `values` from theta to the loss of step t, and `maps`, the derivative of each value by the one before it."""

    loss_step: int
    source_step: int
    values: Values
    maps: tuple[LinearMap, ...]

    def _summary_(self) -> str:
        return f"t={self.loss_step}, k={self.source_step}: {' → '.join(map(str, self.values))}"

    @property
    def jacobians(self) -> tuple[MatrixExpr | None, ...]:
        """The maps as matrices of one sample; None where a map is no matrix."""
        reached = zip(self.maps, pairwise(self.values), strict=True)
        return tuple(linear.jacobian(item, source.shape, target.shape) for item, (source, target) in reached)

    @property
    def product(self) -> MatrixExpr:
        """The route's part of the gradient, a column: the transposed local derivatives, theta's first."""
        cotangent: MatrixExpr = tidy.ONE
        for item in reversed(self.maps):
            cotangent = item.transposed().product(cotangent)
        return cotangent


@dataclass(frozen=True, repr=False)
class Routes(Summarised, Form[tuple[Array, ...]]):
    """All routes for one parameter, input or initial state, ordered by (t, k)."""

    graph: UnrolledGraph
    parameter: Variable
    found: tuple[Route, ...]

    def _summary_(self) -> str:
        where = f"of {self.graph.model.name} with respect to {self.parameter.name}, T={self.graph.T}"
        return f"{where}: {counted(len(self.found), 'route')}"

    def of(self, t: int, k: int) -> tuple[Route, ...]:
        """The routes of one term."""
        return tuple(route for route in self.found if (route.loss_step, route.source_step) == (t, k))

    def of_run(self, done: Evaluation) -> tuple[Array, ...]:
        """The value of every route, in the order of `found`.

        Parameters are summed over the batch and have their own shape; inputs and initial states keep their samples, (N, ...).
        """
        known: dict[Values, Array] = {}
        return tuple(self._value(route, done, known) for route in self.found)

    def _value(self, route: Route, done: Evaluation, known: dict[Values, Array]) -> Array:
        v = self.parameter
        value = done.batch(_pulled(route, 0, done, known))
        if v.role is not Role.PARAMETER:
            return in_own_shape(v, value, 1, done.values)
        # A learned start is not used where the state is given.
        replaced = {s.at(0) for s in done.graph.model.starting(v) if s.name not in done.started}
        return in_own_shape(v, value.sum(axis=0), 0, done.values) * float(route.values[1] not in replaced)


def _pulled(route: Route, at: int, done: Evaluation, known: dict[Values, Array]) -> Array:
    """The cotangent of the value at a position of a route; routes that end alike share it by `known`."""
    if at == len(route.maps):
        return done.weight[route.loss_step]
    end = route.values[at:]
    if at == 0 or end not in known:
        cotangent = Cotangent(route.values[at + 1])
        arrived = _pulled(route, at + 1, done, known)
        done.values.leaves[cotangent] = arrived
        pulled = evaluate(route.maps[at].transposed().apply(cotangent), done.values)
        if at == 0:
            return pulled
        known[end] = pulled
    return known[end]


def single_routes(graph: UnrolledGraph, wrt: str) -> Routes:
    """Every route from a parameter, an input or an initial state to a loss.

    Raises BadInput for a model without a loss, more than `MAX_STEPS` steps, more than `MAX_ROUTES` routes, or a name without a
    gradient.
    """
    if unrolled(graph).model.loss is None:
        raise BadInput(f"{graph.model.name} has no loss; choose one with --loss")
    if graph.T > MAX_STEPS:
        raise BadInput(f"single routes are listed for up to T = {MAX_STEPS}, not {graph.T}; terms are for any T")
    variable = wanted(graph.model, wrt)
    edges = {a.target: _edges(a) for a in graph}
    number = _number(graph, edges, variable)
    if number > MAX_ROUTES:
        raise BadInput(f"{graph.model.name} has {number} routes from {wrt} for T = {graph.T}, more than {MAX_ROUTES}")
    found = (route for t in graph.loss_steps for route in _ending(graph, edges, variable, t))
    return Routes(graph, variable, tuple(sorted(found, key=lambda route: (route.loss_step, route.source_step))))


def _edges(assignment: Assignment) -> Edges:
    """The derivative of a value by each that its equation reads, occurrences added up."""
    found: dict[sp.MatrixSymbol, list[LinearMap]] = {}
    for leaf, item in paths(assignment.value, assignment.target):
        found.setdefault(leaf, []).append(item)
    return {leaf: linear.total(items) for leaf, items in found.items()}


def _source(variable: Variable, leaf: sp.MatrixSymbol, step: int, starts: frozenset[sp.MatrixSymbol]) -> int:
    """The step k at which reading `leaf` at a step uses the variable, 0 if it does not."""
    if leaf in starts:
        return 1
    return step if variable.role is not Role.STATE and leaf == variable.at(step) else 0


def _starts(graph: UnrolledGraph, variable: Variable) -> frozenset[sp.MatrixSymbol]:
    return frozenset(s.at(0) for s in initial(graph.model, variable))


def _number(graph: UnrolledGraph, edges: Mapping[sp.MatrixSymbol, Edges], variable: Variable) -> int:
    """How many routes there are, counted without making them."""
    assert graph.model.loss is not None
    starts, count = _starts(graph, variable), dict[sp.MatrixSymbol, int]()
    for a in graph:
        uses = (bool(_source(variable, leaf, a.step, starts)) + count.get(leaf, 0) for leaf in edges[a.target])
        count[a.target] = sum(uses)
    return sum(count[graph.model.loss.target.at(t)] for t in graph.loss_steps)


def _ending(
    graph: UnrolledGraph, edges: Mapping[sp.MatrixSymbol, Edges], variable: Variable, t: int
) -> Iterator[Route]:
    """The routes to the loss of step t, depth first, from the loss back."""
    assert graph.model.loss is not None
    starts, steps = _starts(graph, variable), {a.target: a.step for a in graph}
    waiting: list[tuple[Values, tuple[LinearMap, ...]]] = [((graph.model.loss.target.at(t),), ())]
    while waiting:
        values, maps = waiting.pop()
        for leaf, item in reversed(tuple(edges[values[0]].items())):
            source = _source(variable, leaf, steps[values[0]], starts)
            if source and leaf in starts and variable.role is Role.PARAMETER:
                yield Route(t, source, (variable.at(), leaf, *values), (linear.IDENTITY, item, *maps))
            elif source:
                yield Route(t, source, (leaf, *values), (item, *maps))
            elif leaf in edges:
                waiting.append(((leaf, *values), (item, *maps)))
