"""The backward recursion with a symbolic t: derived from the one-step template, independent of T.

What an equation contributes to h_{t-1} is written one step later, as its contribution to h_t: that is the carry from t+1.
Every equation has the number that documents and emitted code show.
"""

from dataclasses import dataclass
from functools import lru_cache

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import tidy
from symbptt.algebra.nodes import TIME, Broadcast
from symbptt.algebra.related import Adjoint, Cotangent
from symbptt.derive.adjoint import initial
from symbptt.derive.sweep import Contribution, Incoming, in_step_t, sweep, total
from symbptt.model.values import Model, Role, Variable


@dataclass(frozen=True)
class RecursionEquation:
    """adjoint_t = sum of the terms (for a value), or dL/d theta = sum over t of the terms (for a leaf).

    `terms` are of step t; `carries` come from step t+1.
    """

    variable: Variable
    terms: tuple[Contribution, ...]
    carries: tuple[Contribution, ...]
    number: int

    @property
    def now(self) -> MatrixExpr:
        """The part of step t: all there is in the base case t = T."""
        return total(self.terms) if self.terms else sp.ZeroMatrix(self.variable.rows, self.variable.columns)

    @property
    def value(self) -> MatrixExpr:
        """The whole right side."""
        return total((*self.terms, *self.carries))


@dataclass(frozen=True)
class Recursion:
    """The adjoints in the order in which the backward pass computes them, then the gradients of the leaves."""

    model: Model
    adjoints: tuple[RecursionEquation, ...]
    gradients: tuple[RecursionEquation, ...]

    def adjoint_number(self, name: str) -> int:
        """The number of the adjoint equation of a value; 0 if it has none."""
        return next((e.number for e in self.adjoints if e.variable.name == name), 0)

    def gradient_number(self, name: str) -> int:
        """The number of the gradient equation of a leaf; 0 if it has none."""
        return next((e.number for e in self.gradients if e.variable.name == name), 0)


@lru_cache(maxsize=64)
def recursion(model: Model) -> Recursion:
    """Derive the recursion of a model; without a loss its outputs get cotangents from outside."""
    seeds = {v.name: Cotangent(v.at()) for v in model.outputs} if model.loss is None else {}
    live: list[Variable] = []

    def cotangent(variable: Variable, target: sp.MatrixSymbol, incoming: Incoming) -> MatrixExpr | None:
        if model.loss is not None and variable == model.loss.target:
            return tidy.ONE
        if variable.name in model.fixed:
            return None
        arrives = target in incoming or variable.name in seeds or variable.role is Role.STATE
        if not (arrives or variable.at(TIME - 1) in incoming):
            return None
        live.append(variable)
        return Adjoint(target)

    incoming = sweep(in_step_t(model.all_equations), cotangent)
    number = max((e.number for e in model.all_equations), default=0)
    adjoints: list[RecursionEquation] = []
    for v in live:
        number += 1
        own = tuple(incoming.get(v.at(), ()))
        if v.name in seeds:
            own = (Contribution(seeds[v.name], v, TIME, "cotangent from outside"), *own)
        adjoints.append(RecursionEquation(v, own, _shifted(incoming.get(v.at(TIME - 1), [])), number))
    gradients: list[RecursionEquation] = []
    for v in model.with_gradient:
        number += 1
        sources = [s.at(TIME - 1) for s in initial(model, v)] or [v.at()]
        terms = tuple(term for source in sources for term in incoming.get(source, ()))
        gradients.append(RecursionEquation(v, terms, (), number))
    return Recursion(model, tuple(adjoints), tuple(gradients))


def _shifted(contributions: list[Contribution]) -> tuple[Contribution, ...]:
    """The same contributions one step later."""
    later = {TIME: TIME + 1}
    return tuple(Contribution(c.value.xreplace(later), c.through, TIME + 1, c.rule) for c in contributions)


def contribution(model: Model, term: Contribution) -> MatrixExpr:
    """What a reader gives to an adjoint; a loss of the last step alone gives it times its own adjoint, which is zero before."""
    if model.loss is None or model.loss.at != "last" or term.through != model.loss.target:
        return term.value
    own, (rows, columns) = Adjoint(term.through.at(term.step)), term.value.shape
    return tidy.mul(term.value, own) if columns == 1 else tidy.hadamard(Broadcast(own, rows, columns), term.value)
