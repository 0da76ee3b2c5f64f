"""The main formula of a derived form, opaque in its factors."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import build
from symbptt.algebra.nodes import TIME
from symbptt.model.values import Model, Role, Variable


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
