"""The main formula of a derived form, opaque in its factors, as a notebook shows it."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import build
from symbptt.algebra.nodes import TIME, Partial
from symbptt.model.values import Model, Role, Variable
from symbptt.typeset import compose, derivative
from symbptt.typeset.tree import Equality, Operator, Row, Tree

SHOWN = 6
"""The largest number of terms that is shown; of more, the first two and the last."""


def head(model: Model, variable: Variable) -> Tree:
    """dL/d theta."""
    assert model.loss is not None
    total = sp.MatrixSymbol(model.loss.target.name, 1, 1)
    return derivative(total, variable.at(0 if variable.role is Role.STATE else sp.Symbol("k", integer=True)), model=model)


def state(model: Model, step: sp.Expr | int = TIME) -> MatrixExpr:
    """s_t as one symbol: the state itself if there is only one."""
    if len(model.states) == 1:
        return model.states[0].at(step)
    return Variable("s", Role.STATE, (), sp.Add(*(s.rows * s.columns for s in model.states)), sp.S.One).at(step)


def product(factors: Sequence[tuple[str, MatrixExpr]], like: MatrixExpr) -> MatrixExpr:
    """A term from its factors, as (kind, factor): a lag is added to the last Jacobian's product, a direct part to the whole."""

    def of(kind: str) -> list[MatrixExpr]:
        return [factor for own, factor in factors if own == kind]

    chain, tail = of("state_jacobian"), of("loss")
    for lag in of("lag"):
        tail = [build.add(build.mul(chain.pop(), *tail), lag)]
    reaches = bool(of("immediate") or of("state_jacobian"))
    parts = [*of("direct"), *([build.mul(*of("immediate"), *chain, *tail)] if reaches else [])]
    return build.add(*parts) if parts else sp.ZeroMatrix(*like.shape)


def of_terms(model: Model, variable: Variable, terms: Sequence[MatrixExpr]) -> Equality:
    """dL/d theta = the sum of its terms."""
    kept = terms if len(terms) <= SHOWN else terms[:2]
    side = compose(build.add(*kept), model=model) if kept else compose(sp.ZeroMatrix(variable.rows, variable.columns))
    if len(terms) > SHOWN:
        side = Row((side, Operator("+"), Operator("⋯"), Operator("+"), compose(terms[-1], model=model)))
    return Equality(head(model, variable), (side,))


def nested(model: Model, variable: Variable) -> Equality:
    """ds_t/d theta = d+s_t/d theta + J_t ds_{t-1}/d theta."""
    theta = variable.at(0 if variable.role is Role.STATE else sp.Symbol("k", integer=True))
    now, before = state(model), state(model, TIME - 1)
    through = build.mul(Partial(now, before, "partial"), Partial(before, theta, "total"))
    once = variable.role is Role.STATE or variable.timed
    value = through if once else build.add(Partial(now, theta, "immediate"), through)
    return Equality(derivative(now, theta, model=model), (compose(value, model=model),))
