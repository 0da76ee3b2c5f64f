"""One step, pulled back and pushed forward, as templates in t: the factors of the sum of products and of the nested recursion.

All functions here cut the step at its states: what the step reads of step t-1, of parameters and inputs are the leaves.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import linear, tidy
from symbptt.algebra.evaluate import Array, Values, evaluate
from symbptt.algebra.linear import LinearMap
from symbptt.algebra.nodes import TIME
from symbptt.algebra.related import Adjoint, StepAdjoint, Tangent
from symbptt.derive.numeric import LOSS_WEIGHT
from symbptt.derive.rules import paths, push
from symbptt.derive.sweep import Incoming, in_step_t, sweep, total
from symbptt.model.values import Equation, Model, Role, Variable


@dataclass(frozen=True)
class LinearProgram:
    """Assignments in order, then outputs; all in template time."""

    assignments: tuple[tuple[sp.MatrixSymbol, MatrixExpr], ...]
    outputs: tuple[tuple[sp.MatrixSymbol, MatrixExpr], ...]

    def run(self, values: Values) -> dict[sp.MatrixSymbol, Array]:
        """Evaluate; the assigned symbols are added to `values`."""
        for target, value in self.assignments:
            values.leaves[target] = evaluate(value, values)
        return {leaf: evaluate(value, values) for leaf, value in self.outputs}

    def only(self, leaves: frozenset[sp.MatrixSymbol]) -> LinearProgram:
        """The program without the outputs that are not asked for."""
        return LinearProgram(self.assignments, tuple(pair for pair in self.outputs if pair[0] in leaves))


def _pullback(equations: Iterable[Equation], seeds: dict[str, MatrixExpr], cut: frozenset[sp.MatrixSymbol]) -> LinearProgram:
    """Reverse sweep over one step: `seeds` start the adjoints, symbols in `cut` are treated as leaves."""
    assignments: list[tuple[sp.MatrixSymbol, MatrixExpr]] = []

    def cotangent(variable: Variable, target: sp.MatrixSymbol, incoming: Incoming) -> MatrixExpr | None:
        terms = [seeds[variable.name]] if variable.name in seeds else []
        if target not in cut:
            terms += [c.value for c in incoming.pop(target, [])]
        if not terms:
            return None
        assignments.append((Adjoint(target), tidy.joined(*terms)))
        return Adjoint(target)

    incoming = sweep(in_step_t(equations), cotangent)
    return LinearProgram(tuple(assignments), tuple((leaf, total(terms)) for leaf, terms in incoming.items()))


@lru_cache(maxsize=64)
def step_vjp(model: Model) -> LinearProgram:
    """J_t^T and (d+s_t/d theta)^T at once: from the step adjoints of s_t to every leaf of the step."""
    seeds: dict[str, MatrixExpr] = {s.name: StepAdjoint(s.at()) for s in model.states}
    return _pullback(model.equations, seeds, frozenset())


@lru_cache(maxsize=64)
def loss_vjp(model: Model) -> LinearProgram:
    """The immediate derivatives of L_t: by the states of step t (g_t), by s_{t-1}, by parameters and inputs.

    The states of step t are cut: routes through other values of the step are followed.
    """
    assert model.loss is not None
    states = frozenset(s.at() for s in model.states)
    cell = tuple(e for e in model.equations if e.target.role is not Role.STATE)
    return _pullback(cell + model.loss.equations, {model.loss.target.name: LOSS_WEIGHT}, states)


@lru_cache(maxsize=64)
def step_jvp(model: Model, with_loss: bool = True) -> LinearProgram:
    """Tangents of every value of the step, if asked the loss too, from the tangents of its leaves."""
    tangents: dict[sp.MatrixSymbol, MatrixExpr] = {}
    for v in model.of(Role.PARAMETER, Role.INPUT):
        if not v.classes:
            tangents[v.at()] = Tangent(v.at())
    for v in model.states:
        tangents[v.at(TIME - 1)] = Tangent(v.at(TIME - 1))
    assignments: list[tuple[sp.MatrixSymbol, MatrixExpr]] = []
    for equation in model.all_equations if with_loss else model.equations:
        target = equation.target.at()
        assignments.append((Tangent(target), push(equation.value, tangents, target)))
        tangents[target] = Tangent(target)
    return LinearProgram(tuple(assignments), ())


def accumulate(equations: Iterable[Equation], source: sp.MatrixSymbol, cut: frozenset[sp.MatrixSymbol]) -> dict[str, LinearMap]:
    """Forward accumulation: the derivative of each value of the step by `source`, where it is not zero."""
    known: dict[str, LinearMap] = {}
    for equation in equations:
        parts: list[LinearMap] = []
        for leaf, inner in paths(equation.value, equation.target.at()):
            if leaf == source:
                parts.append(inner)
            elif leaf.name in known and leaf not in cut and getattr(leaf, "step", None) == TIME:
                parts.append(linear.compose(inner, known[leaf.name]))
        if parts:
            known[equation.target.name] = linear.total(parts)
    return known


@lru_cache(maxsize=64)
def state_jacobian(model: Model) -> dict[tuple[str, str], LinearMap]:
    """The blocks of J_t = ds_t/ds_{t-1}, by (row state, column state); missing blocks are zero."""
    blocks: dict[tuple[str, str], LinearMap] = {}
    for column in model.states:
        found = accumulate(model.equations, column.at(TIME - 1), frozenset())
        blocks.update({(row.name, column.name): found[row.name] for row in model.states if row.name in found})
    return blocks


@lru_cache(maxsize=512)
def immediate(model: Model, variable: Variable) -> dict[str, LinearMap]:
    """d+s_t/d theta, by state, for a parameter or an input of the step; missing states are zero."""
    found = accumulate(model.equations, variable.at(), frozenset())
    return {s.name: found[s.name] for s in model.states if s.name in found}


@lru_cache(maxsize=64)
def loss_gradient(model: Model) -> dict[str, MatrixExpr]:
    """g_t by state, written out with all intermediates substituted where the step allows; zero states are missing."""
    return _loss_maps(model, {s.name: s.at() for s in model.states})


@lru_cache(maxsize=64)
def loss_lag(model: Model) -> dict[str, MatrixExpr]:
    """(d+L_t/ds_{t-1})^T by state, where it is not zero."""
    return _loss_maps(model, {s.name: s.at(TIME - 1) for s in model.states})


@lru_cache(maxsize=512)
def loss_direct(model: Model, variable: Variable) -> MatrixExpr | None:
    """(d+L_t/d theta)^T, the direct part, or None where it is zero."""
    return _loss_maps(model, {variable.name: variable.at()}).get(variable.name)


def _loss_maps(model: Model, sources: dict[str, sp.MatrixSymbol]) -> dict[str, MatrixExpr]:
    assert model.loss is not None
    states = frozenset(s.at() for s in model.states)
    equations = tuple(e for e in model.equations if e.target.role is not Role.STATE) + model.loss.equations
    found: dict[str, MatrixExpr] = {}
    for name, source in sources.items():
        derivative = accumulate(equations, source, states).get(model.loss.target.name)
        if derivative is not None:
            found[name] = derivative.transposed().product(tidy.ONE)
    return found
