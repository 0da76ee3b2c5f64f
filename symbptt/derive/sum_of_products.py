"""The gradient as a sum of products, one term for each pair (loss step t, source step k).

    dL/d theta = sum_t sum_{k<=t} (d+s_k/d theta)^T J_{k+1}^T ... J_t^T g_t

J_j = ds_j/ds_{j-1} is the state Jacobian, d+ the immediate derivative (earlier steps held fixed), g_t = (d+L_t/ds_t)^T.
The direct part d+L_t/d theta belongs to the term (t, t). Where L_t reads s_{t-1}, the product for k < t starts with
(d+L_t/ds_{t-1})^T + J_t^T g_t.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import build
from symbptt.algebra.evaluate import Array, Values
from symbptt.algebra.linear import square
from symbptt.algebra.nodes import TIME, Partial
from symbptt.derive import step
from symbptt.derive.adjoint import STEP, symbol, wanted
from symbptt.derive.numeric import Arrays, Run, run, to_user
from symbptt.errors import BadInput
from symbptt.model.values import Model, Role, Variable
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

    loss_step: int
    source_step: int
    factors: tuple[Factor, ...]
    value: MatrixExpr | None


@dataclass(frozen=True)
class Gradient:
    """dL/d theta as the sum of its terms, ordered by (t, k)."""

    graph: UnrolledGraph
    parameter: Variable
    terms: tuple[Term, ...]

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
        terms = _term_values(self, done)
        return {pair: terms[pair] for pair in pairs(self.graph, self.parameter)}

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


def pairs(graph: UnrolledGraph, variable: Variable) -> list[tuple[int, int]]:
    """All pairs (t, k) that a term of this variable can have; an initial state has only k = 1."""
    if variable.role is Role.STATE:
        return [(t, 1) for t in graph.loss_steps]
    return [(t, k) for t in graph.loss_steps for k in range(1, t + 1)]


def gradient(graph: UnrolledGraph, wrt: str) -> Gradient:
    """The sum of products for a parameter, an input or an initial state.

    A parameter that never reaches a state has only the terms k = t. Raises BadInput for a model without a loss, and for a
    name that is no parameter, input or state.
    """
    if graph.model.loss is None:
        raise BadInput(f"{graph.model.name} has no loss; choose one with --loss")
    variable = wanted(graph.model, wrt)
    model = graph.model
    reaches_state = variable.role is Role.STATE or bool(step.immediate(model, variable))
    kept = [(t, k) for t, k in pairs(graph, variable) if reaches_state or t == k]
    return Gradient(graph, variable, tuple(_term(model, variable, t, k) for t, k in kept))


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


def _term(model: Model, variable: Variable, t: int, k: int) -> Term:
    """The factors of the term (t, k): immediate derivative, state Jacobians from k+1 to t, loss gradient."""
    assert model.loss is not None
    tail: list[Factor] = []
    own = variable.role is not Role.STATE
    first = k + 1 if own else k
    loss = _vector_factor(model, Kind.LOSS, t, step.loss_gradient(model), _state_symbol(model, t))
    lag = step.loss_lag(model) if t >= first else {}
    if own and step.immediate(model, variable):
        blocks = tuple(Block(variable.name, state, None) for state in step.immediate(model, variable))
        partial = Partial(_state_symbol(model, k), variable.at(k), "immediate")
        tail.append(Factor(Kind.IMMEDIATE, k, build.transpose(partial), blocks))
    tail.extend(jacobian_factor(model, j) for j in range(first, t + 1))
    tail.append(loss)
    if lag:
        tail.append(_vector_factor(model, Kind.LAG, t, lag, _state_symbol(model, t - 1)))
    direct = step.loss_direct(model, variable) if own and t == k else None
    if direct is not None:
        tail.append(_vector_factor(model, Kind.DIRECT, t, {variable.name: direct}, variable.at(t)))
    return Term(t, k, tuple(tail), _explicit(model, variable, t, k, direct))


def _explicit(model: Model, variable: Variable, t: int, k: int, direct: MatrixExpr | None) -> MatrixExpr | None:
    """The product with every factor substituted; one state only."""
    parts = [] if direct is None else [direct.xreplace(_at(t))]
    cotangent = explicit_cotangent(model, t, 0 if variable.role is Role.STATE else k)
    if cotangent is None:
        return None
    if variable.role is Role.STATE:
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


def _term_values(item: Gradient, done: Run) -> dict[tuple[int, int], Array]:
    """All terms by one walk back through the steps, carrying J^T...J^T g_t for every loss step t at once."""
    graph, variable = item.graph, item.parameter
    model = graph.model
    carried: dict[str, Array] = {s.name: np.zeros((0, done.N, *_size(s, done.values))) for s in model.states}
    losses: list[int] = []
    found: dict[tuple[int, int], Array] = {}
    for j in range(graph.T, 0, -1):
        values = done.at(j)
        leaf = variable.at()
        direct: dict[sp.MatrixSymbol, Array] = {}
        if j in graph.loss_steps:
            direct = step.loss_vjp(model).run(values)
            losses.append(j)
            for s in model.states:
                row = direct.get(s.at(), np.zeros((1, *_size(s, values))))
                carried[s.name] = np.concatenate([carried[s.name], done.batch(row)[None]])
        for s in model.states:
            values.leaves[symbol(STEP, s, TIME)] = carried[s.name]
        pulled = step.step_vjp(model).run(values)
        lead = (len(losses), done.N)
        if variable.role is not Role.STATE:
            zero = np.zeros((1, 1, *_size(variable, values)))
            term = np.array(np.broadcast_to(pulled.get(leaf, zero), (*lead, *zero.shape[2:])))
            if leaf in direct:
                term[-1] += direct[leaf]
            found.update({(t, j): _shaped(variable, term[i]) for i, t in enumerate(losses)})
        for s in model.states:
            back = s.at(TIME - 1)
            carry = np.array(np.broadcast_to(pulled.get(back, np.zeros((1, 1, *_size(s, values)))), (*lead, *_size(s, values))))
            if back in direct:
                carry[-1] += direct[back]
            carried[s.name] = carry
    if variable.role is Role.STATE:
        found.update({(t, 1): _shaped(variable, carried[variable.name][i]) for i, t in enumerate(losses)})
    return found


def _size(variable: Variable, values: Values) -> tuple[int, int]:
    return values.size(variable.rows), values.size(variable.columns)


def _shaped(variable: Variable, term: Array) -> Array:
    return to_user(variable, term.sum(axis=0), 0) if variable.role is Role.PARAMETER else to_user(variable, term, 1)
