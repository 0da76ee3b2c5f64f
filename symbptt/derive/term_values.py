"""The numbers of all terms (t, k), by one walk back through the steps."""

from __future__ import annotations

import numpy as np
import sympy as sp

from symbptt.algebra.evaluate import Array, Values
from symbptt.algebra.nodes import TIME
from symbptt.algebra.related import StepAdjoint
from symbptt.derive import step
from symbptt.derive.adjoint import initial
from symbptt.derive.numeric import Run, to_user
from symbptt.model.values import Role, Variable
from symbptt.unroll.graph import UnrolledGraph


def term_values(graph: UnrolledGraph, variable: Variable, done: Run) -> dict[tuple[int, int], Array]:
    """All terms by one walk back through the steps, carrying J^T...J^T g_t for every loss step t at once."""
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
            values.leaves[StepAdjoint(s.at())] = carried[s.name]
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
    if initial(model, variable):
        zero = np.zeros((done.N, *_size(variable, done.values)))
        first = [carried[s.name] for s in initial(model, variable) if s == variable or s.name in done.started]
        found = {(t, 1): _shaped(variable, sum((c[i] for c in first), zero)) for i, t in enumerate(losses)}
    return found


def _size(variable: Variable, values: Values) -> tuple[int, int]:
    return values.size(variable.rows), values.size(variable.columns)


def _shaped(variable: Variable, term: Array) -> Array:
    return to_user(variable, term.sum(axis=0), 0) if variable.role is Role.PARAMETER else to_user(variable, term, 1)
