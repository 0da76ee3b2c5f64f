"""The main formula of a derived form, opaque in its factors."""

import re
from collections.abc import Sequence
from functools import lru_cache

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import tidy
from symbptt.algebra.head_nodes import JoinHeads
from symbptt.algebra.nodes import TIME, Timed
from symbptt.model.values import Model
from symbptt.typeset.symbols import DERIVATION


@lru_cache(maxsize=256)
def free(model: Model, kind: str) -> str:
    """A letter for "state", "jacobian", "parameter" or "vector" that no variable of the model has, nor one beside it."""
    names = (*(v.name for v in model.variables if v.definition is None), *model.beside)
    taken = {re.split(r"_|\d", name)[0] for name in names}
    return next((name for name in DERIVATION[kind] if name not in taken), DERIVATION[kind][0] + "_all")


def state_rows(model: Model) -> sp.Expr:
    """The number of entries of s_t."""
    return sp.Add(*(s.rows * s.columns for s in model.states))


def stacked(model: Model) -> bool:
    """Whether s_t has a letter of its own: it stands for several states, or for that of several heads."""
    return len(model.states) > 1 or any(s.heads is not None for s in model.states)


def state(model: Model, step: sp.Expr | int = TIME) -> Timed:
    """s_t, a column: the state itself if there is only one, a matrix as its entries, else everything that a later step reads."""
    name = model.states[0].name if model.states and not stacked(model) else free(model, "state")
    return Timed(name, state_rows(model), 1, step)


def of_all_heads(value: MatrixExpr, model: Model) -> MatrixExpr:
    """A value of one step as a whole: what belongs to each head as that of all of them."""
    return value if model[value.name].heads is None else JoinHeads(value, model.heads)


def product(factors: Sequence[tuple[str, MatrixExpr]], like: MatrixExpr) -> MatrixExpr:
    """A term from its factors, as (kind, factor): a lag is added to the last Jacobian's product, a direct part to the whole."""

    def of(kind: str) -> list[MatrixExpr]:
        return [factor for own, factor in factors if own == kind]

    chain, tail = of("state_jacobian"), of("loss")
    for lag in of("lag"):
        tail = [tidy.add(tidy.mul(chain.pop(), *tail), lag)]
    reaches = bool(of("immediate") or of("state_jacobian"))
    parts = [*of("direct"), *([tidy.mul(*of("immediate"), *chain, *tail)] if reaches else [])]
    return tidy.add(*parts) if parts else sp.ZeroMatrix(*like.shape)
