"""The gradient as a sum of products, one term for each pair (loss step t, source step k).

    dL/d theta = sum_t sum_{k<=t} (d+s_k/d theta)^T J_{k+1}^T ... J_t^T g_t

J_j = ds_j/ds_{j-1} is the state Jacobian, d+ the immediate derivative (earlier steps held fixed), g_t = (d+L_t/ds_t)^T.
The direct part d+L_t/d theta belongs to the term (t, t). Where L_t reads s_{t-1}, the product for k < t starts with
(d+L_t/ds_{t-1})^T + J_t^T g_t.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np
import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import tidy
from symbptt.algebra.evaluate import Array
from symbptt.algebra.nodes import is_leaf
from symbptt.data.wrt import wanted
from symbptt.derive import formula, step
from symbptt.derive.adjoint import initial
from symbptt.derive.factors import Factor, Factors, at_step
from symbptt.derive.numeric import Evaluation, Form, in_own_shape
from symbptt.derive.walk import visits
from symbptt.display import Formula, Summarised, counted
from symbptt.errors import BadInput
from symbptt.model.values import Model, Role, Variable
from symbptt.unroll.graph import UnrolledGraph, unrolled


@dataclass(frozen=True, repr=False)
class Term(Summarised, Formula):
    """The product for loss step t and source step k; `factors` from left to right.

    `value` is the product with all factors substituted, for models with one state; None where it is no single product.
    """

    model: Model
    parameter: Variable
    loss_step: int
    source_step: int
    factors: tuple[Factor, ...]

    def _summary_(self) -> str:
        what = f"t={self.loss_step}, k={self.source_step} of the gradient with respect to {self.parameter.name}"
        return f"{what}: {counted(len(self.factors), 'factor')}"

    @property
    def value(self) -> MatrixExpr | None:
        """The product written out; worked out when it is asked for, since a long product is rarely read."""
        return _explicit(self.model, self.parameter, self.loss_step, self.source_step)

    @property
    def partial(self) -> MatrixExpr:
        """The product of opaque partial derivatives."""
        return formula.product([(str(f.kind), f.partial) for f in self.factors], self.parameter.at())


@dataclass(frozen=True, repr=False)
class Gradient(Summarised, Formula, Form[dict[tuple[int, int], Array]]):
    """dL/d theta as the sum of its terms."""

    graph: UnrolledGraph
    parameter: Variable

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        """The terms, ordered by (t, k): about T²/2 of them, made when they are asked for.

        A parameter that never reaches a state has only those with k = t.
        """
        model, variable = self.graph.model, self.parameter
        factors = Factors(model, variable)
        return tuple(Term(model, variable, t, k, factors.of(t, k)) for t, k in self.pairs)

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """The pairs (t, k) that have a term."""
        model, variable = self.graph.model, self.parameter
        reaches_state = bool(initial(model, variable)) or bool(step.immediate(model, variable))
        return [(t, k) for t, k in pairs(self.graph, variable) if reaches_state or t == k]

    def _summary_(self) -> str:
        where = f"of {self.graph.model.name} with respect to {self.parameter.name}, T={self.graph.T}"
        return f"{where}: {counted(len(self.pairs), 'term')}"

    def of_run(self, done: Evaluation) -> dict[tuple[int, int], Array]:
        """The value of every term {(t, k): array}, 1-based, all pairs listed, zeros included.

        Parameters are summed over the batch and have their own shape; the terms of an input x_k and of an initial state
        keep their samples, (N, ...).
        """
        terms = {
            (t, visit.k): self._shaped(value, done)
            for visit in visits(done, (self.parameter,), samples=True)
            for lane in visit.lanes
            for t, value in zip(visit.losses[lane.places], lane.values, strict=True)
        }
        return {pair: terms[pair] for pair in pairs(self.graph, self.parameter)}

    def _shaped(self, term: Array, done: Evaluation) -> Array:
        v = self.parameter
        summed = v.role is Role.PARAMETER
        return in_own_shape(v, term.sum(axis=0) if summed else term, int(not summed), done.values)

    def written_out(self, symbols: int) -> dict[tuple[int, int], MatrixExpr | None]:
        """The `value` of every term {(t, k): product}, None also where it has more than so many symbols.

        Products grow geometrically with t - k where the state Jacobian is a sum, so the near pairs come first, and beyond a
        product that is too long none is worked out.
        """
        found: dict[tuple[int, int], MatrixExpr | None] = {}
        nearest = self.graph.T
        for term in sorted(self.terms, key=lambda term: term.loss_step - term.source_step):
            distance = term.loss_step - term.source_step
            value = term.value if distance < nearest else None
            if value is not None and not _has_at_most(value, symbols):
                nearest, value = distance, None
            found[term.loss_step, term.source_step] = value
        return {(t.loss_step, t.source_step): found[t.loss_step, t.source_step] for t in self.terms}

    def total(self, *arrays: Any, **named: Any) -> Array:
        """The sum of the terms at arrays as `evaluate` takes them: the gradient, in the shape that the emitted code gives it."""
        values = self.evaluate(*arrays, **named)
        shape = next(iter(values.values())).shape
        v = self.parameter
        if v.role is Role.STATE or not v.timed:
            return sum(values.values(), np.zeros(shape))
        total = np.zeros((self.graph.T, *shape))
        for (_, k), value in values.items():
            total[k - 1] += value
        return total


def _has_at_most(value: MatrixExpr, symbols: int) -> bool:
    read = (node for node in sp.preorder_traversal(value) if is_leaf(node))
    return sum(1 for _ in islice(read, symbols + 1)) <= symbols


def pairs(graph: UnrolledGraph, variable: Variable) -> list[tuple[int, int]]:
    """All pairs (t, k) that a term of this variable can have; an initial state, learned or not, has only k = 1."""
    first = bool(initial(graph.model, variable))
    return [(t, k) for t in graph.loss_steps for k in range(1, 2 if first else t + 1) if graph.keeps(t, k)]


def gradient(graph: UnrolledGraph, wrt: str) -> Gradient:
    """The sum of products for a parameter, an input or an initial state.

    Raises BadInput for a model without a loss, and for a name that is no parameter, input or state.
    """
    if unrolled(graph).model.loss is None:
        raise BadInput(f"{graph.model.name} has no loss; choose one with --loss")
    return Gradient(graph, wanted(graph.model, wrt))


def _explicit(model: Model, variable: Variable, t: int, k: int) -> MatrixExpr | None:
    """The product with every factor substituted; one state only."""
    first = bool(initial(model, variable))
    direct = step.loss_direct(model, variable) if t == k and not first else None
    parts = [] if direct is None else [direct.xreplace(at_step(t))]
    cotangent = explicit_cotangent(model, t, 0 if first else k)
    if cotangent is None:
        return None
    if first:
        return cotangent
    for item in step.immediate(model, variable).values():
        parts.append(item.replaced(at_step(k)).transposed().product(cotangent))
    return tidy.add(*parts) if parts else sp.ZeroMatrix(variable.rows, variable.columns)


def explicit_cotangent(model: Model, t: int, k: int) -> MatrixExpr | None:
    """J_{k+1}^T ... J_t^T g_t written out, for a model with one state; None for several states."""
    if len(model.states) > 1:
        return None
    if not model.states:
        return sp.ZeroMatrix(1, 1)
    state = model.states[0]
    zero = sp.ZeroMatrix(state.rows, state.columns)
    cotangent = step.loss_gradient(model).get(state.name, zero).xreplace(at_step(t))
    for j in range(t, k, -1):
        block = step.state_jacobian(model).get((state.name, state.name))
        cotangent = zero if block is None else block.replaced(at_step(j)).transposed().product(cotangent)
        if j == t:
            cotangent = tidy.add(cotangent, step.loss_lag(model).get(state.name, zero).xreplace(at_step(t)))
    return cotangent
