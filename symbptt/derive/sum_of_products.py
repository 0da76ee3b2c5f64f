"""The gradient as a sum of products, one term for each pair (loss step t, source step k).

    dL/d theta = sum_t sum_{k<=t} (d+s_k/d theta)^T J_{k+1}^T ... J_t^T g_t

J_j = ds_j/ds_{j-1} is the state Jacobian, d+ the immediate derivative (earlier steps held fixed), g_t = (d+L_t/ds_t)^T.
The direct part d+L_t/d theta belongs to the term (t, t). Where L_t reads s_{t-1}, the product for k < t starts with
(d+L_t/ds_{t-1})^T + J_t^T g_t.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import islice

import numpy as np
import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt import notebook
from symbptt.algebra import build
from symbptt.algebra.evaluate import Array
from symbptt.algebra.linear import square
from symbptt.algebra.nodes import TIME, Partial, is_leaf
from symbptt.derive import formula, step
from symbptt.derive.adjoint import initial, wanted
from symbptt.derive.numeric import Arrays, run
from symbptt.derive.term_values import term_values
from symbptt.errors import BadInput
from symbptt.model.values import Model, Role, Variable
from symbptt.typeset.tree import Tree
from symbptt.unroll.graph import UnrolledGraph


class Kind(StrEnum):
    """What a factor of a term is."""

    LOSS = "loss"
    """g_t = (d+L_t/ds_t)^T."""
    LAG = "lag"
    """(d+L_t/ds_{t-1})^T, added to J_t^T g_t."""
    STATE_JACOBIAN = "state_jacobian"
    """J_j^T."""
    IMMEDIATE = "immediate"
    """(d+s_k/d theta)^T."""
    DIRECT = "direct"
    """(d+L_t/d theta)^T."""


@dataclass(frozen=True)
class Block:
    """An entry of a block factor: by state names, with its expression, or None where it is no matrix of one sample."""

    row: str
    column: str
    value: MatrixExpr | None


@dataclass(frozen=True)
class Factor:
    """One factor, transposed as it stands in the product; `partial` names it opaquely, `blocks` are its non-zero blocks."""

    kind: Kind
    step: int
    partial: MatrixExpr
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Term:
    """The product for loss step t and source step k; `factors` from left to right.

    `value` is the product with all factors substituted, for models with one state; None where it is no single product.
    """

    model: Model
    parameter: Variable
    loss_step: int
    source_step: int
    factors: tuple[Factor, ...]

    @property
    def value(self) -> MatrixExpr | None:
        """The product written out; worked out when it is asked for, since a long product is rarely read."""
        return _explicit(self.model, self.parameter, self.loss_step, self.source_step)

    @property
    def partial(self) -> MatrixExpr:
        """The product of opaque partial derivatives."""
        return formula.product([(str(f.kind), f.partial) for f in self.factors], self.parameter.at())


@dataclass(frozen=True)
class Gradient(notebook.Formula):
    """dL/d theta as the sum of its terms."""

    graph: UnrolledGraph
    parameter: Variable

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        """The terms, ordered by (t, k): about T²/2 of them, made when they are asked for.

        A parameter that never reaches a state has only those with k = t.
        """
        model, variable = self.graph.model, self.parameter
        reaches_state = bool(initial(model, variable)) or bool(step.immediate(model, variable))
        kept = [(t, k) for t, k in pairs(self.graph, variable) if reaches_state or t == k]
        factors = _Factors(model, variable)
        return tuple(Term(model, variable, t, k, factors.of(t, k)) for t, k in kept)

    def evaluate(
        self,
        parameters: Arrays,
        inputs: Arrays,
        targets: Arrays | None = None,
        states: Arrays | None = None,
        mask: Array | None = None,
        weights: Array | None = None,
    ) -> dict[tuple[int, int], Array]:
        """The value of every term {(t, k): array}, 1-based, all pairs listed, zeros included.

        Parameters are summed over the batch and have their own shape; the terms of an input x_k and of an initial state
        keep their samples, (N, ...).
        """
        done = run(self.graph, parameters, inputs, targets, states, mask, weights)
        terms = term_values(self.graph, self.parameter, done)
        return {pair: terms[pair] for pair in pairs(self.graph, self.parameter)}

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

    def _notebook_(self) -> Tree:
        return formula.of_terms(self.graph.model, self.parameter, [term.partial for term in self.terms])

    def total(
        self,
        parameters: Arrays,
        inputs: Arrays,
        targets: Arrays | None = None,
        states: Arrays | None = None,
        mask: Array | None = None,
        weights: Array | None = None,
    ) -> Array:
        """The sum of the terms: the gradient, in the shape that the emitted code gives it."""
        values = self.evaluate(parameters, inputs, targets, states, mask, weights)
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
    if initial(graph.model, variable):
        return [(t, 1) for t in graph.loss_steps]
    return [(t, k) for t in graph.loss_steps for k in range(1, t + 1)]


def gradient(graph: UnrolledGraph, wrt: str) -> Gradient:
    """The sum of products for a parameter, an input or an initial state.

    Raises BadInput for a model without a loss, and for a name that is no parameter, input or state.
    """
    if graph.model.loss is None:
        raise BadInput(f"{graph.model.name} has no loss; choose one with --loss")
    return Gradient(graph, wanted(graph.model, wrt))


def _at(step_number: int) -> dict[sp.Basic, sp.Basic]:
    return {TIME: sp.Integer(step_number)}


def _state_symbol(model: Model, at: int) -> MatrixExpr:
    """s_t as one symbol: the state itself if there is only one."""
    if len(model.states) == 1:
        return model.states[0].at(at)
    rows = sp.Add(*(s.rows * s.columns for s in model.states))
    return Variable("s", Role.STATE, (), rows, sp.S.One).at(at)


def jacobian_factor(model: Model, at: int) -> Factor:
    """J_j^T with its blocks."""
    blocks = []
    for (row, column), item in step.state_jacobian(model).items():
        matrix = square(item.replaced(_at(at)).transposed(), model[row].rows)
        blocks.append(Block(column, row, matrix))
    partial = Partial(_state_symbol(model, at), _state_symbol(model, at - 1), "partial")
    return Factor(Kind.STATE_JACOBIAN, at, build.transpose(partial), tuple(blocks))


def _vector_factor(model: Model, kind: Kind, at: int, values: dict[str, MatrixExpr], by: MatrixExpr) -> Factor:
    assert model.loss is not None
    partial = Partial(model.loss.target.at(at), by, "immediate")
    blocks = tuple(Block(name, "", value.xreplace(_at(at))) for name, value in values.items())
    return Factor(kind, at, build.transpose(partial), blocks)


class _Factors:
    """Makes the factors of terms, each factor once."""

    def __init__(self, model: Model, variable: Variable) -> None:
        self.model, self.variable = model, variable
        self.own = not initial(model, variable)
        self.reached = tuple(step.immediate(model, variable)) if self.own else ()
        self.gradient, self.lag = step.loss_gradient(model), step.loss_lag(model)
        self.direct = step.loss_direct(model, variable) if self.own else None
        self.made: dict[tuple[Kind, int], Factor] = {}

    def of(self, t: int, k: int) -> tuple[Factor, ...]:
        """The factors of the term (t, k): immediate derivative, state Jacobians from k+1 to t, loss gradient."""
        first = k + 1 if self.own else k
        found = [self._factor(Kind.IMMEDIATE, k)] if self.reached else []
        found += [self._factor(Kind.STATE_JACOBIAN, j) for j in range(first, t + 1)]
        found.append(self._factor(Kind.LOSS, t))
        if self.lag and t >= first:
            found.append(self._factor(Kind.LAG, t))
        if self.direct is not None and t == k:
            found.append(self._factor(Kind.DIRECT, t))
        return tuple(found)

    def _factor(self, kind: Kind, at: int) -> Factor:
        if (kind, at) not in self.made:
            self.made[kind, at] = self._make(kind, at)
        return self.made[kind, at]

    def _make(self, kind: Kind, at: int) -> Factor:
        model, variable = self.model, self.variable
        if kind is Kind.STATE_JACOBIAN:
            return jacobian_factor(model, at)
        if kind is Kind.IMMEDIATE:
            blocks = tuple(Block(variable.name, state, None) for state in self.reached)
            partial = Partial(_state_symbol(model, at), variable.at(at), "immediate")
            return Factor(kind, at, build.transpose(partial), blocks)
        if kind is Kind.LOSS:
            return _vector_factor(model, kind, at, self.gradient, _state_symbol(model, at))
        if kind is Kind.LAG:
            return _vector_factor(model, kind, at, self.lag, _state_symbol(model, at - 1))
        assert self.direct is not None
        return _vector_factor(model, kind, at, {variable.name: self.direct}, variable.at(at))


def _explicit(model: Model, variable: Variable, t: int, k: int) -> MatrixExpr | None:
    """The product with every factor substituted; one state only."""
    first = bool(initial(model, variable))
    direct = step.loss_direct(model, variable) if t == k and not first else None
    parts = [] if direct is None else [direct.xreplace(_at(t))]
    cotangent = explicit_cotangent(model, t, 0 if first else k)
    if cotangent is None:
        return None
    if first:
        return cotangent
    for item in step.immediate(model, variable).values():
        parts.append(item.replaced(_at(k)).transposed().product(cotangent))
    return build.add(*parts) if parts else sp.ZeroMatrix(variable.rows, variable.columns)


def explicit_cotangent(model: Model, t: int, k: int) -> MatrixExpr | None:
    """J_{k+1}^T ... J_t^T g_t written out, for a model with one state; None for several states."""
    if len(model.states) > 1:
        return None
    if not model.states:
        return sp.ZeroMatrix(1, 1)
    state = model.states[0]
    zero = sp.ZeroMatrix(state.rows, state.columns)
    cotangent = step.loss_gradient(model).get(state.name, zero).xreplace(_at(t))
    for j in range(t, k, -1):
        block = step.state_jacobian(model).get((state.name, state.name))
        cotangent = zero if block is None else block.replaced(_at(j)).transposed().product(cotangent)
        if j == t:
            cotangent = build.add(cotangent, step.loss_lag(model).get(state.name, zero).xreplace(_at(t)))
    return cotangent
